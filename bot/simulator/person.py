"""Simulated people: what they do and what they see."""

from collections.abc import Callable
from dataclasses import replace

import orjson

from bot.simulator.errors import SimulatorError
from bot.simulator.messages import Message
from bot.simulator.person_actions import Author
from bot.simulator.taps import Tap, as_sent


class Person(Author):
    """A person with an account; made by `World.person`.

    An action takes effect at once and becomes an update for the bot. Wait for the bot's reaction
    with `sees` or `Tap.answered`.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Person({self.user.id}, {self.user.first_name!r})"

    @property
    def messages(self) -> list[Message]:
        """All messages in the private chat, oldest first."""
        return list(self.chat.messages.values())

    @property
    def screen(self) -> Message:
        """The newest message of the bot that has a text or buttons.

        Raises:
            SimulatorError: there is none.
        """
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

    def tap(self, label: str) -> Tap:
        """Taps the newest button with this label, or else the newest whose label contains it.

        Raises:
            SimulatorError: there is no such button; the message lists the buttons there are.
        """
        self._check_active()
        for matches in (str.__eq__, str.__contains__):
            for message in reversed(self.messages):
                for button in (button for row in message.buttons for button in row):
                    if matches(button.label, label):
                        return self._tap(message, button.data, button.url)
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
        shown, raw = as_sent(data)
        return self._tap(message, shown, None, raw)

    async def sees(self, fragment: str, seconds: float = 5) -> Message:
        """Waits for a message of the bot that contains this text, and returns the newest.

        Raises:
            SimulatorError: none did in this many seconds; the message shows the chat.
        """
        return await self.sees_one(lambda m: fragment in m.text, seconds, what=repr(fragment))

    async def sees_one(
        self, is_it: Callable[[Message], bool], seconds: float = 5, *, what: str = "it"
    ) -> Message:
        """Waits for a message of the bot that satisfies `is_it`, and returns the newest.

        Raises:
            SimulatorError: none did in this many seconds; the message shows the chat.
        """

        def found() -> Message | None:
            return next((m for m in reversed(self.messages) if m.from_bot and is_it(m)), None)

        message = await self.chat.bell.until(found, seconds)
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
    ) -> Tap:
        world = self.world
        query = world.next_query_id() if data is not None else ""
        tap = Tap(query, self.user, message, data, world.clock(), url, raw)
        world.tell("tapped", message.chat, message, {"data": data, "url": url})
        if query:
            world.taps[query] = tap
            world.updates.add("callback_query", message.chat.id, tap.shape())
        return tap
