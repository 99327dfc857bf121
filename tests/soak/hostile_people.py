"""Attackers with all that a modified client can do, and a Telegram that fails in their chats."""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from aiohttp import web

from simulator import Simulator
from simulator.chats import Chat, Message
from simulator.errors import Refused, SimulatorError, too_many
from simulator.faults import Fault, Faults
from simulator.parameters import Params
from simulator.person import Person
from simulator.taps import Tap
from tests.soak.ordinary_people import signs

_LONGEST_HANG_SECONDS = 120.0

# Placeholders for bytes that no JSON library writes; replaced in the bytes of the answer.
NOT_UTF8 = "\ue000"
HALF_SURROGATE = "\ue001"
SURROGATE_BYTES = "\ue002"
_ON_THE_WIRE = {
    NOT_UTF8.encode(): b"\xff\xfe\xc0",
    HALF_SURROGATE.encode(): b"\\ud800",
    SURROGATE_BYTES.encode(): b"\xed\xa0\x80",
}


class Failure(Enum):
    """What happens to every call to a failing chat."""

    ERROR = "a 5xx, and nothing is done"
    HANG = "no answer for two minutes, and nothing is done"
    DROP = "it is done, and the connection is cut"
    CUT = "the connection is cut, and nothing is done"
    FLOOD = "a 429 with a long pause"


@dataclass(slots=True)
class FailingChats(Faults):
    """The failing chats, each with its failure; `pauses` are `retry_after` seconds by chat."""

    failing: dict[int, Failure] = field(default_factory=dict)
    pauses: dict[int, int] = field(default_factory=dict)

    def chosen(self, method: str, chat: object = None) -> Fault | None:
        """Returns the fault of a call's connection, if it has one."""
        failure = self.failing.get(_number(chat))
        if failure is Failure.CUT:
            return Fault.CUT
        if failure is Failure.DROP:
            return Fault.DROP
        return Faults.pick(self, method, chat)

    async def happens(self, chat: int) -> None:
        """Carries out the failure of this chat if it is an error, a hang or a flood.

        Raises:
            Refused: the answer to the call.
        """
        failure = self.failing.get(chat)
        if failure is Failure.FLOOD:
            raise too_many(self.pauses.get(chat, 30))
        if failure is Failure.HANG:
            await asyncio.sleep(_LONGEST_HANG_SECONDS)
        if failure in (Failure.ERROR, Failure.HANG):
            raise Refused(502, "Bad Gateway")

    def clear(self) -> None:
        """Removes all failures."""
        Faults.clear(self)
        self.failing.clear()


class FailingTelegram(Simulator):
    """A simulator with failing chats and refused polls.

    Attributes:
        refusals: error codes with which the next polls are refused, one each.
    """

    def __init__(self, *, token: str) -> None:
        super().__init__(token=token, keep_calls=0)
        self.failing_chats = FailingChats()
        self.faults = self.failing_chats
        self.refusals: deque[int] = deque()

    async def _call(self, request: web.BaseRequest, name: str) -> web.StreamResponse:
        response = await super()._call(request, name)
        if name == "getUpdates" and isinstance(response, web.Response):
            response.body = on_the_wire(response.body)
        return response

    async def _result(self, name: str, params: Params) -> Any:
        if name == "getUpdates" and self.refusals:
            raise _HICCUPS[self.refusals.popleft()]
        await self.failing_chats.happens(self._chat_of(params))
        return await super()._result(name, params)

    def _chat_of(self, params: Params) -> int:
        tap = self.world.taps.get(str(params.get("callback_query_id")))
        return tap.by.id if tap is not None else _number(params.get("chat_id"))


_HICCUPS = {
    401: Refused(401, "Unauthorized"),
    404: Refused(404, "Not Found"),
    409: Refused(409, "Conflict: terminated by other getUpdates request"),
    502: Refused(502, "Bad Gateway"),
}


def on_the_wire(body: object) -> bytes:
    """Returns the bytes of an answer, with the placeholders replaced."""
    if not isinstance(body, bytes):
        raise TypeError("an answer is bytes")
    for stands_for, sent in _ON_THE_WIRE.items():
        body = body.replace(stands_for, sent)
    return body


def _number(chat: object) -> int:
    """Returns the number of a chat in a parameter; 0 for none."""
    text = str(chat)
    return int(text) if text.lstrip("-").isascii() and text.lstrip("-").isdecimal() else 0


_LONG = "ñ" * 65_536
_STRANGE = (NOT_UTF8, HALF_SURROGATE, SURROGATE_BYTES, "a\0b", _LONG, "\u202eabc", "")
# Seconds that flooded chats are told to wait, in turn; all are refused within a moment.
_PAUSES = (99, 5, 7)
_EVERY_SECONDS = 8.0
_TRIES = 27


