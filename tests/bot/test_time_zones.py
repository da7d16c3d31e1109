"""From what a person writes to a time zone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.time_zones import CITIES, MOST_FOUND, OTHER_OFFSETS, SUGGESTED, is_zone, zones_for


@pytest.mark.parametrize(
    ("words", "zone"),
    [
        ("Kyiv", "Europe/Kyiv"), ("київ", "Europe/Kyiv"), ("  ОДЕССА ", "Europe/Kyiv"),
        ("Нью-Йорк", "America/New_York"),
        ("new york", "America/New_York"), ("Sao Paulo", "America/Sao_Paulo"), ("São Paulo", "America/Sao_Paulo"),
        ("Europe/Warsaw", "Europe/Warsaw"), ("UTC+2", "Etc/GMT-2"), ("+02:00", "Etc/GMT-2"), ("gmt-3", "Etc/GMT+3"),
        ("+5:30", "Asia/Kolkata"), ("-9:30", "Pacific/Marquesas"),
        ("МСК+4", "Etc/GMT-7"), ("utc", "UTC"), ("+0", "UTC"),
    ],
)  # fmt: skip
def test_words_become_the_zone_that_they_mean(words: str, zone: str) -> None:
    assert zones_for(words)[0] == zone


@pytest.mark.parametrize("words", ["", "  ", "nowhere at all", "UTC+20", "+5:17", "🙂", "a"])
def test_what_nobody_could_know_is_no_zone(words: str) -> None:
    assert zones_for(words) == []


def test_a_beginning_finds_the_cities_that_it_may_mean() -> None:
    assert zones_for("буд") == []
    assert {"Europe/Bucharest", "Europe/Budapest"} <= set(zones_for("buda") + zones_for("buch"))


@given(st.text(max_size=40))
def test_whatever_is_written_only_zones_of_this_machine_are_found(words: str) -> None:
    found = zones_for(words)
    assert len(found) <= MOST_FOUND
    assert all(is_zone(zone) for zone in found)


def test_every_zone_that_is_named_here_exists() -> None:
    named = {*CITIES.values(), *OTHER_OFFSETS.values(), *(zone for zones in SUGGESTED.values() for zone in zones)}
    assert all(map(is_zone, named))
