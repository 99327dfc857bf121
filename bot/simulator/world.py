"""The state of the simulated Telegram: people, chats, messages and updates."""

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
    """Something visible that happened in a chat.

    `kind` is one of sent, edited, deleted, tapped, answered, action, pinned, member.
    """

    kind: str
    chat: Chat
    message: Message | None = None
    detail: Mapping[str, Any] | None = None


class World:
    """All people, chats and files around one bot; `clock` returns the Unix time."""

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
        """Whether the bot may send custom emoji; if not, the plain emoji is shown instead."""
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
        """Returns the Unix time in whole seconds, as in the Bot API."""
        return int(self.clock())

    def next_message_id(self) -> int:
        """Returns the next message number; all chats share one sequence, as private chats do."""
        self._last_message += 1
        return self._last_message

    def next_query_id(self) -> str:
        """Returns a new identifier for a callback query."""
        self._last_query += 1
        return str(self._last_query)

    def next_album_id(self) -> str:
        """Returns a new identifier for an album."""
        self._last_album += 1
        return str(self._last_album)

    def anew(self, media: Media | None) -> Media | None:
        """Returns the media for a new message: a poll gets a new identifier, for its own votes."""
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
        """Adds a person who has not written to the bot yet.

        Raises:
            SimulatorError: `user_id` is taken.
        """
        number = user_id or self._free_number()
        if number in self.people:
            raise SimulatorError(f"there is a person {number} already")
        user = User(number, first_name, last_name, username, language, is_premium=premium)
        person = Person(self, user)
        self.people[number] = person
        return person

    def _free_number(self) -> int:
        """Returns the next number that no person has."""
        number = _FIRST_PERSON + len(self.people)
        while number in self.people:
            number += 1
        return number

    def crowd(
        self, count: int, *, first_id: int | None = None, language: str | None = "es"
    ) -> list[Person]:
        """Adds people who have started the bot, with empty chats; the bot gets no update."""
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
        """Adds a group with the bot in it; the first member added the bot."""
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
        """Returns the chat with this number or @username, if the bot can know it."""
        if isinstance(chat_id, int):
            return self.chats.get(chat_id)
        name = chat_id.removeprefix("@").lower()
        # A bot can address groups and channels by username, but not people.
        named = (c for c in self.chats.values() if c.person is None and c.username)
        return next((c for c in named if (c.username or "").lower() == name), None)

    def membership(self, chat: Chat, by: User, old: str, new: str) -> None:
        """Sets the bot's membership in a chat and sends the bot an update about it."""
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
        """Returns the bot as a ChatMember with this status."""
        shape: dict[str, Any] = {"user": self.bot.shape(), "status": status}
        return shape | ({"until_date": 0} if status == "kicked" else {})

    def tell(
        self,
        kind: str,
        chat: Chat,
        message: Message | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Wakes all that wait for something in this chat, and sends subscribers an event."""
        self._happened += 1
        chat.bell.ring()
        self.bell.ring()
        if self._subscribers:
            event = Event(kind, chat, message, detail)
            for subscriber in self._subscribers:
                subscriber.put_nowait(event)

    @contextmanager
    def subscribe(self) -> Iterator[asyncio.Queue[Event]]:
        """Yields a queue of all events from now on, in order."""
        events: asyncio.Queue[Event] = asyncio.Queue()
        self._subscribers.add(events)
        try:
            yield events
        finally:
            self._subscribers.discard(events)

    async def idle(self, seconds: float = 10) -> None:
        """Waits until the bot has acknowledged every update and no call is in progress.

        Raises:
            SimulatorError: that did not happen in this many seconds.
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
        # A bot may acknowledge an update before it acts on it.
        await asyncio.sleep(0.02)
        busy = self.calls_in_flight or self.updates.pending
        return not busy and before == self._happened

    async def quiet(self, seconds: float) -> None:
        """Waits until nothing has happened for this many seconds."""
        before = -1
        while before != self._happened:
            before = self._happened
            await asyncio.sleep(seconds)
