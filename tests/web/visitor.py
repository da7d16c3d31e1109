"""What the tests of the console do as a browser would: sign in, follow forms, read pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import httpx
from fastapi import FastAPI
from selectolax.lexbor import LexborHTMLParser, LexborNode

from storage.database import Database
from storage.operators import Operator, add_operator
from web.access.passwords import hashed

NAME = "anna"
PASSWORD = "the ferry leaves at nine"


@cache
def _hash_of(password: str) -> str:
    return hashed(password)  # 0.1 s: once a process is enough


async def make_operator(database: Database, name: str, password: str = PASSWORD) -> Operator:
    """Somebody who may sign in."""
    async with database.begin() as connection:
        return await add_operator(connection, name, _hash_of(password))


@dataclass
class Visitor:
    """A browser in front of the application."""

    client: httpx.AsyncClient
    app: FastAPI
    database: Database

    async def get(self, address: str, **headers: str) -> httpx.Response:
        """Open an address; redirects are not followed."""
        return await self.client.get(address, headers=headers)

    async def page(self, address: str) -> LexborHTMLParser:
        """Open a page that must be there."""
        response = await self.get(address)
        assert response.status_code == 200, (address, response.status_code, response.text[:2000])
        return LexborHTMLParser(response.text)

    async def send(self, action: str, values: dict[str, str] | None = None, *, on: str = "/settings") -> httpx.Response:
        """Send a form, with the token that forms of the page `on` carry."""
        token = token_in((await self.get(on)).text)
        return await self.client.post(action, data={"csrf": token, **(values or {})})

    async def sign_in(self, name: str = NAME, password: str = PASSWORD, after: str = "/") -> httpx.Response:
        """Fill the login's form in."""
        return await self.send("/login", {"name": name, "password": password, "next": after}, on="/login")


def token_in(page: str) -> str:
    """The token of a page's forms."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert found is not None
    return found[1]


def words_of(page: LexborHTMLParser, selector: str = "main") -> str:
    """What a person reads there, white space joined."""
    node = page.css_first(selector)
    assert node is not None, selector
    return " ".join(node.text(separator=" ").split())


def texts_of(page: LexborHTMLParser | LexborNode, selector: str, between: str = "") -> list[str]:
    """What each of these elements says, white space joined; `between` stands between the elements inside."""
    return [" ".join(node.text(separator=between).split()) for node in page.css(selector)]


def attribute(page: LexborHTMLParser | LexborNode, selector: str, name: str) -> str:
    """An attribute of the first such element, which must be there and have it."""
    found = attributes(page, selector, name)
    assert found, selector
    return found[0]


def attributes(page: LexborHTMLParser | LexborNode, selector: str, name: str) -> list[str]:
    """The same of all of them."""
    return [node.attributes[name] or "" for node in page.css(selector)]
