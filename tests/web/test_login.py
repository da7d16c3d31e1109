"""Signing in: who may, what they are told, what the cookie is, and how it ends (fault matrix S9)."""

from __future__ import annotations

import datetime as dt
import re

import httpx
import pytest
from sqlalchemy import text

from storage.database import Database
from tests.web.visitor import NAME, PASSWORD, Visitor, make_operator, token_in
from web.access.attempts import OF_A_NAME, OF_AN_ADDRESS, WITHIN, Attempts

NOON = dt.datetime(2026, 1, 5, 12, 0, tzinfo=dt.UTC)


async def test_a_page_sends_a_stranger_to_the_login_and_back(stranger: Visitor) -> None:
    sent = await stranger.get("/search?q=ferry+line")
    assert (sent.status_code, sent.headers["location"]) == (303, "/login?next=%2Fsearch%3Fq%3Dferry%2Bline")
    entered = await stranger.sign_in(after="/search?q=ferry+line")
    assert (entered.status_code, entered.headers["location"]) == (303, "/search?q=ferry+line")


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1"])
async def test_signing_in_leads_nowhere_else(stranger: Visitor, elsewhere: str) -> None:
    assert (await stranger.sign_in(after=elsewhere)).headers["location"] == "/"


@pytest.mark.parametrize("address", ["//[", "https://[/", "/\\[", "\x00"])
async def test_a_place_that_is_no_address_is_the_overview(visitor: Visitor, address: str) -> None:
    answer = await visitor.client.get("/login", params={"next": address})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("name", ["Анна", "İpek", "ΟΔΟΣ"])
async def test_a_name_opens_as_it_was_given_whatever_its_letters(stranger: Visitor, name: str) -> None:
    await make_operator(stranger.database, name)
    assert (await stranger.sign_in(name)).status_code == 303


async def test_the_cookie_is_unreadable_for_scripts_and_stays_on_our_site(stranger: Visitor) -> None:
    cookie = next(
        value for value in (await stranger.sign_in()).headers.get_list("set-cookie") if "channelwatch_session" in value
    )
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie  # over http a browser would not keep it


async def test_over_https_the_cookie_is_secure(stranger: Visitor) -> None:
    stranger.app.state.settings.url = "https://watch.example.org"
    cookies = (await stranger.sign_in()).headers.get_list("set-cookie")
    assert all("Secure" in cookie for cookie in cookies)


async def test_only_hashes_of_password_and_session_are_stored(visitor: Visitor) -> None:
    token = visitor.client.cookies["channelwatch_session"]
    async with visitor.database.begin() as connection:
        stored = (await connection.execute(text("SELECT password_hash FROM operators"))).scalar_one()
        dump = str((await connection.execute(text("SELECT * FROM operator_sessions"))).all())
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored
    assert token not in dump


async def test_an_unknown_name_and_a_wrong_password_are_answered_alike(stranger: Visitor) -> None:
    wrong = await stranger.sign_in(NAME, "not the password")
    unknown = await stranger.sign_in("anya", "not the password")
    assert wrong.status_code == unknown.status_code == 401
    assert _plain(wrong) == _plain(unknown).replace("anya", NAME)


def _plain(response: httpx.Response) -> str:
    return re.sub(r'value="[0-9a-f]{64}"', "", response.text)


async def test_the_session_before_signing_in_is_worth_nothing_after_it(stranger: Visitor) -> None:
    await stranger.get("/login")
    stranger.client.cookies.set("channelwatch_session", "planted by somebody else", domain="127.0.0.1")
    await stranger.sign_in()
    assert stranger.client.cookies["channelwatch_session"] != "planted by somebody else"


async def test_signing_out_ends_the_session_itself(visitor: Visitor) -> None:
    token = visitor.client.cookies["channelwatch_session"]
    await visitor.send("/logout")
    visitor.client.cookies.set("channelwatch_session", token, domain="127.0.0.1")
    assert (await visitor.get("/")).status_code == 303


@pytest.mark.parametrize("column", ["expires_at", "used_at"])
async def test_a_session_that_is_too_old_or_too_long_unused_has_ended(visitor: Visitor, column: str) -> None:
    assert (await visitor.get("/settings")).status_code == 200
    async with visitor.database.begin() as connection:
        await connection.execute(text(f"UPDATE operator_sessions SET {column} = now() - interval '4 days'"))
    assert (await visitor.get("/settings")).status_code == 303


async def test_a_removed_operator_is_out_at_once(visitor: Visitor) -> None:
    async with visitor.database.begin() as connection:
        await connection.execute(text("DELETE FROM operators"))
    assert (await visitor.get("/")).status_code == 303


