"""What templates say with: links, headlines, browsers, times."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.ids import MessageId
from storage.post_values import Entity, Part
from tests.web.hostile import LINKS
from web.pages.posts import links_of
from web.texts import CATALOGUES
from web.wording import address, browser, clock, headline, rest, safe_link, span

ENGLISH = CATALOGUES["en"]
NOON = dt.datetime(2026, 1, 5, 12, 0, tzinfo=dt.UTC)


def test_only_web_pages_are_linked_to() -> None:
    assert safe_link("https://demo.example/a?b=1") == "https://demo.example/a?b=1"
    linked = [url for url in LINKS if safe_link(url)]
    assert linked == ['https://demo.example/"onmouseover="alert(1)']  # a web page; its quotes are escaped


def test_links_of_a_post_come_from_its_words_and_its_entities_once_each() -> None:
    entities = tuple(Entity("text_link", 0, 3, url=url) for url in ("demo.example/b", *LINKS))
    part = Part(MessageId(1), "see https://demo.example/a, www.demo.example and https://demo.example/a", entities)
    assert links_of([part]) == [
        "https://demo.example/a",
        "https://www.demo.example",
        "https://demo.example/b",
        'https://demo.example/"onmouseover="alert(1)',
    ]


def test_a_link_that_a_post_names_itself_is_kept_to_its_last_sign() -> None:
    bridge = "https://wiki.example/Мост_(Лиман)"
    part = Part(MessageId(1), "the bridge (https://demo.example/a).", (Entity("text_link", 4, 6, url=bridge),))
    assert links_of([part]) == ["https://demo.example/a", bridge]


def test_an_address_leaves_out_what_is_empty_and_keeps_nought() -> None:
    assert address("/search", {"q": "a b", "sort": ""}, deleted=False, cursor=None) == "/search?q=a+b"
    assert address("/live/events", after=0) == "/live/events?after=0"
    assert address("/live") == "/live"


def test_a_headline_is_the_first_line_cut_at_a_word() -> None:
    said = "\n  The ferry is late.\n\nIt leaves at ten."
    assert (headline(said), rest(said)) == ("The ferry is late.", "It leaves at ten.")
    assert headline("one two three", 9) == "one two…"
    assert (headline(""), rest("")) == ("", "")


@given(st.text(max_size=400))
def test_a_headline_fits(said: str) -> None:
    assert len(headline(said, 50)) <= 51
    assert len(rest(said, 50)) <= 51


@pytest.mark.parametrize(
    ("agent", "shown"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/150.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) AppleWebKit/605 Version/19 Safari/605", "Safari on macOS"),
        ("curl/8", "curl/8"),
        ("", "a browser without a name"),
    ],
)
def test_a_browser_is_called_as_its_owner_knows_it(agent: str, shown: str) -> None:
    assert browser(ENGLISH, agent) == shown


def test_spans_are_told_in_the_unit_that_they_fill_twice() -> None:
    spans = [dt.timedelta(seconds=each) for each in (-5, 119, 120, 7199, 7200, 172_799, 172_800)]
    assert [span(ENGLISH, each) for each in spans] == ["0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 d"]


def test_moments_of_today_are_told_without_the_day() -> None:
    moments = [NOON, NOON - dt.timedelta(days=1), NOON - dt.timedelta(days=30)]
    assert [clock(ENGLISH, dt.UTC, NOON, each) for each in moments] == ["12:00", "4 Jan 12:00", "6 Dec 2025 12:00"]
