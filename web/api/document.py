"""The OpenAPI document of the API, as programs and their makers read it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi

from web.problems import MEDIA_TYPE, ProblemBody

VERSION = "1.0"
"""Of the API, not of the program: within 1 nothing is taken away or changes its meaning (docs/api.md)."""

DESCRIPTION = """\
Everything that was ever posted in the channels monitored here, by the query language of alerts and search.

Send a token as `Authorization: Bearer cwa_…`; `channelwatch tokens create NAME --scope read` makes one. Errors are
problem details (RFC 9457). Within `/api/v1` nothing is taken away and nothing changes its meaning; members and
parameters may be added, so programs ignore what they do not know. Cursors are opaque: keep and send them as they came.
"""

SAID_OF = {
    "400": "The query or the request cannot be used; `position` and `suggestion` say where, and how to mend it.",
    "401": "No token, or none that is good (any more).",
    "403": "The token has not the scope.",
    "404": "There is nothing of that number, or it is not yours.",
    "409": "The name is taken, or there are too many.",
    "413": "More was sent than is taken.",
    "422": "A parameter is wrong (`errors` says which), or the search takes too long.",
    "429": "Too many requests: wait as long as `Retry-After` says.",
    "503": "Not at this moment: try again after `Retry-After`.",
}

COMMON = ("400", "401", "403", "422", "429", "503")
"""What any route may answer beside its own."""


def document(router: APIRouter) -> dict[str, Any]:
    """The document of a router's routes."""
    made = get_openapi(
        title="channelwatch",
        version=VERSION,
        openapi_version="3.1.0",
        description=DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        routes=router.routes,
    )
    schemas = made["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["ProblemBody"] = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    for path in made["paths"].values():
        for operation in path.values():
            _tell_errors(operation)
    return made


def _tell_errors(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if operation.get("security"):
        own = {code for code in responses if code in SAID_OF}
        sends = {"413"} if "requestBody" in operation else set()
        for code in sorted({*COMMON, *own, *sends}):
            responses[code] = {
                "description": SAID_OF[code],
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
            }
    if "429" in responses:
        responses["429"]["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
