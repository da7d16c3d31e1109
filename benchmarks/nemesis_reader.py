"""The ingest that the nemesis torments, in a process of its own: `python -m benchmarks.nemesis_reader SWEEP_SECONDS`.

It is the program as shipped, but for what the command line says: seconds between two sweeps (0: the reconciler is left
out, which is the control), and that channels are joined as fast as they can be, for nobody has to be polite to the box.
Everything else comes from the environment, as for `channelwatch run ingest`. SIGTERM ends it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import signal
import sys

from config import logs
from config.settings import IngestSettings, StorageSettings, read
from ingest.pace import Pace
from ingest.program import IngestError, Sweeping, run_ingest
from storage.database import Database, DatabaseUnreachable

AT_ONCE = (10_000, dt.timedelta(milliseconds=1))
"""Channels joined at once, and the time between two later ones."""


def main() -> int:
    """Read channels until told to stop; 1 when there is nothing to read with."""
    logs.set_up()
    try:
        asyncio.run(_read(float(sys.argv[1])))
    except (IngestError, DatabaseUnreachable) as error:
        print(f"ingest cannot go on: {error}", file=sys.stderr)  # noqa: T201 - a program's own words
        return 1
    return 0


async def _read(sweep_seconds: float) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    sweeping = Sweeping(dt.timedelta(seconds=sweep_seconds)) if sweep_seconds else Sweeping(is_on=False)
    where = read(StorageSettings)
    if where.database_url is None:
        raise IngestError("DATABASE_URL is not set.")
    database = await Database.open(where.home, where.database_url.get_secret_value())
    try:
        await run_ingest(database, read(IngestSettings), stop=stop, pace=Pace(*AT_ONCE), sweeping=sweeping)
    finally:
        await database.close()


if __name__ == "__main__":
    sys.exit(main())
