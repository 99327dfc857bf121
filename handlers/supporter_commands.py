"""The supporters' commands. Each shows a screen as the newest message of the chat."""

from __future__ import annotations

import re

from telegram import Update

from bot.petition.stages import Action, Place
from handlers import signing
from handlers.bot_profile import offer_menu
from handlers.context import Context
from handlers.supporter_context import SupporterContext, open_command

# Telegram's rule for the payload of a start link: https://core.telegram.org/bots/features
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")


async def start(update: Update, context: Context) -> None:
    """Handles /start: shows the petition, and stores the source tag of the link."""
    ctx = await open_command(update, context)
    await offer_menu(ctx.bot, ctx.services, ctx.user.id, ctx.view.words)
    ctx = ctx.with_stage(Place(), source=_source(ctx, context.args or []), language=_language(ctx))
    await ctx.at_valid_stage().say()


async def help_(update: Update, context: Context) -> None:
    """Handles /help."""
    await _go(update, context, Action.HELP)


async def language(update: Update, context: Context) -> None:
    """Handles /language: offers the petition's languages."""
    await _go(update, context, Action.LANGUAGES)


async def privacy(update: Update, context: Context) -> None:
    """Handles /privacy, which Telegram requires of every bot: shows the full notice."""
    await _go(update, context, Action.PRIVACY)


async def my_data(update: Update, context: Context) -> None:
    """Handles /mydata: shows everything stored of the person; recorded in the audit."""
    services = context.services
    await services.storage.audit.record("my_data", actor=None, at=services.clock())
    await _go(update, context, Action.MY_DATA)


async def withdraw(update: Update, context: Context) -> None:
    """Handles /withdraw: asks whether to withdraw the signature."""
    ctx = await open_command(update, context)
    if ctx.view.signature is None:
        words = ctx.view.words
        # Going to the home screen also erases a typed name that was not signed with.
        await ctx.with_stage(Place()).say(words.text("No has firmado: no hay nada que retirar."))
        return
    await ctx.going(Action.WITHDRAW).say()


async def cancel(update: Update, context: Context) -> None:
    """Handles /cancel: leaves the signing form."""
    await signing.cancel((await open_command(update, context)).at_valid_stage())


async def _go(update: Update, context: Context, action: Action) -> None:
    ctx = (await open_command(update, context)).at_valid_stage()
    await ctx.going(action).say()


def _language(ctx: SupporterContext) -> str | None:
    """Returns the language the person chose, or that of their Telegram if the petition has it.

    For a language that the petition lacks, None is stored: it may be added one day.
    """
    known, language = ctx.conversation.language, ctx.view.language
    spoken = (ctx.user.language_code or "").lower()
    return known or (language if spoken.startswith(language) else None)


def _source(ctx: SupporterContext, arguments: list[str]) -> str | None:
    """Returns the source tag: the first one stays, and text that may be a name is not one."""
    known = ctx.conversation.source
    if known is not None or ctx.view.signature is not None:
        return known
    if ctx.message is not None and ctx.message.message_id in ctx.conversation.name_message_ids:
        return None
    payload = arguments[0] if len(arguments) == 1 else ""
    return payload if _PAYLOAD.fullmatch(payload) else None
