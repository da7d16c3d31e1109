"""What may befall an account: its key duplicated, its sessions ended, itself banned or frozen."""

from __future__ import annotations

from sandbox.mtproto.answers import Refused
from sandbox.mtproto.lasting import Lasting
from sandbox.mtproto.state import BoxState, Device

_FROZEN_MAY = frozenset({"users.getUsers", "updates.getState"})
"""What a frozen account may call, beside auth and help. Telegram says that some reading methods pass, not which."""


class Accounts:
    """Each method befalls a person on all devices. A ban and a freeze are lifted; the rest takes a sign-in."""

    def __init__(self, box: BoxState) -> None:
        self._box = box

    def duplicate_key(self, user_id: int) -> None:
        """AUTH_KEY_DUPLICATED (406): the keys were used from two places and are void for good, even for signing in.

        A client must agree on a new key first.
        """
        self._void(user_id, Refused(406, "AUTH_KEY_DUPLICATED"))

    def revoke_sessions(self, user_id: int) -> None:
        """SESSION_REVOKED (401): signed out elsewhere. To sign in again heals, with the old key too."""
        self._void(user_id, Refused(401, "SESSION_REVOKED"))

    def unregister_keys(self, user_id: int) -> None:
        """AUTH_KEY_UNREGISTERED (401): signed out everywhere, by the person's own wish. To sign in again heals."""
        for device in self._devices(user_id):
            device.user_id = None

    def forget_keys(self, user_id: int) -> None:
        """Lose the keys themselves: transport error -404. A client must agree on a new one."""
        for device in self._devices(user_id):
            device.user_id = None
            del self._box.devices[device.key.key_id]

    def ban(self, user_id: int) -> Lasting:
        """USER_DEACTIVATED_BAN (401) for every call, and PHONE_NUMBER_BANNED for who tries to sign in."""
        return self._refuse(user_id, Refused(401, "USER_DEACTIVATED_BAN"))

    def freeze(self, user_id: int) -> Lasting:
        """FROZEN_METHOD_INVALID (420) for all calls but those about oneself."""
        return self._refuse(user_id, Refused(420, "FROZEN_METHOD_INVALID"))

    def _refuse(self, user_id: int, refused: Refused) -> Lasting:
        self._box.refused_accounts[user_id] = refused
        return self._box.lasting.begin(refused.message, lambda: self._box.refused_accounts.pop(user_id, None))

    def _void(self, user_id: int, refused: Refused) -> None:
        for device in self._devices(user_id):
            device.user_id, device.void = None, refused

    def _devices(self, user_id: int) -> list[Device]:
        return [device for device in self._box.devices.values() if device.user_id == user_id]


def refusal(box: BoxState, device: Device, method: str) -> Refused | None:
    """The error that a call meets before anything else, if any."""
    may_pass = method.startswith(("auth.", "help."))
    if device.void is not None and (device.void.code == 406 or not may_pass):
        return device.void
    refused = box.refused_accounts.get(device.user_id or 0)
    if refused is None or may_pass or (refused.code == 420 and method in _FROZEN_MAY):
        return None
    return refused
