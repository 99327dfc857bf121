"""The state that every method of the simulated Bot API works on, and its chat lookups."""

from dataclasses import dataclass

from bot.simulator.chats import Chat
from bot.simulator.errors import bad_request, forbidden
from bot.simulator.rate_limits import RateLimits
from bot.simulator.webhook import Webhook
from bot.simulator.world import World


@dataclass(slots=True)
class Api:
    """The state behind the methods; a tap can be answered for `query_seconds`.

    Telegram does not document that time; half a minute is at the short end of what is observed.
    """

    world: World
    limits: RateLimits
    webhook: Webhook
    query_seconds: float = 30.0

    def chat(self, chat_id: int | str) -> Chat:
        """Returns a chat that the bot can read.

        Raises:
            Refused: this bot knows no such chat.
        """
        chat = self.world.find(chat_id)
        if chat is not None and (chat.person is None or chat.person.started):
            return chat
        person = self.world.people.get(chat_id) if isinstance(chat_id, int) else None
        if person is not None and person.met:
            raise forbidden("bot can't initiate conversation with a user")
        raise bad_request("chat not found")

    def open_chat(self, chat_id: int | str) -> Chat:
        """Returns a chat to which the bot may send.

        Raises:
            Refused: there is no such chat, the person blocked the bot or deleted the account, or
                the bot is not in the group.
        """
        chat = self.chat(chat_id)
        if chat.person is not None:
            if chat.person.deactivated:
                raise forbidden("user is deactivated")
            if chat.person.blocked:
                raise forbidden("bot was blocked by the user")
        elif chat.bot_status == "kicked":
            raise forbidden(f"bot was kicked from the {chat.type} chat")
        elif chat.bot_status == "left":
            raise forbidden(f"bot is not a member of the {chat.type} chat")
        return chat
