"""The phones on the page: the people whose chats it shows, and what they have read."""

from collections.abc import Iterator

from bot.simulator.chats import Event, Message, Shape
from bot.simulator.page.event_feed import EventFeed
from bot.simulator.page.serialization import message_shape, person_shape
from bot.simulator.person import Person
from bot.simulator.update_queue import Update

_MESSAGES_SHOWN = 200


class Phones:
    """The people that the page shows, in the order in which they were added."""

    def __init__(self, feed: EventFeed, admins: frozenset[int]) -> None:
        self._feed = feed
        self._admins = admins
        self._people: dict[int, Person] = {}
        self._read: dict[int, int] = {}
        self._known_to_have_started: set[int] = set()
        self._acknowledged: set[int] = set()
        """Numbers of all messages that the bot has received, also of people not shown yet."""

    def __iter__(self) -> Iterator[Person]:
        return iter(self._people.values())

    def __len__(self) -> int:
        return len(self._people)

    def find(self, number: int) -> Person | None:
        """Returns the person with this number, if the page shows them."""
        return self._people.get(number)

    def add(self, *people: Person) -> None:
        """Adds people to those shown."""
        for person in people:
            self._people[person.id] = person
            self.publish(person)

    def publish(self, person: Person) -> None:
        """Publishes the present state of this person."""
        self._feed.publish("person", person=self._shape(person))

    def publish_all(self) -> None:
        """Publishes the state of everybody, as after a change of the bot's menu."""
        for person in self._people.values():
            self.publish(person)

    def read(self, person: Person, message_id: int) -> None:
        """Records that this person has seen everything up to a message."""
        if message_id > self._read.get(person.id, 0):
            self._read[person.id] = message_id
            self._feed.publish("read", person=person.id, message=message_id)

    def record_acknowledged(self, update: Update) -> None:
        """Records and publishes that the bot has received somebody's message."""
        message = update.body.get("message")
        if message is None:
            return
        number = message["message_id"]
        self._acknowledged.add(number)
        if update.chat_id in self._people:
            self._feed.publish("acknowledged", person=update.chat_id, message=number)

    def publish_event(self, event: Event) -> None:
        """Publishes an event in a chat that the page shows."""
        person = self._people.get(event.chat.id)
        if person is None:
            return
        kind, message, whose = event.kind, event.message, {"person": person.id}
        if kind in ("sent", "edited") and message is not None:
            self._feed.publish("message", **whose, message=self._message(message))
        elif kind == "deleted" and message is not None:
            self._feed.publish("deleted", **whose, message=message.id)
        elif kind in ("tapped", "answered") and message is not None:
            self._feed.publish(kind, **whose, message=message.id, **(event.detail or {}))
        elif kind == "action":
            self._feed.publish("action", **whose, **(event.detail or {}))
        elif kind == "member":
            self.publish(person)
        self._mark_read_if_active(event, person)

    def _mark_read_if_active(self, event: Event, person: Person) -> None:
        """Marks the chat as read when its person writes or taps."""
        message = event.message
        by_hand = event.kind == "tapped" or (
            event.kind == "sent" and message is not None and message.outgoing
        )
        if not by_hand:
            return
        self.read(person, max(person.chat.messages, default=0))
        if person.started and person.id not in self._known_to_have_started:
            self._known_to_have_started.add(person.id)
            self.publish(person)

    def snapshot(self) -> list[Shape]:
        """Returns everybody, with the newest messages of their chats."""
        return [
            self._shape(person)
            | {"messages": [self._message(m) for m in person.messages[-_MESSAGES_SHOWN:]]}
            for person in self._people.values()
        ]

    def _message(self, message: Message) -> Shape:
        return message_shape(message, acknowledged=message.id in self._acknowledged)

    def _shape(self, person: Person) -> Shape:
        role = "admin" if person.id in self._admins else "supporter"
        return person_shape(person, role=role, read=self._read.get(person.id, 0))