async def test_after_some_failures_a_name_waits_even_with_the_right_password(stranger: Visitor) -> None:
    attempts: Attempts = stranger.app.state.attempts
    for place in range(OF_A_NAME):
        attempts.failed(NAME.upper(), f"10.0.0.{place}")
    refused = await stranger.sign_in()
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= WITHIN.total_seconds()


async def test_a_wrong_password_counts_and_a_right_one_does_not(stranger: Visitor) -> None:
    attempts: Attempts = stranger.app.state.attempts
    for _ in range(OF_A_NAME - 1):
        attempts.failed(NAME, "10.0.0.1")
    await stranger.sign_in()
    assert attempts.wait(NAME, "10.0.0.1") is None
    await stranger.send("/logout")
    await stranger.sign_in(NAME, "not the password")
    assert attempts.wait(NAME, "10.0.0.1") is not None


def test_an_address_that_tries_many_names_waits_and_others_do_not() -> None:
    now = NOON
    attempts = Attempts(clock=lambda: now)
    for number in range(OF_AN_ADDRESS):
        attempts.failed(f"name{number}", "10.0.0.1")
    assert attempts.wait("anna", "10.0.0.1") == WITHIN
    assert attempts.wait("anna", "10.0.0.2") is None
    now += WITHIN
    assert attempts.wait("anna", "10.0.0.1") is None


def test_failures_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.access.attempts.MOST_KEYS", 50)
    attempts = Attempts()
    for number in range(500):
        attempts.failed(f"name{number}", f"10.0.{number}.1")
    assert len(attempts._failures) == 50


async def test_without_an_operator_the_login_says_how_to_make_one(stranger: Visitor) -> None:
    async with stranger.database.begin() as connection:
        await connection.execute(text("DELETE FROM operators"))
    assert "channelwatch operators add NAME" in (await stranger.get("/login")).text


async def test_a_changed_password_signs_every_other_browser_out(visitor: Visitor, database: Database) -> None:
    mine = visitor.client.cookies["channelwatch_session"]
    visitor.client.cookies.clear()
    await visitor.sign_in()
    other = visitor.client.cookies["channelwatch_session"]
    new = "a quite different sentence"
    changed = await visitor.send("/settings/password", {"present": PASSWORD, "new": new, "again": new})
    assert changed.headers["location"] == "/settings?said=password_changed"
    assert (await visitor.get("/settings")).status_code == 200
    visitor.client.cookies.clear()
    visitor.client.cookies.set("channelwatch_session", mine, domain="127.0.0.1")
    assert (await visitor.get("/settings")).status_code == 303
    assert other != mine


@pytest.mark.parametrize(
    ("present", "new", "again"),
    [
        ("wrong", "a quite different sentence", "a quite different sentence"),
        (PASSWORD, "short", "short"),
        (PASSWORD, f"{NAME} and her ferry", f"{NAME} and her ferry"),
        (PASSWORD, "aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa"),
        (PASSWORD, "a quite different sentence", "another one altogether"),
    ],
)
async def test_a_password_is_not_changed_for_who_does_not_know_it_or_to_a_weak_one(
    visitor: Visitor, present: str, new: str, again: str
) -> None:
    refused = await visitor.send("/settings/password", {"present": present, "new": new, "again": again})
    assert refused.status_code == 400
    visitor.client.cookies.clear()
    assert (await visitor.sign_in()).status_code == 303


async def test_nobody_ends_somebody_elses_session(visitor: Visitor) -> None:
    await make_operator(visitor.database, "boris")
    async with visitor.database.begin() as connection:
        number = (
            await connection.execute(
                text(
                    "INSERT INTO operator_sessions (operator_id, token_hash, expires_at)"
                    " SELECT id, 'x', now() + interval '1 day' FROM operators WHERE name = 'boris' RETURNING id"
                )
            )
        ).scalar_one()
    assert (await visitor.send(f"/settings/sessions/{number}/end")).status_code == 404
    await visitor.send("/settings/sessions/end-others")
    async with visitor.database.begin() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM operator_sessions"))).scalar_one() == 2


async def test_each_form_is_bound_to_its_browser(visitor: Visitor) -> None:
    stolen = token_in((await visitor.get("/settings")).text)
    await visitor.send("/logout")
    visitor.client.cookies.clear()
    await visitor.sign_in()
    refused = await visitor.client.post("/settings/look", data={"csrf": stolen, "theme": "dark"})
    assert refused.status_code == 403
