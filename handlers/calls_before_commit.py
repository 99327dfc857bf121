"""Calls of Telegram that precede a change: when they fail, the change is not made."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from telegram.error import TelegramError

from bot.text.translations import mark
from bot.transport.error_kinds import ErrorKind, error_kind, seconds_to_wait
from handlers.delayed_replies import LONGEST_WAIT, PASSING, Answer

NOTHING_DONE = mark(
    "⚠️ Telegram no respondía y no hemos podido terminar lo que has pedido: no se ha aprobado "
    "nada ni se ha enviado nada a quienes firmaron. Inténtalo otra vez, por favor."
)

# The longest wait, in seconds, after which, even a few times, the admin is still there.
_SOON = 20.0
_MOST_WAITS = 3


class NothingDone(Exception):
    """A call of Telegram failed that precedes a change; nothing was changed."""


@asynccontextmanager
async def before_commit() -> AsyncIterator[None]:
    """Raises `NothingDone` on a passing failure of Telegram, or after `LONGEST_WAIT`.

    Use it around calls of Telegram only: a write to the database could be cut off halfway.
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


def unrepeated(answer: Answer, otherwise: Answer) -> Answer:
    """Returns a reply that is not repeated once it has failed; an apology is sent instead.

    Only a few short waits that Telegram asks for are waited out. The reply may be partly sent:
    for example one of a preview's three languages. `otherwise` says that it was not finished; it
    is repeated until it succeeds.
    """
    waits, has_failed = 0, False

    async def reply() -> None:
        nonlocal waits, has_failed
        if has_failed:
            await otherwise()
            return
        # Set before the try, so that a cancelled one counts as failed.
        has_failed = True
        try:
            await answer()
        except TelegramError as error:
            waits += 1
            is_short = error_kind(error) is ErrorKind.WAIT and seconds_to_wait(error) <= _SOON
            has_failed = not is_short or waits > _MOST_WAITS
            raise

    return reply
