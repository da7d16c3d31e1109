"""What stands before every page: host names, form tokens, headers, sizes (fault matrix S9, S10)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import structlog
from fastapi.routing import APIRoute

from config.settings import WebSettings
from tests.web.visitor import Visitor
from web.access.hosts import answered_to, is_own_address
from web.body_limit import MOST
from web.headers import HEADERS
from web.pages import login, routers

OPEN = {"/login"}


def pages(*, changing: bool) -> list[str]:
    """The console's own routes, numbers filled in."""
    routes = [route for router in (login.router, *routers()) for route in router.routes if isinstance(route, APIRoute)]
    unsafe = {"POST", "PUT", "PATCH", "DELETE"}
    return [
        re.sub(r"\{\w+\}", "1", route.path) for route in routes if bool(unsafe & (route.methods or set())) == changing
    ]


async def test_no_page_is_shown_to_a_stranger(stranger: Visitor) -> None:
    found = pages(changing=False)
    assert len(found) > 10
    for path in set(found) - OPEN:
        answer = await stranger.get(path)
        assert (answer.status_code, answer.headers["location"][:6]) == (303, "/login"), path


async def test_an_event_stream_is_refused_to_a_stranger_instead_of_redirected(stranger: Visitor) -> None:
    assert (await stranger.get("/live/events", accept="text/event-stream")).status_code == 401


@pytest.mark.parametrize("token", [None, "", "0" * 64, "й"])
async def test_nothing_is_changed_by_a_form_without_our_token(visitor: Visitor, token: str | None) -> None:
    found = pages(changing=True)
    assert len(found) > 8
    for path in found:
        data = {} if token is None else {"csrf": token}
        assert (await visitor.client.post(path, data=data)).status_code == 403, path


async def test_a_form_that_another_site_sends_is_refused_even_with_the_token(visitor: Visitor) -> None:
    page = await visitor.get("/settings")
    token = re.search(r'value="([0-9a-f]{64})"', page.text)
    assert token is not None
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 303)):
        sent = await visitor.client.post(
            "/settings/look", data={"csrf": token[1], "theme": "dark"}, headers={"sec-fetch-site": site}
        )
        assert sent.status_code == status, site


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "a@127.0.0.1", "127.0.0.1:1@evil.example", "[", "", "127.0.0.2"]
)
async def test_another_host_name_gets_nothing(stranger: Visitor, host: str) -> None:
    refused = await stranger.get("/login", host=host)
    assert refused.status_code == 400
    assert "form" not in refused.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8878", "127.0.0.1:1", "[::1]:8878"])
async def test_this_machines_own_names_are_answered_to(stranger: Visitor, host: str) -> None:
    assert (await stranger.get("/login", host=host)).status_code == 200


def test_names_of_the_settings_are_answered_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANNELWATCH_WEB_URL", "https://Watch.example.org:8443/")
    monkeypatch.setenv("CHANNELWATCH_WEB_HOSTS", "one.example, TWO.example")
    monkeypatch.setenv("CHANNELWATCH_WEB_HOST", "0.0.0.0")
    hosts = answered_to(WebSettings())
    assert {"watch.example.org", "one.example", "two.example", "127.0.0.1"} <= hosts
    assert "0.0.0.0" not in hosts


def test_an_address_of_this_machine_alone_is_told_from_others() -> None:
    own = ["127.0.0.1", "::1", "[::1]", "localhost", "127.8.8.8"]
    others = ["0.0.0.0", "::", "192.168.1.5", "watch.example.org", "localhost.evil.example", ""]
    assert [is_own_address(host) for host in own + others] == [True] * 5 + [False] * 6


@pytest.mark.parametrize("path", ["/login", "/", "/nothing/here", "/static/console.css"])
async def test_every_answer_carries_the_headers(stranger: Visitor, path: str) -> None:
    headers = (await stranger.get(path)).headers
    assert HEADERS.items() <= dict(headers).items()
    assert "unsafe" not in headers["content-security-policy"]


async def test_a_refused_host_carries_the_headers_too(stranger: Visitor) -> None:
    assert HEADERS.items() <= dict((await stranger.get("/", host="evil.example")).headers).items()


async def test_pages_are_kept_by_no_cache(visitor: Visitor) -> None:
    for path in ("/", "/search", "/settings", "/nothing"):
        assert (await visitor.get(path)).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/%00"])
async def test_no_file_outside_of_the_static_ones_is_served(visitor: Visitor, path: str) -> None:
    answer = await visitor.client.get(path)
    assert answer.status_code == 404
    assert "create_app" not in answer.text


async def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not(visitor: Visitor) -> None:
    large = b"csrf=" + b"x" * MOST
    form = {"content-type": "application/x-www-form-urlencoded"}

    async def in_pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 65_536):
            yield large[start : start + 65_536]

    said = await visitor.client.post("/settings/look", content=large, headers=form)
    unsaid = await visitor.client.post("/settings/look", content=in_pieces(), headers=form)
    assert (said.status_code, unsaid.status_code) == (413, 413)


@pytest.mark.parametrize(
    "path",
    ["/posts/0", "/posts/999999999999999999999999", "/posts/abc", "/stories/-1", "/channels/9999999999999999999",
     "/deliveries?state=none", "/nothing", "/posts/1"],
)  # fmt: skip
async def test_what_is_not_there_is_said_so_plainly(visitor: Visitor, path: str) -> None:
    answer = await visitor.get(path)
    assert answer.status_code == 404
    assert "There is nothing here." in answer.text


async def test_a_defect_tells_nothing_of_our_inside(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("canary-4711")

    monkeypatch.setattr("web.pages.stories.largest_stories", broken)
    with structlog.testing.capture_logs() as logged:
        answer = await visitor.get("/stories?hours=6")
    assert answer.status_code == 500
    assert HEADERS.items() <= dict(answer.headers).items()
    assert "Traceback" not in answer.text
    assert "canary-4711" not in answer.text + str(logged)
    assert [line["route"] for line in logged] == ["/stories"]
