"""`channelwatch`: the commands, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import os
import sys

import typer

from cli import (
    accounts,
    backfill,
    backup,
    bursts,
    channel_sets,
    channel_status,
    channels,
    deliveries,
    demo,
    doctor,
    evaluate,
    export,
    feeds,
    login,
    media,
    migrate,
    operators,
    post,
    replay,
    restore,
    run,
    search,
    standings,
    stats,
    stories,
    subscribers,
    tokens,
    topics,
    trends,
    webhooks,
)

EXIT_CODES = (
    "**Exit codes**: 0, it is done; 1, it is not, and one sentence on standard error says why and what to do; 2, the "
    "command was written wrongly; 130, Ctrl-C. `channelwatch --install-completion` teaches your shell the commands."
)

OURS = ("analysis", "bot", "cli", "config", "ingest", "matching", "sandbox", "storage", "web")
"""An exception that one of our packages defines carries a message for a person; any other is a defect to be seen."""

app = typer.Typer(
    name="channelwatch",
    help="Watch Telegram news channels: every post kept, every alert delivered once.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
app.command("run")(run.run)
app.command("migrate")(migrate.migrate)
app.command("login")(login.login)
app.add_typer(accounts.app, name="accounts")
channels.app.command("status")(channel_status.status)
channels.app.command("set")(channel_sets.set_)
channels.app.command("sets")(channel_sets.sets)
channels.app.command("unset")(channel_sets.unset)
app.add_typer(channels.app, name="channels")
app.command("replay")(replay.replay)
app.command("backfill")(backfill.backfill)
app.add_typer(media.app, name="media")
app.command("search")(search.search)
app.command("export")(export.export)
app.command("trends")(trends.trends)
app.command("bursts")(bursts.bursts)
app.command("standings")(standings.standings)
app.command("stats")(stats.stats)
app.command("post")(post.post)
app.add_typer(stories.app, name="stories")
app.add_typer(topics.app, name="topics")
app.add_typer(subscribers.app, name="subscribers")
app.add_typer(deliveries.app, name="deliveries")
app.add_typer(operators.app, name="operators")
app.add_typer(tokens.app, name="tokens")
app.add_typer(feeds.app, name="feeds")
app.add_typer(webhooks.app, name="webhooks")
app.command("doctor")(doctor.doctor)
app.command("backup")(backup.backup)
app.command("restore")(restore.restore)
app.command("demo")(demo.demo)
app.add_typer(evaluate.app, name="evaluate")


def main() -> None:
    """Run a command. Exits 0; 1 with one sentence that says what to do; 2 on wrong usage; 130 on Ctrl-C."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output has seen enough (`| head`); the interpreter must not try to write the rest at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in OURS:
            raise
        print(f"channelwatch: {_sentence(error)}", file=sys.stderr)
        sys.exit(1)


def _sentence(error: Exception) -> str:
    """What a person reads: the error's own words; of the database's, which only programs act on, others."""
    database = sys.modules.get("storage.database")  # heavy; where it is not loaded, nothing of it was raised
    if database is not None and isinstance(error, database.DatabaseAway):
        return f"The database is away or busy ({error}): try again in a moment, or `channelwatch doctor`."
    if database is not None and isinstance(error, database.StatementRefused):
        return f"The database refuses this ({error}): `channelwatch doctor` may tell why."
    return str(error)
