"""Ordinary people who read, sign and look around; measures how long each tap takes."""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from simulator.chats import InlineButton, Message
from simulator.errors import SimulatorError
from simulator.person import Person

PATIENCE_SECONDS = 30.0
_STARTS = 3
# Actions that lead to another screen and do not change the signature.
_WANDERING = frozenset(
    {"read", "languages", "privacy", "home", "back", "data", "speak", "news", "sign"}
    | {"named", "unnamed"}
)
_WITH_NAME = 0.7


@dataclass(frozen=True, slots=True)
class Wait:
    """The time from a person's action to the last call that answered it, monotonic seconds."""

    begun: float
    ended: float

    @property
    def seconds(self) -> float:
        """The duration in seconds."""
        return self.ended - self.begun


@dataclass(slots=True)
class WaitTimes:
    """The waits of a crowd.

    Attributes:
        taps: from each tap to its answer and the next screen, whichever came last.
        firsts: from each first start to the first screen.
        lost: what was never answered, in words.
    """

    taps: list[Wait] = field(default_factory=list)
    firsts: list[Wait] = field(default_factory=list)
    lost: list[tuple[Wait, str]] = field(default_factory=list)

    def note_lost(self, begun: float, what: str) -> None:
        """Records that somebody has waited in vain since `begun`."""
        self.lost.append((Wait(begun, time.monotonic()), what))


