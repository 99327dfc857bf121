"""Who may ask for what: the filters that stand before every handler."""

from __future__ import annotations

from telegram import Message, Update
from telegram.ext import filters

PRIVATE_MESSAGE = filters.ChatType.PRIVATE & filters.UpdateType.MESSAGE
PRIVATE_EDIT = filters.ChatType.PRIVATE & filters.UpdateType.EDITED_MESSAGE
GROUP_MESSAGE = filters.ChatType.GROUPS & filters.UpdateType.MESSAGE


class FromAdmin(filters.MessageFilter):
    """Lets through what an admin wrote with their own hand.

    Only the numeric id counts. A forwarded order, one sent through another bot or on behalf of
    a channel, was not typed by the admin here and now.
    """

    def __init__(self, admins: frozenset[int]) -> None:
        super().__init__(name="FromAdmin")
        self._admins = admins

    def filter(self, message: Message) -> bool:
        """Whether the message is an admin's own."""
        if message.from_user is None or message.from_user.id not in self._admins:
            return False
        return not (message.forward_origin or message.via_bot or message.sender_chat)


class ByAdmin(filters.MessageFilter):
    """Lets through whatever an admin sent, forwarded messages too: content, and no order."""

    def __init__(self, admins: frozenset[int]) -> None:
        super().__init__(name="ByAdmin")
        self._admins = admins

    def filter(self, message: Message) -> bool:
        """Whether an admin sent the message."""
        return message.from_user is not None and message.from_user.id in self._admins


def is_admin_tap(update: Update, admins: frozenset[int]) -> bool:
    """Whether an admin tapped, in their own private chat with the bot."""
    query = update.callback_query
    if query is None or query.from_user.id not in admins or query.message is None:
        return False
    return query.message.chat.id == query.from_user.id
