"""What an edit changed, in an alert: short, in place, and whole enough to be read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.changes import CHANGES_UNITS, changes_between
from bot.rich_text import RichText
from sandbox.bot_api.texts import format_text
from tests.bot.test_alerts import FOREIGN


def marked(text: RichText) -> str:
    """The text with -[removed] and +[added] written out."""
    shown, end = "", 0
    for span in sorted(text.spans, key=lambda span: span.start):
        sign = "-" if span.kind == "strikethrough" else "+"
        shown += f"{text.text[end : span.start]}{sign}[{text.text[span.start : span.end]}]"
        end = span.end
    return shown + text.text[end:]


def test_a_replaced_word_is_shown_with_its_neighbours() -> None:
    old = "The ferry to the island has left the harbour with 120 people on board this morning."
    changes = changes_between(old, old.replace("120", "140"))
    assert marked(changes) == "… the harbour with -[120] +[140] people on board …"


def test_an_addition_at_the_end_is_shown_behind_the_last_words() -> None:
    changes = changes_between("In the morning the ferry has left.", "In the morning the ferry has left. It is late.")
    assert marked(changes) == "… ferry has left. +[It is late.]"


def test_two_far_places_are_one_line_with_a_gap() -> None:
    old = "One ferry left. " + "Nothing else is known so far about it. " * 3 + "Ten people waved."
    changes = changes_between(old, old.replace("One", "A").replace("Ten", "Two"))
    assert marked(changes) == "-[One] +[A] ferry left. Nothing … far about it. -[Ten] +[Two] people waved."


def test_only_other_blanks_are_no_change() -> None:
    assert not changes_between("The ferry\n\nhas left", "The ferry has left")


def test_a_text_written_anew_is_cut() -> None:
    changes = changes_between("ferry " * 400, "whale " * 400)
    assert changes.units <= CHANGES_UNITS
    assert {span.kind for span in changes.spans} == {"strikethrough", "underline"}


@given(FOREIGN, FOREIGN)
def test_any_two_texts_give_changes_that_telegram_takes(old: str, new: str) -> None:
    changes = RichText("x ") + changes_between(old.replace("\x00", ""), new.replace("\x00", ""))
    assert changes.units <= CHANGES_UNITS + 2
    shown = format_text(changes.text, "", [entity.to_dict() for entity in changes.entities()])
    assert len(shown.entities) == len(changes.spans)


@given(st.lists(st.sampled_from(["ferry", "whale", "left", "late", "."]), max_size=12), st.data())
def test_equal_texts_have_no_changes_and_others_show_some(words: list[str], data: st.DataObject) -> None:
    text = " ".join(words)
    assert not changes_between(text, text)
    place = data.draw(st.integers(0, len(words)))
    assert "+[island]" in marked(changes_between(text, " ".join([*words[:place], "island", *words[place:]])))
