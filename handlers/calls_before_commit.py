"""Calls of Telegram that stand before a deed: when they fail, it is left undone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from telegram.error import TelegramError

from bot.text.translations import mark
from bot.transport.error_kinds import ErrorKind, error_kind, seconds_to_wait

from .delayed_replies import LONGEST_WAIT, PASSING, Answer

NOTHING_DONE: Final = mark(
    "⚠️ Telegram no respondía y no hemos podido terminar lo que has pedido: no se ha aprobado "
    "nada ni se ha enviado nada a quienes firmaron. Inténtalo otra vez, por favor."
)

# Whoever asked is still there after so many seconds, and a few times of them.
_SOON: Final = 20.0
_MOST_WAITS: Final = 3


class NothingDone(Exception):
    """Telegram did not answer what has to be known before the deed, which was left undone."""


@asynccontextmanager
async def before_the_deed() -> AsyncIterator[None]:
    """Makes `NothingDone` of a failure that passes, and waits no longer than for an answer.

    Only calls of Telegram belong into it: what is cut off in it must leave nothing half stored.
    """
    try:
        async with asyncio.timeout(LONGEST_WAIT):
            yield
    except TimeoutError as error:
        raise NothingDone from error
    except TelegramError as error:
        if error_kind(error) not in PASSING:
            raise
        raise NothingDone from error


@dataclass(slots=True)
class NowOrNever:
    """An answer that is not made any more once it has failed: then that is said instead.

    What Telegram only lets wait for a moment is made after it. Some of it may have been: of a
    preview in three languages, one may stand in the admin's chat.

    Attributes:
        make: makes it.
        otherwise: says that it was not made, until that is heard.
    """

    make: Answer
    otherwise: Answer
    _waits: int = 0
    _has_failed: bool = False

    async def __call__(self) -> None:
        """Makes it, or says that it was not made."""
        if self._has_failed:
            await self.otherwise()
            return
        # Until it has gone well: what is cut off has failed too.
        self._has_failed = True
        try:
            await self.make()
        except TelegramError as error:
            self._waits += 1
            is_short = error_kind(error) is ErrorKind.WAIT and seconds_to_wait(error) <= _SOON
            self._has_failed = not is_short or self._waits > _MOST_WAITS
            raise
