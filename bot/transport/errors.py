"""What can happen to a call, besides the answers that python-telegram-bot has a name for.

They descend from python-telegram-bot's own errors, so a handler written for those
catches them too. Their texts name kinds only: an address carries the token.
"""

import datetime as dt
import math

from telegram.error import NetworkError, RetryAfter, TelegramError, TimedOut

from bot.transport.lenient_json import first_update_id


class TelegramRefused(Exception):
    """Telegram answered a raw call, and the answer was no."""

    def __init__(
        self,
        status: int,
        description: str,
        retry_after: float | None = None,
        migrate_to_chat_id: int | None = None,
    ) -> None:
        super().__init__(f"{status} {description}")
        self.status = status
        self.description = description
        self.retry_after = retry_after
        self.migrate_to_chat_id = migrate_to_chat_id


class NotSent(NetworkError):
    """The call surely had no effect: no connection, or a server that answers nothing useful."""


class ConnectTimedOut(NotSent, TimedOut):
    """No connection within the time; the call did not go out."""


class ResponseLost(NetworkError):
    """The call went out and its answer did not come back: it may have been done."""


class AnswerUnreadable(ResponseLost):
    """An answer came, and it is too large or no JSON.

    Attributes:
        update_id: the first that stands in it. Nothing else of it is kept, since people's words
            are in it, and the token may be.
    """

    def __init__(self, message: str, body: bytes = b"") -> None:
        super().__init__(message)
        self.update_id = first_update_id(body)


class AnswerLate(ResponseLost, TimedOut):
    """The call went out and the time ran out before its answer."""


class TokenRejected(TelegramError):
    """Telegram does not know the token, or not the method.

    It stands in for python-telegram-bot's `InvalidToken`, into whose text the library
    writes the token.
    """

    def __init__(self, method: str) -> None:
        super().__init__(f"Telegram rejected the token or the method {method}")


class RateLimited(RetryAfter):
    """Telegram asks for a pause that is longer than a person would wait for.

    Attributes:
        seconds: what is left of the pause.
    """

    def __init__(self, seconds: float) -> None:
        # Not RetryAfter's own: reading its attribute warns of a change of type to come.
        self.seconds = max(seconds, 0.0)
        self._retry_after = dt.timedelta(seconds=math.ceil(self.seconds))
        TelegramError.__init__(self, f"Too many requests: wait {math.ceil(self.seconds)} s")

    def __reduce__(self) -> tuple[type, tuple[float]]:  # type: ignore[override]
        return self.__class__, (self.seconds,)
