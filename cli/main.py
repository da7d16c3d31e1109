"""`channelwatch`: the commands, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import sys

import typer

from cli import (
    accounts,
    backfill,
    channel_sets,
    channel_status,
    channels,
    demo,
    evaluate,
    login,
    media,
    migrate,
    post,
    replay,
    run,
    search,
    stories,
    subscribers,
    topics,
)

OURS = ("analysis", "bot", "cli", "config", "ingest", "matching", "sandbox", "storage", "web")
"""An exception that one of our packages defines carries a message for a person; any other is a defect to be seen."""

app = typer.Typer(
    name="channelwatch",
    help="Watch Telegram news channels: every post kept, every alert delivered once.",
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
app.command("post")(post.post)
app.add_typer(stories.app, name="stories")
app.add_typer(topics.app, name="topics")
app.add_typer(subscribers.app, name="subscribers")
app.command("demo")(demo.demo)
app.add_typer(evaluate.app, name="evaluate")


def main() -> None:
    """Run a command. Exits 0, or 1 with one sentence that says what to do."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in OURS:
            raise
        print(f"channelwatch: {error}", file=sys.stderr)
        sys.exit(1)
