"""The phones on the page: the people whose chats it shows, as JSON."""

from collections.abc import Iterator, Mapping
from typing import Any

from simulator.chats import Event, InlineButton, Media, Message, Shape, entity_shape
from simulator.page.event_feed import EventFeed
from simulator.person import Person
from simulator.update_queue import Update

_MESSAGES_SHOWN = 200
_FILE_FIELDS = ("file_name", "file_size", "width", "height", "duration", "emoji")
_CONTENT_FIELDS = ("first_name", "phone_number", "title", "address", "question", "value")


class Phones:
    """The people that the page shows, in the order in which they were added."""

    def __init__(self, feed: EventFeed, admins: frozenset[int]) -> None:
        self._feed = feed
        self._admins = admins
        self._people: dict[int, Person] = {}
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
        # Who writes for the first time starts the bot by that.
        if kind == "member" or (kind == "sent" and message is not None and not message.from_bot):
            self.publish(person)

    def snapshot(self) -> list[Shape]:
        """Returns everybody, with the newest messages of their chats."""
        return [
            self._shape(person)
            | {"messages": [self._message(m) for m in person.messages[-_MESSAGES_SHOWN:]]}
            for person in self._people.values()
        ]

    def _message(self, message: Message) -> Shape:
        shape: Shape = {
            "id": message.id,
            "mine": not message.from_bot,
            "acknowledged": message.id in self._acknowledged,
            "date": message.date,
            "edited": message.edit_date is not None,
            "text": message.text,
            "entities": [entity_shape(entity, message.chat) for entity in message.entities],
            "media": _media(message.media),
            "group": message.group,
            "reply": message.reply_to,
            "keyboard": [[_button(button) for button in row] for row in message.buttons],
        }
        if message.origin is not None:
            shape["forwarded"] = _origin(message.origin)
        return shape

    def _shape(self, person: Person) -> Shape:
        """Returns a person, with the bot's description and the commands that they see."""
        user, profile = person.user, person.world.profile
        return {
            "id": person.id,
            "name": user.first_name,
            "surname": user.last_name or "",
            "language": user.language or "",
            "role": "admin" if person.id in self._admins else "supporter",
            "started": person.started,
            "blocked": person.blocked,
            "gone": person.deactivated,
            "description": profile.text("description", user.language),
            "commands": person.commands,
        }


def _button(button: InlineButton) -> Shape:
    does = {"data": button.data, "url": button.url, "copy": button.copied, "style": button.style}
    return {"text": button.label} | {name: each for name, each in does.items() if each is not None}


def _media(media: Media | None) -> Shape | None:
    if media is None:
        return None
    payload = media.payload[-1] if isinstance(media.payload, list) else media.payload
    known = (*_FILE_FIELDS, *_CONTENT_FIELDS)
    shape: Shape = {name: payload[name] for name in known if name in payload}
    return shape | {"kind": media.kind, "file": media.file_id}


def _origin(origin: Mapping[str, Any]) -> str:
    """Returns the name under which a forwarded message is shown."""
    if "chat" in origin:
        return str(origin["chat"]["title"])
    user = origin["sender_user"]
    return " ".join(filter(None, (user["first_name"], user.get("last_name"))))
