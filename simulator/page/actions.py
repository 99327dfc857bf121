"""The actions that the page offers, by name, with checks of their fields."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from simulator.auto_entities import find_entities
from simulator.chats import Message
from simulator.media_kinds import KINDS
from simulator.page.phones import Phones
from simulator.person import Person
from simulator.world import World

T = TypeVar("T")

_LONGEST = 20_000
_LONGEST_NAME = 64
_MOST_PEOPLE = 60


class ActionRefused(Exception):
    """An action cannot be done; the message says why."""


@dataclass(frozen=True, slots=True)
class ActionFields:
    """The unchecked fields of a requested action.

    The methods return a field by its name and raise `ActionRefused` if it is invalid.
    """

    values: Mapping[str, Any]

    def text(self, name: str, longest: int = _LONGEST) -> str:
        """Returns a text; empty when there is none."""
        value = self.values.get(name) or ""
        if not isinstance(value, str) or len(value) > longest:
            raise ActionRefused(f"{name} is no text of at most {longest} characters")
        return value

    def number(self, name: str) -> int:
        """Returns a whole number."""
        value = self.values.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ActionRefused(f"{name} is no whole number")
        return value

    def items(self, name: str, kind: type[T]) -> list[T]:
        """Returns a list of things of one type; empty when there is none."""
        value = self.values.get(name) or []
        if not isinstance(value, list) or not all(isinstance(item, kind) for item in value):
            raise ActionRefused(f"{name} is no list of {kind.__name__}")
        return value


def _message(person: Person, fields: ActionFields) -> Message:
    found = person.chat.messages.get(fields.number("message"))
    if found is None:
        raise ActionRefused("that message is not there any more")
    return found


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise ActionRefused(f"there is no kind of content {kind!r}")
    return kind


def _attach(person: Person, fields: ActionFields) -> None:
    """Sends an uploaded file."""
    stored = person.world.files.find(fields.text("file"))
    if stored is None:
        raise ActionRefused("that file is not there any more")
    person.send_media(stored.media, fields.text("text"), entities=fields.items("entities", dict))


def _forward_post(person: Person, fields: ActionFields) -> None:
    """Forwards a post of a channel that the bot does not know."""
    text, world = fields.text("text"), person.world
    post = Message(
        id=0,
        chat=person.chat,
        by=world.bot,
        date=world.now(),
        text=text,
        entities=find_entities(text),
    )
    person.forward(post, channel=fields.text("channel", _LONGEST_NAME) or "Canal")


_ACTIONS: Mapping[str, Callable[[Person, ActionFields], object]] = MappingProxyType(
    {
        "send": lambda person, fields: person.send(
            fields.text("text"), entities=fields.items("entities", dict)
        ),
        "start": lambda person, fields: person.start(fields.text("payload", 64) or None),
        "edit": lambda person, fields: person.edit(
            _message(person, fields),
            fields.text("text"),
            entities=fields.items("entities", dict),
        ),
        "delete": lambda person, fields: person.delete(_message(person, fields)),
        "tap": lambda person, fields: person.tap_data(
            fields.number("message"), fields.text("data", 64)
        ),
        "kind": lambda person, fields: person.send_kind(_known(fields.text("kind"))),
        "album": lambda person, fields: person.send_album(
            list(map(_known, fields.items("kinds", str)))
        ),
        "attach": _attach,
        "forward": lambda person, fields: person.forward(_message(person, fields)),
        "forward_post": _forward_post,
        "block": lambda person, _: person.block(),
        "unblock": lambda person, _: person.unblock(),
        "deactivate": lambda person, _: person.deactivate(),
    }
)


def perform(world: World, phones: Phones, fields: ActionFields) -> None:
    """Does what a visitor of the page requested, or raises `ActionRefused` or `SimulatorError`."""
    name = fields.text("act", _LONGEST_NAME)
    if name == "add":
        phones.add(_new_person(world, phones, fields))
        return
    person = phones.find(fields.number("person"))
    if person is None:
        raise ActionRefused("there is no such person on the page")
    action = _ACTIONS.get(name)
    if action is None:
        raise ActionRefused(f"there is no action {name!r}")
    action(person, fields)
    phones.publish(person)


def _new_person(world: World, phones: Phones, fields: ActionFields) -> Person:
    if len(phones) >= _MOST_PEOPLE:
        raise ActionRefused(f"the page shows {_MOST_PEOPLE} people at most")
    name = fields.text("name", _LONGEST_NAME)
    if not name.strip():
        raise ActionRefused("everybody on Telegram has a name")
    return world.person(
        name,
        last_name=fields.text("surname", _LONGEST_NAME) or None,
        language=fields.text("language", 12) or None,
    )
