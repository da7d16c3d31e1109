"""An archive goes through the same door as what the channels push."""

from __future__ import annotations

from pathlib import Path

from sandbox.channels import Channel
from tests.journeys.people import until
from tests.journeys.stage import Stage, everything_in, link_to, write_archive


async def test_a_live_replay_alerts_and_a_second_one_stores_and_owes_nothing(stage: Stage, tmp_path: Path) -> None:
    anna, channel = stage.person(), stage.world.channels.add("Old times", "old_times")
    _speak(stage, channel)
    archive = write_archive(tmp_path / "archive.jsonl", *everything_in(stage.world))
    async with stage.answering():
        await anna.subscribe("bridge")
        first = await stage.replay(archive)
        await anna.alerted(3)
        second = await stage.replay(archive)
        await until(lambda: _is_all_sent(stage), "everything to be sent")
    assert (first.read, first.stored, first.skipped) == (6, 6, 0)
    assert (second.stored, second.updated) == (0, 0)
    assert await stage.value("SELECT count(*) FROM deliveries") == 3
    assert len(anna.alerts()) == 3


async def test_what_a_replay_brought_and_the_channel_pushes_is_one_post(stage: Stage, tmp_path: Path) -> None:
    news, anna = await stage.channel("river_news"), stage.person()
    async with stage.running():
        await anna.subscribe("bridge")
        posts = _speak(stage, news)
        archive = write_archive(tmp_path / "archive.jsonl", *everything_in(stage.world))
        await stage.replay(archive)  # while the same posts are being pushed
        await until(lambda: _count(stage, 6), "six posts")
        stage.world.channels.publish(news, "Enough of bridges")
        await anna.alerted(4)
    links = [alert.link for alert in anna.alerts()]
    assert sorted(links) == sorted({*(f"https://t.me/river_news/{number}" for number in posts), links[-1]})
    assert await stage.value("SELECT count(*) FROM posts") == 7


async def test_a_replayed_alert_says_when_it_was_published(stage: Stage, tmp_path: Path) -> None:
    anna, channel = stage.person(), stage.world.channels.add("Old times", "old_times")
    when = stage.world.clock.now().replace(year=2020)
    post = stage.world.channels.publish(channel, "The bridge of long ago", at=when)
    archive = write_archive(tmp_path / "archive.jsonl", (channel, post))
    async with stage.answering():
        await anna.subscribe("bridge")
        await stage.replay(archive)
        [alert] = await anna.alerted(1)
    assert alert.link == link_to(channel, post)
    assert f"{when:%d %b %Y}" in alert.text.splitlines()[0]


def _speak(stage: Stage, channel: Channel) -> list[int]:
    """Six posts, one of them an album; the numbers of the three about bridges."""
    publish = stage.world.channels.publish
    one = publish(channel, "A bridge is planned")
    publish(channel, "The weather stays fine")
    album = stage.world.channels.publish_album(channel, "Bridges in pictures", [b"one", b"two"])
    publish(channel, "Nothing new")
    publish(channel, "Still nothing")
    three = publish(channel, "The bridge is built")
    return [one.message_id, album[0].message_id, three.message_id]


async def _count(stage: Stage, posts: int) -> bool:
    return bool(await stage.value("SELECT count(*) FROM posts") == posts)


async def _is_all_sent(stage: Stage) -> bool:
    return not await stage.rows("SELECT 1 FROM deliveries WHERE state <> 'sent'")
