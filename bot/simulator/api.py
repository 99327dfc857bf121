"""What every method of the simulated Bot API works on, and whom it may reach."""

from dataclasses import dataclass

from bot.simulator.chats import Chat
from bot.simulator.errors import bad_request, forbidden
from bot.simulator.rate_limits import RateLimits
from bot.simulator.webhook import Webhook
from bot.simulator.world import World


@dataclass(slots=True)
class Api:
    """The state behind the methods; `query_seconds` is how long a tap can be answered.

    Telegram does not say how long that is; half a minute is on the short side of what is seen.
    """

    world: World
    limits: RateLimits
    webhook: Webhook
    query_seconds: float = 30.0

    def chat(self, chat_id: int | str) -> Chat:
        """A chat the bot can look into.

        Raises:
            Refused: there is no such chat for this bot.
        """
        chat = self.world.find(chat_id)
        if chat is not None and (chat.person is None or chat.person.started):
            return chat
        person = self.world.people.get(chat_id) if isinstance(chat_id, int) else None
        if person is not None and person.met:
            raise forbidden("bot can't initiate conversation with a user")
        raise bad_request("chat not found")

    def open_chat(self, chat_id: int | str) -> Chat:
        """A chat that takes what the bot sends.

        Raises:
            Refused: there is no such chat, or nobody there wants to hear from the bot.
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
