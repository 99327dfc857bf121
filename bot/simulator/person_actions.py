"""What a person can do with messages: write, send, forward, edit, delete."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bot.simulator import client_checks
from bot.simulator.auto_entities import calls_for, found_in
from bot.simulator.chats import Chat
from bot.simulator.client_checks import Buttons, Entities
from bot.simulator.errors import SimulatorError
from bot.simulator.forward_origins import origin_of
from bot.simulator.keyboard_checks import forwarded_markup
from bot.simulator.messages import Media, Message, Shape, User
from bot.simulator.parameters import Upload
from bot.simulator.sample_media import SAMPLES, sample
from bot.simulator.text_checks import CAPTION_UNITS, TEXT_UNITS
from bot.text.markup import parse

if TYPE_CHECKING:
    from bot.simulator.world import World

_ANONYMOUS_ADMIN = User(1087968824, "Group", None, "GroupAnonymousBot", None, is_bot=True)


class Author:
    """A person who writes; every action takes effect at once and becomes an update for the bot.

    The methods that send raise `SimulatorError` for what a client would not send, after
    `deactivate` and, in the private chat, while the bot is blocked.
    """

    __slots__ = ("_chat", "blocked", "deactivated", "met", "started", "user", "world")

    def __init__(self, world: "World", user: User) -> None:
        self.world = world
        self.user = user
        self.started = False
        self.blocked = False
        self.deactivated = False
        self.met = False
        """Whether the bot has seen them in a group."""
        self._chat: Chat | None = None

    @property
    def id(self) -> int:
        """The number of the user and of their private chat."""
        return self.user.id

    @property
    def chat(self) -> Chat:
        """The private chat with the bot."""
        if self._chat is None:
            self._chat = Chat(self.world, self.user.id, "private", person=self)
        return self._chat

    def send(
        self,
        text: str,
        *,
        entities: Entities = (),
        via: User | None = None,
        reply_to: int | None = None,
    ) -> Message:
        """Writes to the bot; `via` is an inline bot through which the text was made."""
        about = {"via_bot": via.shape()} if via else None
        content = client_checks.text(text, entities)
        return self._post(self.chat, about=about, reply_to=reply_to, **content)

    def send_html(self, html: str) -> Message:
        """Writes to the bot, with the formatting given as Bot API HTML."""
        rendered = parse(html)
        return self.send(rendered.text, entities=rendered.entities)

    def send_in(
        self, group: Chat, text: str, *, anonymous: bool = False, reply_to: int | None = None
    ) -> Message:
        """Writes in a group; `anonymous` as an anonymous administrator."""
        about = {"sender_chat": group.shape()} if anonymous else None
        by = _ANONYMOUS_ADMIN if anonymous else self.user
        self.met = self.met or not anonymous
        return self._post(
            group, by, text=text, entities=found_in(text), about=about, reply_to=reply_to
        )

    def send_kind(self, kind: str, caption: str = "", **more: Any) -> Message:
        """Sends a sample of a kind of content, such as "voice", "contact" or "poll"."""
        return self.send_media(self._sample(kind), caption, **more)

    def send_file(
        self, kind: str, name: str, content: bytes, caption: str = "", **more: Any
    ) -> Message:
        """Sends a file as this kind: "photo", "document", "video" and so on."""
        return self.send_media(self.world.files.add(kind, Upload(name, content)), caption, **more)

    def send_media(
        self,
        media: Media,
        caption: str = "",
        *,
        entities: Entities = (),
        spoiler: bool = False,
        above: bool = False,
        reply_to: int | None = None,
    ) -> Message:
        """Sends media that already exists.

        `spoiler` covers it until it is tapped; `above` shows the caption above it.
        """
        content = self._captioned(media, caption, entities)
        return self._post(
            self.chat, spoiler=spoiler, caption_above=above, reply_to=reply_to, **content
        )

    def send_photo(self, caption: str = "", **more: Any) -> Message:
        """Sends a sample photo; `more` is as in `send_media`."""
        return self.send_kind("photo", caption, **more)

    def send_album(
        self,
        items: Sequence[str | Media],
        caption: str = "",
        *,
        entities: Entities = (),
        reply_to: int | None = None,
    ) -> list[Message]:
        """Sends an album; the caption belongs to the first item.

        `items` are kinds ("photo", "video", "document", "audio") or media.
        """
        held = [self._sample(item) if isinstance(item, str) else item for item in items]
        client_checks.check_album([media.kind for media in held])
        group = self.world.next_album_id()
        first = self._captioned(held[0], caption, entities)
        contents = [first, *(client_checks.caption(media, "") for media in held[1:])]
        return [
            self._post(self.chat, group=group, reply_to=reply_to, **content)
            for content in contents
        ]

    def sticker(self) -> Message:
        """Sends a sample sticker."""
        return self.send_kind("sticker")

    def photo(self, caption: str = "") -> Message:
        """Sends a sample photo."""
        return self.send_photo(caption)

    def voice(self) -> Message:
        """Sends a sample voice message."""
        return self.send_kind("voice")

    def forward(
        self, message: Message, *, origin: Shape | None = None, buttons: Buttons | None = None
    ) -> Message:
        """Forwards a message to the bot.

        `origin` replaces the message's own origin (see `forward_origins`); `buttons` replaces its
        keyboard by link buttons, each a label and a URL.
        """
        markup = message.markup if buttons is None else client_checks.keyboard(buttons)
        return self._post(
            self.chat,
            text=message.text,
            entities=message.entities,
            media=message.media,
            spoiler=message.spoiler,
            caption_above=message.caption_above,
            markup=forwarded_markup(markup),
            about={"forward_origin": origin or origin_of(message)},
        )

    def edit(self, message: Message, text: str, *, entities: Entities = ()) -> Message:
        """Edits the text or the caption of an own message that is not a forward."""
        self._check_active()
        current = message.chat.messages.get(message.id)
        if current is None or current.by.id != self.id:
            raise SimulatorError("only one's own messages can be edited")
        if "forward_origin" in (current.about or {}):
            raise SimulatorError("what was forwarded cannot be edited")
        content = (
            client_checks.text(text, entities)
            if current.media is None
            else self._captioned(current.media, text, entities)
        )
        edited = message.chat.change(current, **content)
        self.world.updates.add("edited_message", message.chat.id, edited.shape())
        return edited

    def delete(self, message: Message) -> None:
        """Deletes a message of either side, for both; the bot gets no update."""
        if message.id in message.chat.messages:
            message.chat.remove(message.id)

    def _captioned(self, media: Media, words: str, entities: Entities) -> dict[str, Any]:
        """Returns the fields of a message with media; with Premium, captions can be longer."""
        longest = TEXT_UNITS if self.user.is_premium else CAPTION_UNITS
        return client_checks.caption(media, words, entities, longest=longest)

    def _sample(self, kind: str) -> Media:
        return sample(kind) if kind in SAMPLES else self.world.files.sample(kind)

    def _post(self, chat: Chat, by: User | None = None, **content: Any) -> Message:
        self._check_active()
        if chat.is_private:
            if self.blocked:
                raise SimulatorError(f"{self.user.first_name} has blocked the bot")
            self.started = True
            self.world.chats.setdefault(self.id, chat)
        content["media"] = self.world.anew(content.get("media"))
        message = chat.post(by or self.user, **content)
        if chat.is_private or calls_for(message, self.world.bot):
            self.world.updates.add("message", chat.id, message.shape())
        return message

    def _check_active(self) -> None:
        if self.deactivated:
            raise SimulatorError(f"{self.user.first_name} has no account any more")
