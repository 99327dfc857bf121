"""A person with Telegram in their hand: what they do, and what they see."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.petition.markup import length
from bot.simulator.chats import Chat
from bot.simulator.content import sample, tiny_png
from bot.simulator.entities import calls_for, found_in
from bot.simulator.errors import SimulatorError
from bot.simulator.messages import Media, Message, User
from bot.simulator.parameters import Upload
from bot.simulator.taps import Tap
from bot.simulator.texts import TEXT_UNITS

if TYPE_CHECKING:
    from bot.simulator.world import World

_ANONYMOUS_ADMIN = User(1087968824, "Group", None, "GroupAnonymousBot", None, is_bot=True)


class Person:
    """Somebody with an account; made by `World.person`.

    What a person does takes effect at once and becomes an update for the bot; what the bot
    does about it has to be waited for, with `sees` or `Tap.answered`.
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

    def __repr__(self) -> str:
        return f"Person({self.user.id}, {self.user.first_name!r})"

    @property
    def id(self) -> int:
        """The user's number, and that of their private chat."""
        return self.user.id

    @property
    def chat(self) -> Chat:
        """The private chat with the bot."""
        if self._chat is None:
            self._chat = Chat(self.world, self.user.id, "private", person=self)
        return self._chat

    @property
    def messages(self) -> list[Message]:
        """All messages in the private chat, oldest first."""
        return list(self.chat.messages.values())

    @property
    def screen(self) -> Message:
        """The newest message of the bot."""
        for message in reversed(self.messages):
            if message.from_bot and (message.text or message.markup):
                return message
        raise SimulatorError(f"{self.user.first_name} sees nothing from the bot")

    @property
    def commands(self) -> list[dict[str, str]]:
        """The commands the menu offers this person."""
        return self.world.profile.commands_in(self.id, self.user.language)

    def start(self, payload: str | None = None) -> Message:
        """Press Start, after a link with a payload or without."""
        if self.blocked:
            self.unblock()
        return self.send("/start" if payload is None else f"/start {payload}")

    def send(self, text: str, *, via: User | None = None, reply_to: int | None = None) -> Message:
        """Write to the bot; `via` is an inline bot that wrote the text for them."""
        if not 1 <= length(text) <= TEXT_UNITS:
            raise SimulatorError(f"a message has 1 to {TEXT_UNITS} characters")
        about = {"via_bot": via.shape()} if via else None
        return self._post(
            self.chat, text=text, entities=found_in(text), about=about, reply_to=reply_to
        )

    def send_in(
        self, group: Chat, text: str, *, anonymous: bool = False, reply_to: int | None = None
    ) -> Message:
        """Write in a group; `anonymous` as its administrator without a name."""
        about = {"sender_chat": group.shape()} if anonymous else None
        by = _ANONYMOUS_ADMIN if anonymous else self.user
        self.met = self.met or not anonymous
        return self._post(
            group, by, text=text, entities=found_in(text), about=about, reply_to=reply_to
        )

    def send_kind(self, kind: str, caption: str = "") -> Message:
        """Send a sample of a kind of content, such as "voice", "contact" or "poll"."""
        if kind in ("photo", "document"):
            return self.send_file(kind, "sample.png", tiny_png(), caption)
        return self.send_media(sample(kind), caption)

    def send_file(self, kind: str, name: str, content: bytes, caption: str = "") -> Message:
        """Send a file as a photo or a document."""
        return self.send_media(self.world.files.add(kind, Upload(name, content)), caption)

    def send_media(self, media: Media, caption: str = "") -> Message:
        """Send something that was sent before, or is made to order."""
        return self._post(self.chat, media=media, text=caption, entities=found_in(caption))

    def sticker(self) -> Message:
        """Send a sticker."""
        return self.send_kind("sticker")

    def photo(self, caption: str = "") -> Message:
        """Send a photo."""
        return self.send_kind("photo", caption)

    def voice(self) -> Message:
        """Send a voice message."""
        return self.send_kind("voice")

    def forward(self, message: Message) -> Message:
        """Forward a message to the bot."""
        origin = {"type": "user", "sender_user": message.by.shape(), "date": message.date}
        return self._post(
            self.chat,
            text=message.text,
            entities=message.entities,
            media=message.media,
            about={"forward_origin": origin},
        )

    def edit(self, message: Message, text: str) -> Message:
        """Change what they have written."""
        self._check_active()
        current = message.chat.messages.get(message.id)
        if current is None or current.by.id != self.id:
            raise SimulatorError("only one's own messages can be edited")
        edited = message.chat.change(current, text=text, entities=found_in(text))
        self.world.updates.add("edited_message", message.chat.id, edited.shape())
        return edited

    def delete(self, message: Message) -> None:
        """Delete a message for both sides; bots are not told."""
        if message.id in message.chat.messages:
            message.chat.remove(message.id)

    def block(self) -> None:
        """Block the bot."""
        self._check_active()
        if not self.blocked:
            self.blocked = True
            self.world.chats.setdefault(self.id, self.chat)
            self.world.membership(self.chat, self.user, "member", "kicked")

    def unblock(self) -> None:
        """Unblock the bot."""
        self._check_active()
        if self.blocked:
            self.blocked = False
            self.world.membership(self.chat, self.user, "kicked", "member")

    def deactivate(self) -> None:
        """Delete the account; the bot finds out when it writes."""
        self.deactivated = True

    def rename(self, first_name: str, last_name: str | None = None) -> None:
        """Change the name in the profile."""
        self.user = replace(self.user, first_name=first_name, last_name=last_name)

    def tap(self, label: str) -> Tap:
        """Tap the newest button whose label holds this; an equal label goes first.

        Raises:
            SimulatorError: no button has it; the message lists those there are.
        """
        self._check_active()
        for matches in (str.__eq__, str.__contains__):
            for message in reversed(self.messages):
                for button in (button for row in message.buttons for button in row):
                    if matches(button.label, label):
                        return self._tap(message, button.data, button.url)
        there = [label for message in self.messages for label in message.labels]
        raise SimulatorError(f"{self.user.first_name} has no button {label!r}; there are: {there}")

    def tap_data(self, message_id: int, data: str) -> Tap:
        """Send callback data of one's own making, as a forged or replayed tap does."""
        self._check_active()
        message = self.chat.messages.get(message_id) or Message(
            id=message_id, chat=self.chat, by=self.world.bot, date=self.world.now(), text="…"
        )
        return self._tap(message, data, None)

    async def sees(self, fragment: str, seconds: float = 5) -> Message:
        """Wait until a message of the bot holds this text; the newest that does.

        Raises:
            SimulatorError: none did in this many seconds; the message shows the chat.
        """

        def found() -> Message | None:
            shown = (m for m in reversed(self.messages) if m.from_bot and fragment in m.text)
            return next(shown, None)

        message = await self.chat.bell.until(found, seconds)
        if message is None:
            raise SimulatorError(
                f"{self.user.first_name} does not see {fragment!r} after {seconds} s, but:\n"
                + self.chat.transcript()
            )
        return message

    def _tap(self, message: Message, data: str | None, url: str | None) -> Tap:
        world = self.world
        query = world.next_query_id() if data is not None else ""
        tap = Tap(query, self.user, message, data, world.clock(), url)
        world.tell("tapped", message.chat, message, {"data": data, "url": url})
        if query:
            world.taps[query] = tap
            world.updates.add("callback_query", message.chat.id, tap.shape())
        return tap

    def _post(self, chat: Chat, by: User | None = None, **content: Any) -> Message:
        self._check_active()
        if chat.is_private:
            if self.blocked:
                raise SimulatorError(f"{self.user.first_name} has blocked the bot")
            self.started = True
            self.world.chats.setdefault(self.id, chat)
        message = chat.post(by or self.user, **content)
        if chat.is_private or calls_for(message, self.world.bot):
            self.world.updates.add("message", chat.id, message.shape())
        return message

    def _check_active(self) -> None:
        if self.deactivated:
            raise SimulatorError(f"{self.user.first_name} has no account any more")
