"""How people write a channel's name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.channel_names import BadChannelName, channel_name


@pytest.mark.parametrize(
    "text",
    [
        "news_kremlin",
        "@news_kremlin",
        " @news_kremlin\n",
        "t.me/news_kremlin",
        "https://t.me/news_kremlin",
        "http://www.t.me/news_kremlin/",
        "https://t.me/s/news_kremlin?before=5",
        "https://t.me/news_kremlin/123",
        "https://telegram.me/news_kremlin",
    ],
)
def test_every_usual_spelling_is_understood(text: str) -> None:
    assert channel_name(text) == "news_kremlin"


@pytest.mark.parametrize(
    "text", ["", "@", "abc", "1news", "news__x", "news_", "новости", "a" * 33, "a b c d", "@@news"]
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(BadChannelName, match="looks like @news_kremlin"):
        channel_name(text)


@pytest.mark.parametrize("text", ["https://t.me/+AbCdEf12345", "t.me/joinchat/AAAA", "https://t.me/c/1234567890/5"])
def test_a_link_to_a_private_channel_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(BadChannelName, match="public channels"):
        channel_name(text)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_name_or_refused(text: str) -> None:
    try:
        name = channel_name(text)
    except BadChannelName:
        return
    assert channel_name(f"https://t.me/{name}") == name
