"""The world behind the simulator: people, chats, messages, and what the bot is told of them."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from bot.simulator.bot_profile import Profile
from bot.simulator.chats import Chat
from bot.simulator.delivery_tally import Arrivals
from bot.simulator.errors import SimulatorError
from bot.simulator.files import Files
from bot.simulator.messages import Media, Message, User
from bot.simulator.notifier import Notifier
from bot.simulator.person import Person
from bot.simulator.stars import Stars
from bot.simulator.taps import Tap
from bot.simulator.update_queue import Updates

_FIRST_PERSON = 6_100_000_001
_FIRST_GROUP = 2_000_000_001
_FIRST_ALBUM = 13_500_000_000_000_001
_FIRST_POLL = 5_000_000_000_000_000_001
_FIRST_QUERY = 4_400_000_000_000_000_001
_SUPERGROUP = -1_000_000_000_000


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened and that a page showing the chats would draw.

    `kind` is one of sent, edited, deleted, tapped, answered, action, pinned, member.
    """

    kind: str
    chat: Chat
    message: Message | None = None
    detail: Mapping[str, Any] | None = None


class World:
    """Everybody and everything one bot can meet; `clock` gives the time as a Unix time."""

    def __init__(self, bot: User, clock: Callable[[], float]) -> None:
        self.bot = bot
        self.clock = clock
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        """The chats the bot can know of, by number."""
        self.updates = Updates(clock)
        self.files = Files()
        self.profile = Profile()
        self.stars = Stars()
        self.arrivals = Arrivals(self.chats)
        self.taps: dict[str, Tap] = {}
        """Taps the bot has not answered, by the id of their callback query."""
        self.custom_emoji = True
        """Whether the bot may send them; if not, Telegram shows the plain emoji instead."""
        self.calls_in_flight = 0
        self.bell = Notifier()
        self._last_message = 0
        self._last_group = _FIRST_GROUP
        self._last_query = _FIRST_QUERY
        self._last_album = _FIRST_ALBUM
        self._last_poll = _FIRST_POLL
        self._happened = 0
        self._subscribers: set[asyncio.Queue[Event]] = set()

    def now(self) -> int:
        """The Unix time, in whole seconds as the Bot API tells it."""
        return int(self.clock())

    def next_message_id(self) -> int:
        """One row of numbers for all chats, as a bot sees it in private chats."""
        self._last_message += 1
        return self._last_message

    def next_query_id(self) -> str:
        """A number for a callback query, never used before."""
        self._last_query += 1
        return str(self._last_query)

    def next_album_id(self) -> str:
        """A number for an album, never used before."""
        self._last_album += 1
        return str(self._last_album)

    def anew(self, media: Media | None) -> Media | None:
        """What a new message with this content holds: every poll counts votes of its own."""
        if media is None or media.kind != "poll":
            return media
        self._last_poll += 1
        return replace(media, payload=media.payload | {"id": str(self._last_poll)})

    def person(
        self,
        first_name: str,
        *,
        last_name: str | None = None,
        username: str | None = None,
        language: str | None = "es",
        user_id: int | None = None,
        premium: bool = False,
    ) -> Person:
        """Somebody with an account, who has not written to the bot yet."""
        number = user_id or self._free_number()
        if number in self.people:
            raise SimulatorError(f"there is a person {number} already")
        user = User(number, first_name, last_name, username, language, is_premium=premium)
        person = Person(self, user)
        self.people[number] = person
        return person

    def _free_number(self) -> int:
        """The next number that nobody has, those who asked for theirs included."""
        number = _FIRST_PERSON + len(self.people)
        while number in self.people:
            number += 1
        return number

    def crowd(
        self, count: int, *, first_id: int | None = None, language: str | None = "es"
    ) -> list[Person]:
        """Many people who pressed Start long ago and whose chats are empty; nobody is told."""
        first = first_id or _FIRST_PERSON + len(self.people)
        people = [
            self.person("Persona", language=language, user_id=first + number)
            for number in range(count)
        ]
        for person in people:
            person.started = True
            self.chats[person.id] = person.chat
        return people

    def group(
        self,
        title: str,
        *,
        members: Iterable[Person] = (),
        kind: str = "supergroup",
        username: str | None = None,
    ) -> Chat:
        """A group with the bot in it; the first member has added the bot."""
        self._last_group += 1
        chat_id = (_SUPERGROUP if kind == "supergroup" else 0) - self._last_group
        chat = self.chats[chat_id] = Chat(self, chat_id, kind, title=title, username=username)
        for member in members:
            chat.add_member(member)
        if chat.members:
            first = next(iter(chat.members.values()))
            self.membership(chat, first.user, "left", "member")
        return chat

    def find(self, chat_id: int | str) -> Chat | None:
        """The chat with this number or @username, as far as the bot can know it."""
        if isinstance(chat_id, int):
            return self.chats.get(chat_id)
        name = chat_id.removeprefix("@").lower()
        # A bot can name groups and channels by their username, and no person.
        named = (c for c in self.chats.values() if c.person is None and c.username)
        return next((c for c in named if (c.username or "").lower() == name), None)

    def membership(self, chat: Chat, by: User, old: str, new: str) -> None:
        """Tell the bot that its own place in a chat has changed."""
        chat.bot_status = new
        body = {
            "chat": chat.shape(),
            "from": by.shape(),
            "date": self.now(),
            "old_chat_member": self.member_shape(old),
            "new_chat_member": self.member_shape(new),
        }
        self.updates.add("my_chat_member", chat.id, body)
        self.tell("member", chat, None, {"status": new})

    def member_shape(self, status: str) -> dict[str, Any]:
        """The bot as a member of a chat."""
        shape: dict[str, Any] = {"user": self.bot.shape(), "status": status}
        return shape | ({"until_date": 0} if status == "kicked" else {})

    def tell(
        self,
        kind: str,
        chat: Chat,
        message: Message | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Wake whoever waits for something in this chat, and tell the subscribers."""
        self._happened += 1
        chat.bell.ring()
        self.bell.ring()
        if self._subscribers:
            event = Event(kind, chat, message, detail)
            for subscriber in self._subscribers:
                subscriber.put_nowait(event)

    @contextmanager
    def subscribe(self) -> Iterator[asyncio.Queue[Event]]:
        """Everything that happens from here on, in order, as a queue."""
        events: asyncio.Queue[Event] = asyncio.Queue()
        self._subscribers.add(events)
        try:
            yield events
        finally:
            self._subscribers.discard(events)

    async def idle(self, seconds: float = 10) -> None:
        """Wait until the bot has taken every update and no call is under way.

        Raises:
            SimulatorError: it still was not so after this many seconds.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not await self._settled(deadline - loop.time()):
            if loop.time() >= deadline:
                raise SimulatorError(
                    f"not idle after {seconds} s: {len(self.updates.pending)} updates are not"
                    f" acknowledged, {self.calls_in_flight} calls are under way"
                )

    async def _settled(self, seconds: float) -> bool:
        if not await self.updates.acknowledged(seconds):
            return False
        await self.bell.until(lambda: None if self.calls_in_flight else True, seconds)
        before = self._happened
        # A bot may acknowledge first and act a moment later.
        await asyncio.sleep(0.02)
        busy = self.calls_in_flight or self.updates.pending
        return not busy and before == self._happened

    async def quiet(self, seconds: float) -> None:
        """Wait until nothing has happened for this long."""
        before = -1
        while before != self._happened:
            before = self._happened
            await asyncio.sleep(seconds)
