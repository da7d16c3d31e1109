"""Commands as an operator types them, in this process."""

from __future__ import annotations

from typer.testing import CliRunner

from cli.main import app


def run(*words: str) -> str:
    """What the command prints; what it raises is raised."""
    done = CliRunner().invoke(app, list(words))
    if done.exception is not None:
        raise done.exception
    return done.stdout
