"""Calls that sign people in and out: phone code, two-step password, QR code."""

from __future__ import annotations

import datetime as dt
import os
import secrets
from typing import Any

from telethon.tl import functions, types

from sandbox.mtproto.answers import Refused
from sandbox.mtproto.passwords import describe_password, require_password
from sandbox.mtproto.state import BoxState, Call, LoginToken
from sandbox.mtproto.tl_objects import filled, user_tl
from sandbox.world import User

LOGIN_TOKEN_LIFE = dt.timedelta(seconds=30)
"""How long a QR code may be scanned (core.telegram.org/api/qr-login)."""


def _machine_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _authorization(user: User) -> Any:
    return types.auth.Authorization(user=user_tl(user, user.id))


def _admit(call: Call, user: User) -> Any:
    """Sign a person in on this device, or ask for their password first."""
    if user.password is not None:
        call.device.awaits_password = user.id
        raise Refused(401, "SESSION_PASSWORD_NEEDED")
    return _enter(call, user)


def _enter(call: Call, user: User) -> Any:
    """Now they are signed in; what had befallen the key before is over."""
    call.device.awaits_password, call.device.user_id, call.device.void = None, user.id, None
    return _authorization(user)


def _phone_digits(phone: str) -> str:
    digits = phone.lstrip("+").replace(" ", "")
    if not digits.isdecimal() or not 5 <= len(digits) <= 15:
        raise Refused(400, "PHONE_NUMBER_INVALID")
    return digits


def _owner_of(call: Call, digits: str) -> User | None:
    people = call.world.users.values()
    return next((each for each in people if each.phone and each.phone.lstrip("+") == digits), None)


def _send_code(call: Call, request: Any) -> Any:
    """As Telegram, tell a stranger's phone from a member's only once the code is given; a banned one at once."""
    digits = _phone_digits(request.phone_number)
    user = _owner_of(call, digits)
    if user is not None and (refused := call.box.refused_accounts.get(user.id)) and refused.code == 401:
        raise Refused(400, "PHONE_NUMBER_BANNED")
    code_hash = secrets.token_hex(9)
    call.box.phone_codes[digits] = code_hash
    return types.auth.SentCode(types.auth.SentCodeTypeApp(length=5), code_hash, timeout=60)


def _resend_code(call: Call, request: Any) -> Any:
    _require_code_hash(call, request)
    return _send_code(call, request)


def _require_code_hash(call: Call, request: Any) -> str:
    digits = _phone_digits(request.phone_number)
    if not request.phone_code_hash:
        raise Refused(400, "PHONE_CODE_HASH_EMPTY")
    if call.box.phone_codes.get(digits) != request.phone_code_hash:
        raise Refused(400, "PHONE_CODE_EXPIRED")
    return digits


def _sign_in(call: Call, request: Any) -> Any:
    digits = _require_code_hash(call, request)
    if not request.phone_code:
        raise Refused(400, "PHONE_CODE_EMPTY")
    user = _owner_of(call, digits)
    if user is None:
        return types.auth.AuthorizationSignUpRequired()
    if request.phone_code != user.code:
        raise Refused(400, "PHONE_CODE_INVALID")
    del call.box.phone_codes[digits]
    return _admit(call, user)


def _get_password(call: Call, _request: Any) -> Any:
    return describe_password(call, call.device.awaits_password or call.user.id)


def _check_password(call: Call, request: Any) -> Any:
    user_id = call.device.awaits_password or call.user.id
    require_password(call, user_id, request.password)
    return _enter(call, call.world.users[user_id])


def _export_login_token(call: Call, _request: Any) -> Any:
    """A code to show; or, once it has been scanned, the sign-in that it stands for."""
    mine = [each for each in call.box.login_tokens.values() if each.device is call.device]
    accepted = next((each for each in mine if each.accepted_by is not None), None)
    if accepted is not None:
        return _redeem(call, accepted)
    for stale in mine:
        del call.box.login_tokens[stale.token]
    token = LoginToken(os.urandom(32), call.device, _machine_now() + LOGIN_TOKEN_LIFE)
    call.box.login_tokens[token.token] = token
    return types.auth.LoginToken(token.expires_at, token.token)


def _import_login_token(call: Call, request: Any) -> Any:
    token = _find_token(call.box, request.token)
    if token.device is not call.device:
        raise Refused(400, "AUTH_TOKEN_INVALID")
    return _redeem(call, token)


def _redeem(call: Call, token: LoginToken) -> Any:
    """Turn a scanned code into the sign-in of who scanned it. Refused if nobody has."""
    user = call.world.users.get(token.accepted_by or 0)
    if user is None:
        raise Refused(400, "AUTH_TOKEN_INVALID")
    del call.box.login_tokens[token.token]
    return types.auth.LoginTokenSuccess(_admit(call, user))


def _accept_login_token(call: Call, request: Any) -> Any:
    accepted = accept_token(call.box, request.token, call.user)
    return filled(types.Authorization, call.box.now(), device_model=accepted.device.model)


def accept_token(box: BoxState, token: bytes, user: User) -> LoginToken:
    """Let a person scan a QR code with a device that is signed in; the device that shows it is told.

    Refused if the code is unknown, too old, or scanned already.
    """
    found = _find_token(box, token)
    if found.accepted_by is not None:
        raise Refused(400, "AUTH_TOKEN_ALREADY_ACCEPTED")
    found.accepted_by = user.id
    showing = [each for each in box.connections if each.device is found.device]
    box.tell(showing, types.UpdateShort(types.UpdateLoginToken(), box.now()))
    return found


def _find_token(box: BoxState, token: bytes) -> LoginToken:
    found = box.login_tokens.get(token)
    if found is None:
        raise Refused(400, "AUTH_TOKEN_INVALID")
    if found.expires_at < _machine_now():
        raise Refused(400, "AUTH_TOKEN_EXPIRED")
    return found


def _log_out(call: Call, _request: Any) -> Any:
    _ = call.user
    call.device.user_id = None
    return types.auth.LoggedOut()


HANDLERS = {
    functions.auth.SendCodeRequest: _send_code,
    functions.auth.ResendCodeRequest: _resend_code,
    functions.auth.SignInRequest: _sign_in,
    functions.account.GetPasswordRequest: _get_password,
    functions.auth.CheckPasswordRequest: _check_password,
    functions.auth.ExportLoginTokenRequest: _export_login_token,
    functions.auth.ImportLoginTokenRequest: _import_login_token,
    functions.auth.AcceptLoginTokenRequest: _accept_login_token,
    functions.auth.LogOutRequest: _log_out,
}
"""Request class -> handler."""
