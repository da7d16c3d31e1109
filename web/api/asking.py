"""What requests ask with, the same in every route: queries and moments; and who may ask."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import Depends, Query, Security
from pydantic import AfterValidator, AwareDatetime

from matching.query import Query as Asked
from storage.api_tokens import ApiToken
from web.connections import Connected
from web.problems import Problem
from web.queries import UnknownChannel, Vocabulary, read_vocabulary
from web.tokens import let_in

Reader = Annotated[ApiToken, Security(let_in, scopes=["read"])]
Writer = Annotated[ApiToken, Security(let_in, scopes=["write"])]
Admin = Annotated[ApiToken, Security(let_in, scopes=["admin"])]

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


async def _vocabulary(connection: Connected) -> Vocabulary:
    return await read_vocabulary(connection)


Named = Annotated[Vocabulary, Depends(_vocabulary)]
"""What queries may name, read once a request."""


def understood(words: str, named: Vocabulary) -> Asked:
    """A query as a search means it, its channels, sets and own topics looked up. Raises QueryError or Problem."""
    try:
        return named.understood(words)
    except UnknownChannel as error:
        raise Problem(400, str(error), kind="unknown-channel") from None
