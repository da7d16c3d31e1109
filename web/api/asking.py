"""What requests ask with, the same in every route: queries, moments, numbers; and who may ask."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import Path, Query, Security
from pydantic import AfterValidator, AwareDatetime

from matching.query import Query as Asked
from matching.query import parse
from storage import channels
from storage.api_tokens import ApiToken
from storage.database import Connection
from storage.definitions import read_names
from web.problems import Problem
from web.tokens import let_in

LARGEST = 2**63 - 1
"""PostgreSQL's bigint."""

Reader = Annotated[ApiToken, Security(let_in, scopes=["read"])]
Writer = Annotated[ApiToken, Security(let_in, scopes=["write"])]
Admin = Annotated[ApiToken, Security(let_in, scopes=["admin"])]

Number = Annotated[int, Path(ge=1, le=LARGEST)]

QueryText = Annotated[
    str,
    Query(
        max_length=1_000,
        description='In the query language: words in any form, "phrases", `-word`, `OR`, `topic:`, `channel:`, …',
        examples=["ceasefire OR перемирие"],
    ),
]


def _of_our_time(moment: dt.datetime) -> dt.datetime:
    if not 1970 <= moment.year <= 2200:
        raise ValueError("the year must be from 1970 to 2200")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_of_our_time)]
"""With its offset from UTC."""


async def understood(connection: Connection, words: str) -> Asked:
    """A query as a search means it, its channels, sets and own topics looked up. Raises QueryError or Problem."""
    query = parse(words, standing=False, names=await read_names(connection))
    names = await channels.channel_names(connection)
    if unknown := query.channel_names() - names.keys():
        raise Problem(400, f"There is no channel @{min(unknown)}.", kind="unknown-channel")
    return query.resolve(names)


async def written(connection: Connection, query: Asked) -> str:
    """The query as people read it: channels and sets by their names of now."""
    usernames = {number: name for name, number in (await channels.channel_names(connection)).items()}
    return query.render(usernames, (await read_names(connection)).by_set)
