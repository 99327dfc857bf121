"""A bot that is killed repeatedly, but each time only after it has answered somebody."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from simulator import Simulator
from storage.keyring import Keyring
from tests.support.bot_process import BotProcess
from tests.support.scene import TOKEN

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


class Killer:
    """Kills the process after each second of work, and calls `after_each` before a restart."""

    def __init__(self, bot: BotProcess, after_each: Callable[[], Awaitable[None]]) -> None:
        self._bot = bot
        self._after_each = after_each
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Kills and restarts until `rest`; then the process is running."""
        while not self._over.is_set():
            await self._until_it_answers()
            await self._waits(_SECONDS_ALIVE)
            if self._over.is_set():
                return
            await self._bot.kill()
            await self._after_each()
            await self._bot.start()

    def rest(self) -> None:
        """Ends the kills."""
        self._over.set()

    async def _until_it_answers(self) -> None:
        simulator = self._bot.simulator
        before = len(simulator.calls)

        def answered() -> bool | None:
            new = simulator.calls[before:]
            found = any(call.status == 200 and call.method.startswith(_ANSWERS) for call in new)
            return found or self._over.is_set() or None

        assert await simulator.world.notifier.wait_for(answered, _LONGEST_START_SECONDS), (
            "the bot answered nobody:\n" + self._bot.log.read_text()[-3000:]
        )

    async def _waits(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return


@contextmanager
def _resting(killer: Killer) -> Iterator[None]:
    try:
        yield
    finally:
        killer.rest()


@asynccontextmanager
async def killed_meanwhile(
    bot: BotProcess, after_each: Callable[[], Awaitable[None]]
) -> AsyncIterator[None]:
    """Kills while the block runs; a failed check of `after_each` fails the test."""
    killer = Killer(bot, after_each)
    killing = asyncio.create_task(killer.run())
    with _resting(killer):
        yield
    bot.simulator.world.notifier.notify()
    await killing
