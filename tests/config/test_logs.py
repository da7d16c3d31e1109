"""Logs hold constant phrases and ids, one line each, and never a secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import httpx
import pytest
import structlog

from config import logs

CANARY = "7654321098:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    """Logging is global: put it back as it was."""
    root, configuration = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.configure(**configuration)


def test_token_is_redacted_wherever_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up()
    structlog.get_logger().error("request failed", url=f"https://api.telegram.org/bot{CANARY}/getMe")
    logging.getLogger("anything").error("with an argument: %s", CANARY)
    try:
        raise ValueError(f"inside a traceback {CANARY}")
    except ValueError:
        logging.getLogger("anything").exception("failed")
    said = capsys.readouterr().err
    assert "request failed" in said
    assert "inside a traceback" in said
    assert CANARY.split(":")[1] not in said


def test_password_of_a_database_is_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up()
    logging.getLogger("anything").error("cannot connect to postgresql://me:hunter2@db/channelwatch")
    said = capsys.readouterr().err
    assert "hunter2" not in said
    assert "@db/channelwatch" in said


async def test_httpx_does_not_log_the_address_that_holds_the_token(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(verbose=True)
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    async with httpx.AsyncClient(transport=transport) as client:
        await client.get(f"https://api.telegram.org/bot{CANARY}/getMe")
    assert "api.telegram.org" not in capsys.readouterr().err


def test_a_line_break_in_a_value_forges_no_second_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up()
    structlog.get_logger().warning("channel refused", reason="first\nsecond \x1b[31mred")
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "\x1b[31m" not in said


def test_json_lines_can_be_read_by_a_machine(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(json=True)
    structlog.get_logger().info("post stored", channel_id=3, message_id=14)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["channel_id"], line["message_id"]) == ("post stored", 3, 14)


def test_nothing_is_logged_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up()
    structlog.get_logger().info("post stored", channel_id=3)
    assert capsys.readouterr().out == ""
