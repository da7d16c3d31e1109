"""How a receiver knows that a request is ours: Standard Webhooks 1.0, for which libraries exist in every language.

`webhook-signature: v1,<base64 of HMAC-SHA256(secret, "id.timestamp.body")>` (standardwebhooks.com).
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import secrets

BYTES = 32
"""Of a secret; the standard asks for 24 to 64."""


def new_secret() -> str:
    """A secret as the standard writes it."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(BYTES)).decode()}"


def signed(secret: str, delivery_id: str, at: dt.datetime, body: bytes) -> dict[str, str]:
    """The headers by which a receiver checks who sent a body, and when."""
    timestamp = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{delivery_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
