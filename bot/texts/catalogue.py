"""What a language has to say: one field for every sentence, with `{names}` where values go.

A template is filled by `bot.rich_text.fill`, so values may be bold or links; counted words choose their form by the
language's own rule (Unicode CLDR, plural rules).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Forms = tuple[str, ...]
"""The forms of a counted sentence, `{n}` inside, in the order that the language's `form_of` counts them."""


def english_form(n: int) -> int:
    """One, other (CLDR: en)."""
    return 0 if n == 1 else 1


def east_slavic_form(n: int) -> int:
    """One, few, many (CLDR: ru, uk): 1 and 21; 2-4 and 22; 0, 5-20 and 25."""
    if n % 10 == 1 and n % 100 != 11:
        return 0
    return 1 if 2 <= n % 10 <= 4 and not 12 <= n % 100 <= 14 else 2


@dataclass(frozen=True)
class Catalogue:
    """Every sentence of the bot in one language. Make another with `dataclasses.replace(ENGLISH, ...)`: whatever it
    leaves out is said in English."""

    language: str
    """The ISO 639-1 code."""
    form_of: Callable[[int], int]
    months: tuple[str, ...]
    """January first, as they stand behind a day's number."""

    commands: tuple[tuple[str, str], ...]
    """Commands with their descriptions, as the menu shows them."""
    examples: tuple[str, ...]
    """Queries that a newcomer can try with one tap."""

    greeting: str
    greeting_group: str
    help: str
    help_examples: tuple[tuple[str, str], ...]
    """Queries and what they mean."""
    help_end: str
    privacy: str

    understood: str
    last_days: Forms
    no_posts_yet: str
    newest: str
    too_loud: Forms
    subscribe: str
    cancel: str
    subscribed: str
    cancelled: str
    draft_gone: str
    ask_words: str
    ask_words_hint: str

    query_refused: str
    query_place: str
    query_suggestion: str
    try_suggestion: str
    unknown_channels: Forms

    topics_intro: str

    list_title: Forms
    list_empty: str
    list_page: str
    state_active: str
    state_paused: str
    pause: str
    resume: str
    rename: str
    delete: str
    back: str
    earlier: str
    later: str
    delete_question: str
    delete_yes: str
    ask_name: str
    ask_name_hint: str
    renamed: str
    deleted: str
    paused: str
    resumed: str

    search_usage: str
    search_title: str
    search_nothing: str
    search_more: str
    search_end: str

    why: str
    open: str
    why_title: str
    why_reason: str
    why_deleted: str
    why_words: str
    why_topic: str
    why_topic_word: str
    why_no_words: str
    why_protected: str

    repeat: str
    late: str
    seen_late: str
    minutes: str
    hours: str
    days: str
    edited: str
    deleted_at_source: str
    alert_topics: str
    alert_reasons: str
    forwarded_from: str
    protected: str
    no_text: str
    media: tuple[tuple[str, str], ...]
    """Kinds of media and what to call them."""

    digest_title: Forms
    digest_more: Forms
    digest_words: str
    """In place of a query that cannot be shown."""
    digest_deleted: str

    notice_renamed: str
    """What operators are told, by `storage.notices.Kind`: what happened, to which channels, and what to do."""
    notice_private: str
    notice_kicked: str
    notice_deleted: str
    notice_restored: str
    notice_blind: str
    notice_sees_again: str
    notice_account_lost: str
    notice_clock: str
    notice_silent: str
    notice_back: str
    notice_unknown: str
    renamed_item: str
    blind_item: str
    more_items: Forms
    no_username: str

    stale: str
    only_words: str
    unknown_command: str
    only_administrators: str
    anonymous: str
    went_wrong: str

    def counted(self, forms: Forms, n: int) -> str:
        """The template of a counted sentence for that many."""
        return forms[min(self.form_of(n), len(forms) - 1)]
