"""Why a channel cannot be joined: for good, with a sentence for the operator, or only at this moment."""

from __future__ import annotations

from telethon import errors

_REFUSALS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    (
        (errors.UsernameNotOccupiedError, errors.UsernameInvalidError),
        "There is no channel of this name: check the spelling, or whether it was renamed.",
    ),
    (
        (errors.ChannelPrivateError, errors.ChannelInvalidError, errors.ChannelPublicGroupNaError),
        "The account has no access to this channel: it is private, or the account is banned there.",
    ),
    ((errors.InviteRequestSentError,), "The channel lets in only whom it has approved: the request to join is sent."),
)


def refusal(error: errors.RPCError) -> str | None:
    """Why this one channel cannot be read; None when the error is not about the channel."""
    for kinds, sentence in _REFUSALS:
        if isinstance(error, kinds):
            return sentence
    # other 400s are about what was asked for, the rest (401, 406, 420, 5xx) about the account or the server
    is_about_channel = isinstance(error, errors.BadRequestError | errors.ForbiddenError)
    return f"Telegram refuses the channel ({type(error).__name__})." if is_about_channel else None


def may_pass(error: Exception) -> bool:
    """Whether it is neither the channel nor the account, but a moment at which Telegram cannot answer."""
    return not isinstance(error, errors.RPCError) or (error.code is not None and abs(error.code) >= 500)
