"""Where webhooks may not go, however the address is written (fault matrix S13)."""

from __future__ import annotations

import asyncio
import itertools
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.receiver import receiving
from web.webhooks import requests
from web.webhooks.addresses import AddressRefused, Pinned, checked, is_public, look_up

PRIVATE = [
    "127.0.0.1", "127.8.9.10", "0.0.0.0", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254",
    "192.168.0.1", "169.254.169.254", "169.254.0.1", "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1",
    "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
    "168.63.129.16", "192.88.99.1",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1", "2002:7f00:1::", "2001:0:7f00:1::", "fe80::1", "fe80::1%lo", "fc00::1", "fd00:ec2::254",
    "fec0::1", "ff02::1", "2001:db8::1", "100::1",
]  # fmt: skip

PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "172.32.0.1"]

DISGUISES = [
    "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.1", "127.0.1", "0", "0x0", "00.0.0.0",
    "localhost", "LOCALHOST", "localhost.", "127.0.0.1.", "①②⑦.⓪.⓪.①", "127。0。0。1", "0xa9fea9fe", "2852039166",
    "3232235521", "167772161",
]  # fmt: skip
"""Decimal, octal, hexadecimal, short, full-width: what some resolver takes for a number."""


def urls() -> list[str]:
    hosts = [*(f"[{each}]" if ":" in each and "%" not in each else each for each in PRIVATE), *DISGUISES]
    frames = ["https://{}/", "https://{}:8443/x", "HTTPS://{}/a?b=https://example.org", "https://{}/#@example.org"]
    hidden = ["https://{}\\@example.org/", "https://example.org@{}/", "https://a:b@{}/", "http://{}/", "ftp://{}/"]
    return [frame.format(host) for frame, host in itertools.product(frames + hidden, hosts)]


@pytest.mark.parametrize("number", PRIVATE)
def test_numbers_that_are_not_of_the_public_internet_are_told(number: str) -> None:
    assert not is_public(number)


@pytest.mark.parametrize("number", PUBLIC)
def test_public_numbers_are_let_pass(number: str) -> None:
    assert is_public(number)


@given(st.ip_addresses(v=4, network="10.0.0.0/8") | st.ip_addresses(v=4, network="169.254.0.0/16"))
def test_a_private_number_stays_one_in_every_ipv6_dress(number: object) -> None:
    four = bytes(int(each) for each in str(number).split("."))
    high, low = four[:2].hex(), four[2:].hex()
    for dress in (f"::ffff:{number}", f"::{high}:{low}", f"64:ff9b::{high}:{low}", f"2002:{high}:{low}::1"):
        assert not is_public(dress), dress


async def test_of_hundreds_of_trap_addresses_none_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    async def connect(*args: object, **_: object) -> object:
        asked.append(args)
        raise OSError

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", connect)
    corpus = urls()
    assert len(corpus) >= 300
    for url in corpus:
        answer = await requests.post(url, b"{}", {}, frozenset())
        assert not answer.is_accepted, url
    assert asked == []


async def test_a_public_address_would_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the test above: what it watches is what connects."""
    asked: list[object] = []

    async def connect(*args: object, **_: object) -> object:
        asked.append(args)
        raise OSError

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", connect)
    await requests.post("https://8.8.8.8/", b"{}", {}, frozenset())
    assert len(asked) == 1


async def test_a_name_that_changes_its_number_after_the_look_up_is_asked_at_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = iter(["8.8.8.8", "127.0.0.1"])

    async def getaddrinfo(host: str, port: int, **_: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    pinned = Pinned(await look_up(checked("https://rebinding.example/", ()), ()))
    for _ in range(2):
        assert [each["host"] for each in await pinned.resolve("rebinding.example", 443)] == ["8.8.8.8"]
    with pytest.raises(AddressRefused):
        await look_up(checked("https://rebinding.example/", ()), ())


async def test_one_private_number_among_public_ones_spoils_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    async def getaddrinfo(host: str, port: int, **_: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port)) for number in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    with pytest.raises(AddressRefused, match="not public"):
        await look_up(checked("https://two.example/", ()), ())


def test_only_https_is_spoken_but_to_hosts_that_the_operator_trusts() -> None:
    with pytest.raises(AddressRefused, match="by https"):
        checked("http://receiver.example/", ())
    assert checked("http://receiver.example/", {"receiver.example"}).scheme == "http"
    for wrong in (
        "",
        "receiver.example",
        "https://",
        "//x/",
        "file:///etc/passwd",
        "gopher://x/",
        "https://a b/",
        "x" * 3000,
    ):
        with pytest.raises(AddressRefused):
            checked(wrong, {"receiver.example"})


async def test_a_receiver_that_sends_without_end_costs_three_seconds_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "LONGEST", requests.LONGEST / 10)
    async with receiving() as silent:
        silent.before = asyncio.Event().wait
        answer = await requests.post(silent.url, b"{}", {}, {"127.0.0.1"})
    assert (answer.status, answer.detail) == (None, "no answer within 0 s")
