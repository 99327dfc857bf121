"""Telegram's errors sorted by what is to be done about them: the one visible table.

A new wording of Telegram's gets a line in `BY_DESCRIPTION` and in its test.
"""

from enum import Enum, auto

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.transport.errors import NotSent, RateLimited, ResponseLost, TelegramRefused, TokenRejected

__all__ = ["ErrorKind", "TelegramRefused", "error_kind", "seconds_to_wait", "stays_for_good"]


class ErrorKind(Enum):
    """What the caller does next."""

    WAIT = auto()
    """429: wait `seconds_to_wait`, then send it again."""
    RETRY = auto()
    """Surely not delivered: send it again after a moment."""
    UNKNOWN = auto()
    """It may have been delivered: never send it again unseen."""
    UNREACHABLE = auto()
    """This chat cannot be written to: blocked, deactivated, never started, gone."""
    UNCHANGED = auto()
    """The message already looks like that."""
    GONE = auto()
    """The message to edit or delete is not there, or may not be touched any more."""
    EXPIRED = auto()
    """The tap is too old to be answered."""
    CONTENT = auto()
    """What we send is wrong, whoever it goes to."""
    CONFLICT = auto()
    """Somebody else reads this bot's updates."""
    UNAUTHORISED = auto()
    """The token is not valid."""


# Searched for in the lower-case description of a 400, in this order.
BY_DESCRIPTION: tuple[tuple[str, ErrorKind], ...] = (
    ("message is not modified", ErrorKind.UNCHANGED),
    ("message to edit not found", ErrorKind.GONE),
    ("message can't be edited", ErrorKind.GONE),
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
    ("upgraded to a supergroup", ErrorKind.UNREACHABLE),
)

BY_STATUS: dict[int, ErrorKind] = {
    401: ErrorKind.UNAUTHORISED,
    403: ErrorKind.UNREACHABLE,
    404: ErrorKind.UNAUTHORISED,
    409: ErrorKind.CONFLICT,
    429: ErrorKind.WAIT,
    504: ErrorKind.UNKNOWN,  # a gateway gave up waiting; what stands behind it may have done it
}

# The first class that fits decides, so a subclass stands before its base.
BY_KIND: tuple[tuple[type[BaseException], ErrorKind], ...] = (
    (RetryAfter, ErrorKind.WAIT),
    (NotSent, ErrorKind.RETRY),
    (ResponseLost, ErrorKind.UNKNOWN),
    (TimedOut, ErrorKind.UNKNOWN),
    (Forbidden, ErrorKind.UNREACHABLE),
    (ChatMigrated, ErrorKind.UNREACHABLE),
    (Conflict, ErrorKind.CONFLICT),
    (TokenRejected, ErrorKind.UNAUTHORISED),
    (InvalidToken, ErrorKind.UNAUTHORISED),
    (EndPointNotFound, ErrorKind.CONTENT),
    (NetworkError, ErrorKind.RETRY),  # what python-telegram-bot makes of a 5xx
    (TelegramError, ErrorKind.CONTENT),
)


def error_kind(error: BaseException) -> ErrorKind:
    """Sorts an error of the Bot's methods or of a raw call.

    Raises:
        TypeError: the error does not come from Telegram, so it is a bug of ours.
    """
    if isinstance(error, TelegramRefused):
        return _of_answer(error.status, error.description)
    if isinstance(error, BadRequest):
        return _of_answer(400, error.message)
    for kind, found in BY_KIND:
        if isinstance(error, kind):
            return found
    raise TypeError(f"{type(error).__name__} is not an error of Telegram's")


def seconds_to_wait(error: BaseException) -> float:
    """How long Telegram asked us to wait; 0 for an error that is not a 429."""
    if isinstance(error, RateLimited):
        return error.seconds
    if isinstance(error, TelegramRefused):
        return error.retry_after or 0.0
    return 0.0


def stays_for_good(error: TelegramError) -> bool:
    """Whether a message was not deleted because it is too old: it is there, and remains."""
    return "message can't be deleted" in error.message.lower()


def _of_answer(status: int, description: str) -> ErrorKind:
    if status in BY_STATUS:
        return BY_STATUS[status]
    if not 400 <= status < 500:
        return ErrorKind.RETRY
    wording = description.lower()
    for part, found in BY_DESCRIPTION:
        if part in wording:
            return found
    return ErrorKind.CONTENT
