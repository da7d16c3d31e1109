"""The memory of what was computed lately."""

from __future__ import annotations

from analysis.recent import Recent


def counting(asked: list[str]) -> Recent[str]:
    def compute(key: str) -> str:
        asked.append(key)
        return key.upper()

    return Recent(compute, bound=100)


def test_a_value_is_computed_once() -> None:
    asked: list[str] = []
    recent = counting(asked)
    assert recent["мир"] == recent["мир"] == "МИР"
    assert asked == ["мир"]


def test_the_bound_holds_and_used_values_stay() -> None:
    asked: list[str] = []
    recent = counting(asked)
    for number in range(1000):
        assert recent["used"] == "USED"
        assert recent[str(number)] == str(number)
        assert len(recent) + len(recent._old) <= 100
    assert asked.count("used") == 1


def test_what_fails_is_not_remembered() -> None:
    failing = Recent(int, bound=10)
    for _ in range(2):
        try:
            failing["x"]
        except ValueError:
            assert not failing
