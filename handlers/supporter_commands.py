"""The supporters' commands. Each shows a screen as the newest message of the chat."""

import re
from collections.abc import Awaitable, Callable

from bot.petition.stages import Action, Place, Stage
from bot.setup.admin_code import is_admin_code
from handlers import signing
from handlers.bot_profile import offer_menu
from handlers.supporter_context import SupporterContext
from storage.audit import add_audit

# Telegram's rule for the payload of a start link: https://core.telegram.org/bots/features
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")


async def start(ctx: SupporterContext) -> None:
    """Handles /start: shows the petition, and stores the source tag of the link."""
    await offer_menu(ctx.services, ctx.user.id, ctx.words)
    language = _language(ctx)
    place = Place(Stage.LANGUAGE) if language is None and _may_prefer_another(ctx) else Place()
    ctx = ctx.with_stage(place, source=_source(ctx), language=language)
    await ctx.at_valid_stage().say()


def opens(action: Action) -> Callable[[SupporterContext], Awaitable[None]]:
    """Returns the handler of a command that only opens a screen."""

    async def handle(ctx: SupporterContext) -> None:
        await ctx.at_valid_stage().after(action).say()

    return handle


async def my_data(ctx: SupporterContext) -> None:
    """Handles /mydata: shows everything stored of the person; recorded in the audit."""
    await ctx.storage.write(add_audit, "my_data", actor=None, at=ctx.now)
    await ctx.at_valid_stage().after(Action.MY_DATA).say()


async def withdraw(ctx: SupporterContext) -> None:
    """Handles /withdraw: asks whether to withdraw the signature."""
    if ctx.view.signature is None:
        said = ctx.words.text(
            "No has firmado: no hay nada que retirar."
            if ctx.view.petition_state.erased_at is None
            else "No guardamos ninguna firma tuya: no hay nada que retirar."
        )
        # Going to the home screen also erases a typed name that was not signed with.
        await ctx.with_stage(Place()).say(said)
        return
    await ctx.after(Action.WITHDRAW).say()


async def cancel(ctx: SupporterContext) -> None:
    """Handles /cancel: leaves the signing form."""
    await signing.cancel(ctx.at_valid_stage())


def _language(ctx: SupporterContext) -> str | None:
    """Returns the language the person chose, or that of their Telegram if the petition has it.

    For a language that the petition lacks, None is stored: it may be added one day.
    """
    known, language = ctx.conversation.language, ctx.view.language
    spoken = (ctx.user.language_code or "").lower()
    return known or (language if spoken.startswith(language) else None)


def _may_prefer_another(ctx: SupporterContext) -> bool:
    """Returns whether to ask somebody who comes for the first time which language they prefer.

    That is, whose Telegram is in a language that the petition lacks. Asked once, at the first
    contact, so that people who pass over it are not asked again.
    """
    is_first, spoken = not ctx.was, ctx.user.language_code
    return is_first and bool(spoken) and len(ctx.view.petition.languages) > 1


def _source(ctx: SupporterContext) -> str | None:
    """Returns the source tag: the first one stays, and text that may be a name is not one.

    Nor is the code of `petition-bot init`, which comes here if it was not the oldest update.
    """
    known = ctx.conversation.source
    if known is not None or ctx.view.signature is not None:
        return known
    if ctx.message is not None and ctx.message.message_id in ctx.conversation.name_message_ids:
        return None
    payload = ctx.after_command.strip()
    return payload if _PAYLOAD.fullmatch(payload) and not is_admin_code(payload) else None
