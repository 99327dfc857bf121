"""The errors of a call, all of them subclasses of python-telegram-bot's.

Handlers written for those catch these too. Their texts contain no URLs, since a URL contains the
token.
"""

import math

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
    """The call is to be made later: it was answered with a 429, or not made as it must wait.

    Attributes:
        seconds: how long to wait.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Too many requests: wait {math.ceil(seconds)} s")
        self.seconds = seconds
