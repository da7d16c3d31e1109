"""One request for a person who wants to know whether a webhook works."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from storage.webhooks import Address, Webhook
from web.webhooks import by_apprise, payloads, requests
from web.webhooks.requests import Answer
from web.webhooks.signatures import signed


async def try_out(webhook: Webhook, address: Address, allowed: Collection[str]) -> Answer:
    """Send something that is about no post, signed as all requests are."""
    if webhook.kind == "apprise":
        return await by_apprise.notify(address.url, webhook.name, "A test of channelwatch: it arrives.")
    now = dt.datetime.now(dt.UTC)
    body = payloads.test_call(webhook.name, now)
    headers = signed(address.secret or "", f"test-{webhook.id}-{int(now.timestamp())}", now, body)
    return await requests.post(address.url, body, headers, allowed)
