"""Handles `my_chat_member` updates: a person blocked or unblocked the bot."""

from telegram import ChatMember, Update

from handlers.context import Context
from handlers.update_filters import own_chat
from storage.signatures import mark_unreachable


async def membership_changed(update: Update, context: Context) -> None:
    """Stores whether the person can be reached, which broadcasts check before they send.

    A person who comes back soon after the closing is then sent the closing update.
    """
    change = update.my_chat_member
    if change is None or own_chat(update) is None:
        return  # in a group the change says nothing about the person's own chat
    services = context.services
    supporter = services.reference(change.from_user.id)
    if change.new_chat_member.status == ChatMember.BANNED:
        await services.storage.write(mark_unreachable, supporter, services.clock())
        services.delayed_replies.drop(change.chat.id)
    else:
        await services.mark_reachable(supporter)
