"""Chats: their messages, members and pins."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bot.simulator.messages import Message, Shape, User
from bot.simulator.notifier import Notifier

if TYPE_CHECKING:
    from bot.simulator.person_actions import Author
    from bot.simulator.world import World

# Private chats have no members; all of them share this to save memory.
_NOBODY: Mapping[int, "Author"] = MappingProxyType({})


class Chat:
    """A private chat with one person, or a group.

    `bot_status` is the bot's membership: "member", "administrator", "left" or "kicked".
    """

    __slots__ = (
        "_messages",
        "bell",
        "bot_status",
        "id",
        "members",
        "person",
        "pinned",
        "title",
        "type",
        "username",
        "world",
    )

    def __init__(
        self,
        world: "World",
        chat_id: int,
        kind: str,
        *,
        title: str | None = None,
        username: str | None = None,
        person: "Author | None" = None,
    ) -> None:
        self.world = world
        self.id = chat_id
        self.type = kind
        self.title = title
        self.username = username
        self.person = person
        self.members: Mapping[int, Author] = _NOBODY
        self.bot_status = "member"
        self.pinned: tuple[int, ...] = ()
        self._messages: dict[int, Message] | None = None
        self.bell = Notifier()

    def __repr__(self) -> str:
        return f"Chat({self.id}, {self.type!r})"

    @property
    def messages(self) -> Mapping[int, Message]:
        """The messages now in the chat by number, oldest first."""
        return self._messages or {}

    @property
    def is_private(self) -> bool:
        """Whether this is one person's chat with the bot."""
        return self.type == "private"

    def shape(self) -> Shape:
        """Returns the chat as a Bot API object."""
        if self.person is None:
            shape: Shape = {"id": self.id, "type": self.type, "title": self.title or ""}
            return shape | ({"username": self.username} if self.username else {})
        shape = self.person.user.shape()
        return {
            "id": self.id,
            "type": self.type,
            **{k: shape[k] for k in ("first_name", "last_name", "username") if k in shape},
        }

    def post(self, by: User, **content: Any) -> Message:
        """Adds a new message; `content` are fields of `Message`."""
        message = Message(
            id=self.world.next_message_id(), chat=self, by=by, date=self.world.now(), **content
        )
        self._put(message)
        self.world.tell("sent", self, message)
        return message

    def change(self, message: Message, *, visibly: bool = True, **content: Any) -> Message:
        """Replaces a message by an edited one; `visibly` sets its edit date."""
        edited = replace(message, **content)
        if visibly:
            edited = replace(edited, edit_date=self.world.now())
        self._put(edited)
        self.world.tell("edited", self, edited)
        return edited

    def remove(self, message_id: int) -> None:
        """Deletes a message, for everyone."""
        message = (self._messages or {}).pop(message_id)
        self.unpin(message_id)
        self.world.tell("deleted", self, message)

    def add_member(self, person: "Author") -> None:
        """Adds somebody to a group; from then on the bot has seen them."""
        self.members = {**self.members, person.id: person}
        person.met = True

    def pin(self, message_id: int) -> None:
        """Pins a message, above those pinned before."""
        self.unpin(message_id)
        self.pinned = (*self.pinned, message_id)

    def unpin(self, message_id: int) -> None:
        """Unpins a message, if it is pinned."""
        if message_id in self.pinned:
            self.pinned = tuple(number for number in self.pinned if number != message_id)

    def _put(self, message: Message) -> None:
        if self._messages is None:
            self._messages = {}
        self._messages[message.id] = message

    def transcript(self) -> str:
        """Returns the chat as readable text, with the buttons under each message."""
        return "\n".join(self._lines()) or "(nothing)"

    def _lines(self) -> Iterator[str]:
        for message in self.messages.values():
            held = f"[{message.media.kind}] " if message.media else ""
            yield f"#{message.id} {message.by.first_name}: {held}{message.text}"
            for row in message.buttons:
                yield "    " + " ".join(f"[{button.label}]" for button in row)
