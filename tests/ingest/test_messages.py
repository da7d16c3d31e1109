"""Messages off the wire as posts."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from pathlib import Path

import pytest
from telethon import utils
from telethon.tl import types

from ingest.messages import ServiceMessage, channel_of, read_message
from storage.post_values import Entity, Forward, Medium, Post
from tests.ingest.values import NEWS, NOW, TELEGRAM_NEWS, wire_message

RAW = Path(__file__).parents[3] / "shared" / "data" / "telethon_raw_messages" / "channel_posts.jsonl.gz"


def read(message: object, **fields: object) -> Post:
    found = read_message(message, NEWS, seen_at=NOW, **fields)  # type: ignore[arg-type]
    assert isinstance(found, Post)
    return found


def test_text_counts_and_times_are_kept() -> None:
    edited = NOW + dt.timedelta(minutes=1)
    post = read(wire_message(9, "Міст відкрито", views=12, forwards=3, edit_date=edited))
    assert (post.channel_id, post.message_id, post.text) == (NEWS, 9, "Міст відкрито")
    assert (post.posted_at, post.edited_at, post.views, post.forwards) == (NOW, edited, 12, 3)


def test_entities_get_bot_api_names_and_keep_their_utf16_offsets() -> None:
    entities = [
        types.MessageEntityBold(2, 4),
        types.MessageEntityTextUrl(7, 4, "https://example.org/a"),
        types.MessageEntityPre(12, 3, "python"),
        types.MessageEntityBlockquote(16, 2, collapsed=True),
        types.MessageEntityStrike(16, 1),
        types.MessageEntityPhone(17, 1),
    ]
    post = read(wire_message(text="🚀 fast link abc qq", entities=entities))
    assert post.parts[0].entities == (
        Entity("bold", 2, 4),
        Entity("text_link", 7, 4, url="https://example.org/a"),
        Entity("pre", 12, 3, language="python"),
        Entity("expandable_blockquote", 16, 2),
        Entity("strikethrough", 16, 1),
        Entity("phone_number", 17, 1),
    )


def test_an_entity_the_bot_api_does_not_name_is_left_out() -> None:
    assert read(wire_message(text="4111", entities=[types.MessageEntityUnknown(0, 4)])).parts[0].entities == ()


def document(*attributes: object, mime: str = "video/mp4") -> types.MessageMediaDocument:
    return types.MessageMediaDocument(document=types.Document(31, 1, b"", NOW, mime, 900, 2, list(attributes)))


STICKERS = types.InputStickerSetEmpty()


@pytest.mark.parametrize(
    ("media", "kind"),
    [
        (document(types.DocumentAttributeVideo(3.5, 1, 1)), "video"),
        (document(types.DocumentAttributeVideo(3.5, 1, 1), types.DocumentAttributeAnimated()), "animation"),
        (document(types.DocumentAttributeAudio(60)), "audio"),
        (document(types.DocumentAttributeAudio(60, voice=True)), "voice"),
        (document(types.DocumentAttributeSticker("x", STICKERS)), "sticker"),
        (document(types.DocumentAttributeFilename("a.pdf")), "document"),
        (types.MessageMediaGeo(types.GeoPointEmpty()), "location"),
        (types.MessageMediaContact("1", "A", "B", "", 0), "contact"),
        (types.MessageMediaPhoto(), "photo"),
        (types.MessageMediaUnsupported(), "other"),
        (types.MessageMediaDice(6, "🎲"), "other"),
        (types.MessageMediaPaidMedia(5, [types.MessageExtendedMediaPreview()]), "other"),
    ],
)
def test_each_medium_has_its_kind(media: object, kind: str) -> None:
    medium = read(wire_message(media=media)).parts[0].medium
    assert medium is not None
    assert medium.kind == kind


def test_a_document_keeps_its_name_size_and_duration() -> None:
    media = document(types.DocumentAttributeVideo(3.5, 1, 1), types.DocumentAttributeFilename("a\x00.mp4"))
    assert read(wire_message(media=media)).parts[0].medium == Medium(
        "video", size=900, mime="video/mp4", file_name="a\ufffd.mp4", duration=3.5, telegram_id=31
    )


def test_a_photo_has_the_size_of_its_largest_form() -> None:
    sizes = [types.PhotoSize("m", 1, 1, 200), types.PhotoSizeProgressive("y", 1, 1, [100, 900])]
    media = types.MessageMediaPhoto(photo=types.Photo(32, 1, b"", NOW, sizes, 2))
    assert read(wire_message(media=media)).parts[0].medium == Medium("photo", size=900, telegram_id=32)


def test_a_poll_keeps_its_words() -> None:
    answers = [types.PollAnswer(types.TextWithEntities(text, []), b"") for text in ("да", "нет")]
    poll = types.Poll(33, types.TextWithEntities("Идём?", []), answers, 0)
    medium = read(wire_message(media=types.MessageMediaPoll(poll, types.PollResults()))).parts[0].medium
    assert medium == Medium("poll", telegram_id=33, poll={"question": "Идём?", "options": ["да", "нет"]})


def test_a_link_preview_is_a_link_of_the_post() -> None:
    page = types.WebPage(1, "https://news.example.org/x", "news", 0)
    assert "example.org" in read(wire_message(media=types.MessageMediaWebPage(page))).links


def test_a_forward_names_its_channel() -> None:
    origin = types.Channel(99, "Сводка", types.ChatPhotoEmpty(), NOW, username="Svodka")
    header = types.MessageFwdHeader(NOW, from_id=types.PeerChannel(99), channel_post=41)
    peers = {utils.get_peer_id(origin): origin}
    post = read(wire_message(fwd_from=header), peers=peers)
    assert post.forward == Forward(99, "Svodka", "Сводка", 41, NOW)
    assert post.forwarded_from == {"@svodka", "99"}


def test_of_a_forwarded_person_only_the_shown_name_is_kept() -> None:
    header = types.MessageFwdHeader(NOW, from_id=types.PeerUser(5), from_name="Anna")
    assert read(wire_message(fwd_from=header)).forward == Forward(name="Anna", posted_at=NOW)


def test_an_answer_to_another_chat_is_no_reply_of_ours() -> None:
    here = types.MessageReplyHeader(reply_to_msg_id=3)
    there = types.MessageReplyHeader(reply_to_msg_id=3, reply_to_peer_id=types.PeerChannel(1))
    assert read(wire_message(reply_to=here)).reply_to == 3
    assert read(wire_message(reply_to=there)).reply_to is None


def test_reactions_are_counted_by_what_is_shown() -> None:
    results = [
        types.ReactionCount(types.ReactionEmoji("👍"), 4),
        types.ReactionCount(types.ReactionCustomEmoji(77), 2),
        types.ReactionCount(types.ReactionPaid(), 1),
    ]
    post = read(wire_message(reactions=types.MessageReactions(results)))
    assert post.reactions == {"👍": 4, "custom:77": 2, "paid": 1}


def test_a_service_message_is_no_post() -> None:
    message = types.MessageService(8, types.PeerChannel(TELEGRAM_NEWS), NOW, action=types.MessageActionPinMessage())
    assert read_message(message, NEWS, seen_at=NOW) == ServiceMessage(NEWS, 8)  # type: ignore[arg-type]


def test_an_empty_message_is_nothing() -> None:
    assert read_message(types.MessageEmpty(8, types.PeerChannel(TELEGRAM_NEWS)), NEWS, seen_at=NOW) is None


def test_messages_of_chats_have_no_channel() -> None:
    assert channel_of(wire_message()) == TELEGRAM_NEWS
    assert channel_of(types.Message(1, types.PeerChat(4))) is None


def test_recorded_messages_are_read_whole() -> None:
    if not RAW.exists():
        pytest.skip("the recorded messages of ../shared/data are not on this machine")
    with gzip.open(RAW, "rt", encoding="utf-8") as lines:
        recorded = [json.loads(line) for line in lines]
    for content in recorded:
        post = read(revive(content))
        assert post.text == content["message"]
        assert len(post.parts[0].entities) == len(content["entities"] or [])
        assert post.views == content["views"]


def revive(value: object) -> object:
    """A TL object from its `to_dict`."""
    if isinstance(value, list):
        return [revive(each) for each in value]
    if not isinstance(value, dict):
        return value
    kind = getattr(types, value["_"])
    fields = {name: revive(each) for name, each in value.items() if name in kind.__init__.__annotations__}
    for name in ("date", "edit_date"):
        if isinstance(fields.get(name), str):
            fields[name] = dt.datetime.fromisoformat(str(fields[name]))
    return kind(**fields)
