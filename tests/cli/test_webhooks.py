"""`channelwatch webhooks` as a person types it, and messages by apprise."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import webhooks
from tests.web.receiver import Receiver, receiving
from web.webhooks import by_apprise

of_plugins = pytest.mark.filterwarnings("ignore::DeprecationWarning")
"""Of a hundred plug-ins some import what Python gives up."""

HOSTS = {"CHANNELWATCH_WEBHOOK_HOSTS": "127.0.0.1"}


def run(url: str, home: Path, *arguments: str, said: str | None = None, **environment: str) -> str:
    everything = {"DATABASE_URL": url, "CHANNELWATCH_HOME": str(home), **environment}
    result = CliRunner().invoke(webhooks.app, arguments, env=everything, input=said)
    if result.exception is not None:
        raise result.exception
    return result.stdout


def with_receiver(work: object, *arguments: object, answer: int = 204) -> Receiver:
    """Run something that asks a receiver, which answers meanwhile."""

    async def both() -> Receiver:
        async with receiving() as receiver:
            receiver.answers = [(answer, {})]
            await asyncio.to_thread(work, receiver, *arguments)  # type: ignore[arg-type]
        return receiver

    return asyncio.run(both())


def test_a_webhook_is_added_listed_paused_and_removed(database_url: str, tmp_path: Path) -> None:
    made = run(database_url, tmp_path, "add", "desk", "мир", "https://hooks.example/in?key=canary-2718")
    assert "whsec_" in made
    listed = run(database_url, tmp_path, "list", "--json") + run(database_url, tmp_path, "list")
    assert json.loads(listed.splitlines()[0])["host"] == "hooks.example"
    assert "canary-2718" not in listed
    assert "whsec_" not in listed
    run(database_url, tmp_path, "pause", "desk")
    assert "paused" in run(database_url, tmp_path, "list")
    run(database_url, tmp_path, "resume", "desk")
    run(database_url, tmp_path, "remove", "desk")
    assert "No webhooks yet" in run(database_url, tmp_path, "list")
    with pytest.raises(webhooks.NoSuchWebhook):
        run(database_url, tmp_path, "remove", "desk")


@pytest.mark.parametrize(
    "address", ["http://hooks.example/", "https://a:b@hooks.example/", "desk", "file:///etc/passwd"]
)
def test_what_is_no_address_of_a_webhook_is_refused(database_url: str, tmp_path: Path, address: str) -> None:
    with pytest.raises(webhooks.BadAddress):
        run(database_url, tmp_path, "add", "desk", "мир", address)


def test_a_test_says_what_came_back(database_url: str, tmp_path: Path) -> None:
    def try_it(receiver: Receiver) -> None:
        run(database_url, tmp_path, "add", "desk", "мир", "-", said=f"{receiver.url}\n", **HOSTS)
        assert "accepted it: HTTP 204" in run(database_url, tmp_path, "test", "desk", **HOSTS)
        receiver.answers = [(500, {})]
        with pytest.raises(webhooks.NotAccepted, match="HTTP 500"):
            run(database_url, tmp_path, "test", "desk", **HOSTS)

    receiver = with_receiver(try_it)
    assert json.loads(receiver.calls[0].body)["type"] == "webhook.test"


@of_plugins
def test_an_address_of_apprise_is_checked_and_a_message_goes_there(database_url: str, tmp_path: Path) -> None:
    def try_it(receiver: Receiver) -> None:
        address = f"json://127.0.0.1:{receiver.port}/canary-2718"
        run(database_url, tmp_path, "add", "chat", "мир", address, "--apprise")
        assert "accepted it" in run(database_url, tmp_path, "test", "chat")
        assert "apprise to json" in run(database_url, tmp_path, "list")

    receiver = with_receiver(try_it, answer=200)
    assert json.loads(receiver.calls[0].body)["message"] == "A test of channelwatch: it arrives."
    with pytest.raises(webhooks.BadAddress, match="does not understand"):
        run(database_url, tmp_path, "add", "other", "мир", "nothing://x", "--apprise")


@of_plugins
async def test_what_apprise_cannot_send_is_told_without_its_address(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    answer = await by_apprise.notify("json://127.0.0.1:9/canary-2718", "title", "text")
    assert (answer.is_accepted, answer.detail) == (False, "apprise could not send it")
    assert "canary-2718" not in "".join(capfd.readouterr()) + caplog.text + answer.detail


async def test_without_the_library_a_message_by_apprise_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    answer = await by_apprise.notify("json://127.0.0.1:9/", "title", "text")
    assert "channelwatch[notify]" in answer.detail
