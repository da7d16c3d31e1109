"""Whatever is asked of the API, in and out of its document: never a 5xx, always an answer that the document knows."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import response_schema_conformance

from config.settings import WebSettings
from storage.database import Database
from storage.embedded import EmbeddedServer
from tests.emptied import emptied_database
from tests.web.programs import EVERYTHING, make_token, store_posts
from web.allowance import Allowance
from web.api import described
from web.app import create_app
from web.tokens import Allowances

EXAMPLES = 6
"""Of each operation and mode: with 19 operations some 220 requests."""

SCHEMA = schemathesis.openapi.from_dict(described())
OPERATIONS: list[Any] = [result.ok() for result in SCHEMA.get_all_operations()]  # type: ignore[union-attr]


class Served:
    """An application on an event loop of its own, asked from a test that has none."""

    def __init__(self, url: str, home: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._run(self._open(url, home))

    async def _open(self, url: str, home: Path) -> None:
        self._database = Database(url)
        await store_posts(self._database, "мир", "peace and war", "о мире")
        word = await make_token(self._database, EVERYTHING)
        app = create_app(self._database, WebSettings(home=home))
        app.state.allowances = Allowances(tokens=Allowance(100_000))
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=True),
            base_url="http://localhost:8878",
            headers={"authorization": f"Bearer {word}"},
        )

    def ask(self, case: schemathesis.Case[Any]) -> httpx.Response:
        values = case.as_transport_kwargs(base_url="http://localhost:8878")
        wanted = {name: values[name] for name in ("method", "url", "params", "json") if values.get(name) is not None}
        if isinstance(values.get("data"), bytes | str):
            wanted["content"] = values["data"]
        if kind := (values.get("headers") or {}).get("Content-Type"):
            wanted["headers"] = {"content-type": kind}
        response: httpx.Response = self._run(self._client.request(**wanted))
        return response

    def close(self) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        await self._client.aclose()
        await self._database.close()

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)


@pytest.fixture(scope="module")
def served(postgres: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    running = Served(emptied_database(postgres), tmp_path_factory.mktemp("home"))
    yield running
    running.close()


def told_in(operation: Any, status: int) -> bool:
    """Whether the document says of this operation that it may answer so; wrong methods and paths are nobody's."""
    return str(status) in operation.definition.raw["responses"] or status in (404, 405)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_no_request_is_answered_by_a_5xx_or_by_what_the_document_does_not_know(
    served: Served, operation: Any, mode: GenerationMode
) -> None:
    @seed(7)
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(operation.as_strategy(generation_mode=mode))
    def asked(case: schemathesis.Case[Any]) -> None:
        response = served.ask(case)
        assert response.status_code < 500, (case.as_curl_command(), response.text)
        assert told_in(operation, response.status_code), (response.status_code, case.as_curl_command())
        if response.status_code >= 400:
            assert response.headers["content-type"] == "application/problem+json"
        elif mode is GenerationMode.POSITIVE:
            case.validate_response(response, checks=[response_schema_conformance])

    asked()
