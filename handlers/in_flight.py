"""What a broadcast is sending to somebody in the moment in which they say no."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final

from bot.text.markup import Html
from bot.text.translations import Words, mark
from storage import Unavailable

from .supporter_context import SupporterContext

# As long as a person is let wait for anything else.
_LONGEST_SECONDS: Final = 3.0
_MAY_ARRIVE: Final = mark("Un mensaje nuestro ya iba de camino: puede que todavía te llegue.")


async def forbid(visit: SupporterContext, change: Awaitable[object]) -> bool:
    """Awaits a change after which less may be sent to this chat, and makes it hold at once.

    Nothing that it forbids leaves afterwards, and what had left by then has ended, so it can be
    confirmed.

    Returns:
        False when something that had left before has not ended in time and may still arrive.
    """
    try:
        await change
    except Unavailable:
        # It may be done though its answer was lost, and then is not done again.
        await _void(visit)
        raise
    return await _void(visit)


def may_arrive(words: Words) -> Html:
    """Says what is true when a message that had left has not ended in time."""
    return words.text(_MAY_ARRIVE)


def may_arrive_label(words: Words) -> str:
    """Says the same without markup."""
    return words.label(_MAY_ARRIVE)


async def _void(visit: SupporterContext) -> bool:
    claims = visit.services.open_claims
    claims.make_void(visit.chat_id)
    return await claims.until_landed(visit.chat_id, _LONGEST_SECONDS)
