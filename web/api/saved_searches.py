"""Saved searches: an owner's own, or with `admin` everybody's. Somebody else's look as if they did not exist."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from config.keys import Key
from storage import saved_searches
from storage.api_tokens import ApiToken
from storage.saved_searches import LONGEST_NAME, SavedSearch
from web.api.asking import Named, Reader, Writer, understood
from web.connections import Connected
from web.feeds import base_of, opml, urls_of
from web.keys import Keyed
from web.numbers import Number
from web.problems import Problem, TellingRoute
from web.queries import Vocabulary

router = APIRouter(prefix="/saved-searches", tags=["saved searches"], route_class=TellingRoute)

NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {}}
TAKEN: dict[int | str, dict[str, Any]] = {409: {}}

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]


class NewSearch(BaseModel):
    """A search to be saved."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(examples=["Port of Limansk"])
    query: Words = Field(examples=["порт лиманск OR limansk port"])


class ChangedSearch(BaseModel):
    """What is to be changed of it."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    query: Words | None = None


class SearchBody(BaseModel):
    """A saved search, and the private addresses of its feed: whoever knows them can read it."""

    id: int
    owner: str
    name: str
    query: str = Field(description="The query as it was understood.")
    rss_url: str | None = Field(description="Null: the key of its address is gone; `rotate` gives it a new one.")
    json_feed_url: str | None
    created_at: dt.datetime
    changed_at: dt.datetime


class SavedSearches(BaseModel):
    """Saved searches, by name."""

    saved_searches: list[SearchBody]


def owner_for(token: ApiToken) -> str | None:
    """Whose searches a token is about; None: everybody's."""
    return None if "admin" in token.scopes else token.owner


@router.get("", operation_id="listSavedSearches", summary="Saved searches")
async def list_searches(
    request: Request, token: Reader, connection: Connected, named: Named, key: Keyed
) -> SavedSearches:
    """The owner's saved searches; with `admin` everybody's."""
    found = await saved_searches.list_for(connection, owner_for(token))
    return SavedSearches(saved_searches=[_body(request, named, key, each) for each in found])


@router.get("/opml", operation_id="exportSavedSearches", summary="The feeds as OPML", response_class=Response)
async def export_searches(request: Request, token: Reader, connection: Connected, named: Named, key: Keyed) -> Response:
    """A list of the feeds for a feed reader. It holds their private addresses; feeds whose address is lost are left
    out."""
    listed = [
        opml.Listed(each.name, named.written_again(each.query), urls[0])
        for each in await saved_searches.list_for(connection, owner_for(token))
        if (urls := urls_of(request, each, key))
    ]
    body = opml.write("channelwatch", f"{base_of(request)}/", listed)
    return Response(body, media_type=opml.MEDIA_TYPE)


@router.post("", operation_id="saveSearch", summary="Save a search", status_code=201, responses=TAKEN)
async def save_search(
    request: Request, token: Writer, connection: Connected, named: Named, key: Keyed, new: NewSearch
) -> SearchBody:
    """Save a search for the token's owner. Its feed has a private address of its own from now on."""
    query = understood(new.query, named)
    saved = await saved_searches.save(connection, key, owner=token.owner, name=new.name, query=query)
    return _body(request, named, key, saved)


@router.get("/{search_id}", operation_id="getSavedSearch", summary="A saved search", responses=NOT_FOUND)
async def read_search(
    request: Request, token: Reader, connection: Connected, named: Named, key: Keyed, search_id: Number
) -> SearchBody:
    """One saved search."""
    found = await saved_searches.get(connection, search_id, owner_for(token))
    return _body(request, named, key, _there(found))


@router.patch(
    "/{search_id}", operation_id="changeSavedSearch", summary="Change a saved search", responses=NOT_FOUND | TAKEN
)
async def change_search(
    request: Request,
    token: Writer,
    connection: Connected,
    named: Named,
    key: Keyed,
    search_id: Number,
    wanted: ChangedSearch,
) -> SearchBody:
    """Give it another name or query. Its feed stays where it is."""
    query = understood(wanted.query, named) if wanted.query is not None else None
    changed = await saved_searches.change(connection, search_id, owner_for(token), name=wanted.name, query=query)
    return _body(request, named, key, _there(changed))


@router.post(
    "/{search_id}/rotate", operation_id="rotateFeed", summary="Give its feed a new address", responses=NOT_FOUND
)
async def rotate_feed(
    request: Request, token: Writer, connection: Connected, named: Named, key: Keyed, search_id: Number
) -> SearchBody:
    """The old address is dead at once: for a feed whose address has become known."""
    rotated = await saved_searches.rotate(connection, key, search_id, owner_for(token))
    return _body(request, named, key, _there(rotated))


@router.delete(
    "/{search_id}", operation_id="removeSavedSearch", summary="Remove it", status_code=204, responses=NOT_FOUND
)
async def remove_search(token: Writer, connection: Connected, search_id: Number) -> None:
    """Forget a saved search, and its feed."""
    if not await saved_searches.remove(connection, search_id, owner_for(token)):
        raise Problem(404, NO_SEARCH)


NO_SEARCH = "There is no such saved search."


def _there(found: SavedSearch | None) -> SavedSearch:
    if found is None:
        raise Problem(404, NO_SEARCH)
    return found


def _body(request: Request, named: Vocabulary, key: Key, search: SavedSearch) -> SearchBody:
    rss_url, json_feed_url = urls_of(request, search, key) or (None, None)
    return SearchBody(
        id=search.id, owner=search.owner, name=search.name, query=named.written_again(search.query), rss_url=rss_url,
        json_feed_url=json_feed_url, created_at=search.created_at, changed_at=search.changed_at,
    )  # fmt: skip
