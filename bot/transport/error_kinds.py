"""The table that sorts Telegram's errors by what is to be done about them.

A new wording from Telegram gets a line in `BY_DESCRIPTION` and one in its test.
"""

import re
from enum import Enum, auto

from telegram.error import (
    BadRequest,
    Forbidden,
    NetworkError,
    TelegramError,
    TimedOut,
)

from bot.transport.errors import NotSent, RateLimited, ResponseLost, TelegramRefused


class ErrorKind(Enum):
    """What is to be done about an error from Telegram."""

    WAIT = auto()
    """429: wait `seconds_to_wait`, then send it again."""
    RETRY = auto()
    """Certainly not delivered: send it again after a moment."""
    UNKNOWN = auto()
    """Possibly delivered: do not blindly send it again."""
    UNREACHABLE = auto()
    """The chat cannot be written to: blocked, deactivated, never started or gone."""
    FORBIDDEN = auto()
    """This recipient's settings forbid such a message, as a voice message; a text may arrive."""
    UNCHANGED = auto()
    """The edit changes nothing: the message already looks like that."""
    GONE = auto()
    """The message does not exist, or can no longer be edited or deleted."""
    EXPIRED = auto()
    """The tap is too old to be answered."""
    CONTENT = auto()
    """The call is wrong in itself, no matter who it goes to."""
    CONFLICT = auto()
    """Somebody else fetches this bot's updates."""
    UNAUTHORISED = auto()
    """The token is not valid."""


# Searched for, in this order, in the lower-case description of a 400 or another unlisted 4xx.
BY_DESCRIPTION: tuple[tuple[str, ErrorKind], ...] = (
    ("message is not modified", ErrorKind.UNCHANGED),
    ("message to edit not found", ErrorKind.GONE),
    ("message can't be edited", ErrorKind.GONE),
    ("there is no text in the message to edit", ErrorKind.GONE),
    ("message to delete not found", ErrorKind.GONE),
    ("message can't be deleted", ErrorKind.GONE),
    ("message_id_invalid", ErrorKind.GONE),
    ("query is too old", ErrorKind.EXPIRED),
    ("query id is invalid", ErrorKind.EXPIRED),
    ("chat not found", ErrorKind.UNREACHABLE),
    ("user not found", ErrorKind.UNREACHABLE),
    ("user is deactivated", ErrorKind.UNREACHABLE),
    ("bot was blocked", ErrorKind.UNREACHABLE),
    ("bot was kicked", ErrorKind.UNREACHABLE),
    ("peer_id_invalid", ErrorKind.UNREACHABLE),
    ("user_is_blocked", ErrorKind.UNREACHABLE),
    ("input_user_deactivated", ErrorKind.UNREACHABLE),
    ("chat_write_forbidden", ErrorKind.UNREACHABLE),
    ("rights to send", ErrorKind.UNREACHABLE),
    ("no write access", ErrorKind.UNREACHABLE),
    ("chat_restricted", ErrorKind.UNREACHABLE),
    ("premium_required", ErrorKind.UNREACHABLE),
    ("allow_payment_required", ErrorKind.UNREACHABLE),
    ("upgraded to a supergroup", ErrorKind.UNREACHABLE),
)

# In the description of any 4xx.
_FORBIDS = re.compile(
    "restricted receiving of|voice_messages_forbidden|chat_send_[a-z]+_forbidden"
)

BY_STATUS: dict[int, ErrorKind] = {
    401: ErrorKind.UNAUTHORISED,
    403: ErrorKind.UNREACHABLE,
    404: ErrorKind.UNAUTHORISED,
    409: ErrorKind.CONFLICT,
    429: ErrorKind.WAIT,
    504: ErrorKind.UNKNOWN,  # a gateway gave up waiting; the server behind it may have done it
}

# The first match decides, so a subclass comes before its base.
BY_KIND: tuple[tuple[type[BaseException], ErrorKind], ...] = (
    (RateLimited, ErrorKind.WAIT),
    (NotSent, ErrorKind.RETRY),
    (ResponseLost, ErrorKind.UNKNOWN),
    (TimedOut, ErrorKind.UNKNOWN),
    (Forbidden, ErrorKind.UNREACHABLE),
    (NetworkError, ErrorKind.RETRY),
    (TelegramError, ErrorKind.CONTENT),
)


def error_kind(error: BaseException) -> ErrorKind:
    """Returns the kind of an error of a call.

    Raises:
        TypeError: the error does not come from Telegram, so it is a bug.
    """
    if isinstance(error, TelegramRefused):
        return _of_answer(error.status, error.description)
    if isinstance(error, BadRequest):
        return _of_answer(400, error.message)
    for kind, found in BY_KIND:
        if isinstance(error, kind):
            return found
    raise TypeError(f"{type(error).__name__} is not an error from Telegram")


def seconds_to_wait(error: BaseException) -> float:
    """Returns how many seconds Telegram asks to wait; 0 for an error that is not a 429."""
    if isinstance(error, RateLimited):
        return error.seconds
    if isinstance(error, TelegramRefused):
        return error.retry_after or 0.0
    return 0.0


def stays_for_good(error: TelegramError) -> bool:
    """Tells whether a message can't be deleted, as it is too old, or edited: it stays as it is."""
    return "message can't be " in error.message.lower()


def _of_answer(status: int, description: str) -> ErrorKind:
    wording = description.lower()
    if status == 404 and "method not found" in wording:  # any other 404 is about the token
        return ErrorKind.CONTENT
    if 400 <= status < 500 and _FORBIDS.search(wording):
        return ErrorKind.FORBIDDEN
    if status in BY_STATUS:
        return BY_STATUS[status]
    if not 400 <= status < 500:
        return ErrorKind.RETRY
    for part, found in BY_DESCRIPTION:
        if part in wording:
            return found
    return ErrorKind.CONTENT
