"""A person blocked the bot, or let it back in: Telegram says so with `my_chat_member`."""

from __future__ import annotations

from telegram import ChatMember, Update

from .context import Context
from .update_filters import own_chat


async def changed(update: Update, context: Context) -> None:
    """Keeps whether the person can be reached, which the broadcast asks before it sends.

    Who comes back soon after the closing is told then how it ended.
    """
    change = update.my_chat_member
    if change is None or own_chat(update) is None:
        return  # in a group it says nothing about the person who changed it
    services = context.services
    supporter = services.keyring.reference(services.campaign.slug, change.from_user.id)
    signatures = services.storage.signatures
    if change.new_chat_member.status == ChatMember.BANNED:
        await signatures.mark_unreachable(supporter, services.clock())
        services.afterwards.drop(change.chat.id)
    elif await signatures.mark_reachable(supporter, services.clock()):
        services.wake_broadcast()
