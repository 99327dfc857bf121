"""Reads what a supporter's screens are drawn from."""

import asyncio

from telegram import User

from bot.petition.names import NameRefused, clean_name
from handlers.context import Bot, Services
from handlers.screens.supporter_view import View
from storage import Conversation


async def read_view(services: Services, bot: Bot, user: User, conversation: Conversation) -> View:
    """Returns everything that this person's screens are drawn from, as it is now."""
    storage = services.storage
    state, signature = await asyncio.gather(
        storage.petitions.state(), storage.signatures.get(conversation.supporter)
    )
    texts = await storage.closing_texts.published() if state.is_closed else ()
    handover = (
        await storage.handovers.known_to(conversation.supporter) if state.is_closed else None
    )
    # Asked only where it can be otherwise.
    any_left = state.erased_at is None or await storage.erasures.first_signed_at() is not None
    language = services.petition.language_for(conversation.language or user.language_code)
    return View(
        petition=services.petition,
        words=services.catalogs.words(language),
        words_in=services.catalogs.words,
        language=language,
        petition_state=state,
        conversation=conversation,
        signature=signature,
        profile_name=_profile_name(user),
        bot_username=bot.username,
        by_admin=user.id in services.admins,
        closing_texts=texts,
        handover=handover,
        any_left=any_left,
        today=services.today,
    )


def _profile_name(user: User) -> str | None:
    try:
        return clean_name(user.full_name)
    except NameRefused:
        return None