@dataclass(frozen=True, slots=True)
class HostilePerson:
    """An attacker.

    Attributes:
        victims: people whose taps are copied and in whose chats taps are forged.
    """

    person: Person
    telegram: FailingTelegram
    victims: Sequence[Person]
    dice: random.Random

    async def sends_bytes(self) -> None:
        """Sends arbitrary bytes as button data, text, caption, name, payload and file name."""
        self.person.start()
        while True:
            await self._rests(1.0, 4.0)
            strange = self.dice.choice(_STRANGE)
            kind = self.dice.randrange(7)
            if kind == 0:
                self._taps(strange)
            elif kind == 1:
                self._writes(text=strange)
            elif kind == 2:
                self._writes(text=f"/start {strange}")
            elif kind == 3:
                self._writes(caption=strange, photo=[_file(file_size=1, width=1, height=1)])
            elif kind == 4:
                self._writes(caption="x", document=_file(file_name=strange))
            elif kind == 5:
                self.person.rename(strange or "x", strange)
                self._writes(text="/start")
            else:
                self._writes(contact={"phone_number": strange, "first_name": strange})

    async def forges_taps(self) -> None:
        """Forges taps of others, of admins, on old screens, in groups and in other chats."""
        world = self.person.world
        group = world.group("Grupo", members=[self.person])
        await signs(self.person, self.dice)
        while True:
            await self._rests(0.3, 2.0)
            victim = self.dice.choice(self.victims)
            data = self._copied(victim)
            where = self.dice.choice([self.person.chat, group, victim.chat])
            self._taps(data, where, self.dice.choice([*victim.chat.messages, 1]))

    async def never_pauses(self) -> None:
        """Requests something that costs a file, a row or a message, five times a second."""
        await signs(self.person, self.dice)
        while True:
            self.person.send(self.dice.choice(["/mydata", "/start", "/mydata", "/language"]))
            await asyncio.sleep(0.2)
            with suppress(SimulatorError):
                self.person.tap("📄")

    async def tries_names(self) -> None:
        """Sends names where none is asked for, and many where one is."""
        self.person.start()
        while True:
            for number in range(_TRIES):
                await self._rests(0.2, 1.0)
                self.person.send(self.dice.choice(["1", "http://a.b", f"Nombre Malo {number} "]))
                self._taps_action("named", "unnamed", "sign", "home", "confirm", "profile", "back")
            self.person.send("/cancel")

    async def blocks_and_comes_back(self) -> None:
        """Blocks and unblocks the bot all the time."""
        await signs(self.person, self.dice)
        while True:
            await self._rests(0.5, 4.0)
            self.person.block()
            await self._rests(0.1, 2.0)
            self.person.unblock()
            if self.dice.random() < 0.5:
                self.person.send("/start")

    def fails(self, failure: Failure, pause: int) -> Callable[[], Awaitable[None]]:
        """Makes their chat fail from now on, and goes on tapping, many taps at once."""

        async def goes_on() -> None:
            await signs(self.person, self.dice)
            self.telegram.failing_chats.failing[self.person.id] = failure
            self.telegram.failing_chats.pauses[self.person.id] = pause
            while True:
                await self._rests(0.2, 2.0)
                await _at_the_same_moment()
                self.person.send(self.dice.choice(["/start", "/privacy", "/mydata"]))
                await self._rests(0.0, 0.5)
                self._taps_action("home", "read", "back", "privacy", "data")

        return goes_on

    def _taps_action(self, *wanted: str) -> None:
        buttons = [
            (message, button.data)
            for message in self.person.messages
            for row in message.buttons
            for button in row
            if button.data and button.data.split(":")[1] in wanted
        ]
        if buttons:
            message, data = self.dice.choice(buttons)
            self.person.tap_data(message.id, data)

    def _copied(self, victim: Person) -> str:
        forged = [
            *(button.data for m in victim.messages for row in m.buttons for button in row),
            *(f"{self.dice.randrange(30)}:{what}:" for what in ("erase", "confirm", "mute")),
            *("admin:close:1", "stop:news", "9" * 64, "1:confirm:" + "0" * 16),
        ]
        return self.dice.choice([data for data in forged if data])

    def _taps(self, data: str, chat: Chat | None = None, message_id: int = 1) -> None:
        world, where = self.person.world, chat or self.person.chat
        message = where.messages.get(message_id) or Message(
            id=message_id, chat=where, by=world.bot, date=world.now(), text="…"
        )
        tap = Tap(next(world.query_ids), self.person.user, message, data, world.clock())
        world.taps[tap.id] = tap
        world.updates.add("callback_query", where.id, tap.shape())

    def _writes(self, **content: Any) -> None:
        """Sends the bot an update with a message that no client would send."""
        world, person = self.person.world, self.person
        text = str(content.get("text", ""))
        command = [{"type": "bot_command", "offset": 0, "length": len(text.split(" ")[0])}]
        shape = {
            "message_id": next(world.message_ids),
            "from": person.user.shape(),
            "chat": person.chat.shape(),
            "date": world.now(),
            **({"entities": command} if text.startswith("/") else {}),
            **content,
        }
        world.updates.add("message", person.id, shape)

    async def _rests(self, least: float, most: float) -> None:
        await asyncio.sleep(self.dice.uniform(least, most))


async def _at_the_same_moment() -> None:
    """Waits for the next moment that all such people share, to be refused within one second."""
    now = asyncio.get_running_loop().time()
    await asyncio.sleep(_EVERY_SECONDS - now % _EVERY_SECONDS)


def _file(**more: Any) -> dict[str, Any]:
    return {"file_id": "made-up", "file_unique_id": "made-up", **more}


def attack_of(one: HostilePerson, number: int) -> Callable[[], Awaitable[None]]:
    """Returns the attack of the hostile person of this number; the next one gets another."""
    failures = list(Failure)
    kinds: tuple[Callable[[], Awaitable[None]], ...] = (
        one.sends_bytes,
        one.fails(failures[number // 8 % len(failures)], 30),
        one.forges_taps,
        one.fails(Failure.FLOOD, _PAUSES[number // 8 % len(_PAUSES)]),
        one.never_pauses,
        one.tries_names,
        one.fails(Failure.ERROR, 30),
        one.blocks_and_comes_back,
    )
    return kinds[number % len(kinds)]


async def repeat_attack(role: Callable[[], Awaitable[None]], late: float) -> None:
    """Starts after `late` seconds, and again after an action that the simulator refuses."""
    await asyncio.sleep(late)
    while True:
        with suppress(SimulatorError):
            await role()
        await asyncio.sleep(1.0)
