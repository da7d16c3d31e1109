"""The chats: what subscribers say, what they are told, and the delivery of every owed alert."""

from __future__ import annotations

import os

# Without it python-telegram-bot gives RetryAfter.retry_after as int, with a deprecation warning each time; it is read
# from the environment whenever a duration is made, so it has to stand before the first request.
os.environ.setdefault("PTB_TIMEDELTA", "1")
