"""The state around one bot: its chats, updates, files and profile; waiting until it is done."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from itertools import count

from simulator.bot_profile import Profile
from simulator.chats import Account, Chat, Network, Shape, User
from simulator.errors import SimulatorError, bad_request, forbidden
from simulator.files import Files
from simulator.rate_limits import RateLimits, Stars
from simulator.taps import Tap
from simulator.update_queue import UpdateQueue
from simulator.webhook import Webhook

_SUPERGROUP = -1_000_000_000_000


class State(Network):
    """Everything around one bot that people and the Bot API act on."""

    def __init__(
        self, bot: User, clock: Callable[[], float], people: Mapping[int, Account]
    ) -> None:
        super().__init__(clock, people)
        self.bot = bot
        self.chats: dict[int, Chat] = {}
        """The chats the bot can know of, by number."""
        self.updates = UpdateQueue(clock)
        self.webhook = Webhook(self.updates)
        self.files = Files()
        self.profile = Profile()
        self.stars = Stars()
        self.limits = RateLimits(clock)
        self.taps: dict[str, Tap] = {}
        """Taps the bot has not answered, by the id of their callback query."""
        self.query_ids = map(str, count(4_400_000_000_000_000_001))
        """New identifiers for callback queries."""
        self.album_ids = map(str, count(13_500_000_000_000_001))
        """New identifiers for albums."""
        self.calls_in_flight = 0
        self._group_ids = count(2_000_000_001)

    def group(
        self,
        title: str,
        *,
        members: Iterable[Account] = (),
        kind: str = "supergroup",
    ) -> Chat:
        """Adds a group with the bot in it, whom the first member added; it has seen them all."""
        chat_id = (_SUPERGROUP if kind == "supergroup" else 0) - next(self._group_ids)
        chat = self.chats[chat_id] = Chat(self, chat_id, kind, title=title)
        for number, member in enumerate(members):
            member.met = True
            if number == 0:
                self.membership(chat, member.user, "left", "member")
        return chat

    def known_chat(self, chat_id: int) -> Chat:
        """Returns a chat that the bot can read; refuses one that it does not know."""
        chat = self.chats.get(chat_id)
        if chat is not None and (chat.person is None or chat.person.started):
            return chat
        person = self.people.get(chat_id)
        if person is not None and person.met:
            raise forbidden("bot can't initiate conversation with a user")
        raise bad_request("chat not found")

    def open_chat(self, chat_id: int) -> Chat:
        """Returns a chat to which the bot may send; refuses one that does not let it."""
        chat = self.known_chat(chat_id)
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

    def membership(self, chat: Chat, by: User, old: str, new: str) -> None:
        """Sets the bot's membership in a chat and sends the bot an update about it."""
        chat.bot_status = new
        body = {
            "chat": chat.shape(),
            "from": by.shape(),
            "date": self.now(),
            "old_chat_member": self._member(old),
            "new_chat_member": self._member(new),
        }
        self.updates.add("my_chat_member", chat.id, body)
        self.publish("member", chat, None, {"status": new})

    def _member(self, status: str) -> Shape:
        shape = {"user": self.bot.shape(), "status": status}
        return shape | ({"until_date": 0} if status == "kicked" else {})

    async def idle(self, seconds: float = 20) -> None:
        """Waits until nothing is pending and no call runs; raises `SimulatorError` if in vain."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not await self._is_idle(deadline - loop.time()):
            if loop.time() >= deadline:
                raise SimulatorError(
                    f"not idle after {seconds} s: {len(self.updates.pending)} updates are not"
                    f" acknowledged, {self.calls_in_flight} calls are under way"
                )

    async def _is_idle(self, seconds: float) -> bool:
        if not await self.updates.acknowledged(seconds):
            return False
        await self.notifier.wait_for(lambda: not self.calls_in_flight, seconds)
        before = self.event_count
        # A bot may acknowledge an update before it acts on it.
        await asyncio.sleep(0.02)
        busy = self.calls_in_flight or self.updates.pending
        return not busy and before == self.event_count
