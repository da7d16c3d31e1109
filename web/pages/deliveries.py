"""What the bot owes: how much waits for how long, what failed and why; tried again or cancelled by a form."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import RedirectResponse, Response

from storage.delivery_figures import Refusal, cancel, failed_ids, failures, figures, list_deliveries, retry
from storage.ids import DeliveryId
from storage.operators import note_action
from web.access import SignedIn
from web.connections import Connected
from web.numbers import Number
from web.rendering import page

router = APIRouter()

STATES = ("pending", "held", "leased", "sending", "unknown", "sent", "dead", "cancelled")
WORK = ("pending", "leased", "sending", "unknown", "dead")
"""Shown unless another state is asked for: what is under way, and what needs a look."""

LISTED = 100
LOOK_BACK = dt.timedelta(days=7)


@router.get("/deliveries")
async def deliveries(request: Request, connection: Connected, state: str = "", said: str = "") -> Response:
    """Counts by state, and the newest of one state."""
    if state not in ("", *STATES):
        raise HTTPException(404)
    since = dt.datetime.now(dt.UTC) - LOOK_BACK
    return await page(
        request,
        "deliveries.html",
        section="deliveries",
        figures=await figures(connection),
        failures=await failures(connection, since),
        deliveries=await list_deliveries(connection, [state] if state else WORK, limit=LISTED),
        states=STATES,
        state=state,
        said=said if said in SAID else "",
    )


SAID = frozenset({"retried", "cancelled", *(f"refused_{refusal.name.lower()}" for refusal in Refusal)})
"""What may be said about the last form."""


@router.post("/deliveries/{delivery_id}/retry")
async def try_again(
    connection: Connected, operator: SignedIn, delivery_id: Number, state: Annotated[str, Form()] = ""
) -> Response:
    """Send a failed one once more."""
    refused = (await retry(connection, [DeliveryId(delivery_id)])).get(DeliveryId(delivery_id))
    if refused is None:
        await note_action(connection, operator.name, "delivery retried", str(delivery_id))
    return _back(state, refused, "retried")


@router.post("/deliveries/retry-failed")
async def try_all_again(connection: Connected, operator: SignedIn) -> Response:
    """Send all that failed once more."""
    await retry(connection, await failed_ids(connection))
    await note_action(connection, operator.name, "failed deliveries retried")
    return _back("", None, "retried")


@router.post("/deliveries/{delivery_id}/cancel")
async def call_off(
    connection: Connected, operator: SignedIn, delivery_id: Number, state: Annotated[str, Form()] = ""
) -> Response:
    """Send a waiting one no more."""
    refused = (await cancel(connection, [DeliveryId(delivery_id)])).get(DeliveryId(delivery_id))
    if refused is None:
        await note_action(connection, operator.name, "delivery cancelled", str(delivery_id))
    return _back(state, refused, "cancelled")


def _back(state: str, refused: Refusal | None, done: str) -> Response:
    said = done if refused is None else f"refused_{refused.name.lower()}"
    kept = f"state={state}&" if state in STATES else ""
    return RedirectResponse(f"/deliveries?{kept}said={said}", 303)
