"""Handles taps on the buttons of the conversation message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from telegram import Update

from bot.petition.stages import Action, allowed
from handlers import change_language, mute, my_data, signing, too_often, withdrawal
from handlers.context import Context
from handlers.request_budget import Ration
from handlers.screens.buttons import SupporterTap, read_tap
from handlers.supporter_context import SupporterContext, open_supporter_context
from handlers.update_filters import is_there

Effect = Callable[[SupporterContext, SupporterTap], Awaitable[None]]

_EFFECTS: Mapping[Action, Effect] = MappingProxyType(
    {
        Action.PROFILE_NAME: lambda ctx, _tap: signing.use_profile_name(ctx),
        Action.NEWS: lambda ctx, _tap: signing.choose_news(ctx),
        Action.CONFIRM: lambda ctx, tap: signing.confirm(ctx, tap.argument),
        Action.SET_LANGUAGE: lambda ctx, tap: change_language.speak(ctx, tap.argument),
        Action.DATA_FILE: lambda ctx, _tap: my_data.send_file(ctx),
        Action.ERASE: lambda ctx, _tap: withdrawal.erase(ctx),
        Action.REFUSE_NEWS: lambda ctx, _tap: mute.refuse_news(ctx),
        Action.MUTE: lambda ctx, _tap: mute.mute(ctx),
        Action.UNMUTE: lambda ctx, _tap: mute.unmute(ctx),
    }
)


# These create a file or a row; the others only change an existing row.
_COUNTED = frozenset({Action.DATA_FILE, Action.CONFIRM})


async def tapped(update: Update, context: Context) -> None:
    """Carries out a tap if its button belongs to the person's current screen.

    A stale, replayed or forged button changes nothing; the current screen is shown.
    """
    ctx = (await open_supporter_context(update, context)).at_valid_stage()
    tap = read_tap(update.callback_query.data if update.callback_query else None)
    if not isinstance(tap, SupporterTap) or not _belongs(tap, ctx):
        await ctx.save()
        await ctx.show()
        return
    if tap.action in _COUNTED and not _is_granted(ctx, tap, update):
        await too_often.alert(ctx)
        return
    effect = _EFFECTS.get(tap.action)
    if effect is not None:
        await effect(ctx, tap)
        return
    ctx = ctx.going(tap.action, page=tap.page)
    await ctx.save()
    await ctx.show()


def _is_granted(ctx: SupporterContext, tap: SupporterTap, update: Update) -> bool:
    return ctx.services.spend(ctx.user.id, tap.action, update) is Ration.GRANTED


def _belongs(tap: SupporterTap, ctx: SupporterContext) -> bool:
    if ctx.query is None or not is_there(ctx.query):
        return False  # what an inaccessible message showed is unknown
    return tap.version == ctx.conversation.version and allowed(tap.action, ctx.view.place)