@dataclass(slots=True)
class OrdinaryPerson:
    """An ordinary person.

    Attributes:
        signs: whether they sign; others only read.
        types: whether they type their name, if they give it, instead of tapping it.
        parts: "withdraw" or "stop" for those who change their mind, at `parts_at`.
        thinks: least and most seconds before each tap.
        languages: the languages in which the bot may write to them.
        is_withdrawing: whether they have asked to be erased, and no answer has come yet.
    """

    person: Person
    dice: random.Random
    watch: WaitTimes
    signs: bool = True
    types: bool = False
    parts: str = ""
    parts_at: float = 0.0
    thinks: tuple[float, float] = (8.0, 30.0)
    languages: set[str] = field(default_factory=set)
    is_withdrawing: bool = False

    async def lives(self, comes_at: float, until: float) -> None:
        """Arrives at `comes_at` and goes on until `until`, both by the event loop's clock."""
        self.languages.add(self.person.user.language or "es")
        await _sleep_until(comes_at)
        await self._starts()
        if self.signs:
            await self._signs()
        while (now := _now()) < until:
            pause = self.dice.uniform(*self.thinks)
            if self.parts and now + pause >= self.parts_at:
                await _sleep_until(max(now, self.parts_at))
                await self._parts()
                continue
            await asyncio.sleep(min(pause, max(0.0, until - now)))
            if _now() < until:
                await self._wanders()

    @property
    def screen(self) -> Message | None:
        """The newest message with buttons."""
        messages = reversed(self.person.messages)
        return next((m for m in messages if m.from_bot and m.buttons), None)

    async def _starts(self) -> None:
        """Presses Start, and again when nothing comes."""
        for _ in range(_STARTS):
            begun = time.monotonic()
            self.person.start()
            if await self._until(lambda: self.screen is not None, PATIENCE_SECONDS):
                self.watch.firsts.append(Wait(begun, time.monotonic()))
                return
            self.watch.note_lost(begun, f"{self.person.id} started and saw nothing")

    async def _signs(self) -> None:
        await asyncio.sleep(self.dice.uniform(0.5, 3.0))
        if self.dice.random() < _WITH_NAME:
            await self._taps("named")
            await asyncio.sleep(self.dice.uniform(0.5, 3.0))
            await (self._types() if self.types else self._taps("profile"))
        else:
            await self._taps("unnamed")
        await asyncio.sleep(self.dice.uniform(0.5, 3.0))
        await self._taps("confirm")

    async def _types(self) -> None:
        before, begun = self._seen(), time.monotonic()
        self.person.send(f"{self.person.user.first_name} Álvarez Rincón")
        if not await self._until(lambda: self._seen() != before, PATIENCE_SECONDS):
            self.watch.note_lost(begun, f"{self.person.id} typed a name and saw nothing")

    async def _wanders(self) -> None:
        offered = [button for button in self._offered() if button.data and _may(button)]
        roll = self.dice.random()
        if roll < 0.04 or not offered:
            await self._commands("/mydata" if roll < 0.02 else "/start")
        else:
            await self._presses(self.dice.choice(offered))

    async def _parts(self) -> None:
        parts, self.parts = self.parts, ""
        if parts == "stop":
            await self._commands("/stop")
            return
        await self._commands("/withdraw")
        self.is_withdrawing = True
        await self._taps("erase")
        self.is_withdrawing = False

    async def _commands(self, command: str) -> None:
        before, begun = self._seen(), time.monotonic()
        self.person.send(command)
        if not await self._until(lambda: self._seen() != before, PATIENCE_SECONDS):
            self.watch.note_lost(begun, f"{self.person.id} wrote {command} and saw nothing")

    async def _taps(self, action: str) -> None:
        """Taps the button of this action if there is one; the petition may have closed."""
        for button in self._offered():
            if button.data and button.data.split(":")[1] == action:
                await self._presses(button)
                return

    async def _presses(self, button: InlineButton) -> None:
        screen, before = self.screen, self._seen()
        if screen is None or button.data is None:
            return
        action, argument = button.data.split(":")[1:3]
        if action == "speak":
            self.languages.add(argument)
        begun = time.monotonic()
        tap = self.person.tap_data(screen.id, button.data)
        found = await self._until(
            lambda: tap.answer is not None and self._seen() != before, PATIENCE_SECONDS
        )
        ended = time.monotonic()
        self.watch.taps.append(Wait(begun, ended))
        if not found:
            what = "no answer" if tap.answer is None else "an answer and no screen"
            self.watch.note_lost(begun, f"{self.person.id} tapped {button.data} and got {what}")

    def _offered(self) -> list[InlineButton]:
        screen = self.screen
        return [button for row in screen.buttons for button in row] if screen else []

    def _seen(self) -> tuple[object, ...]:
        screen = self.screen
        return (screen.id, screen.text, screen.labels) if screen else ()

    async def _until(self, found: Callable[[], bool], seconds: float) -> bool:
        notifier = self.person.chat.notifier
        return bool(await notifier.wait_for(lambda: found() or None, seconds))


async def signs(person: Person, dice: random.Random) -> None:
    """Lets a person sign, as far as the bot lets them, without measuring anything."""
    with suppress(SimulatorError):
        one = OrdinaryPerson(person, dice, WaitTimes())
        await one.lives(_now(), _now())


def _may(button: InlineButton) -> bool:
    action = (button.data or "").split(":")[1]
    # The button of the current language does not change the screen.
    return action in _WANDERING and not button.label.startswith("•")


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _sleep_until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - _now()))


ORDER_SECONDS = 60.0


async def repeat_command(
    marta: Person, command: str, labels: tuple[str, ...], done: tuple[str, ...]
) -> None:
    """Sends the command and taps the labels in turn, repeatedly, until a `done` text is shown."""

    def is_done() -> bool | None:
        return any(words in m.text for m in marta.messages for words in done) or None

    def is_offered(label: str) -> bool | None:
        offered = (there for m in marta.messages for there in m.labels)
        return is_done() or any(label in there for there in offered) or None

    async with asyncio.timeout(ORDER_SECONDS):
        while not is_done():
            marta.send(command)
            for label in labels:
                await marta.chat.notifier.wait_for(partial(is_offered, label), 3)
                try:
                    marta.tap(label)
                except SimulatorError:
                    break
            await marta.chat.notifier.wait_for(is_done, 3)
