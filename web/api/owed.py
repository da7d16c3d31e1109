"""What is owed, and who asks for it: for operators' programs."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from storage import deliveries, webhook_deliveries
from storage.subscription_pages import subscriptions_after
from storage.subscriptions import Subscription
from web.api.asking import Admin, Named
from web.connections import Connected
from web.numbers import LARGEST
from web.problems import TellingRoute
from web.queries import Vocabulary

router = APIRouter(route_class=TellingRoute)


class Deliveries(BaseModel):
    """How many deliveries there are in each state."""

    bot: dict[str, int] = Field(description="held, pending, leased, sending, sent, unknown, dead, cancelled.")
    bot_next_due_at: dt.datetime | None
    webhooks: dict[str, int] = Field(description="pending, sending, sent, dead, cancelled.")
    webhooks_waiting_since_at: dt.datetime | None = Field(description="Since when the oldest that waits has been owed.")


@router.get("/deliveries", operation_id="countDeliveries", summary="What is owed, by state", tags=["deliveries"])
async def count_deliveries(_: Admin, connection: Connected) -> Deliveries:
    """The states of all alerts that the bot owes, and of what webhooks are owed. Settled ones stay 30 days."""
    return Deliveries(
        bot=await deliveries.counts_by_state(connection),
        bot_next_due_at=await deliveries.next_due_at(connection),
        webhooks=await webhook_deliveries.counts_by_state(connection),
        webhooks_waiting_since_at=await webhook_deliveries.oldest_waiting_at(connection),
    )


class SubscriptionBody(BaseModel):
    """A standing query of a chat."""

    id: int
    subscriber_id: int = Field(description="Our number of the chat: Telegram's is not given away.")
    name: str
    query: str
    state: str = Field(description="active or paused.")


class Subscriptions(BaseModel):
    """A page of subscriptions."""

    subscriptions: list[SubscriptionBody]
    next_after: int | None = Field(description="`after` of the next page; null: that was all.")


@router.get("/subscriptions", operation_id="listSubscriptions", summary="Who asks for what", tags=["deliveries"])
async def list_subscriptions(
    _: Admin,
    connection: Connected,
    named: Named,
    after: Annotated[int, Query(ge=0, le=LARGEST)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Subscriptions:
    """All subscriptions in the order they were made. They are changed in their chats only."""
    found = await subscriptions_after(connection, after, limit + 1)
    page = [_body(each, named) for each in found[:limit]]
    return Subscriptions(subscriptions=page, next_after=page[-1].id if len(found) > limit else None)


def _body(each: Subscription, named: Vocabulary) -> SubscriptionBody:
    query = named.written_again(each.query)
    return SubscriptionBody(id=each.id, subscriber_id=each.subscriber_id, name=each.name, query=query, state=each.state)
