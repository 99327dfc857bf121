"""The actions that the page offers, by name, with checks of their fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bot.simulator.auto_entities import found_in
from bot.simulator.chats import Media, Message
from bot.simulator.forward_origins import channel
from bot.simulator.media_kinds import KINDS
from bot.simulator.page.phones import Phones
from bot.simulator.page.samples import picture
from bot.simulator.parameters import Upload
from bot.simulator.person import Person
from bot.simulator.world import World

_LONGEST = 20_000
_LONGEST_NAME = 64
_MOST_PEOPLE = 60
_MOST_FILES = 10


class NotDone(Exception):
    """An action cannot be done; the message says why."""


@dataclass(frozen=True, slots=True)
class Wish:
    """The unchecked fields of a requested action.

    The methods return a field by its name and raise `NotDone` if it is invalid.
    """

    said: Mapping[str, Any]

    def text(self, name: str, longest: int = _LONGEST) -> str:
        """Returns a text; empty when there is none."""
        value = self.said.get(name) or ""
        if not isinstance(value, str) or len(value) > longest:
            raise NotDone(f"{name} is no text of at most {longest} characters")
        return value

    def number(self, name: str) -> int:
        """Returns a whole number."""
        value = self.said.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise NotDone(f"{name} is no whole number")
        return value

    def number_if_any(self, name: str) -> int | None:
        """Returns a whole number, or None when there is none."""
        return None if self.said.get(name) is None else self.number(name)

    def entities(self) -> list[Mapping[str, Any]]:
        """Returns the formatting of a text; the objects themselves are checked later."""
        value = self.said.get("entities") or []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise NotDone("entities is no list of objects")
        return value

    def texts(self, name: str, most: int) -> list[str]:
        """Returns 1 to `most` texts."""
        value = self.said.get(name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise NotDone(f"{name} is no list of texts")
        if not 1 <= len(value) <= most:
            raise NotDone(f"{name} are 1 to {most}")
        return value

    def kind(self) -> str:
        """Returns a kind of content."""
        value = self.text("kind")
        if value not in KINDS:
            raise NotDone(f"there is no kind of content {value!r}")
        return value

    def kinds(self) -> list[str]:
        """Returns the kinds of content for an album."""
        value = self.said.get("kinds")
        if not isinstance(value, list) or not all(kind in KINDS for kind in value):
            raise NotDone("kinds is no list of kinds of content")
        return value


def _message(person: Person, wish: Wish) -> Message:
    found = person.chat.messages.get(wish.number("message"))
    if found is None:
        raise NotDone("that message is not there any more")
    return found


def _send(person: Person, wish: Wish) -> None:
    person.send(
        wish.text("text"), entities=wish.entities(), reply_to=wish.number_if_any("reply_to")
    )


def _start(person: Person, wish: Wish) -> None:
    person.start(wish.text("payload", _LONGEST_NAME) or None)


def _edit(person: Person, wish: Wish) -> None:
    person.edit(_message(person, wish), wish.text("text"), entities=wish.entities())


def _delete(person: Person, wish: Wish) -> None:
    person.delete(_message(person, wish))


def _tap(person: Person, wish: Wish) -> None:
    person.tap_data(wish.number("message"), wish.text("data", 64))


def _kind(person: Person, wish: Wish) -> None:
    kind, caption = wish.kind(), wish.text("caption")
    if kind == "photo":
        person.send_file("photo", "photo.jpg", picture(), caption)
    else:
        person.send_kind(kind, caption)


def _album(person: Person, wish: Wish) -> None:
    files = person.world.files
    items: list[str | Media] = [
        files.add("photo", Upload("photo.jpg", picture(number))) if kind == "photo" else kind
        for number, kind in enumerate(wish.kinds())
    ]
    person.send_album(items, wish.text("caption"))


def _attach(person: Person, wish: Wish) -> None:
    """Sends uploaded files: a single one as a message, several as an album."""
    words = wish.text("text")
    more: dict[str, Any] = {
        "entities": wish.entities(),
        "reply_to": wish.number_if_any("reply_to"),
    }
    held = [_uploaded(person, file_id) for file_id in wish.texts("files", _MOST_FILES)]
    if len(held) == 1:
        person.send_media(held[0], words, **more)
    else:
        person.send_album(held, words, **more)


def _uploaded(person: Person, file_id: str) -> Media:
    stored = person.world.files.find(file_id)
    if stored is None:
        raise NotDone("that file is not there any more")
    return stored.media


def _forward(person: Person, wish: Wish) -> None:
    person.forward(_message(person, wish))


def _forward_post(person: Person, wish: Wish) -> None:
    """Forwards a post of a channel that the bot does not know."""
    now, text = person.world.now(), wish.text("text")
    origin = channel(wish.text("channel", _LONGEST_NAME) or "Canal", now)
    author = person.world.bot
    post = Message(id=0, chat=person.chat, by=author, date=now, text=text, entities=found_in(text))
    person.forward(post, origin=origin)


_BY_A_PERSON: Mapping[str, Callable[[Person, Wish], None]] = MappingProxyType(
    {
        "send": _send,
        "start": _start,
        "edit": _edit,
        "delete": _delete,
        "tap": _tap,
        "kind": _kind,
        "album": _album,
        "attach": _attach,
        "forward": _forward,
        "forward_post": _forward_post,
        "block": lambda person, _: person.block(),
        "unblock": lambda person, _: person.unblock(),
    }
)


def act(world: World, phones: Phones, wish: Wish) -> None:
    """Does what a visitor of the page requested.

    Raises:
        NotDone: the request is invalid, or the page does not show that person.
        SimulatorError: Telegram does not let a person do that.
    """
    name = wish.text("act", _LONGEST_NAME)
    if name == "add":
        phones.add(_added(world, phones, wish))
        return
    person = phones.find(wish.number("person"))
    if person is None:
        raise NotDone("there is no such person on the page")
    if name == "read":
        phones.read(person, wish.number("message"))
        return
    if name in _OF_THE_ACCOUNT:
        _OF_THE_ACCOUNT[name](person, wish)
        phones.tell(person)
        return
    deed = _BY_A_PERSON.get(name)
    if deed is None:
        raise NotDone(f"there is no act {name!r}")
    deed(person, wish)


def _added(world: World, phones: Phones, wish: Wish) -> Person:
    if len(phones) >= _MOST_PEOPLE:
        raise NotDone(f"the page shows {_MOST_PEOPLE} people at most")
    return world.person(
        _name(wish),
        last_name=wish.text("surname", _LONGEST_NAME) or None,
        language=wish.text("language", 12) or None,
    )


def _rename(person: Person, wish: Wish) -> None:
    person.rename(_name(wish), wish.text("surname", _LONGEST_NAME) or None)


def _name(wish: Wish) -> str:
    name = wish.text("name", _LONGEST_NAME)
    if not name.strip():
        raise NotDone("everybody on Telegram has a name")
    return name


_OF_THE_ACCOUNT: Mapping[str, Callable[[Person, Wish], None]] = MappingProxyType(
    {"rename": _rename, "deactivate": lambda person, _: person.deactivate()}
)
