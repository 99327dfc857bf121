"""Simulated people who sign as fast as the bot answers, in a process off the bot's core."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from multiprocessing.connection import Connection
from typing import Any

import uvloop

from benchmarks.child_server import answer_questions
from bot.text.translations import Catalogs, Words
from simulator import Simulator
from simulator.person import Person

# Not a real token; only the simulator knows it.
TOKEN = "1000000002:a-token-for-benchmarks-that-opens-nothing"  # noqa: S105
_PATIENCE_SECONDS = 60.0
_WITHOUT_NAME = 3
"""Of each ten people, how many sign without giving their name."""

NAME = "Ana3 García"
"""The name in the screens that `signing_screens` returns."""


@dataclass(frozen=True, slots=True)
class Screens:
    """Each screen from /start to the thanks, as text and keyboard, and the picture's caption."""

    caption: str
    named: tuple[tuple[str, Mapping[str, Any]], ...]
    unnamed: tuple[tuple[str, Mapping[str, Any]], ...]


@dataclass(slots=True)
class Signed:
    """The measurements: seconds in all, and for each tap until its answer and its screen."""

    updates: int = 0
    seconds: float = 0.0
    answers: list[float] = field(default_factory=list)
    screens: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Started:
    """The seconds until each person's first screen, and what the crowd cost."""

    waits: list[float]
    pictures: int
    refused: int


async def people_sign(simulator: Simulator, people: int, at_once: int) -> Signed:
    """Lets people start and sign, from /start to the thanks, `at_once` of them at any time."""
    words = Catalogs.load().words("es")
    signed = Signed()
    crowd = [
        simulator.world.person(f"Ana{number}", last_name="García") for number in range(people)
    ]
    room = asyncio.Semaphore(at_once)

    async def come(number: int, person: Person) -> None:
        async with room:
            await _signs(person, words, signed, with_name=number % 10 >= _WITHOUT_NAME)

    begun = time.monotonic()
    await asyncio.gather(*(come(number, person) for number, person in enumerate(crowd)))
    signed.seconds = time.monotonic() - begun
    return signed


async def signing_screens(simulator: Simulator) -> Screens:
    """Lets a few people sign, and returns the screens that the bot showed them."""
    await people_sign(simulator, _WITHOUT_NAME + 1, 1)
    shown: dict[object, list[tuple[str, Mapping[str, Any]]]] = {}
    for call in simulator.calls:
        if "text" in call.params:
            screen = call.params["text"], call.params["reply_markup"]
            shown.setdefault(call.chat_id, []).append(screen)
    unnamed, *_, named = map(tuple, shown.values())
    return Screens(simulator.calls.of("sendPhoto")[0].params["caption"], named, unnamed)


async def people_start(simulator: Simulator, people: int) -> Started:
    """Lets this many people start at once; waits until each has a screen with buttons."""
    simulator.limits.on = True
    first = Catalogs.load().words("es").label("✍️ Firmar con mi nombre")
    crowd = [simulator.world.person(f"Ana{number}") for number in range(people)]
    begun = time.monotonic()

    async def waited(person: Person) -> float:
        person.start()
        await _waits(person, lambda: _has(person, first))
        return time.monotonic() - begun

    waits = await asyncio.gather(*(waited(person) for person in crowd))
    return Started(
        waits=waits,
        pictures=sum(any(message.photo for message in person.messages) for person in crowd),
        refused=sum(call.status == 429 for call in simulator.calls),
    )


async def _signs(person: Person, words: Words, signed: Signed, *, with_name: bool) -> None:
    sign = words.label("✍️ Firmar con mi nombre")
    use = words.label("Usar «{name}»", name=f"{person.user.first_name} García")
    confirm, thanks = words.label("✍️ Consiento y firmo"), words.label("Ver mi firma")
    way = [sign, use, confirm, thanks]
    if not with_name:
        way = [words.label("✍️ Firmar sin dar mi nombre"), confirm, thanks]
    person.start()
    signed.updates += 1
    await _waits(person, lambda: _has(person, way[0]))
    # What is tapped, and what is on the screen that follows and was not on the one before.
    for label, following in pairwise(way):
        signed.updates += 1
        await _taps(person, label, following, signed)


async def _taps(person: Person, label: str, following: str, signed: Signed) -> None:
    tapped = time.monotonic()
    tap = person.tap(label)

    # Measured in parallel: whichever comes first must not wait for the other.
    async def answered() -> None:
        await tap.answered(_PATIENCE_SECONDS)
        signed.answers.append(time.monotonic() - tapped)

    async def drawn() -> None:
        await _waits(person, lambda: _has(person, following))
        signed.screens.append(time.monotonic() - tapped)

    await asyncio.gather(answered(), drawn())


async def _waits(person: Person, found: Callable[[], bool | None]) -> None:
    if await person.chat.notifier.wait_for(found, _PATIENCE_SECONDS) is None:
        raise TimeoutError(f"after {_PATIENCE_SECONDS} s still:\n{person.chat.transcript()}")


def _has(person: Person, label: str) -> bool | None:
    return any(label in message.labels for message in person.messages) or None


def serve_simulator(pipe: Connection, latency: float) -> None:
    """Runs a simulator without rate limits that takes `latency` seconds for each call."""
    uvloop.run(_answer_all(pipe, latency))


def cpu_seconds(_: Simulator) -> float:
    """Returns the CPU time of the process, in seconds."""
    return time.process_time()


async def _answer_all(pipe: Connection, latency: float) -> None:
    async with Simulator(token=TOKEN) as simulator:
        simulator.limits.on = False
        simulator.faults.latency = latency
        await answer_questions(pipe, simulator)
