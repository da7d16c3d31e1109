"""The chat page of the demo: one person's screen on 127.0.0.1, the chat with the bot beside the channels."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox import page_view, utf16
from sandbox.channels import Channel, ChannelEvent
from sandbox.chat_records import ChatEvent
from sandbox.chats import ChatClosed, NoSuchButton

if TYPE_CHECKING:
    from sandbox.world import User, World

_STATIC = {
    "/": ("index.html", "text/html"),
    "/style.css": ("style.css", "text/css"),
    "/script.js": ("script.js", "text/javascript"),
}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_TEXT_LIMIT = 4096
"""UTF-16 code units of a message or post, as in Telegram's clients."""
_HEARTBEAT_SECONDS = 15.0
_CLOSED = ""
"""Put into a page's queue when the server stops; no event is empty."""

Queue = asyncio.Queue[str]


class ChatPage:
    """Serves the page of one person; every browser tab that opens it sees the same chat, live."""

    def __init__(self, world: World, user: User) -> None:
        self._world = world
        self._user = user
        self._chat = world.chats.by_id.get(user.id) or world.chats.add_private(user, started=False)
        self._queues: set[Queue] = set()
        self._runner: web.AppRunner | None = None
        self._unsubscribe: list[Callable[[], None]] = []
        self._port = 0

    @property
    def url(self) -> str:
        """Where a browser finds the page."""
        return f"http://127.0.0.1:{self._port}/"

    async def start(self, port: int = 0) -> None:
        """Serve on 127.0.0.1, on a free port unless one is given."""
        app = web.Application(middlewares=[self._guard])
        for path in _STATIC:
            app.router.add_get(path, _static)
        app.router.add_get("/events", self._events)
        app.router.add_get("/file/{file_id}", self._file)
        app.router.add_get("/media/{media_id:[0-9]+}", self._media)
        for name, action in (("say", self._say), ("press", self._press), ("publish", self._publish)):
            app.router.add_post(f"/{name}", _answering(action))
        app.router.add_post("/block", _answering(self._block))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self._port = self._runner.addresses[0][1]
        self._unsubscribe = [
            self._world.chats.subscribe(self._on_chat),
            self._world.channels.subscribe(self._on_channel),
        ]

    async def stop(self) -> None:
        """Close every page's stream and free the port."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []
        for queue in self._queues:
            queue.put_nowait(_CLOSED)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # What happens in the world.

    def _on_chat(self, event: ChatEvent) -> None:
        if event.chat_id != self._chat.id:
            return
        if event.message is not None and event.kind == "deleted":
            self._tell("message-gone", {"id": event.message.message_id})
        elif event.message is not None:
            self._tell("message", page_view.message_json(self._world, event.message))
        elif event.answer is not None:
            answer = event.answer
            self._tell("answer", {"text": answer.text, "alert": answer.show_alert, "url": answer.url})
        elif event.action is not None:
            self._tell("action", {"action": event.action})
        if event.kind != "action":
            self._tell("chat", self._profile())

    def _profile(self) -> dict[str, Any]:
        """The chat and the bot's profile: the bot may have set its commands a moment ago."""
        bot = page_view.bot_json(self._world, self._user, self._chat)
        return {"chat": page_view.chat_json(self._chat), "bot": bot}

    def _on_channel(self, channel: Channel, event: ChannelEvent) -> None:
        for message_id in event.message_ids:
            post = channel.posts.get(message_id)
            if post is None:
                self._tell("post-gone", {"channel": channel.id, "id": message_id})
            elif page_view.is_shown(post):
                self._tell("post", page_view.post_json(self._world, channel, post))

    def _tell(self, name: str, data: Any) -> None:
        if self._queues:
            event = _event(name, data)
            for queue in self._queues:
                queue.put_nowait(event)

    # What the browser asks.

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Only this page may speak here: no other site by its scripts, nor by a name that points at 127.0.0.1."""
        if request.host not in (f"127.0.0.1:{self._port}", f"localhost:{self._port}"):
            raise web.HTTPForbidden(text="This page is served on 127.0.0.1 only.")
        if (
            request.method == "POST"
            and request.headers.get("Origin", f"http://{request.host}") != f"http://{request.host}"
        ):
            raise web.HTTPForbidden(text="Another site may not speak here.")
        response = await handler(request)
        if not response.prepared:
            response.headers.update(_HEADERS)
        return response

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: the whole state first, then every change; a browser that reconnects starts anew."""
        response = web.StreamResponse(headers={**_HEADERS, "Content-Type": "text/event-stream"})
        queue: Queue = asyncio.Queue()
        self._queues.add(queue)
        try:
            await response.prepare(request)
            state = page_view.state_json(self._world, self._user, self._chat)
            await response.write(_event("state", state).encode())
            await _pump(queue, response)
        except ConnectionError:
            pass  # the tab was closed
        finally:
            self._queues.discard(queue)
        return response

    async def _say(self, body: dict[str, Any]) -> None:
        self._world.chats.say(self._user.id, self._chat.id, _text(body))

    async def _press(self, body: dict[str, Any]) -> None:
        message_id, data = body.get("message_id"), body.get("data")
        if not isinstance(message_id, int) or not isinstance(data, str):
            raise web.HTTPBadRequest(text="message_id and data are needed")
        self._world.chats.press(self._user.id, self._chat.id, message_id, data)

    async def _publish(self, body: dict[str, Any]) -> None:
        channel = self._world.channels.get(body.get("channel_id", 0))
        if channel is None:
            raise web.HTTPNotFound(text="There is no such channel.")
        self._world.channels.publish(channel, _text(body))

    async def _block(self, body: dict[str, Any]) -> None:
        if body.get("blocked") is True:
            self._world.chats.block(self._user.id)
        else:
            self._world.chats.unblock(self._user.id)

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


