"""Benchmark of a bot killed repeatedly while it sends: messages lost and repeated."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.benchmark import Benchmark, Report
from benchmarks.bot_api.limit import Limit
from benchmarks.bot_api.process import TOKEN, FastApi, Weather, a_fast_api
from benchmarks.occasion import Occasion
from benchmarks.ours import a_plan
from benchmarks.signatories import FIRST_CHAT, KEY, url_of
from bot.broadcast import Timing
from storage import Broadcast, Keyring, Storage, Tally, open_storage
from tests.broadcast.petitioners import ADMIN, SLUG

PEOPLE: Final = 10_000
KILLS: Final = 100
_QUICK_PEOPLE: Final = 1_000
_QUICK_KILLS: Final = 10
RATE: Final = 1_000.0
LATENCY: Final = 0.03
# Time between two checks of what has arrived; a kill is at most this late.
_LOOK_SECONDS: Final = 0.002
_END_LOOK_SECONDS: Final = 0.2
_LONGEST_LIFE_SECONDS: Final = 30.0
_LONGEST_END_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class _Place:
    """The bot's folder and key file, and the server it sends to."""

    folder: Path
    key: Path
    api: FastApi


@dataclass(frozen=True, slots=True)
class _Told:
    """The tally in the database at the end, the number of kills and the seconds it took."""

    tally: Tally
    kills: int
    seconds: float


async def _run(occasion: Occasion) -> Report:
    people, kills = (_QUICK_PEOPLE, _QUICK_KILLS) if occasion.quick else (PEOPLE, KILLS)
    async with occasion.petition(people) as folder, a_fast_api() as api:
        await api.begin(Weather(LATENCY, Limit(RATE, RATE)))
        with occasion.empty_folder() as apart:
            # The bot refuses to start with the key beside its data.
            key = (folder / KEY).rename(apart / KEY)
            told = await _tell_everyone(_Place(folder, key, api), people, kills)
        seen, shares = await api.look(), await api.shares(FIRST_CHAT, people)
    bound = seen.unheard + told.kills * RATE * Timing().record
    return Report(
        (
            "Recipients",
            "kills",
            "lost",
            "repeated",
            "most in one chat",
            "in flight when killed",
            "in flight and unrecorded at most",
            "marked as delivered",
            "seconds",
        ),
        (
            (
                f"{people:,}",
                str(told.kills),
                str(shares.lost),
                f"{shares.repeated:,}",
                str(shares.most),
                f"{seen.unheard:,}",
                f"{bound:,.0f}",
                f"{told.tally.delivered:,}",
                f"{told.seconds:.0f}",
            ),
        ),
        _NOTES,
    )


async def _tell_everyone(place: _Place, people: int, kills: int) -> _Told:
    storage = await open_storage(url_of(place.folder), Keyring.load(place.key), SLUG)
    try:
        started = await storage.broadcasts.start(replace(a_plan(), paid=True))
        if not isinstance(started, Broadcast):
            raise TypeError(f"the broadcast did not start: {started}")
        begun = time.monotonic()
        done = await _kill_all_along(place, people, kills)
        async with _a_bot(place):
            await _end(storage, started.id)
        seconds = time.monotonic() - begun
        return _Told(await storage.broadcasts.tally(started.id), done, seconds)
    finally:
        await storage.close()


async def _kill_all_along(place: _Place, people: int, kills: int) -> int:
    """Kills each process while it sends; returns the number of kills."""
    # Leaves about a fifth of the recipients after the last kill.
    longest = 2 * 0.8 * people / kills
    for done in range(kills):
        async with _a_bot(place):
            before = (await place.api.look()).arrived
            enough = before + random.uniform(1, longest)  # noqa: S311 - keeps no secret
            async with asyncio.timeout(_LONGEST_LIFE_SECONDS):
                await _arrived(place.api, enough)
            if (await place.api.look()).chats >= people:
                return done
    return kills


async def _arrived(api: FastApi, enough: float) -> None:
    while (await api.look()).arrived < enough:  # noqa: ASYNC110 - what it waits for is elsewhere
        await asyncio.sleep(_LOOK_SECONDS)


async def _end(storage: Storage, key: bytes) -> None:
    async with asyncio.timeout(_LONGEST_END_SECONDS):
        while True:
            found = await storage.broadcasts.get(key)
            if found is not None and found.reported_at is not None:
                return
            await asyncio.sleep(_END_LOOK_SECONDS)


@asynccontextmanager
async def _a_bot(place: _Place) -> AsyncIterator[None]:
    """Runs `petition-bot run` and kills it when the block ends."""
    environment = {
        **os.environ,
        "PETITION_BOT_TOKEN": TOKEN,
        "PETITION_ADMIN_IDS": str(ADMIN),
        "PETITION_DATABASE_URL": url_of(place.folder),
        "PETITION_KEY_FILE": str(place.key),
        "PETITION_API_URL": place.api.url,
        "PETITION_PAID_BROADCAST": "true",
        "PETITION_BROADCAST_RATE": str(RATE),
        "PETITION_LOG_LEVEL": "ERROR",
    }
    with (place.folder / "bot.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", env=environment, stdout=log, stderr=log
        )
    try:
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


_NOTES: Final = (
    f"`petition-bot run`, {RATE:,.0f} messages a second, {LATENCY * 1000:.0f} ms for each call,"
    " on SQLite; every life ends with SIGKILL at a random moment of its sending and the next"
    " begins at once.",
    "`in flight when killed` is counted by the server: delivered, and nobody left to hear it."
    f" Results are written at most {Timing().record * 1000:.0f} ms late, so every kill may"
    " repeat what arrived in that time besides.",
)

KILLED: Final = Benchmark(
    "kills",
    "Killed a hundred times",
    "A broadcast to 10,000 people by a process that is killed again and again meanwhile.",
    _run,
    "`kill -9` the bot as often as you like while it sends to `python -m benchmarks.bot_api`,"
    " which tells, when it is stopped, how many messages arrived and how many came twice.",
)
