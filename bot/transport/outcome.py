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

from bot.transport.errors import (
    AnswerLost,
    Flooded,
    NotSent,
    TelegramRefused,
    TokenRejected,
)

__all__ = ["Remedy", "TelegramRefused", "remedy", "seconds_to_wait", "stays_for_good"]


class Remedy(Enum):
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
BY_DESCRIPTION: tuple[tuple[str, Remedy], ...] = (
    ("message is not modified", Remedy.UNCHANGED),
    ("message to edit not found", Remedy.GONE),
    ("message can't be edited", Remedy.GONE),
    ("message to delete not found", Remedy.GONE),
    ("message can't be deleted", Remedy.GONE),
    ("message_id_invalid", Remedy.GONE),
    ("query is too old", Remedy.EXPIRED),
    ("query id is invalid", Remedy.EXPIRED),
    ("chat not found", Remedy.UNREACHABLE),
    ("user not found", Remedy.UNREACHABLE),
    ("user is deactivated", Remedy.UNREACHABLE),
    ("bot was blocked", Remedy.UNREACHABLE),
    ("bot was kicked", Remedy.UNREACHABLE),
    ("peer_id_invalid", Remedy.UNREACHABLE),
    ("user_is_blocked", Remedy.UNREACHABLE),
    ("input_user_deactivated", Remedy.UNREACHABLE),
    ("chat_write_forbidden", Remedy.UNREACHABLE),
    ("rights to send", Remedy.UNREACHABLE),
    ("upgraded to a supergroup", Remedy.UNREACHABLE),
)

BY_STATUS: dict[int, Remedy] = {
    401: Remedy.UNAUTHORISED,
    403: Remedy.UNREACHABLE,
    404: Remedy.UNAUTHORISED,
    409: Remedy.CONFLICT,
    429: Remedy.WAIT,
    504: Remedy.UNKNOWN,  # a gateway gave up waiting; what stands behind it may have done it
}

# The first class that fits decides, so a subclass stands before its base.
BY_KIND: tuple[tuple[type[BaseException], Remedy], ...] = (
    (RetryAfter, Remedy.WAIT),
    (NotSent, Remedy.RETRY),
    (AnswerLost, Remedy.UNKNOWN),
    (TimedOut, Remedy.UNKNOWN),
    (Forbidden, Remedy.UNREACHABLE),
    (ChatMigrated, Remedy.UNREACHABLE),
    (Conflict, Remedy.CONFLICT),
    (TokenRejected, Remedy.UNAUTHORISED),
    (InvalidToken, Remedy.UNAUTHORISED),
    (EndPointNotFound, Remedy.CONTENT),
    (NetworkError, Remedy.RETRY),  # what python-telegram-bot makes of a 5xx
    (TelegramError, Remedy.CONTENT),
)


def remedy(error: BaseException) -> Remedy:
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
    if isinstance(error, Flooded):
        return error.seconds
    if isinstance(error, TelegramRefused):
        return error.retry_after or 0.0
    return 0.0


def stays_for_good(error: TelegramError) -> bool:
    """Whether a message was not deleted because it is too old: it is there, and remains."""
    return "message can't be deleted" in error.message.lower()


def _of_answer(status: int, description: str) -> Remedy:
    if status in BY_STATUS:
        return BY_STATUS[status]
    if not 400 <= status < 500:
        return Remedy.RETRY
    wording = description.lower()
    for part, found in BY_DESCRIPTION:
        if part in wording:
            return found
    return Remedy.CONTENT
