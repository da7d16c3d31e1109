"""The chat page of the demo: people's screens on 127.0.0.1, their chats with the bot beside the channels."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Iterable
from importlib.resources import files
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.channels import Channel, ChannelEvent
from sandbox.chat_records import ChatEvent
from sandbox.page import changes
from sandbox.page.actions import ACTIONS, Action, perform
from sandbox.page.changes import Change
from sandbox.page.frame import page
from sandbox.page.visitors import View, Visitors

if TYPE_CHECKING:
    from sandbox.world import User, World

_STATIC = {"/style.css": "text/css", "/script.js": "text/javascript"}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_FORM = "application/x-www-form-urlencoded"
_HEARTBEAT_SECONDS = 15.0
_CLOSED = ""
"""Put into a page's queue when the server stops; no event is empty."""

Queue = asyncio.Queue[str]


class ChatPage:
    """Serves the page. It belongs to one person, who may let others in and play them, too.

    Every open tab sees what its person sees, live. All of it works on forms; the script only makes it quick.
    """

    def __init__(self, world: World, user: User) -> None:
        self._world = world
        self._visitors = Visitors(world, user)
        self._open: dict[Queue, View] = {}
        self._epoch = ""
        self._events = 0
        """How many events there were since the start: a page that knows fewer is told everything anew."""
        self._runner: web.AppRunner | None = None
        self._unsubscribe: list[Callable[[], None]] = []
        self._port = 0

    @property
    def url(self) -> str:
        """Where a browser finds the page."""
        return f"http://127.0.0.1:{self._port}/"

    @property
    def _seen(self) -> str:
        """All that a page can know by now."""
        return f"{self._epoch}-{self._events}"

    @property
    def visitors(self) -> Visitors:
        """The people on the page."""
        return self._visitors

    async def start(self, port: int = 0) -> None:
        """Serve on 127.0.0.1, on a free port unless one is given."""
        app = web.Application(middlewares=[self._guard])
        app.router.add_get("/", self._page)
        for path in _STATIC:
            app.router.add_get(path, _static)
        app.router.add_get("/events", self._stream)
        app.router.add_get("/file/{file_id}", self._file)
        app.router.add_get("/media/{media_id:[0-9]+}", self._media)
        for name, action in ACTIONS.items():
            app.router.add_post(f"/{name}", self._doing(action))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self._port = self._runner.addresses[0][1]
        self._epoch, self._events = secrets.token_hex(4), 0
        self._unsubscribe = [
            self._world.chats.subscribe(self._on_chat),
            self._world.channels.subscribe(self._on_channel),
        ]

    async def stop(self) -> None:
        """Close every page's stream and free the port."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []
        for queue in self._open:
            queue.put_nowait(_CLOSED)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # What happens in the world.

    def _on_chat(self, event: ChatEvent) -> None:
        self._tell(lambda view: changes.of_chat(self._visitors, view, event))

    def _on_channel(self, channel: Channel, event: ChannelEvent) -> None:
        self._tell(lambda view: changes.of_channel(self._world, view, channel, event))

    def _tell(self, changes_for: Callable[[View], Iterable[Change]]) -> None:
        self._events += 1
        for queue, view in self._open.items():
            for change in changes_for(view):
                queue.put_nowait(_event(change))

    # What the browser asks.

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Only this page may speak here: no other site by its scripts, nor by a name that points at 127.0.0.1."""
        if request.host not in (f"127.0.0.1:{self._port}", f"localhost:{self._port}"):
            raise web.HTTPForbidden(text="This page is served on 127.0.0.1 only.")
        own = f"http://{request.host}"
        if request.method == "POST" and request.headers.get("Origin", own) != own:
            raise web.HTTPForbidden(text="Another site may not speak here.")
        response = await handler(request)
        if not response.prepared:
            response.headers.update(_HEADERS)
        return response

    async def _page(self, request: web.Request) -> web.Response:
        document = page(self._visitors, self._visitors.view(request.query), self._seen)
        return web.Response(body=document.encode("utf-8", "replace"), content_type="text/html", charset="utf-8")

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events. A page that missed some, say because it was reconnected, is told everything first."""
        response = web.StreamResponse(headers={**_HEADERS, "Content-Type": "text/event-stream"})
        queue: Queue = asyncio.Queue()
        view = self._visitors.view(request.query)
        if request.query.get("seen") != self._seen:
            queue.put_nowait(_event(changes.whole(self._visitors, view)))
        self._open[queue] = view
        try:
            await response.prepare(request)
            await response.write(b": here\n\n")
            await _pump(queue, response)
        except ConnectionError:
            pass  # the tab was closed
        finally:
            del self._open[queue]
        return response

    def _doing(self, action: Action) -> Callable[[web.Request], Awaitable[web.Response]]:
        """A handler that does the action. The script is told where to go; a browser without one is sent there."""

        async def handle(request: web.Request) -> web.Response:
            if request.content_type != _FORM:
                raise web.HTTPUnsupportedMediaType(text="A form is expected.")
            fields = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
            done = await perform(action, self._visitors, fields)
            if "X-Script" in request.headers:
                return web.json_response({"go": done.view.address if done.view else None, "html": done.html})
            raise web.HTTPSeeOther((done.view or self._visitors.view(fields)).address)

        return handle

    async def _file(self, request: web.Request) -> web.Response:
        stored = self._world.chats.files.get(request.match_info["file_id"])
        if stored is None:
            raise web.HTTPNotFound
        return _download(stored.content, stored.mime_type)

    async def _media(self, request: web.Request) -> web.Response:
        media = self._world.channels.files.get(int(request.match_info["media_id"]))
        if media is None:
            raise web.HTTPNotFound
        return _download(media.data, media.content_type)


async def _static(request: web.Request) -> web.Response:
    content = files("sandbox").joinpath("page", request.path[1:]).read_text(encoding="utf-8")
    return web.Response(text=content, content_type=_STATIC[request.path])


async def _pump(queue: Queue, response: web.StreamResponse) -> None:
    """Write events until the server stops; a comment now and then shows whether anybody still reads."""
    while True:
        try:
            async with asyncio.timeout(_HEARTBEAT_SECONDS):
                event = await queue.get()
        except TimeoutError:
            event = ": still here\n\n"
        if event == _CLOSED:
            return
        await response.write(event.encode("utf-8", "replace"))


def _event(change: Change) -> str:
    name, data = change
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _download(content: bytes, mime_type: str) -> web.Response:
    """A picture to be shown, anything else to be saved: a document never becomes a page of ours."""
    if mime_type in _PICTURES:
        return web.Response(body=content, content_type=mime_type)
    return web.Response(
        body=content, content_type="application/octet-stream", headers={"Content-Disposition": "attachment"}
    )
