"""Applies the request limits: one sentence when exceeded, then silence until the minute ends."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, Final

from telegram import Update

from bot.text.translations import mark
from handlers.context import Context
from handlers.request_budget import Ration
from handlers.supporter_context import SupporterContext, open_command
from handlers.update_filters import own_chat

Handle = Callable[[Update, Context], Coroutine[Any, Any, None]]

_TOO_OFTEN: Final = mark(
    "Demasiado seguido: espera un minuto, por favor, y vuelve a intentarlo. /withdraw y /stop "
    "funcionan siempre."
)


def counted(command: str, handle: Handle) -> Handle:
    """Wraps a command's handler so that it runs only within the person's budget."""

    async def within_budget(update: Update, context: Context) -> None:
        here = own_chat(update)
        if here is None:
            raise ValueError("A command is counted in a person's own chat.")
        ration = context.services.spend(here[0].id, command, update)
        if ration is Ration.GRANTED:
            await handle(update, context)
            return
        ctx = (await open_command(update, context)).at_valid_stage()
        await (tell(ctx) if ration is Ration.TOLD else ctx.clear())

    return within_budget


async def tell(ctx: SupporterContext) -> None:
    """Says on the screen that it was too often."""
    await ctx.say(ctx.view.words.text(_TOO_OFTEN))


async def alert(ctx: SupporterContext) -> None:
    """Says in an alert window that it was too often; a tap is always answered."""
    await ctx.alert(ctx.view.words.label(_TOO_OFTEN))
    await replace(ctx, is_answered=True).show()
