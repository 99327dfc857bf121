"""Chats with their messages and members, and the events in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from simulator.notifier import Notifier
from telegram_text.entities import Entity

_FILE_IDS = ("file_id", "file_unique_id")

Shape = dict[str, Any]
"""A JSON object of the Bot API."""

Content = dict[str, Any]
"""Fields of a `Message`."""


@dataclass(frozen=True, slots=True)
class User:
    """An account: a person or a bot."""

    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language: str | None = None
    is_bot: bool = False

    def shape(self) -> Shape:
        """Returns the user as a Bot API object."""
        return {
            "id": self.id,
            "is_bot": self.is_bot,
            "first_name": self.first_name,
        } | _without_empty(
            last_name=self.last_name,
            username=self.username,
            language_code=self.language,
        )


@dataclass(frozen=True, slots=True)
class InlineButton:
    """An inline button: sends `data` to the bot, opens `url`, or copies `copied`.

    `style` is "success", "danger" or "primary", by which clients colour it.
    """

    label: str
    data: str | None = None
    url: str | None = None
    copied: str | None = None
    style: str | None = None


@dataclass(frozen=True, slots=True)
class Media:
    """What a message holds besides text; `payload` is its Bot API object."""

    kind: str
    payload: Any
    file_id: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An immutable message; an edit replaces it in its chat.

    `text` is the caption when there is media. `group` identifies its album. `origin` is that of a
    forward, as a Bot API object.
    """

    id: int
    chat: Chat
    by: User
    date: int
    text: str = ""
    entities: tuple[Entity, ...] = ()
    media: Media | None = None
    markup: Mapping[str, Any] | None = None
    preview: Mapping[str, Any] | None = None
    caption_above: bool = False
    spoiler: bool = False
    group: str | None = None
    edit_date: int | None = None
    reply_to: int | None = None
    protected: bool = False
    origin: Shape | None = None

    def __repr__(self) -> str:
        return f"Message({self.id}, {self.by.first_name!r}, {self.text!r})"

    @property
    def from_bot(self) -> bool:
        """Whether a bot wrote it."""
        return self.by.is_bot

    @property
    def buttons(self) -> tuple[tuple[InlineButton, ...], ...]:
        """The inline keyboard, row by row."""
        rows = (self.markup or {}).get("inline_keyboard", ())
        return tuple(tuple(_button(shape) for shape in row) for row in rows)

    @property
    def labels(self) -> list[str]:
        """The labels of all inline buttons, in reading order."""
        return [button.label for row in self.buttons for button in row]

    @property
    def photo(self) -> Media | None:
        """The photo, if the message has one."""
        return self._media("photo")

    @property
    def document(self) -> Media | None:
        """The document, if the message has one."""
        return self._media("document")

    def _media(self, kind: str) -> Media | None:
        return self.media if self.media is not None and self.media.kind == kind else None

    @property
    def content(self) -> Content:
        """The fields that a copy and a forward of it share."""
        return {
            "text": self.text,
            "entities": self.entities,
            "media": self.media,
            "caption_above": self.caption_above,
            "spoiler": self.spoiler,
        }

    def shape(self, *, with_reply: bool = True) -> Shape:
        """Returns the message as a Bot API object."""
        shape: Shape = {
            "message_id": self.id,
            "from": self.by.shape(),
            "chat": self.chat.shape(),
            "date": self.date,
            **_without_empty(
                forward_origin=self.origin,
                edit_date=self.edit_date,
                media_group_id=self.group,
                has_protected_content=self.protected,
            ),
        }
        if with_reply and self.reply_to is not None and self.reply_to in self.chat.messages:
            shape["reply_to_message"] = self.chat.messages[self.reply_to].shape(with_reply=False)
        self._add_content(shape)
        if self.markup and "inline_keyboard" in self.markup:
            shape["reply_markup"] = self.markup
        return shape

    def _add_content(self, shape: Shape) -> None:
        entities = [entity_shape(entity, self.chat) for entity in self.entities]
        if self.media is None:
            shape |= _without_empty(
                text=self.text, entities=entities, link_preview_options=self.preview
            )
            return
        shape[self.media.kind] = self.media.payload
        if self.media.kind == "animation":
            # As in the Bot API, for clients that do not know animations.
            shape["document"] = {name: self.media.payload[name] for name in _FILE_IDS}
        if self.media.kind == "venue":
            shape["location"] = self.media.payload["location"]
        shape |= _without_empty(
            caption=self.text,
            caption_entities=entities,
            show_caption_above_media=self.caption_above,
            has_media_spoiler=self.spoiler,
        )


@dataclass(slots=True, eq=False)
class Account:
    """A person's account, and what it allows the bot, which has `met` it when seen in a group."""

    user: User
    started: bool = field(default=False, init=False)
    blocked: bool = field(default=False, init=False)
    deactivated: bool = field(default=False, init=False)
    met: bool = field(default=False, init=False)
    forbids_voice_messages: bool = field(default=False, init=False)
    """As people with Premium can; video messages are meant too."""

    @property
    def id(self) -> int:
        """The number of the user and of their private chat."""
        return self.user.id


