"""The filters of the handlers: private chats, admins, and taps made elsewhere."""

from collections.abc import Callable, Coroutine
from typing import Any

from telegram import CallbackQuery, Chat, Update, User
from telegram.constants import ChatType
from telegram.ext import BaseHandler, filters

from handlers.context import Context
from handlers.screens.buttons import AdminTap, read_tap

HandlerCallback = Callable[[Update, Context], Coroutine[Any, Any, None]]


def own_chat(update: Update) -> tuple[User, Chat] | None:
    """Returns the person and their private chat with the bot; None for any other update.

    The chat's id equals the person's. A consent given anywhere else would be stored with the id
    of a group, and messages to its signer would go there.
    """
    user, chat = update.effective_user, update.effective_chat
    if user is None or chat is None or chat.type != ChatType.PRIVATE or chat.id != user.id:
        return None
    return user, chat


class InOwnChat(filters.UpdateFilter):
    """Accepts updates from a person's own private chat with the bot."""

    def filter(self, update: Update) -> bool:
        """Whether the update comes from such a chat."""
        return own_chat(update) is not None


class TapElsewhere(BaseHandler[Update, Context, None]):
    """Handles every tap that was not made in a person's own private chat."""

    def check_update(self, update: object) -> bool:
        """Whether it is such a tap; a tap under an inline message has no chat."""
        if not isinstance(update, Update) or update.callback_query is None:
            return False
        return own_chat(update) is None


class AdminTapHandler(BaseHandler[Update, Context, None]):
    """Handles an admin's taps on admins' buttons; anyone else's are a supporter's taps.

    A tap under an inaccessible message is never carried out: what it said is unknown.
    """

    def __init__(self, admins: frozenset[int], callback: HandlerCallback) -> None:
        super().__init__(callback)
        self._admins = admins

    def check_update(self, update: object) -> bool:
        """Whether it is such a tap."""
        query = update.callback_query if isinstance(update, Update) else None
        if query is None or query.from_user.id not in self._admins or not is_there(query):
            return False
        return isinstance(read_tap(query.data), AdminTap)


PRIVATE_MESSAGE = InOwnChat() & filters.UpdateType.MESSAGE
PRIVATE_EDIT = InOwnChat() & filters.UpdateType.EDITED_MESSAGE
GROUP_MESSAGE = filters.ChatType.GROUPS & filters.UpdateType.MESSAGE


# Not what somebody else wrote first, or what was sent through another bot or for a channel: nobody
# typed that as a command to this bot.
TYPED = ~filters.FORWARDED & ~filters.VIA_BOT & ~filters.SenderChat.ALL


def is_there(query: CallbackQuery) -> bool:
    """Whether the tapped message is still accessible to the bot."""
    return query.message is not None and query.message.is_accessible
