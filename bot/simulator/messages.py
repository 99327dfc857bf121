"""Messages in a chat, and their Bot API objects."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.text.markup import Entity

if TYPE_CHECKING:
    from bot.simulator.chats import Chat

_OF_ANY_FILE = ("file_id", "file_unique_id")

Shape = dict[str, Any]
"""A JSON object of the Bot API."""


@dataclass(frozen=True, slots=True)
class User:
    """An account: a person or a bot."""

    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language: str | None = None
    is_bot: bool = False
    is_premium: bool = False

    def shape(self) -> Shape:
        """Returns the user as a Bot API object."""
        shape: Shape = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        if self.last_name:
            shape["last_name"] = self.last_name
        if self.username:
            shape["username"] = self.username
        if self.language:
            shape["language_code"] = self.language
        if self.is_premium:
            shape["is_premium"] = True
        return shape


@dataclass(frozen=True, slots=True)
class InlineButton:
    """An inline button: sends `data` to the bot, opens `url`, or does something else."""

    label: str
    data: str | None = None
    url: str | None = None
    other: Mapping[str, Any] | None = None


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

    `text` is the caption when there is media. `group` identifies its album. `about` holds rarer
    Bot API fields, such as `forward_origin` or `via_bot`.
    """

    id: int
    chat: "Chat"
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
    silent: bool = False
    protected: bool = False
    about: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        return f"Message({self.id}, {self.by.first_name!r}, {self.text!r})"

    @property
    def from_bot(self) -> bool:
        """Whether a bot wrote it."""
        return self.by.is_bot

    @property
    def is_service(self) -> bool:
        """Whether it is a service message, such as the notice of a pin."""
        return self.media is None and not self.text

    @property
    def outgoing(self) -> bool:
        """Whether a person wrote it."""
        return not self.by.is_bot

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

    def shape(self, *, with_reply: bool = True) -> Shape:
        """Returns the message as a Bot API object."""
        shape: Shape = {
            "message_id": self.id,
            "from": self.by.shape(),
            "chat": self.chat.shape(),
            "date": self.date,
            **(self.about or {}),
        }
        if self.edit_date is not None:
            shape["edit_date"] = self.edit_date
        if self.group is not None:
            shape["media_group_id"] = self.group
        if self.protected:
            shape["has_protected_content"] = True
        if with_reply and self.reply_to is not None and self.reply_to in self.chat.messages:
            shape["reply_to_message"] = self.chat.messages[self.reply_to].shape(with_reply=False)
        self._add_content(shape)
        if self.markup and "inline_keyboard" in self.markup:
            shape["reply_markup"] = self.markup
        return shape

    def _add_content(self, shape: Shape) -> None:
        entities = [entity_shape(entity, self.chat) for entity in self.entities]
        if self.media is None:
            if self.text:
                shape["text"] = self.text
            if entities:
                shape["entities"] = entities
            if self.preview:
                shape["link_preview_options"] = self.preview
            return
        shape[self.media.kind] = self.media.payload
        if self.media.kind == "animation":
            # As in the Bot API, for clients that do not know animations.
            shape["document"] = {name: self.media.payload[name] for name in _OF_ANY_FILE}
        if self.media.kind == "venue":
            shape["location"] = self.media.payload["location"]
        if self.text:
            shape["caption"] = self.text
        if entities:
            shape["caption_entities"] = entities
        if self.caption_above:
            shape["show_caption_above_media"] = True
        if self.spoiler:
            shape["has_media_spoiler"] = True


def entity_shape(entity: Entity, chat: "Chat") -> Shape:
    """Returns an entity as a Bot API object."""
    shape: Shape = {"type": entity.type, "offset": entity.offset, "length": entity.length}
    if entity.url is not None:
        shape["url"] = entity.url
    if entity.language is not None:
        shape["language"] = entity.language
    if entity.custom_emoji_id is not None:
        shape["custom_emoji_id"] = entity.custom_emoji_id
    if entity.user_id is not None:
        known = chat.world.people.get(entity.user_id)
        user = known.user if known else User(entity.user_id, "")
        shape["user"] = user.shape()
    return shape


def _button(shape: Mapping[str, Any]) -> InlineButton:
    known = ("text", "callback_data", "url")
    other = {name: value for name, value in shape.items() if name not in known}
    return InlineButton(shape["text"], shape.get("callback_data"), shape.get("url"), other or None)
