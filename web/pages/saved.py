"""Saved searches: each a query under a name, and a private feed of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import RedirectResponse, Response

from config.keys import Key, KeyFileError
from config.settings import WebSettings
from matching.ids import ChannelId, ChannelSetId
from matching.query import QueryError, parse
from storage import saved_searches
from storage.channels import channel_names
from storage.definitions import read_names
from storage.operators import note_action
from storage.saved_searches import SavedSearch, SearchNameTaken, TooManySearches
from web.access import SignedIn
from web.connections import Connected
from web.pages.posts import LARGEST_NUMBER
from web.queries import asked
from web.rendering import page, texts_for, zone_of

router = APIRouter()

SAID = frozenset({"search_saved", "search_taken", "search_many", "search_refused", "feed_moved", "search_removed"})


@router.get("/saved")
async def saved(request: Request, connection: Connected, operator: SignedIn, said: str = "") -> Response:
    """An operator's own."""
    found = await saved_searches.list_for(connection, operator.name)
    usernames = {number: name for name, number in (await channel_names(connection)).items()}
    sets = (await read_names(connection)).by_set
    listed = [(each, _written(each, usernames, sets), _address(request, each)) for each in found]
    return await page(request, "saved.html", section="search", searches=listed, said=said if said in SAID else None)


@router.post("/saved")
async def save(
    request: Request,
    connection: Connected,
    operator: SignedIn,
    q: Annotated[str, Form()] = "",
    name: Annotated[str, Form(max_length=saved_searches.LONGEST_NAME)] = "",
) -> Response:
    """Save a query; without a name it is called as it reads."""
    read = await asked(connection, q, texts_for(request, operator), zone_of(operator.time_zone))
    if read.query is None:
        return RedirectResponse("/saved?said=search_refused", 303)
    called = " ".join(name.split()) or read.understood[: saved_searches.LONGEST_NAME]
    try:
        await saved_searches.save(connection, _key(request), owner=operator.name, name=called, query=read.query)
    except SearchNameTaken:
        return RedirectResponse("/saved?said=search_taken", 303)
    except TooManySearches:
        return RedirectResponse("/saved?said=search_many", 303)
    await note_action(connection, operator.name, "search saved")
    return RedirectResponse("/saved?said=search_saved", 303)


@router.post("/saved/{search_id}/rotate")
async def rotate(request: Request, connection: Connected, operator: SignedIn, search_id: int) -> Response:
    """Give its feed a new address: who knows the old one reads no more."""
    if await saved_searches.rotate(connection, _key(request), _number(search_id), operator.name) is None:
        raise HTTPException(404)
    await note_action(connection, operator.name, "feed moved", str(search_id))
    return RedirectResponse("/saved?said=feed_moved", 303)


@router.post("/saved/{search_id}/remove")
async def remove(connection: Connected, operator: SignedIn, search_id: int) -> Response:
    """Forget it and its feed."""
    if not await saved_searches.remove(connection, _number(search_id), operator.name):
        raise HTTPException(404)
    await note_action(connection, operator.name, "saved search removed", str(search_id))
    return RedirectResponse("/saved?said=search_removed", 303)


def _written(search: SavedSearch, usernames: dict[ChannelId, str], sets: dict[ChannelSetId, str]) -> str:
    """Its query as people read it, channels and sets by the names they have now."""
    try:
        return parse(search.query, stored=True, standing=False).render(usernames, sets)
    except QueryError:
        return search.query


def _key(request: Request) -> Key:
    settings: WebSettings = request.app.state.settings
    return Key.kept_in(settings.home)


def _address(request: Request, search: SavedSearch) -> str | None:
    """Where its feed is read, without `.xml` or `.json`; None when the key that its word was sealed with is gone."""
    settings: WebSettings = request.app.state.settings
    try:
        word = saved_searches.word_of(search, _key(request))
    except KeyFileError:
        return None
    return f"{settings.url or str(request.base_url).rstrip('/')}/feeds/{word}"


def _number(search_id: int) -> int:
    if not 0 < search_id <= LARGEST_NUMBER:
        raise HTTPException(404)
    return search_id
