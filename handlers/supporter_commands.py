"""The supporters' commands. Each shows a screen as the newest message of the chat."""

from __future__ import annotations

import re

from telegram import Update

from bot.petition.stages import Action, Place

from . import signing
from .bot_profile import offer_menu
from .context import Context
from .supporter_context import SupporterContext, open_command

# Telegram's rule for the payload of a start link: https://core.telegram.org/bots/features
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")


async def start(update: Update, context: Context) -> None:
    """Handles /start: shows the petition, and stores the source tag of the link."""
    visit = await open_command(update, context)
    await offer_menu(visit.bot, visit.services, visit.user.id, visit.view.words)
    visit = visit.with_stage(
        Place(), source=_source(visit, context.args or []), language=_language(visit)
    )
    await visit.at_valid_stage().say()


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
    visit = await open_command(update, context)
    if visit.view.signature is None:
        words = visit.view.words
        # Going to the home screen also erases a typed name that was not signed with.
        await visit.with_stage(Place()).say(words.text("No has firmado: no hay nada que retirar."))
        return
    await visit.going(Action.WITHDRAW).say()


async def cancel(update: Update, context: Context) -> None:
    """Handles /cancel: leaves the signing form."""
    await signing.cancel((await open_command(update, context)).at_valid_stage())


async def _go(update: Update, context: Context, action: Action) -> None:
    visit = (await open_command(update, context)).at_valid_stage()
    await visit.going(action).say()


def _language(visit: SupporterContext) -> str | None:
    """Returns the language the person chose, or that of their Telegram if the petition has it.

    For a language that the petition lacks, None is stored: it may be added one day.
    """
    known, language = visit.conversation.language, visit.view.language
    spoken = (visit.user.language_code or "").lower()
    return known or (language if spoken.startswith(language) else None)


def _source(visit: SupporterContext, arguments: list[str]) -> str | None:
    """Returns the source tag: the first one stays, and text that may be a name is not one."""
    known = visit.conversation.source
    if known is not None or visit.view.signature is not None:
        return known
    if visit.message is not None and visit.message.message_id in visit.conversation.typed:
        return None
    payload = arguments[0] if len(arguments) == 1 else ""
    return payload if _PAYLOAD.fullmatch(payload) else None
