"""Archives of both forms, read without a database."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from ingest.archive import Archive, ArchiveError
from ingest.archive_values import ArchivedChannel, ArchivedMessage, BrokenLine
from storage.post_values import Entity, Forward, Medium

LINE = {"channel": "news_box", "message_id": 5, "date": "2024-11-26T00:05:59Z", "text": "Міст відкрито"}


def write_lines(path: Path, *lines: dict[str, Any] | str, is_gzip: bool = False) -> Path:
    content = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines).encode()
    path.write_bytes(gzip.compress(content) if is_gzip else content)
    return path


def only(archive: Archive) -> ArchivedMessage:
    [message] = archive.read()
    assert isinstance(message, ArchivedMessage), message
    return message


def one_line(tmp_path: Path, **fields: Any) -> ArchivedMessage:
    return only(Archive(write_lines(tmp_path / "a.jsonl", {**LINE, **fields})))


def test_a_line_becomes_a_message(tmp_path: Path) -> None:
    message = one_line(tmp_path, channel_title="News", views=7, forwards=2, reply_to=3)
    assert message.channel == ArchivedChannel(None, "news_box", "News")
    assert (message.part.message_id, message.part.text) == (5, "Міст відкрито")
    assert message.posted_at == dt.datetime(2024, 11, 26, 0, 5, 59, tzinfo=dt.UTC)
    assert (message.views, message.forwards, message.reply_to) == (7, 2, 3)


@pytest.mark.parametrize(
    ("name", "telegram_id", "username"),
    [
        ("id1754252633", 1754252633, None),
        ("-1001754252633", 1754252633, None),
        (1754252633, 1754252633, None),
        ("@Rybar", None, "Rybar"),
        ("id12", None, "id12"),
    ],
)
def test_channels_are_named_by_number_or_name(
    tmp_path: Path, name: object, telegram_id: int | None, username: str | None
) -> None:
    channel = one_line(tmp_path, channel=name).channel
    assert (channel.telegram_id, channel.username) == (telegram_id, username)


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        ("MessageMediaPhoto", "photo"),
        ("MessageMediaWebPage", "webpage"),
        ("video", "video"),
        ("MessageMediaX", "other"),
    ],
)
def test_media_types_become_kinds(tmp_path: Path, media_type: str, kind: str) -> None:
    assert one_line(tmp_path, media_type=media_type).part.medium == Medium(kind)


def test_a_forward_is_read_from_its_link(tmp_path: Path) -> None:
    origin = {"channel": "GeoBox", "date": "2024-11-26 15:41:58", "link": "https://t.me/GeoBox/9451"}
    at = dt.datetime(2024, 11, 26, 15, 41, 58, tzinfo=dt.UTC)
    assert one_line(tmp_path, fwd_from=origin).forward == Forward(None, "GeoBox", None, 9451, at)


def test_a_made_up_album_name_becomes_a_number_of_its_own(tmp_path: Path) -> None:
    numbers = [one_line(tmp_path, grouped_id=name).grouped_id for name in ("inferred:1", "inferred:2", "inferred:1")]
    assert numbers[0] == numbers[2] != numbers[1]
    assert one_line(tmp_path, grouped_id="13000").grouped_id == 13000


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{not json", "the line is not JSON"),
        ("[1]", "the line holds no JSON object"),
        ({**LINE, "channel": None}, "channel is missing"),
        ({**LINE, "channel": "Some News"}, "channel is neither a username nor Telegram's number"),
        ({**LINE, "message_id": "5"}, "message_id is no whole number from 1"),
        ({**LINE, "message_id": None}, "message_id is missing"),
        ({**LINE, "message_id": 2**70}, "message_id is no whole number from 1"),
        ({**LINE, "date": "yesterday"}, "date is no date such as 2024-11-26T00:05:59Z"),
        ({**LINE, "text": 5}, "text is no string"),
        ({**LINE, "views": -1}, "views is no whole number from 0"),
        ({**LINE, "views": True}, "views is no whole number from 0"),
    ],
)
def test_a_broken_line_is_named_and_the_rest_is_read(tmp_path: Path, line: dict[str, Any] | str, reason: str) -> None:
    path = write_lines(tmp_path / "a.jsonl", LINE, "", line, {**LINE, "message_id": 6})
    first, broken, last = Archive(path).read()
    assert broken == BrokenLine(3, reason)
    assert (first.number, last.number) == (1, 4)


def test_a_line_that_is_not_utf8_is_broken(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", LINE)
    path.write_bytes(path.read_bytes() + b'{"channel": "\xff"}\n')
    assert list(Archive(path).read())[1] == BrokenLine(2, "the line is not UTF-8")


def test_gzip_is_known_by_its_content_and_has_the_same_fingerprint(tmp_path: Path) -> None:
    plain = Archive(write_lines(tmp_path / "a.gz", LINE))
    packed = Archive(write_lines(tmp_path / "a.jsonl", LINE, is_gzip=True))
    assert plain.fingerprint == packed.fingerprint
    assert only(plain) == only(packed)


def test_reading_goes_on_behind_a_line(tmp_path: Path) -> None:
    archive = Archive(write_lines(tmp_path / "a", *({**LINE, "message_id": n} for n in range(1, 6))))
    assert archive.lines == 5
    assert [message.number for message in archive.read(after=3)] == [4, 5]


def test_half_a_gzip_is_refused(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "a", *({**LINE, "message_id": n, "text": "x" * n} for n in range(1, 500)), is_gzip=True
    )
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ArchiveError, match="middle of its gzip data"):
        Archive(path)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"<html>", b"\x00\x01\x02"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=r"result\.json"):
        Archive(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="No such file"):
        Archive(tmp_path / "nowhere")


def export(*messages: Any, kind: str = "public_channel") -> dict[str, Any]:
    return {"name": "Box News", "type": kind, "id": 2000000001, "messages": list(messages)}


def message(**fields: Any) -> dict[str, Any]:
    return {
        "id": 9,
        "type": "message",
        "date": "2024-01-01T10:00:00",
        "date_unixtime": "1704103200",
        "text": "",
        **fields,
    }


def write_export(path: Path, content: Any, indent: int | None = 1) -> Archive:
    path.write_text(json.dumps(content, indent=indent), encoding="utf-8")
    return Archive(path)


@pytest.mark.parametrize("indent", [1, None])
def test_an_export_is_known_by_its_content(tmp_path: Path, indent: int | None) -> None:
    found = only(write_export(tmp_path / "posts.jsonl", export(message(text="hello")), indent))
    assert found.channel == ArchivedChannel(2000000001, None, "Box News")
    assert (found.part.text, found.posted_at.timestamp()) == ("hello", 1704103200)


def test_pieces_of_text_become_entities(tmp_path: Path) -> None:
    pieces = [
        "🚀 ",
        {"type": "bold", "text": "fast"},
        " ",
        {"type": "text_link", "text": "here", "href": "https://a.example"},
    ]
    part = only(write_export(tmp_path / "r", export(message(text=pieces)))).part
    assert part.text == "🚀 fast here"
    assert part.entities == (Entity("bold", 3, 4), Entity("text_link", 8, 4, url="https://a.example"))


@pytest.mark.parametrize(
    ("fields", "medium"),
    [
        ({"photo": "p.jpg", "photo_file_size": 9}, Medium("photo", size=9)),
        ({"file": "a.pdf", "file_name": "a.pdf"}, Medium("document", file_name="a.pdf")),
        ({"file": "v", "media_type": "video_file", "duration_seconds": 4}, Medium("video", duration=4)),
        ({"media_type": "hologram"}, Medium("other")),
        ({"location_information": {}}, Medium("location")),
        (
            {"poll": {"question": "Tea?", "answers": [{"text": "yes", "voters": 3}]}},
            Medium("poll", poll={"question": "Tea?", "options": ["yes"]}),
        ),
    ],
)
def test_media_of_an_export_have_their_kind(tmp_path: Path, fields: dict[str, Any], medium: Medium) -> None:
    assert only(write_export(tmp_path / "r", export(message(**fields)))).part.medium == medium


def test_edits_forwards_replies_and_reactions_of_an_export_are_read(tmp_path: Path) -> None:
    found = only(
        write_export(
            tmp_path / "r",
            export(
                message(
                    edited_unixtime="1704103260",
                    forwarded_from="Other",
                    forwarded_from_id="channel77",
                    reply_to_message_id=3,
                    reactions=[{"type": "emoji", "count": 2, "emoji": "👍"}],
                )
            ),
        )
    )
    assert found.edited_at == found.posted_at + dt.timedelta(minutes=1)
    assert found.forward == Forward(77, None, "Other")
    assert (found.reply_to, found.reactions) == (3, {"👍": 2})


def test_service_messages_are_passed_over_and_broken_ones_named(tmp_path: Path) -> None:
    content = export(message(type="service"), message(id=None), message(text=[{"type": "bold"}]), 7, message(id=10))
    found = list(write_export(tmp_path / "r", content).read())
    assert found[:3] == [
        BrokenLine(2, "id is missing"),
        BrokenLine(3, "text holds a piece that is no text"),
        BrokenLine(4, "the message is no JSON object"),
    ]
    assert found[3].number == 5


def test_of_a_whole_account_only_channels_are_read(tmp_path: Path) -> None:
    chats = [export(message(), kind="personal_chat"), export(message(id=11), kind="private_channel")]
    assert only(write_export(tmp_path / "r", {"chats": {"list": chats}})).part.message_id == 11


def test_an_export_without_a_channel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="holds no channel"):
        write_export(tmp_path / "r", export(message(), kind="personal_chat"))


def test_half_an_export_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(json.dumps(export(message()), indent=1)[:-10])
    with pytest.raises(ArchiveError, match="no whole JSON file"):
        Archive(path)


@pytest.mark.parametrize("beginning", ["", '{\n"messages": '])
def test_a_file_nested_beyond_all_measure_is_no_archive(tmp_path: Path, beginning: str) -> None:
    path = tmp_path / "deep.json"
    path.write_text(beginning + "[" * 200_000 + "\n")
    with pytest.raises(ArchiveError):
        Archive(path)
