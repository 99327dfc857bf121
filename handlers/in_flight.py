"""Stops deliveries that are about to leave when their recipient mutes or withdraws."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final

from bot.text.markup import Html
from bot.text.translations import Words, mark
from handlers.supporter_context import SupporterContext
from storage import Unavailable

# As long as an update waits for any reply.
_LONGEST_SECONDS: Final = 3.0
_MAY_ARRIVE: Final = mark("Un mensaje nuestro ya iba de camino: puede que todavía te llegue.")


async def forbid(ctx: SupporterContext, change: Awaitable[object]) -> bool:
    """Awaits a change after which less may be sent to this chat, and voids open claims on it.

    Nothing that the change forbids is sent afterwards.

    Returns:
        False when a message sent before has not ended in time and may still arrive.
    """
    try:
        await change
    except Unavailable:
        # The change may have been committed although the database's answer was lost.
        await _void(ctx)
        raise
    return await _void(ctx)


def may_arrive(words: Words) -> Html:
    """Returns the notice that a message already sent may still arrive, as HTML."""
    return words.text(_MAY_ARRIVE)


def may_arrive_label(words: Words) -> str:
    """Returns the notice of `may_arrive` as plain text."""
    return words.label(_MAY_ARRIVE)


async def _void(ctx: SupporterContext) -> bool:
    claims = ctx.services.open_claims
    claims.make_void(ctx.chat_id)
    return await claims.until_landed(ctx.chat_id, _LONGEST_SECONDS)
