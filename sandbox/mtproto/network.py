"""What may befall the wire: silence without end of connection, refused connections, a server clock that is off."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.mtproto.lasting import Lasting
from sandbox.mtproto.state import BoxState


class Network:
    """Each method begins a trouble that lasts until lifted; `reset` happens at once."""

    def __init__(self, box: BoxState, bar: Callable[[], None], unbar: Callable[[], None]) -> None:
        self._box = box
        self._bar, self._unbar = bar, unbar

    def reset(self) -> None:
        """Reset every connection, losing what is on the way."""
        for connection in list(self._box.connections):
            connection.reset()

    def freeze(self, *, for_good: bool = False) -> Lasting:
        """Let nothing through in either direction, on old and new connections, without ending any.

        When it is lifted, what was held back arrives, as TCP delivers late. With `for_good` it never does: those
        connections stay silent for ever (half-open), and only new ones are served.
        """
        self._box.line.clear()

        def thaw() -> None:
            for connection in list(self._box.connections):
                connection.thaw(is_dead=for_good)
            self._box.line.set()

        return self._box.lasting.begin("network frozen", thaw)

    def refuse(self, *, reset: bool = True) -> Lasting:
        """Refuse new connections, and reset those that are open unless told otherwise."""
        self._bar()
        if reset:
            self.reset()
        return self._box.lasting.begin("connections refused", self._unbar)

    def skew(self, seconds: float, *, notify: bool = False) -> Lasting:
        """Put the server's clock ahead of the machine's (behind it, if negative): its message ids and the dates of
        its answers are off. Posts keep their dates.

        `notify`: as Telegram's servers do, answer a message whose id is more than 300 s too old or 30 s too new with
        bad_msg_notification 16 or 17, and do not serve it.
        """
        self._set_clock(seconds, notify)
        return self._box.lasting.begin("clock skewed", lambda: self._set_clock(0.0, notify=False))

    def _set_clock(self, skew: float, notify: bool) -> None:
        self._box.skew, self._box.checks_time = skew, notify
        for device in self._box.devices.values():
            for session in device.sessions.values():
                session.last_message_id = 0  # ids must always grow, but a clock that is set back takes them with it
