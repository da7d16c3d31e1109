"""How fast, how fairly and how surely a backlog of alerts goes out, against the strict box with its clock sped up.

`python -m benchmarks.delivery [--json] [--alerts N] [--chats N] [--groups N] [--speed X]`

The box and the count are in this process, the bot in another, as its program runs it: polling, its inbox, delivery.
Only folding is switched off, for it would turn the backlog into digests, and the limiter reads the sped clock.
`rate_share`: of 28 messages a second, of the box's seconds, from the first to the last. `fairness`: when a chat had its
last alert, the longest of chats that were owed equally many by the median. `command_p99_s`: from a person's command to
the answer, in the box's seconds. Non-zero when an alert was lost or came twice, or Telegram's limits were met.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence

from benchmarks.delivery_run import Backlog, drain
from benchmarks.house import House
from benchmarks.measuring import log_from, machine, one_a_line, report
from sandbox.sped_clock import FASTEST

ALERTS, CHATS, GROUPS = 20_000, 5_000, 50
SPEED = 1.0
"""The box's time is real time: twelve minutes. Two quiet cores serve 78 messages a second, box and database included,
but when they stand still for 50 ms, as they do once in a run, that is twice as long on a clock of twice the speed: the
box then refuses a message that Telegram would have taken (measured)."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Drain the backlog and count; non-zero when something was lost, doubled or refused."""
    given = _parser().parse_args(arguments)
    log_from(logging.ERROR)
    about = machine()
    with House.open() as house:
        result = asyncio.run(drain(house, Backlog(given.alerts, given.chats, given.groups), given.speed))
    report(result | about, as_json=given.json, table=one_a_line)
    return 1 if result["lost"] or result["duplicates"] or result["http_429"] else 0


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m benchmarks.delivery", description=(__doc__ or "").split("\n")[0])
    add = made.add_argument
    add("--json", action="store_true", help="end with one JSON object on standard output")
    add("--alerts", type=int, default=ALERTS, help=f"alerts in the backlog (default: {ALERTS})")
    add("--chats", type=int, default=CHATS, help=f"private chats that they are owed to (default: {CHATS})")
    add("--groups", type=int, default=GROUPS, help=f"groups that get ten of them each (default: {GROUPS})")
    add("--speed", type=float, default=SPEED, help=f"of the box's clock, at most {FASTEST:g} (default: {SPEED:g})")
    return made


if __name__ == "__main__":
    sys.exit(main())
