"""The errors of a call, and the table that sorts them by what is to be done about them.

All are subclasses of python-telegram-bot's, so handlers written for those catch these too. Their
texts contain no URLs, since a URL contains the token. A new wording from Telegram goes into
`BY_ANSWER` and into its test.
"""

import math
import re
from enum import Enum, auto

from telegram.error import NetworkError, TelegramError

from bot.text.problems import Sentence
from bot.transport.lenient_json import first_update_id


class TelegramRefused(TelegramError):
    """Telegram answered a call with an error, which is no 429."""

    def __init__(self, status: int, description: str) -> None:
        super().__init__(description or f"status {status}")
        self.status = status
        self.description = description


class NotSent(NetworkError):
    """The call certainly had no effect: no connection, or an error that is not Telegram's.

    Attributes:
        reason: why there is no connection, so that somebody can mend it; None if it is not known.
    """

    def __init__(self, message: str, reason: Sentence | None = None) -> None:
        super().__init__(message)
        self.reason = reason


class ResponseLost(NetworkError):
    """The call was sent and no answer came back: it may have succeeded."""


class AnswerUnreadable(ResponseLost):
    """An answer came that cannot be read: too large, not JSON, or without a result.

    Attributes:
        update_id: the first update id in it. Nothing else is kept, since it contains people's
            words and perhaps the token.
    """

    def __init__(self, message: str, body: bytes = b"") -> None:
        super().__init__(message)
        self.update_id = first_update_id(body)


class RateLimited(TelegramError):
    """A call is to be made after `seconds`: it got a 429, or was not made as it must wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Too many requests: wait {math.ceil(seconds)} s")
        self.seconds = seconds


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


# Searched for, in this order, in the status and the lower-case description of an answer.
BY_ANSWER: tuple[tuple[str, ErrorKind], ...] = (
    ("^404 .*method not found", ErrorKind.CONTENT),  # any other 404 is about the token
    ("^4.* restricted receiving of", ErrorKind.FORBIDDEN),
    ("^4.*(voice_messages|chat_send_[a-z]+)_forbidden", ErrorKind.FORBIDDEN),
    ("^40[14]", ErrorKind.UNAUTHORISED),
    ("^403", ErrorKind.UNREACHABLE),
    ("^409", ErrorKind.CONFLICT),
    ("^504", ErrorKind.UNKNOWN),  # a gateway gave up waiting; the server may have done it
    ("^[^4]", ErrorKind.RETRY),
    ("message is not modified", ErrorKind.UNCHANGED),
    ("message to (edit|delete) not found", ErrorKind.GONE),
    ("message can't be (edited|deleted)", ErrorKind.GONE),
    ("there is no text in the message to edit", ErrorKind.GONE),
    ("message_id_invalid", ErrorKind.GONE),
    ("query (is too old|id is invalid)", ErrorKind.EXPIRED),
    ("(chat|user) not found", ErrorKind.UNREACHABLE),
    ("user is deactivated|input_user_deactivated", ErrorKind.UNREACHABLE),
    ("bot was (blocked|kicked)|user_is_blocked", ErrorKind.UNREACHABLE),
    ("peer_id_invalid|chat_restricted", ErrorKind.UNREACHABLE),
    ("rights to send|no write access|chat_write_forbidden", ErrorKind.UNREACHABLE),
    ("premium_required|allow_payment_required", ErrorKind.UNREACHABLE),
    ("upgraded to a supergroup", ErrorKind.UNREACHABLE),
)


def error_kind(error: BaseException) -> ErrorKind:
    """Returns the kind of an error of a call.

    Raises:
        TypeError: the error does not come from Telegram, so it is a bug.
    """
    match error:
        case TelegramRefused(status=status, description=description):
            answer = f"{status} {description.lower()}"
            found = (kind for pattern, kind in BY_ANSWER if re.search(pattern, answer))
            return next(found, ErrorKind.CONTENT)
        case RateLimited():
            return ErrorKind.WAIT
        case ResponseLost():
            return ErrorKind.UNKNOWN
        case NetworkError():  # as `NotSent` is
            return ErrorKind.RETRY
        case TelegramError():
            return ErrorKind.CONTENT
    raise TypeError(f"{type(error).__name__} is not an error from Telegram")


def seconds_to_wait(error: BaseException) -> float:
    """Returns how many seconds Telegram asks to wait; 0 for an error that does not say so."""
    return error.seconds if isinstance(error, RateLimited) else 0.0


def stays_for_good(error: TelegramError) -> bool:
    """Tells whether a message can't be deleted, as it is too old, or edited: it stays as it is."""
    return "message can't be " in error.message.lower()
