"""Who may ask for what: the filters that stand before every handler."""

from __future__ import annotations

from telegram import CallbackQuery, Chat, Message, Update, User
from telegram.constants import ChatType
from telegram.ext import BaseHandler, filters

from .context import Context


def own_chat(update: Update) -> tuple[User, Chat] | None:
    """Who did something in their own private chat with the bot, and that chat; else None.

    Its number is the person's. Whatever happens anywhere else is nobody's own: a consent would
    be stored with the number of a group, and what is sent to its signer would go there.
    """
    user, chat = update.effective_user, update.effective_chat
    if user is None or chat is None or chat.type != ChatType.PRIVATE or chat.id != user.id:
        return None
    return user, chat


class InOwnChat(filters.UpdateFilter):
    """Lets through what a person wrote in their own private chat with the bot."""

    def filter(self, update: Update) -> bool:
        """Whether it was written there."""
        return own_chat(update) is not None


class TapElsewhere(BaseHandler[Update, Context, None]):
    """Takes every tap that was not made in a person's own private chat."""

    def check_update(self, update: object) -> bool:
        """Whether it is such a tap; one under an inline message has no chat at all."""
        if not isinstance(update, Update) or update.callback_query is None:
            return False
        return own_chat(update) is None


PRIVATE_MESSAGE = InOwnChat() & filters.UpdateType.MESSAGE
PRIVATE_EDIT = InOwnChat() & filters.UpdateType.EDITED_MESSAGE
GROUP_MESSAGE = filters.ChatType.GROUPS & filters.UpdateType.MESSAGE


class AdminCommandFilter(filters.MessageFilter):
    """Lets through what an admin wrote with their own hand.

    Only the numeric id counts. A forwarded order, one sent through another bot or on behalf of
    a channel, was not typed by the admin here and now.
    """

    def __init__(self, admins: frozenset[int]) -> None:
        super().__init__(name="AdminCommandFilter")
        self._admins = admins

    def filter(self, message: Message) -> bool:
        """Whether the message is an admin's own."""
        if message.from_user is None or message.from_user.id not in self._admins:
            return False
        return not (message.forward_origin or message.via_bot or message.sender_chat)


class AdminContentFilter(filters.MessageFilter):
    """Lets through whatever an admin sent, forwarded messages too: content, and no order."""

    def __init__(self, admins: frozenset[int]) -> None:
        super().__init__(name="AdminContentFilter")
        self._admins = admins

    def filter(self, message: Message) -> bool:
        """Whether an admin sent the message."""
        return message.from_user is not None and message.from_user.id in self._admins


def is_admin_tap(update: Update, admins: frozenset[int]) -> bool:
    """Whether an admin tapped under a message that is still there.

    What a message said that is gone cannot be told any more, so nothing under it is an order.
    """
    query = update.callback_query
    return query is not None and query.from_user.id in admins and is_there(query)


def is_there(query: CallbackQuery) -> bool:
    """Whether the tapped message can still be seen by the bot."""
    return query.message is not None and query.message.is_accessible
