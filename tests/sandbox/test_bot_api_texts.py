"""Texts: the HTML subset, entity lists and limits, without a server."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import utf16
from sandbox.bot_api.errors import BadRequest, NotInTheBox
from sandbox.bot_api.html import parse_html
from sandbox.bot_api.texts import check_entities, checked_caption, checked_message, format_text
from sandbox.chat_records import Entity

EMOJI = "\U0001f600"


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ("🏟 🏟&lt;<abacaba", "Unclosed start tag at byte offset 13"),
        ("🏟 🏟&lt;<abac aba>", 'Unsupported start tag "abac" at byte offset 13'),
        ("🏟 🏟&lt;<i   =aba>", 'Empty attribute name in the tag "i" at byte offset 13'),
        ("🏟 🏟&lt;<i    aba>", 'Can\'t find end tag corresponding to start tag "i"'),
        ("🏟 🏟&lt;<i    aba  =  ", 'Unclosed start tag "i" at byte offset 13'),
        ("🏟 🏟&lt;<i    aba  =  190azAz-.,", "Unexpected end of name token at byte offset 27"),
        ('🏟 🏟&lt;<i    aba  =  "&lt;&gt;&quot;>', "Unclosed start tag at byte offset 13"),
        ("🏟 🏟&lt;</", "Unexpected end tag at byte offset 13"),
        ("🏟 🏟&lt;<b></b></", "Unexpected end tag at byte offset 20"),
        ("🏟 🏟&lt;<i>a</i   ", "Unclosed end tag at byte offset 17"),
        ("🏟 🏟&lt;<i>a</em   >", 'Unmatched end tag at byte offset 17, expected "</i>", found "</em>"'),
        ("&#xDFDF;", "check for unmatched surrogate code units"),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ('<span class="other">x</span>', 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<div>x</div>", 'Unsupported start tag "div" at byte offset 0'),
    ],
)
def test_broken_html_is_refused_where_telegram_refuses_it(markup: str, reason: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        parse_html(markup)
    assert reason in refusal.value.description


@pytest.mark.parametrize(
    ("markup", "text", "entities"),
    [
        ("&ge;&lt;&gt;&amp;&quot;&laquo;", '&ge;<>&"&laquo;', []),
        ("&#65;&#x1F600;", f"A{EMOJI}", []),
        (f"{EMOJI}<em>{EMOJI}</em>", EMOJI * 2, [{"type": "italic", "offset": 2, "length": 2}]),
        ("<b></b>x", "x", []),
        ("<b>x</>", "x", [{"type": "bold", "offset": 0, "length": 1}]),
        ("<tg-spoiler>x</tg-spoiler>", "x", [{"type": "spoiler", "offset": 0, "length": 1}]),
        ('<span class="tg-spoiler">x</span>', "x", [{"type": "spoiler", "offset": 0, "length": 1}]),
        (
            "<blockquote expandable>x</blockquote>",
            "x",
            [{"type": "expandable_blockquote", "offset": 0, "length": 1}],
        ),
        (
            '<pre><code class="language-sql">x</code></pre>',
            "x",
            [{"type": "pre", "offset": 0, "length": 1, "language": "sql"}],
        ),
        (
            '<a href="https://t.me/a?b=1&amp;c=2">x</a>',
            "x",
            [{"type": "text_link", "offset": 0, "length": 1, "url": "https://t.me/a?b=1&c=2"}],
        ),
    ],
)
def test_html_becomes_text_and_entities(markup: str, text: str, entities: list[Entity]) -> None:
    assert parse_html(markup) == (text, entities)


def test_nested_tags_give_the_outer_entity_first() -> None:
    _, entities = parse_html("<b>a<i>b</i></b>")
    assert [(entity["type"], entity["offset"], entity["length"]) for entity in entities] == [
        ("bold", 0, 2),
        ("italic", 1, 1),
    ]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_escaped_text_comes_back_as_it_was(text: str) -> None:
    assert parse_html(html.escape(text)) == (text, [])


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_utf16_length_is_what_an_encoder_counts(text: str) -> None:
    assert utf16.length(text) == len(text.encode("utf-16-le")) // 2
    assert max(utf16.boundaries(text)) == utf16.length(text)


@pytest.mark.parametrize(
    ("offset", "length", "reason"),
    [
        (-1, 1, "receive an entity with incorrect offset -1"),
        (0, -1, "receive an entity with incorrect length -1"),
        (1, 1, "entity begins in a middle of a UTF-16 symbol at byte offset 4"),
        (0, 1, "entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol at byte offset 4"),
        (3, 2, "entity beginning at UTF-16 offset 3 ends after the end of the text at UTF-16 offset 5"),
        (9, 1, "entity begins after the end of the text at UTF-16 offset 9"),
    ],
)
def test_an_entity_outside_the_text_is_refused(offset: int, length: int, reason: str) -> None:
    with pytest.raises(BadRequest, match=reason):
        check_entities(f"{EMOJI}ab", [{"type": "bold", "offset": offset, "length": length}])


@pytest.mark.parametrize(
    ("outer", "inner"),
    [("code", "bold"), ("bold", "code"), ("blockquote", "expandable_blockquote"), ("text_link", "url")],
)
def test_entities_that_may_not_nest_are_refused(outer: str, inner: str) -> None:
    entities = [
        {"type": outer, "offset": 0, "length": 4, "url": "https://example.org/"},
        {"type": inner, "offset": 1, "length": 2},
    ]
    with pytest.raises(BadRequest, match=f"{outer} can't contain {inner}"):
        format_text("abcd", "", entities)


def test_entities_that_cross_are_refused() -> None:
    entities = [{"type": "bold", "offset": 0, "length": 3}, {"type": "italic", "offset": 2, "length": 2}]
    with pytest.raises(BadRequest, match="bold and italic overlap in part"):
        format_text("abcd", "", entities)


def test_styles_quotes_and_links_nest() -> None:
    entities = [
        {"type": "blockquote", "offset": 0, "length": 4},
        {"type": "bold", "offset": 0, "length": 4},
        {"type": "text_link", "offset": 1, "length": 2, "url": "https://example.org/"},
    ]
    assert format_text("abcd", "", entities).entities == entities


def test_text_is_trimmed_and_entities_move_along() -> None:
    formatted = format_text("  ab \n", "", [{"type": "bold", "offset": 0, "length": 6}])
    assert formatted == ("ab", [{"type": "bold", "offset": 0, "length": 2}])


def test_4096_units_are_accepted_and_4097_are_not() -> None:
    assert checked_message(format_text(EMOJI * 2048, "", None)).text == EMOJI * 2048
    with pytest.raises(BadRequest, match="message is too long"):
        checked_message(format_text(EMOJI * 2048 + "x", "", None))


def test_markup_does_not_count_against_the_limit() -> None:
    assert len(checked_message(format_text(f"<b>{'&lt;' * 4096}</b>", "HTML", None)).text) == 4096


def test_a_caption_of_1025_units_is_refused() -> None:
    with pytest.raises(BadRequest, match="caption is too long"):
        checked_caption(format_text("y" * 1025, "", None))


@pytest.mark.parametrize("raw", ["", " \n ", "<b></b>", "<i> </i>"])
def test_a_message_of_nothing_is_refused(raw: str) -> None:
    with pytest.raises(BadRequest, match="message text is empty"):
        checked_message(format_text(raw, "HTML", None))


def test_more_than_100_entities_are_refused() -> None:
    entities = [{"type": "bold", "offset": place, "length": 1} for place in range(101)]
    assert len(format_text("x" * 101, "", entities[:100]).entities) == 100
    with pytest.raises(BadRequest, match="ENTITIES_TOO_LONG"):
        format_text("x" * 101, "", entities)


def test_a_link_without_an_address_is_only_text() -> None:
    assert format_text('<a href="nowhere at all">x</a>', "HTML", None) == ("x", [])


def test_markdown_is_said_to_be_missing() -> None:
    with pytest.raises(NotInTheBox):
        format_text("*x*", "MarkdownV2", None)


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(BadRequest, match="UTF-8"):
        format_text("\ud83d", "", None)
