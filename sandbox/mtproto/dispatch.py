"""From a request to the handler that answers it; no failure leaves this module but as an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from telethon.tl import functions

from sandbox.mtproto import account, channel_calls, dialogs, difference, files, reading, sign_in
from sandbox.mtproto.answers import Refused, pack_error, pack_result
from sandbox.mtproto.state import Call
from sandbox.world import Faults

log = structlog.get_logger()

Handler = Callable[[Call, Any], Any]

_HANDLERS: dict[type, Handler] = {
    **account.HANDLERS,
    **sign_in.HANDLERS,
    **channel_calls.HANDLERS,
    **reading.HANDLERS,
    **dialogs.HANDLERS,
    **difference.HANDLERS,
    **files.HANDLERS,
}

_WRAPPERS = (
    functions.InvokeWithLayerRequest,
    functions.InitConnectionRequest,
    functions.InvokeWithoutUpdatesRequest,
    functions.InvokeAfterMsgRequest,
    functions.InvokeAfterMsgsRequest,
)


class MethodNotInBox(Exception):
    """A client called a method that the box does not have: the box must learn it, so the test fails."""

    def __init__(self, method: str) -> None:
        super().__init__(f"the box does not know the method {method}")


def unwrap(request: Any) -> tuple[Any, bool, str]:
    """The request inside its wrappers, whether it came without invokeWithoutUpdates, and the device it names."""
    wants_updates, model = True, ""
    while isinstance(request, _WRAPPERS):
        if isinstance(request, functions.InvokeWithoutUpdatesRequest):
            wants_updates = False
        if isinstance(request, functions.InitConnectionRequest):
            model = request.device_model
        request = request.query
    return request, wants_updates, model


def method_name(request: Any) -> str:
    """The API's name of a request: "messages.getHistory"."""
    kind = type(request)
    name = kind.__name__.removesuffix("Request")
    namespace = kind.__module__.removeprefix(functions.__name__).lstrip(".")
    return ".".join(filter(None, (namespace, name[0].lower() + name[1:])))


def take_fault(faults: Faults, method: str) -> object | None:
    """The fault scripted for this call, under the full name or its last part."""
    return faults.take("mtproto", method) or faults.take("mtproto", method.rpartition(".")[2])


def answer(call: Call, request: Any) -> bytes:
    """The bytes of the result or the error. A failure becomes error 500 and is kept in `world.failures`:
    a socket that dies instead would make Telethon send the request again for ever."""
    try:
        return pack_result(_find_handler(request)(call, request))
    except Refused as refused:
        return pack_error(refused)
    except MethodNotInBox as unknown:
        call.world.failures.append(unknown)
        name = method_name(request).replace(".", "_").upper()
        return pack_error(Refused(400, f"METHOD_NOT_IN_BOX_{name}"))
    except Exception as failure:  # noqa: BLE001 - the door of the server: the failure is the test's to see
        log.error("handler failed", method=method_name(request), failure=type(failure).__name__)
        call.world.failures.append(failure)
        return pack_error(Refused(500, f"BOX_FAILED_{type(failure).__name__.upper()}"))


def _find_handler(request: Any) -> Handler:
    handler = _HANDLERS.get(type(request))
    if handler is None:
        raise MethodNotInBox(method_name(request))
    return handler
