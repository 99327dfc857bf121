"""Two replicas are tapped without a rest while people come and go, for as long as is wanted.

One of the replicas lives all the time; the other is killed and stopped in turn, and started again.
SOAK_SECONDS says how long (an hour is 3600), SOAK_UPDATES how many a second.
"""

import asyncio
import itertools
import os
import random
import time
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.text.translations import Catalogs
from simulator import Simulator
from storage.database import open_database
from storage.keyring import Keyring
from tests.soak.ordinary_people import OrdinaryPerson, WaitTimes
from tests.support.bot_process import BotProcess
from tests.support.percentiles import percentile
from tests.support.raw_sql import read_sql
from tests.support.replicas import Replicas, said
from tests.support.retrying_signer import was_thanked
from tests.support.scene import TOKEN
from tests.support.supporters import SLUG
from tests.support.webhook_proxy import webhook_proxy

WORDS = Catalogs.load().words("es")
SECONDS = float(os.environ.get("SOAK_SECONDS", "300"))
UPDATES = float(os.environ.get("SOAK_UPDATES", "50"))
THINKS = (6.0, 14.0)
PEOPLE = round(UPDATES * sum(THINKS) / 2)
# So slowly that new messages stay below the 25 a second that the bot allows itself: each of those
# who come needs about four.
STAYS = max(PEOPLE / 2, SECONDS / 6)
COME_WITHIN = max(PEOPLE / 4, SECONDS / 10)
RESTARTED_EVERY = 60.0
RESTART_LASTS = 15.0  # until what the one that was killed had taken is free
PARTS = 6
MOST_GROWTH = 1.05


@dataclass
class Comer(OrdinaryPerson):
    """Somebody who notes whether they were thanked, and whether what was theirs was erased."""

    was_thanked: bool = False
    was_erased: bool = False

    async def _signs(self) -> None:
        await super()._signs()
        self.was_thanked = was_thanked(self.person, WORDS)

    async def _parts(self) -> None:
        await super()._parts()
        # Of the newest screen: the one before is deleted after it is shown.
        offered = {(button.data or "::").split(":")[1] for button in self._offered()}
        self.was_erased = offered == {"home"}


class Crowd:
    """People who come, sign, look around and go; some change their mind before they go."""

    def __init__(self, replicas: Replicas) -> None:
        self.watch = WaitTimes()
        self._replicas = replicas
        self._names = itertools.count(1)
        self._ends = asyncio.get_running_loop().time() + SECONDS
        self.gone: list[Comer] = []

    async def comes(self, place: int) -> None:
        """Keeps one place filled until the end, by one person after the other."""
        loop, dice = asyncio.get_running_loop(), random.Random(place)  # noqa: S311 - repeatable
        comes_at = loop.time() + place / PEOPLE * COME_WITHIN
        while comes_at < self._ends:
            until = min(self._ends, comes_at + dice.uniform(0.5, 1.5) * STAYS)
            number = next(self._names)
            one = Comer(
                self._replicas.person(f"Ana{number}"),
                dice,
                self.watch,
                types=number % 3 == 0,
                parts="withdraw" if number % 5 == 0 else "",
                parts_at=dice.uniform((comes_at + until) / 2, until - 20.0),
                thinks=THINKS,
            )
            await one.lives(comes_at, until)
            self.gone.append(one)
            comes_at = loop.time()


@pytest.mark.parametrize("kind", ["postgres"])
async def test_nothing_is_lost_and_memory_stays_for_as_long_as_is_wanted(
    tmp_path: Path, database_url: str, tell: Callable[[str], None]
) -> None:
    async with Simulator(token=TOKEN, keep_calls=10_000) as simulator, webhook_proxy() as proxy:
        replicas = Replicas(tmp_path, simulator, database_url, proxy)
        replicas.log_level = "INFO"  # as in use; what DEBUG says of an hour fills a gigabyte
        lasting, other = [await _begins(replicas) for _ in range(2)]
        crowd, begun, sizes = Crowd(replicas), time.monotonic(), list[float]()
        people = [asyncio.create_task(crowd.comes(place)) for place in range(PEOPLE)]
        restarted, calls = list[float](), Counter[str]()
        restarts = asyncio.create_task(_restart(other, restarted))
        simulator.calls.listeners.append(lambda call, _: calls.update([call.method]))
        try:
            for _ in range(PARTS):
                await asyncio.sleep(SECONDS / PARTS)
                sizes.append(_megabytes(lasting))
                tell(
                    f"{time.monotonic() - begun:.0f} s: {sizes[-1]:.1f} MB,"
                    f" {sum(proxy.answered.values()):,} updates, {calls['sendMessage']:,} new"
                    f" messages; {_waits(crowd.watch, restarted)}"
                )
            await asyncio.gather(*people)
            restarts.cancel()
            database = await open_database(database_url)
            rows = await read_sql(database, "SELECT supporter FROM signatures")
            (shown,) = await read_sql(database, "SELECT signatures FROM petitions")
            await database.close()
            keyring = Keyring.load(tmp_path / "petition.key")
            gone = {keyring.reference(SLUG, one.person.id): one for one in crowd.gone}
            there = {bytes(row["supporter"]) for row in rows}
            erased = {its for its, one in gone.items() if one.was_erased}
            thanked = {its for its, one in gone.items() if one.was_thanked}
            tell(
                f"{len(gone):,} came, {len(thanked):,} were thanked, {len(erased):,} of them"
                f" withdrew; {len(there):,} signatures; {other.kills} kills;"
                f" {len(crowd.watch.lost)} waits in vain"
            )
            tell("\n".join(what for _, what in crowd.watch.lost[:20]))
            for each in there ^ (thanked - erased):
                tell(gone[each].person.chat.transcript())
            assert there == thanked - erased
            assert shown["signatures"] == len(there)
            assert not crowd.watch.lost
            # Since all have come, and the largest crowd around a restart has too.
            settled = sizes[max(int(PARTS * COME_WITHIN / SECONDS), PARTS // 3 - 1) :]
            if len(settled) > 1:
                assert max(settled) <= MOST_GROWTH * settled[0]
            else:
                tell("Too short to compare the memory: SOAK_SECONDS=3600 is enough.")
        finally:
            for task in (*people, restarts):
                task.cancel()
            for bot in replicas.bots:
                await bot.kill()


async def _begins(replicas: Replicas) -> BotProcess:
    bot = await replicas.begins()
    async with said(bot, "webhook_set", 30):
        pass
    return bot


async def _restart(bot: BotProcess, restarted: list[float]) -> None:
    while True:
        for ends in (bot.kill, bot.terminate):
            await asyncio.sleep(RESTARTED_EVERY)
            restarted.append(time.monotonic())
            await ends()
            await bot.start()


def _waits(watch: WaitTimes, restarted: Sequence[float]) -> str:
    """Says how long the taps of the last part took, all and those while nothing was restarted."""
    last = [wait for wait in watch.taps if wait.begun > time.monotonic() - SECONDS / PARTS]
    quiet = [
        wait
        for wait in last
        if not (before := bisect(restarted, wait.ended))
        or wait.begun > restarted[before - 1] + RESTART_LASTS
    ]
    said = []
    for what, waits in (("taps", last), ("without a restart", quiet)):
        seconds = [wait.seconds for wait in waits] or [0.0]
        p50, p99 = (1000 * percentile(seconds, share) for share in (0.5, 0.99))
        said.append(f"{len(waits):,} {what}: p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    return ", ".join(said)


def _megabytes(bot: BotProcess) -> float:
    assert bot.process is not None
    status = Path(f"/proc/{bot.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024
