"""Preview pages as values, without a network."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.messages import ServiceMessage
from ingest.preview_page import NoPreview, PreviewPage, read_page
from storage.post_values import Entity, Forward, Medium, Post
from tests.ingest.preview_snippets import BOX, block, link, message, page, post, text
from tests.ingest.values import NEWS, NOW

FIXTURES = Path(__file__).parents[3] / "shared" / "data" / "web_preview_html" / "fixtures.jsonl.gz"


def test_a_block_becomes_a_post() -> None:
    found = post(block(text("Міст відкрито")))
    assert (found.channel_id, found.message_id, found.text, found.found_by) == (NEWS, 5, "Міст відкрито", "preview")
    assert (found.posted_at, found.seen_at, found.edited_at, found.views) == (NOW, NOW, None, 7)


def test_formatting_has_bot_api_names_and_utf16_offsets() -> None:
    html = (
        '<i class="emoji"><b>🚀</b></i> <b>fast <i>now</i></b><br/><s>a</s><u>b</u><tg-spoiler>c</tg-spoiler>'
        '<pre><code class="language-python">d\n  e</code></pre>'
        '<tg-emoji emoji-id="1"><i class="emoji"><b>👍</b></i></tg-emoji>'
    )
    part = post(block(text(html))).parts[0]
    assert part.text == "🚀 fast now\nabcd\n  e👍"
    assert part.entities == (
        Entity("bold", 3, 8),
        Entity("italic", 8, 3),
        Entity("strikethrough", 12, 1),
        Entity("underline", 13, 1),
        Entity("spoiler", 14, 1),
        Entity("pre", 15, 5, language="python"),
        Entity("custom_emoji", 20, 2),
    )


@pytest.mark.parametrize(
    ("html", "entity"),
    [
        (link("https://bbc.com/news", "bbc.com/news"), Entity("url", 0, 12)),
        (link("https://bbc.com/", "https://BBC.com"), Entity("url", 0, 15)),
        (link("https://bbc.com/news", "bbc.com"), Entity("text_link", 0, 7, url="https://bbc.com/news")),
        (link("https://a.b/?c=1&amp;d=2", "here"), Entity("text_link", 0, 4, url="https://a.b/?c=1&d=2")),
        (link("https://t.me/harbour_wire", "@Harbour_Wire"), Entity("mention", 0, 13)),
        (link("?q=%23порт", "#порт"), Entity("hashtag", 0, 5)),
        (link("?q=%24USD", "$USD"), Entity("cashtag", 0, 4)),
        (link("mailto:a@b.org", "a@b.org"), Entity("email", 0, 7)),
    ],
)
def test_links_are_told_apart_by_where_they_lead(html: str, entity: Entity) -> None:
    assert post(block(text(html))).parts[0].entities == (entity,)


def test_a_link_that_runs_a_script_is_only_words() -> None:
    part = post(block(text(link("javascript:alert(1)", "click")))).parts[0]
    assert (part.text, part.entities) == ("click", ())


def test_a_quotation_stands_on_lines_of_its_own() -> None:
    part = post(block(text("said<blockquote expandable>quote</blockquote>more"))).parts[0]
    assert part.text == "said\nquote\nmore"
    assert part.entities == (Entity("expandable_blockquote", 5, 5),)


@pytest.mark.parametrize(
    ("html", "medium"),
    [
        ('<a class="tgme_widget_message_photo_wrap"></a>', Medium("photo")),
        (
            '<a class="tgme_widget_message_video_player"><time>1:00:02</time></a>',
            Medium("video", duration=3602.0),
        ),
        ('<a class="tgme_widget_message_video_player"><video loop></video></a>', Medium("animation")),
        ('<div class="tgme_widget_message_sticker_wrap"></div>', Medium("sticker")),
        ('<a class="tgme_widget_message_location_wrap"></a>', Medium("location")),
        (
            '<a class="tgme_widget_message_document_wrap"><p class="tgme_widget_message_document_title">a.pdf</p></a>',
            Medium("document", file_name="a.pdf"),
        ),
        ('<div class="message_media_not_supported_wrap">Open it in Telegram</div>', Medium("other")),
        ('<div class="of_some_later_year">?</div>', Medium("other")),
    ],
)
def test_media_are_told_by_their_kind(html: str, medium: Medium) -> None:
    assert post(block(html)).parts[0].medium == medium


def test_a_link_preview_does_not_hide_what_the_post_carries() -> None:
    preview = (
        '<a class="tgme_widget_message_link_preview" href="https://a.b/c"><div class="js-message_text">no</div></a>'
    )
    assert post(block(text("x") + preview)).parts[0].medium == Medium("webpage", url="https://a.b/c")
    assert post(block(preview + '<a class="tgme_widget_message_photo_wrap"></a>')).parts[0].medium == Medium("photo")


ALBUM = f"""<div class="tgme_widget_message_grouped_wrap">
<a class="tgme_widget_message_photo_wrap" href="{BOX}/84?single"></a>
<a class="tgme_widget_message_photo_wrap" href="{BOX}/86?single"></a>
<a class="tgme_widget_message_video_player"><time>0:08</time></a></div>"""


def test_parts_of_an_album_have_the_numbers_their_links_say_and_else_the_next_ones() -> None:
    found = post(block(ALBUM + text(text("Three views")), 84))
    assert [part.message_id for part in found.parts] == [84, 86, 87]
    assert [part.text for part in found.parts] == ["Three views", "", ""]
    assert (found.grouped_id, sorted(found.has)) == (None, ["photo", "video"])


def test_a_poll_says_its_question_and_options() -> None:
    options = '<div class="tgme_widget_message_poll_option_text">так</div>' * 2
    found = post(
        block(
            f'<div class="tgme_widget_message_poll"><p class="tgme_widget_message_poll_question">?</p>{options}</div>'
        )
    )
    assert found.parts[0].medium == Medium("poll", poll={"question": "?", "options": ["так", "так"]})


@pytest.mark.parametrize(
    ("origin", "forward"),
    [
        ('<a {} href="https://t.me/harbour_wire/12">Harbour</a>', Forward(None, "harbour_wire", "Harbour", 12)),
        ('<a {} href="https://t.me/c/2000000009/3">Harbour</a>', Forward(2000000009, None, "Harbour", 3)),
        ('<a {} href="https://t.me/anna_k">Anna</a>', Forward(name="Anna")),
        ("<span {}>Somebody</span>", Forward(name="Somebody")),
    ],
)
def test_forwards_name_a_channel_but_never_who_a_person_is(origin: str, forward: Forward) -> None:
    inner = origin.format('class="tgme_widget_message_forwarded_from_name"')
    html = f'<div class="tgme_widget_message_forwarded_from">Forwarded from {inner}</div>'
    assert post(block(html + text("x"))).forward == forward


@pytest.mark.parametrize(("href", "answered"), [(f"{BOX}/3", 3), ("https://t.me/another/3", None)])
def test_a_reply_is_to_a_post_of_the_same_channel(href: str, answered: int | None) -> None:
    quoted = '<div class="tgme_widget_message_text js-message_reply_text">an older post</div>'
    found = post(block(f'<a class="tgme_widget_message_reply" href="{href}">{quoted}</a>' + text("Ні")))
    assert (found.reply_to, found.text) == (answered, "Ні")


@pytest.mark.parametrize(
    ("views", "number", "rounded"),
    [("999", 999, False), ("1.2K", 1200, True), ("3M", 3_000_000, True), ("many", None, False)],
)
def test_rounded_views_say_that_they_are(views: str, number: int | None, rounded: bool) -> None:
    found = message(block(text("x"), views=views)).tell(NEWS, seen_at=NOW)
    assert isinstance(found, Post)
    assert (found.views, found.views_are_rounded) == (number, rounded)


def test_an_author_called_edited_edits_nothing() -> None:
    author = '<span class="tgme_widget_message_from_author">edited</span>,&nbsp;'
    assert not message(block(text("x"), meta=author)).is_edited
    assert message(block(text("x"), meta=author + "edited &nbsp;")).is_edited


def test_a_service_message_is_no_post() -> None:
    found = message(block(text("Channel photo updated"), 3, classes="service_message"))
    assert found.tell(NEWS, seen_at=NOW) == ServiceMessage(NEWS, 3)  # type: ignore[arg-type]


def test_a_block_without_a_number_is_counted_not_guessed() -> None:
    found = page(block(text("a"), 1) + block(text("b"), "x") + block(text("c"), 3))
    assert ([each.parts[0].text for each in found.messages], found.unreadable) == (["a", "c"], 1)


def test_pages_of_names_without_preview_say_why() -> None:
    contact = '<div class="tgme_page">{}</div>'
    named = contact.format('<div class="tgme_page_title">A</div><div class="tgme_page_extra">{}</div>')
    assert read_page(contact.format("")) is NoPreview.UNKNOWN
    assert read_page(named.format("12 345 subscribers")) is NoPreview.DISABLED
    assert read_page(named.format("280 members, 16 online")) is NoPreview.NOT_A_CHANNEL


@given(st.text())
def test_a_page_that_is_none_is_told_from_an_empty_channel(garbage: str) -> None:
    assert read_page(garbage) is None
    assert page(f'<section class="tgme_channel_history">{garbage.replace("<", "")}</section>').messages == ()


TAGS = ["<b>", "</b>", "<div>", "</div>", "<blockquote>", "<pre>", "<br/>", "<tg-spoiler>", "&amp;", "https://", "😀"]
OPENINGS = ['<a href="https://', '">', "\n", '<a class="tgme_widget_message_photo_wrap" href="?', '<time datetime="']
PIECES = st.sampled_from([*TAGS, *OPENINGS])


@given(st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join))
def test_no_markup_makes_the_parser_raise_or_an_entity_leave_its_text(markup: str) -> None:
    for found in page(block(text(markup))).messages:
        for part in found.parts:
            units = len(part.text.encode("utf-16-le", "surrogatepass")) // 2
            assert all(0 <= e.offset < e.offset + e.length <= units for e in part.entities)


def test_markup_as_deep_as_it_likes_is_read() -> None:
    part = post(block(text("<b>" * 20_000 + "x"))).parts[0]
    assert (part.text, len(part.entities)) == ("x", 20_000)


def fixtures() -> dict[str, str]:
    if not FIXTURES.exists():
        pytest.skip("../shared/data/web_preview_html is not here; it is never shipped")
    with gzip.open(FIXTURES, "rt", encoding="utf-8") as lines:
        return {row["name"]: row["html"] for row in map(json.loads, lines)}


def test_recorded_pages_are_read_whole() -> None:
    kinds = {"sticker": "sticker", "audio_doc": "audio", "poll": "poll", "photo": "photo", "video_": "video"}
    kinds |= {"location": "location", "audio_message": "voice", "preview": "webpage", "round_video": "video"}
    for name, html in fixtures().items():
        found = read_page(html)
        if not isinstance(found, PreviewPage):
            assert found is NoPreview.NOT_A_CHANNEL, name
            continue
        assert found.unreadable == 0, name
        for each in found.messages:
            assert each.posted_at is not None, name
            assert each.is_service == (each.views is None), name
            said = "".join(part.text for part in each.parts)
            wanted = {kind for part, kind in kinds.items() if part in name and "no_preview" not in name}
            if not each.is_service and "video_changed" not in name and "reply" not in name and wanted:
                assert wanted & {part.medium.kind for part in each.parts if part.medium}, name
            assert said or each.is_service or any(part.medium for part in each.parts), name


def test_recorded_channels_forwards_replies_and_counts_are_read() -> None:
    pages = {name: found for name, html in fixtures().items() if isinstance(found := read_page(html), PreviewPage)}
    assert pages["test_channel_info"].username == "tchantest"
    [album] = pages["test_parse_multimedia_message"].messages
    assert sorted(album.message_ids) == [84, 85, 86, 87]
    assert (album.views, album.views_are_rounded) == (436_600, True)
    assert pages["test_parse_multimedia_message"].telegram_id == 1591537674
    assert pages["test_parse_text_reply_to_video"].messages[0].reply_to == 19
    assert pages["test_parse_forwarded_text_message"].messages[0].forward == Forward(name="Some user")
    assert {name for name, found in pages.items() for each in found.messages if each.is_edited} == {
        "test_parse_text_message_link_no_preview",
        "test_parse_message_weird_preview",
        "test_parse_signed_edited_text_message",
    }