def _answering(action: Callable[[dict[str, Any]], Awaitable[None]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A handler that reads JSON, does the action, and says in words why it could not be done."""

    async def handle(request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType(text="JSON is expected.")
        try:
            body = await request.json()
        except ValueError:
            raise web.HTTPBadRequest(text="The JSON does not parse.") from None
        if not isinstance(body, dict):
            raise web.HTTPBadRequest(text="A JSON object is expected.")
        try:
            await action(body)
        except ChatClosed:
            raise web.HTTPConflict(text="You have blocked the bot. Unblock it to go on.") from None
        except NoSuchButton:
            raise web.HTTPConflict(text="That button is no longer there.") from None
        return web.json_response({"ok": True})

    return handle


async def _static(request: web.Request) -> web.Response:
    name, content_type = _STATIC[request.path]
    content = files("sandbox").joinpath("page", name).read_text(encoding="utf-8")
    return web.Response(text=content, content_type=content_type)


async def _pump(queue: Queue, response: web.StreamResponse) -> None:
    """Write events until the server stops; a comment now and then shows whether anybody still reads."""
    while True:
        try:
            event = await asyncio.wait_for(queue.get(), _HEARTBEAT_SECONDS)
        except TimeoutError:
            event = ": still here\n\n"
        if event == _CLOSED:
            return
        await response.write(event.encode())


def _event(name: str, data: Any) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _text(body: dict[str, Any]) -> str:
    """The text of a message or post, trimmed, of a length that Telegram takes."""
    text = body.get("text")
    if not isinstance(text, str) or not text.strip():
        raise web.HTTPBadRequest(text="Write something first.")
    text = text.strip()
    if utf16.length(text) > _TEXT_LIMIT:
        raise web.HTTPBadRequest(text=f"That is too long: {_TEXT_LIMIT} characters at most.")
    return text


def _download(content: bytes, mime_type: str) -> web.Response:
    """A picture to be shown, anything else to be saved: a document never becomes a page of ours."""
    if mime_type in _PICTURES:
        return web.Response(body=content, content_type=mime_type)
    return web.Response(
        body=content, content_type="application/octet-stream", headers={"Content-Disposition": "attachment"}
    )
