from __future__ import annotations

import pytest

from sandbox.feed.sample import FeedError, SampleDeletion, SampleEdit, SamplePost, read

CHANNELS = """
[[channel]]
username = "demo_one"
title = "One"
language = "en"

[[channel]]
username = "demo_two"
title = "Two"
language = "uk"
"""
POST = '[[live]]\nkey = "a"\nchannel = "demo_one"\ntext = "Rain"\n'


def refused(live: str) -> str:
    with pytest.raises(FeedError) as error:
        read({"world.toml": CHANNELS, "live.toml": live})
    return str(error.value)


def test_a_post_may_be_forwarded_edited_and_deleted() -> None:
    forward = '[[live]]\nkey = "b"\nchannel = "demo_two"\nforward_of = "a"\n'
    edit = '[[live]]\nedit_of = "a"\ntext = "Snow"\n'
    deletion = '[[live]]\ndeletion_of = "a"\n'
    feed = read({"world.toml": CHANNELS, "live.toml": POST + edit + forward + deletion})
    copy = SamplePost("b", "demo_two", "Snow", forward_of="a")
    assert feed.live == (SamplePost("a", "demo_one", "Rain"), SampleEdit("a", "Snow"), copy, SampleDeletion("a"))


def test_files_are_read_in_the_order_given() -> None:
    second = POST.replace('"a"', '"b"')
    feed = read({"world.toml": CHANNELS, "live_1.toml": POST, "live_2.toml": second})
    assert [post.key for post in feed.live_posts()] == ["a", "b"]


def test_misspelt_key_is_refused_with_its_place() -> None:
    assert refused(POST + 'txet = "Sun"\n') == "live.toml, live 1: unknown: txet"


def test_unknown_channel_is_refused() -> None:
    assert "there is no channel demo_six" in refused(POST.replace("demo_one", "demo_six"))


def test_second_post_with_a_key_is_refused() -> None:
    assert "live 2: there is an earlier post a" in refused(POST + POST)


def test_wrong_type_is_refused() -> None:
    assert "photos must be of type int, not '3'" in refused(POST + 'photos = "3"\n')


def test_forward_of_something_not_yet_published_is_refused() -> None:
    forward = '[[live]]\nkey = "b"\nchannel = "demo_two"\nforward_of = "a"\n'
    assert "live 1: a is not published at this point" in refused(forward + POST)


def test_forward_from_the_same_channel_is_refused() -> None:
    forward = '[[live]]\nkey = "b"\nchannel = "demo_one"\nforward_of = "a"\n'
    assert "another channel's own post" in refused(POST + forward)


def test_forward_with_words_of_its_own_is_refused() -> None:
    forward = '[[live]]\nkey = "b"\nchannel = "demo_two"\nforward_of = "a"\ntext = "Look"\n'
    assert "a forward has no words" in refused(POST + forward)


@pytest.mark.parametrize("change", ['edit_of = "a"\ntext = "Snow"', 'deletion_of = "a"'])
def test_deleted_post_cannot_change_again(change: str) -> None:
    assert "a is not published" in refused(f'{POST}[[live]]\ndeletion_of = "a"\n[[live]]\n{change}\n')


def test_edit_that_changes_nothing_is_refused() -> None:
    assert "another text" in refused(POST + '[[live]]\nedit_of = "a"\ntext = "Rain"\n')


def test_empty_post_is_refused() -> None:
    assert "a is empty" in refused(POST.replace("Rain", ""))


def test_photo_beside_a_poll_is_refused() -> None:
    poll = 'photos = 1\n[live.poll]\nquestion = "?"\noptions = ["yes", "no"]\n'
    assert "more media" in refused(POST + poll)


@pytest.mark.parametrize(("photos", "limit"), [(0, 4096), (1, 1024)])
def test_text_longer_than_telegram_takes_is_refused(photos: int, limit: int) -> None:
    fits = POST.replace("Rain", "я" * limit) + f"photos = {photos}\n"
    read({"world.toml": CHANNELS, "live.toml": fits})
    assert f"longer than {limit}" in refused(fits.replace("я", "😀", 1))


def test_history_must_be_ordered_and_within_seven_days() -> None:
    def past(*hours: float) -> str:
        tables = (
            POST.replace("live", "history").replace('"a"', f'"{hour}"') + f"hours_ago = {hour}\n" for hour in hours
        )
        return "".join(tables)

    read({"world.toml": CHANNELS, "history.toml": past(168, 2.5, 1)})
    assert "hours_ago = 169" in refused(past(169))
    assert "history 2: hours_ago = 2.0" in refused(past(1, 2))


def test_file_that_is_no_toml_is_refused_by_name() -> None:
    assert refused("[[live").startswith("live.toml: ")
