"""Saved searches: each a query under a name, and a private feed of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import RedirectResponse, Response

from storage import saved_searches
from storage.operators import note_action
from storage.saved_searches import SearchNameTaken, TooManySearches
from web.access import SignedIn
from web.connections import Connected
from web.feeds import urls_of
from web.keys import Keyed
from web.numbers import Number
from web.queries import asked, read_vocabulary
from web.rendering import page, texts_for, zone_of

router = APIRouter()

SAID = frozenset({"search_saved", "search_taken", "search_many", "search_refused", "feed_moved", "search_removed"})


@router.get("/saved")
async def saved(request: Request, connection: Connected, operator: SignedIn, key: Keyed, said: str = "") -> Response:
    """An operator's own."""
    found = await saved_searches.list_for(connection, operator.name)
    vocabulary = await read_vocabulary(connection)
    listed = [(each, vocabulary.written_again(each.query), urls_of(request, each, key)) for each in found]
    return await page(request, "saved.html", section="search", searches=listed, said=said if said in SAID else None)


@router.post("/saved")
async def save(
    request: Request,
    connection: Connected,
    operator: SignedIn,
    key: Keyed,
    q: Annotated[str, Form()] = "",
    name: Annotated[str, Form(max_length=saved_searches.LONGEST_NAME)] = "",
) -> Response:
    """Save a query; without a name it is called as it reads."""
    read = await asked(connection, q, texts_for(request, operator), zone_of(operator.time_zone))
    if read.query is None:
        return RedirectResponse("/saved?said=search_refused", 303)
    called = " ".join(name.split()) or read.understood[: saved_searches.LONGEST_NAME]
    try:
        await saved_searches.save(connection, key, owner=operator.name, name=called, query=read.query)
    except SearchNameTaken:
        return RedirectResponse("/saved?said=search_taken", 303)
    except TooManySearches:
        return RedirectResponse("/saved?said=search_many", 303)
    await note_action(connection, operator.name, "search saved")
    return RedirectResponse("/saved?said=search_saved", 303)


@router.post("/saved/{search_id}/rotate")
async def rotate(connection: Connected, operator: SignedIn, key: Keyed, search_id: Number) -> Response:
    """Give its feed a new address: who knows the old one reads no more."""
    if await saved_searches.rotate(connection, key, search_id, operator.name) is None:
        raise HTTPException(404)
    await note_action(connection, operator.name, "feed moved", str(search_id))
    return RedirectResponse("/saved?said=feed_moved", 303)


@router.post("/saved/{search_id}/remove")
async def remove(connection: Connected, operator: SignedIn, search_id: Number) -> Response:
    """Forget it and its feed."""
    if not await saved_searches.remove(connection, search_id, operator.name):
        raise HTTPException(404)
    await note_action(connection, operator.name, "saved search removed", str(search_id))
    return RedirectResponse("/saved?said=search_removed", 303)