@dataclass(slots=True, eq=False, repr=False)
class Chat:
    """A private chat with one person, or a group.

    `bot_status` is the bot's membership: "member", "administrator", "left" or "kicked".
    """

    network: Network
    id: int
    type: str
    title: str | None = None
    person: Account | None = None
    bot_status: str = field(default="member", init=False)
    messages: dict[int, Message] = field(default_factory=dict, init=False)
    """The messages now in the chat by number, oldest first."""
    notifier: Notifier = field(default_factory=Notifier, init=False)

    def __repr__(self) -> str:
        return f"Chat({self.id}, {self.type!r})"

    @property
    def is_private(self) -> bool:
        """Whether this is one person's chat with the bot."""
        return self.type == "private"

    def shape(self) -> Shape:
        """Returns the chat as a Bot API object."""
        if self.person is None:
            return {"id": self.id, "type": self.type, "title": self.title or ""}
        user = self.person.user
        shape: Shape = {"id": self.id, "type": self.type, "first_name": user.first_name}
        return shape | _without_empty(last_name=user.last_name, username=user.username)

    def post(self, by: User, **content: Any) -> Message:
        """Adds a new message; `content` are fields of `Message`."""
        number, now = next(self.network.message_ids), self.network.now()
        message = self.messages[number] = Message(id=number, chat=self, by=by, date=now, **content)
        self.network.publish("sent", self, message)
        return message

    def change(self, message: Message, *, visibly: bool = True, **content: Any) -> Message:
        """Replaces a message by an edited one; `visibly` sets its edit date."""
        if visibly:
            content["edit_date"] = self.network.now()
        edited = self.messages[message.id] = replace(message, **content)
        self.network.publish("edited", self, edited)
        return edited

    def remove(self, message_id: int) -> None:
        """Deletes a message, for everyone."""
        self.network.publish("deleted", self, self.messages.pop(message_id))

    def transcript(self) -> str:
        """Returns the chat as readable text, with the buttons under each message."""
        return "\n".join(self._lines()) or "(nothing)"

    def _lines(self) -> Iterator[str]:
        for message in self.messages.values():
            held = f"[{message.media.kind}] " if message.media else ""
            yield f"#{message.id} {message.by.first_name}: {held}{message.text}"
            for row in message.buttons:
                yield "    " + " ".join(f"[{button.label}]" for button in row)


@dataclass(frozen=True, slots=True)
class Event:
    """Something visible that happened in a chat.

    `kind` is one of sent, edited, deleted, tapped, answered, member.
    """

    kind: str
    chat: Chat
    message: Message | None = None
    detail: Mapping[str, Any] | None = None


class Network:
    """What all chats share: the accounts by number, the time, message numbers and events.

    `clock` returns the Unix time.
    """

    def __init__(self, clock: Callable[[], float], people: Mapping[int, Account]) -> None:
        self.clock = clock
        self.people = people
        self.notifier = Notifier()
        self.event_count = 0
        self.message_ids = count(1)
        """New message numbers; all chats share one sequence, as private chats do."""
        self.listeners: list[Callable[[Event], None]] = []
        """Called with everything visible that happens in a chat."""

    def now(self) -> int:
        """Returns the Unix time in whole seconds, as in the Bot API."""
        return int(self.clock())

    def publish(
        self,
        kind: str,
        chat: Chat,
        message: Message | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Wakes all that wait for something in this chat, and tells the listeners."""
        self.event_count += 1
        chat.notifier.notify()
        self.notifier.notify()
        for listener in self.listeners:
            listener(Event(kind, chat, message, detail))


def entity_shape(entity: Entity, chat: Chat) -> Shape:
    """Returns an entity as a Bot API object."""
    shape: Shape = {"type": entity.type, "offset": entity.offset, "length": entity.length}
    shape |= _without_empty(
        url=entity.url,
        language=entity.language,
        custom_emoji_id=entity.custom_emoji_id,
        unix_time=entity.unix_time,
        date_time_format=entity.date_time_format,
    )
    if entity.user_id is not None:
        known = chat.network.people.get(entity.user_id)
        user = known.user if known else User(entity.user_id, "")
        shape["user"] = user.shape()
    return shape


def _button(shape: Mapping[str, Any]) -> InlineButton:
    return InlineButton(
        shape["text"],
        shape.get("callback_data"),
        shape.get("url"),
        shape.get("copy_text", {}).get("text"),
        shape.get("style"),
    )


def _without_empty(**fields: Any) -> Shape:
    """Returns the fields that have a value, as Telegram leaves out the others."""
    return {name: value for name, value in fields.items() if value}
