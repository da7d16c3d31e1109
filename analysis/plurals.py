"""Which form of a counted word a number takes, in the languages that people are spoken to (Unicode CLDR)."""

from __future__ import annotations


def english_form(n: int) -> int:
    """One, other (CLDR: en)."""
    return 0 if n == 1 else 1


def east_slavic_form(n: int) -> int:
    """One, few, many (CLDR: ru, uk): 1 and 21; 2-4 and 22; 0, 5-20 and 25."""
    if n % 10 == 1 and n % 100 != 11:
        return 0
    return 1 if 2 <= n % 10 <= 4 and not 12 <= n % 100 <= 14 else 2
