"""Simulated people: what they do and what they see."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import orjson

from simulator import phone_limits
from simulator.auto_entities import find_entities, is_for_bot
from simulator.chats import Account, Chat, Media, Message, Shape, User
from simulator.errors import SimulatorError
from simulator.keyboard_checks import forwarded_markup
from simulator.parameters import UploadedFile
from simulator.phone_limits import Buttons, Entities
from simulator.state import State
from simulator.taps import Answer, Tap, forged_data

_CHANNEL = -1_001_500_000_001


class Person(Account):
    """A person with an account; made by `World.person`.

    An action takes effect at once and becomes an update for the bot. Wait for the bot's reaction
    with `sees` or `Tap.answered`; `writes` and `taps` wait by themselves. The methods that send
    raise `SimulatorError` for what a client would not send, after `deactivate` and, in the
    private chat, while the bot is blocked.
    """

    __slots__ = ("chat", "world")

    def __init__(self, world: State, user: User) -> None:
        super().__init__(user)
        self.world = world
        self.chat = Chat(world, user.id, "private", person=self)
        """The private chat with the bot."""

    def __repr__(self) -> str:
        return f"Person({self.user.id}, {self.user.first_name!r})"

    @property
    def messages(self) -> list[Message]:
        """All messages in the private chat, oldest first."""
        return list(self.chat.messages.values())

    @property
    def screen(self) -> Message:
        """The newest message of the bot that has a text or buttons; there must be one."""
        for message in reversed(self.messages):
            if message.from_bot and (message.text or message.markup):
                return message
        raise SimulatorError(f"{self.user.first_name} sees nothing from the bot")

    @property
    def commands(self) -> list[dict[str, str]]:
        """The commands in this person's menu."""
        return self.world.profile.commands_in(self.id, self.user.language)

    def start(self, payload: str | None = None) -> Message:
        """Presses Start, perhaps after a link with a payload; unblocks the bot first."""
        if self.blocked:
            self.unblock()
        return self.send("/start" if payload is None else f"/start {payload}")

    def block(self) -> None:
        """Blocks the bot."""
        self._check_active()
        if not self.blocked:
            self.blocked = True
            self.world.chats.setdefault(self.id, self.chat)
            self.world.membership(self.chat, self.user, "member", "kicked")

    def unblock(self) -> None:
        """Unblocks the bot."""
        self._check_active()
        if self.blocked:
            self.blocked = False
            self.world.membership(self.chat, self.user, "kicked", "member")

    def deactivate(self) -> None:
        """Deletes the account; the bot learns of it when it writes."""
        self.deactivated = True

    def rename(self, first_name: str, last_name: str | None = None) -> None:
        """Changes the name in the profile."""
        self.user = replace(self.user, first_name=first_name, last_name=last_name)

    def send(self, text: str, *, entities: Entities = ()) -> Message:
        """Writes to the bot."""
        return self._post(self.chat, **phone_limits.text(text, entities))

    def send_in(self, group: Chat, text: str) -> Message:
        """Writes in a group."""
        self.met = True
        return self._post(group, text=text, entities=find_entities(text))

    def send_kind(self, kind: str, caption: str = "", **more: Any) -> Message:
        """Sends a sample of a kind of content, such as "voice", "contact" or "poll"."""
        return self.send_media(self.world.files.sample(kind), caption, **more)

    def send_file(
        self, kind: str, name: str, content: bytes, caption: str = "", **more: Any
    ) -> Message:
        """Sends a file as this kind: "photo", "document", "video" and so on."""
        return self.send_media(
            self.world.files.add(kind, UploadedFile(name, content)), caption, **more
        )

    def send_media(
        self,
        media: Media,
        caption: str = "",
        *,
        entities: Entities = (),
        spoiler: bool = False,
        above: bool = False,
    ) -> Message:
        """Sends media that already exists.

        `spoiler` covers it until it is tapped; `above` shows the caption above it.
        """
        content = phone_limits.caption(media, caption, entities)
        return self._post(self.chat, spoiler=spoiler, caption_above=above, **content)

    def send_photo(self, caption: str = "", **more: Any) -> Message:
        """Sends a sample photo; `more` is as in `send_media`."""
        return self.send_kind("photo", caption, **more)

    def send_album(self, kinds: Sequence[str], caption: str = "") -> list[Message]:
        """Sends samples of "photo", "video", "document" or "audio" as an album.

        The caption belongs to the first.
        """
        phone_limits.check_album(kinds)
        group = next(self.world.album_ids)
        sample, captions = self.world.files.sample, [caption, *[""] * (len(kinds) - 1)]
        return [
            self._post(self.chat, group=group, **phone_limits.caption(sample(kind), words))
            for kind, words in zip(kinds, captions, strict=True)
        ]

    def forward(
        self, message: Message, *, channel: str = "", buttons: Buttons | None = None
    ) -> Message:
        """Forwards a message to the bot.

        It can be the post of a `channel` of this title that the bot is not in. `buttons` replaces
        its keyboard by link buttons, each a label and a URL.
        """
        markup = message.markup if buttons is None else phone_limits.keyboard(buttons)
        return self._post(
            self.chat,
            **message.content,
            markup=forwarded_markup(markup),
            origin=_origin_of(message, channel),
        )

    def edit(self, message: Message, text: str, *, entities: Entities = ()) -> Message:
        """Edits the text or the caption of an own message that is not a forward."""
        self._check_active()
        current = message.chat.messages.get(message.id)
        if current is None or current.by.id != self.id:
            raise SimulatorError("only one's own messages can be edited")
        if current.origin is not None:
            raise SimulatorError("what was forwarded cannot be edited")
        content = (
            phone_limits.text(text, entities)
            if current.media is None
            else phone_limits.caption(current.media, text, entities)
        )
        edited = message.chat.change(current, **content)
        self.world.updates.add("edited_message", message.chat.id, edited.shape())
        return edited

    def delete(self, message: Message) -> None:
        """Deletes a message of either side, for both; the bot gets no update."""
        if message.id in message.chat.messages:
            message.chat.remove(message.id)

    def tap(self, label: str) -> Tap:
        """Taps the newest button with this label, or else the newest whose label contains it."""
        self._check_active()
        for matches in (str.__eq__, str.__contains__):
            for message in reversed(self.messages):
                for button in (button for row in message.buttons for button in row):
                    if matches(button.label, label):
                        return self._tap(message, button.data, button.url, copied=button.copied)
        there = [label for message in self.messages for label in message.labels]
        raise SimulatorError(f"{self.user.first_name} has no button {label!r}; there are: {there}")

    def tap_data(self, message_id: int, data: str | bytes) -> Tap:
        """Sends any callback data, as a forged or replayed tap does.

        Bytes that are not UTF-8 and lone surrogates are passed on as they are.
        """
        self._check_active()
        message = self.chat.messages.get(message_id) or Message(
            id=message_id, chat=self.chat, by=self.world.bot, date=self.world.now(), text="…"
        )
        shown, raw = forged_data(data)
        return self._tap(message, shown, None, raw)

    async def writes(self, text: str) -> None:
        """Writes to the bot, and waits until it is done."""
        self.send(text)
        await self.world.idle()

    async def taps(self, label: str) -> Answer:
        """Taps a button once it is there, waits until the bot is done, and returns its answer."""
        await self.with_button(label)
        answer = await self.tap(label).answered()
        await self.world.idle()
        return answer

    async def with_button(self, label: str, seconds: float = 20) -> Message:
        """Waits for a message with this button, as `sees_one` does."""
        return await self.sees_one(lambda m: label in m.labels, seconds, what=f"[{label}]")

    async def sees(self, fragment: str, seconds: float = 20) -> Message:
        """Waits for a message of the bot that contains this text, as `sees_one` does."""
        return await self.sees_one(lambda m: fragment in m.text, seconds, what=repr(fragment))

    async def sees_one(
        self, is_it: Callable[[Message], bool], seconds: float = 20, *, what: str = "it"
    ) -> Message:
        """Waits for a message of the bot that satisfies `is_it`, and returns the newest.

        The `SimulatorError` after that time without one shows the chat.
        """

        def found() -> Message | None:
            return next((m for m in reversed(self.messages) if m.from_bot and is_it(m)), None)

        message = await self.chat.notifier.wait_for(found, seconds)
        if message is None:
            raise SimulatorError(
                f"{self.user.first_name} does not see {what} after {seconds} s, but:\n"
                + self.chat.transcript()
            )
        return message

    def _tap(
        self,
        message: Message,
        data: str | None,
        url: str | None,
        raw: orjson.Fragment | None = None,
        copied: str | None = None,
    ) -> Tap:
        world = self.world
        query = next(world.query_ids) if data is not None else ""
        tap = Tap(query, self.user, message, data, world.clock(), url, raw, copied)
        world.publish("tapped", message.chat, message, {"data": data, "url": url})
        if query:
            world.taps[query] = tap
            world.updates.add("callback_query", message.chat.id, tap.shape())
        return tap

    def _post(self, chat: Chat, **content: Any) -> Message:
        self._check_active()
        if chat.is_private:
            if self.blocked:
                raise SimulatorError(f"{self.user.first_name} has blocked the bot")
            self.started = True
            self.world.chats.setdefault(self.id, chat)
        message = chat.post(self.user, **content)
        if chat.is_private or is_for_bot(message, self.world.bot):
            self.world.updates.add("message", chat.id, message.shape())
        return message

    def _check_active(self) -> None:
        if self.deactivated:
            raise SimulatorError(f"{self.user.first_name} has no account any more")


def _origin_of(message: Message, channel: str) -> Shape:
    """Returns the origin of a forward of this message: the first, however often forwarded."""
    if channel:
        chat = {"id": _CHANNEL, "type": "channel", "title": channel}
        return {"type": "channel", "chat": chat, "message_id": 1, "date": message.date}
    by_its_author = {"type": "user", "sender_user": message.by.shape(), "date": message.date}
    return message.origin or by_its_author
