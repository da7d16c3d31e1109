"""Text and entities: UTF-16 to the unit, never too long, never cut in the wrong place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rich_text import (
    MESSAGE_UNITS,
    MOST_ENTITIES,
    RichText,
    bold,
    clean,
    code,
    fill,
    highlighted,
    is_web_link,
    italic,
    joined,
    link,
    plain,
    units,
)
from sandbox.bot_api.texts import checked_message, format_text

WORDS = st.text(alphabet="aбї🚀👩\u200d👧🇺🇦é\u0301 \n\u202e<&_*", max_size=30)
STYLES = st.sampled_from([plain, bold, italic, code, lambda text: link(text, "https://t.me/news/1")])
PIECES = st.lists(st.builds(lambda style, text: style(text), STYLES, WORDS), max_size=30)


def rich(pieces: list[RichText]) -> RichText:
    return joined(" ", pieces)


@given(PIECES)
def test_every_entity_is_what_a_strict_server_takes(pieces: list[RichText]) -> None:
    text = rich(pieces).stripped().truncated()
    sent = [entity.to_dict() for entity in text.entities()]
    if text.text:
        shown = checked_message(format_text(text.text, "", sent))
        assert shown.text == text.text


@given(PIECES)
def test_entities_cover_the_words_they_were_made_of(pieces: list[RichText]) -> None:
    text = rich(pieces)
    raw = text.text.encode("utf-16-le")
    ordered = sorted((span for span in text.spans if span.start < span.end), key=lambda s: (s.start, -s.end))
    for span, entity in zip(ordered, text.entities(), strict=False):
        part = raw[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le")
        assert part == text.text[span.start : span.end]


@given(PIECES, st.integers(2, 200))
def test_a_truncated_text_is_never_longer_than_asked(pieces: list[RichText], most: int) -> None:
    cut = rich(pieces).truncated(most)
    assert cut.units <= most
    assert all(0 <= span.start < span.end <= len(cut.text) for span in cut.spans)


@given(st.lists(st.text(alphabet="абв🚀", min_size=1, max_size=9), min_size=1, max_size=80), st.integers(20, 120))
def test_a_text_of_words_is_cut_between_words_and_outside_of_formatting(words: list[str], most: int) -> None:
    text = joined(" ", [bold(word) if place % 3 == 0 else plain(word) for place, word in enumerate(words)])
    cut = text.truncated(most)
    if cut.text != text.text:
        kept = cut.text.removesuffix("…").split()
        assert kept == words[: len(kept)]
        assert [cut.text[span.start : span.end] for span in cut.spans] == [
            word for place, word in enumerate(kept) if place % 3 == 0
        ]


def test_an_endless_word_is_cut_all_the_same() -> None:
    cut = bold("а" * 9000).truncated()
    assert cut.units == MESSAGE_UNITS
    assert cut.spans[0].end == MESSAGE_UNITS - 1


def test_a_family_and_an_accent_are_not_cut_in_two() -> None:
    family = "👨‍👩‍👧"
    assert plain("a" * 5 + family).truncated(units("a" * 5 + family) - 1).text == "aaaaa…"
    assert plain("caffe\u0301e").truncated(6).text == "caff…"


def test_units_are_those_of_telegram() -> None:
    # Measured: 13 characters in Python, 17 code units (reference: bot-api, section 7).
    assert units("Привет 🚀👨‍👩‍👧") == 17


@given(st.text())
def test_clean_text_holds_nothing_that_a_chat_cannot_show(text: str) -> None:
    shown = clean(text)
    shown.encode("utf-8")
    assert not set(shown) & set("\x00\u202e\u2066\u2069\u200f\r")
    assert clean(shown) == shown


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "tg://resolve?domain=x", "http://", "https://a b.c", "//t.me/x"]
)
def test_only_web_addresses_become_links(url: str) -> None:
    assert not is_web_link(url)
    assert link("here", url).spans == ()


def test_a_web_address_becomes_a_link() -> None:
    (entity,) = link("here", "https://t.me/news/5").entities()
    assert (entity.type, entity.url) == ("text_link", "https://t.me/news/5")


def test_a_template_takes_values_with_formatting_and_braces() -> None:
    text = fill("{name} has {n} posts", name=bold("{n}"), n=3)
    assert text.text == "{n} has 3 posts"
    assert [(span.kind, span.start, span.end) for span in text.spans] == [("bold", 0, 3)]


def test_a_template_without_its_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        fill("{name}")


def test_no_more_entities_are_sent_than_telegram_shows() -> None:
    assert len(joined(" ", [bold("a")] * 150).entities()) == MOST_ENTITIES


def test_a_text_may_begin_at_a_later_word() -> None:
    text = highlighted("one two three four", [(8, 13)]).from_word_at(5)
    assert text.text == "…three four"
    assert [text.text[span.start : span.end] for span in text.spans] == ["three"]
