"""Texts as the page shows them: formatting, what is found in them, and that nothing of them becomes markup."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import utf16
from sandbox.chat_records import Entity
from sandbox.page.markup import Markup, element
from sandbox.page.messages import message_html
from sandbox.page.text import first_link, formatted, with_links
from sandbox.page.visitors import View
from sandbox.world import World

TAGS = {"div", "b", "i", "u", "s", "code", "pre", "span", "a", "button", "blockquote"}


@pytest.fixture
def box() -> World:
    world = World()
    channel = world.channels.add("Harbour Wire", "harbour_wire_demo")
    world.channels.publish(channel, "The ferry is late.")
    return world


class Read(HTMLParser):
    """What a browser would read: text, and the names of tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: set[str] = set()
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60), st.data())
def test_every_text_is_shown_as_it_is_written(text: str, data: st.DataObject) -> None:
    end = utf16.length(text)
    places = sorted(utf16.boundaries(text))
    cuts = sorted(data.draw(st.lists(st.sampled_from(places), max_size=4)))
    kinds = st.sampled_from(["bold", "code", "spoiler", "hashtag"])
    entities = [
        Entity(type=data.draw(kinds), offset=begin, length=stop - begin)
        for begin, stop in pairwise([*cuts, end])
        if stop > begin
    ]
    read = Read(formatted(World(), text, entities))
    assert read.text == text
    assert read.tags <= TAGS


def test_entities_nest_and_are_measured_in_utf16(box: World) -> None:
    entities = [
        {"type": "bold", "offset": 3, "length": 11},
        {"type": "italic", "offset": 6, "length": 4},
    ]
    html = formatted(box, "\U0001f600 on late nights", entities)
    assert '<b class="bold">on <i class="italic">late</i> nig</b>' in html


def test_attributes_cannot_be_broken_out_of() -> None:
    assert element("a", "<b>", href='"><script>') == '<a href="&quot;&gt;&lt;script&gt;">&lt;b&gt;</a>'
    assert element("p", Markup("<b>"), None, ["x", 1], hidden=True, title=None) == "<p hidden><b>x1</p>"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "tg://resolve?domain=a", "not a link"])
def test_addresses_that_a_page_must_not_open_are_no_links(box: World, address: str) -> None:
    html = formatted(box, "tap", [{"type": "text_link", "offset": 0, "length": 3, "url": address}])
    assert "href" not in html
    assert "tap" in html


def test_links_to_posts_of_the_box_lead_to_the_other_column(box: World) -> None:
    [channel] = box.channels
    for address in ("https://t.me/harbour_wire_demo/1", f"https://t.me/c/{channel.id}/1"):
        assert f'href="#post-{channel.id}-1"' in formatted(box, address, [])
    outside = formatted(box, "https://example.org/x", [])
    assert 'href="https://example.org/x" target="_blank" rel="noopener noreferrer"' in outside


def test_a_deep_link_of_the_bot_is_a_button(box: World) -> None:
    html = formatted(box, "t.me/channelwatch_demo_bot?start=abc", [])
    assert 'formaction="/open" name="link" value="https://t.me/channelwatch_demo_bot?start=abc"' in html


def test_long_expandable_quotes_are_folded_and_short_ones_are_not(box: World) -> None:
    for text, is_folded in (("short", False), ("a\nb\nc\nd", True), ("x" * 200, True)):
        quote = [{"type": "expandable_blockquote", "offset": 0, "length": len(text)}]
        assert ("Show more" in formatted(box, text, quote)) is is_folded


def test_the_preview_of_a_post_is_shown_where_it_was_asked_for(box: World) -> None:
    user = box.add_user("Anna")
    chat = box.chats.add_private(user)
    options = {"url": "https://t.me/harbour_wire_demo/1", "show_above_text": True}
    above = box.chats.bot_sends("sendMessage", chat, text="words", link_preview=options)
    below = box.chats.bot_sends("sendMessage", chat, text="see https://t.me/harbour_wire_demo/1")
    without = box.chats.bot_sends("sendMessage", chat, text=below.text, link_preview={"is_disabled": True})
    shown = [message_html(box, View(user, chat), message) for message in (above, below, without)]
    assert shown[0].index("The ferry is late.") < shown[0].index("words")
    assert shown[1].index("The ferry is late.") > shown[1].index("see")
    assert "The ferry is late." not in shown[2]


def test_links_mentions_and_commands_are_found() -> None:
    text = "\U0001f600 /list @harbour_wire https://t.me/a/1, t.me/b #порт a/b mail@example.org"
    found = {text.encode("utf-16-le")[2 * e["offset"] : 2 * (e["offset"] + e["length"])].decode("utf-16-le"): e["type"]
             for e in with_links(text, [])}  # fmt: skip
    assert found == {
        "/list": "bot_command",
        "@harbour_wire": "mention",
        "https://t.me/a/1": "url",
        "t.me/b": "url",
        "#порт": "hashtag",
    }
    assert first_link(text, []) == "https://t.me/a/1"


def test_nothing_is_found_inside_code_or_a_link() -> None:
    marked = [{"type": "code", "offset": 0, "length": 5}]
    assert with_links("/list", marked) == marked
