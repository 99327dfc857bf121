"""Handles taps on the buttons of the conversation message."""

from collections.abc import Awaitable, Callable, Mapping

from bot.petition.stages import Action, allowed
from handlers import my_data, opt_out, signing
from handlers.screens.buttons import SupporterTap, read_tap
from handlers.supporter_context import SupporterContext
from handlers.update_filters import is_there
from storage.broadcast_types import Kind

Effect = Callable[[SupporterContext, SupporterTap], Awaitable[None]]

_EFFECTS: Mapping[Action, Effect] = {
    Action.PROFILE_NAME: lambda ctx, _tap: signing.use_profile_name(ctx),
    Action.UPDATES: lambda ctx, _tap: signing.choose(ctx, updates=not ctx.conversation.updates),
    Action.NEWS: lambda ctx, _tap: signing.choose(ctx, news=not ctx.conversation.news),
    Action.WITH_NAME: lambda ctx, _tap: signing.choose_name(ctx, with_name=True),
    Action.WITHOUT_NAME: lambda ctx, _tap: signing.choose_name(ctx, with_name=False),
    Action.CONFIRM: lambda ctx, tap: signing.confirm(ctx, tap.argument),
    Action.SET_LANGUAGE: lambda ctx, tap: _set_language(ctx, tap.argument),
    Action.DATA_FILE: lambda ctx, _tap: my_data.send_file(ctx),
    Action.RECEIPT: lambda ctx, _tap: my_data.send_receipt(ctx),
    Action.ACCEPT_TEXTS: lambda ctx, tap: my_data.accept_texts(ctx, tap.argument),
    Action.KEEP_TEXTS: lambda ctx, _tap: my_data.keep_texts(ctx),
    Action.ASK_NAME_CONSENT: lambda ctx, _tap: my_data.ask_name_consent(ctx),
    Action.GIVE_NAME: lambda ctx, tap: my_data.give_name(ctx, tap.argument),
    Action.REMOVE_NAME: lambda ctx, _tap: my_data.remove_name(ctx),
    Action.ERASE: lambda ctx, _tap: opt_out.withdraw(ctx),
    Action.LETTER_CODE: lambda ctx, _tap: my_data.show_code(ctx),
    Action.RESTRICT: lambda ctx, _tap: opt_out.restrict(ctx),
    Action.LIFT: lambda ctx, _tap: opt_out.lift(ctx),
    Action.REFUSE_UPDATES: lambda ctx, _tap: opt_out.refuse(ctx, Kind.UPDATE),
    Action.REFUSE_NEWS: lambda ctx, _tap: opt_out.refuse(ctx, Kind.NEWS),
    Action.MUTE: lambda ctx, _tap: opt_out.mute(ctx),
    Action.UNMUTE: lambda ctx, _tap: opt_out.unmute(ctx),
}


# These create a file or a row, or ask for what will; the others only change an existing row.
_COUNTED = frozenset(
    {
        *(Action.DATA_FILE, Action.CONFIRM, Action.CORRECT_NAME, Action.LETTER_CODE),
        *(Action.ASK_NAME_CONSENT, Action.RECEIPT),
    }
)


async def tapped(ctx: SupporterContext) -> None:
    """Carries out a tap if its button belongs to the person's current screen.

    A stale, replayed or forged button changes nothing; the current screen is shown.
    """
    ctx = ctx.at_valid_stage()
    tap = read_tap(ctx.query.data if ctx.query else None)
    if not isinstance(tap, SupporterTap) or not _belongs(tap, ctx):
        await ctx.save_and_show()
        return
    if tap.action in _COUNTED and not await ctx.is_tap_within_budget(tap.action):
        return
    if tap.action in _EFFECTS:
        await _EFFECTS[tap.action](ctx, tap)
    else:
        await ctx.after(tap.action, page=tap.page).save_and_show()


async def _set_language(ctx: SupporterContext, language: str) -> None:
    """Stores the language and returns to the screen before; ignores an unknown language.

    After the very first question the petition comes as a new message, below its picture.
    """
    if language not in ctx.services.petition.languages:
        await ctx.show()
        return
    back = ctx.after(Action.SET_LANGUAGE)
    await back.with_stage(back.view.place, language=language).save()
    await ctx.reload_and_show(at_bottom=ctx.conversation.language is None)


def _belongs(tap: SupporterTap, ctx: SupporterContext) -> bool:
    if ctx.query is None or not is_there(ctx.query):
        return False  # what an inaccessible message showed is unknown
    return tap.version == ctx.conversation.version and allowed(tap.action, ctx.view.place)
