"""120 people sign while the bot is killed about every second."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from bot.text.translations import Catalogs
from simulator import Simulator
from simulator.person import Person
from storage.database import open_database
from storage.keyring import Keyring
from tests.features.test_process_kills import crowd, told
from tests.soak.ordinary_people import repeat_command
from tests.support.bot_process import BotProcess
from tests.support.raw_sql import read_sql
from tests.support.retrying_signer import signs_with_retries, was_thanked
from tests.support.scene import ADMIN, TOKEN, send_label

WORDS = Catalogs.load().words("es")
PEOPLE = 120
# Messages a second: slow enough for several kills within one broadcast.
RATE = 10.0
SIGNING_SECONDS = 300.0
# People who see nothing for two seconds tap or start again. When Telegram fails as well, one
# second of life is too short for the updates of everybody at once.
AT_ONCE_WITH_FAULTS = 12
_COUNTED = """
SELECT (SELECT COUNT(*) FROM signatures) AS signed, signatures AS shown,
  (SELECT COUNT(DISTINCT number) FROM signatures) AS numbers
FROM petitions
"""
BROADCAST_SECONDS = 180.0


@dataclass(frozen=True)
class FaultRates:
    """How Telegram behaves; rates are shares of all calls."""

    errors: float = 0.0
    lost_answers: float = 0.0
    floods: float = 0.0
    at_once: int = PEOPLE


CALM = FaultRates()
ROUGH = FaultRates(errors=0.06, lost_answers=0.04, floods=0.02, at_once=AT_ONCE_WITH_FAULTS)


@pytest.mark.parametrize(
    ("kind", "rates"),
    [("sqlite", CALM), ("sqlite", ROUGH), ("postgres", ROUGH)],
    ids=["sqlite-calm", "sqlite-rough", "postgres-rough"],
)
async def test_whoever_was_thanked_is_counted_and_whoever_signed_is_told(
    kind: str, database_url: str, tmp_path: Path, rates: FaultRates, tell: Callable[[str], None]
) -> None:
    async with a_bot(tmp_path, RATE, database_url) as bot:
        faults = bot.simulator.faults
        faults.error_rate, faults.drop_rate = rates.errors, rates.lost_answers
        faults.too_many_rate = rates.floods
        people = crowd(bot, PEOPLE)
        begun = time.monotonic()
        async with killed_meanwhile(bot, after_each=lambda: thanked_are_counted(bot, people)):
            await all_sign(people, rates.at_once)
        seconds, kills = time.monotonic() - begun, bot.kills
        assert await counted(bot) == (PEOPLE, PEOPLE, PEOPLE)

        more_kills, lost = await closes_and_broadcasts(bot, people)
        copies = Counter(told(person) for person in people)
        tell(
            f"{kind}: {PEOPLE} people signed in {seconds:.0f} s with {kills} kills; told with"
            f" {more_kills} kills and {lost} lost answers; people by copies"
            f" {dict(sorted(copies.items()))}"
        )
        assert copies[0] == 0
        repeated = sum((number - 1) * count for number, count in copies.items())
        # A kill repeats the messages in flight, one second's worth at most; a lost answer, one.
        assert repeated <= more_kills * RATE + lost
        assert await counted(bot) == (PEOPLE, PEOPLE, PEOPLE)


async def all_sign(people: list[Person], at_once: int) -> None:
    waiting = iter(people)

    async def one_after_the_other() -> None:
        for person in waiting:
            await signs_with_retries(person, WORDS, SIGNING_SECONDS)

    async with asyncio.timeout(SIGNING_SECONDS):
        await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))


async def counted(bot: BotProcess) -> tuple[int, int, int]:
    """Returns the number of signatures, the count people see, and the distinct numbers."""
    database = await open_database(bot.url)
    try:
        (row,) = await read_sql(database, _COUNTED)
    finally:
        await database.close()
    return row["signed"], row["shown"], row["numbers"]


async def thanked_are_counted(bot: BotProcess, people: list[Person]) -> None:
    """Checks, while the process is dead, that nobody was thanked without a stored signature."""
    thanked = sum(was_thanked(person, WORDS) for person in people)
    signatures, shown, _ = await counted(bot)
    assert thanked <= signatures
    assert shown == signatures


async def closes_and_broadcasts(bot: BotProcess, people: list[Person]) -> tuple[int, int]:
    """Closes the petition and sends the broadcast; returns the kills and lost answers."""
    marta = bot.simulator.world.person("Marta", user_id=ADMIN)
    close = WORDS.label("Sí, cerrar la petición")
    send = send_label(WORDS, PEOPLE)
    kills, begun = bot.kills, len(bot.simulator.calls)
    async with killed_meanwhile(bot, after_each=lambda: thanked_are_counted(bot, people)):
        await repeat_command(marta, "/close", (close,), ("está cerrada",))
        await repeat_command(
            marta,
            "/broadcast",
            (WORDS.label("El mensaje final"), WORDS.label("Continuar"), send),
            ("Enviando el mensaje", "El mensaje final está enviado"),
        )
        await marta.sees("El mensaje final está enviado.", BROADCAST_SECONDS)
    lost = sum(
        call.method == "sendMessage" and call.status == 0 for call in bot.simulator.calls[begun:]
    )
    return bot.kills - kills, lost


_SECONDS_ALIVE = 1.0
_LONGEST_START_SECONDS = 30.0
# Methods that serve people; those at the bot's start do not count.
_ANSWERS = ("send", "edit", "answer")


@asynccontextmanager
async def a_bot(folder: Path, rate: float, database_url: str) -> AsyncIterator[BotProcess]:
    """Runs the bot's process on an empty database, with a simulated Telegram."""
    (folder / "keys").mkdir(mode=0o700)
    Keyring.generate(folder / "keys" / "petition.key")
    async with Simulator(token=TOKEN) as simulator:
        process = BotProcess(folder, simulator, rate, database_url)
        process.module = "tests.support.killed_bot"
        await process.start()
        try:
            yield process
        finally:
            await process.kill()


@asynccontextmanager
async def killed_meanwhile(
    bot: BotProcess, after_each: Callable[[], Awaitable[None]]
) -> AsyncIterator[None]:
    """Kills it after each second of work while the block runs, and begins it again after a check.

    The check is `after_each`; one that fails fails the test.
    """
    over, calls, notifier = asyncio.Event(), bot.simulator.calls, bot.simulator.world.notifier

    def answered(before: int) -> bool | None:
        found = any(
            call.status == 200 and call.method.startswith(_ANSWERS) for call in calls[before:]
        )
        return found or over.is_set() or None

    async def kills() -> None:
        while not over.is_set():
            works = await notifier.wait_for(partial(answered, len(calls)), _LONGEST_START_SECONDS)
            assert works, "the bot answered nobody:\n" + bot.log.read_text()[-3000:]
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), _SECONDS_ALIVE)
            if not over.is_set():
                await bot.kill()
                await after_each()
                await bot.start()

    killing = asyncio.create_task(kills())
    try:
        yield
    finally:
        over.set()
    notifier.notify()
    await killing
