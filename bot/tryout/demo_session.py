"""Runs the real bot with a simulated Telegram, to be watched in the terminal or on a page."""

from __future__ import annotations

import asyncio
import errno
import signal
import tempfile
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import structlog

from bot.app import App, FatalError, open_app
from bot.console import CannotDo, say
from bot.intake.polling import TokenUnknown
from bot.petition.petition import BUNDLED
from bot.petition_folder.read import read_folder
from bot.settings import Settings
from bot.text.problems import PetitionInvalid
from bot.text.terminal_language import label
from bot.text.translations import mark
from bot.tryout.page import TryoutPage, TryoutState
from simulator import Simulator
from simulator.world import World
from storage.errors import StorageError
from storage.keyring import Keyring

_log = structlog.stdlib.get_logger()

T = TypeVar("T")

# Below the numbers that the simulated Telegram gives to people.
ADMIN_ID = 6_000_000_900
SECOND_ADMIN_ID = 6_000_000_901
_ADMINS = frozenset({ADMIN_ID, SECOND_ADMIN_ID})
# Low, so that approval can be tried with the few people of the demo.
_APPROVAL_ABOVE = 2
_CANNOT_GO_ON = (PetitionInvalid, FatalError, StorageError, TokenUnknown)


class DemoPeople:
    """The people of the demo; `everybody` is in the order of their phones on the page."""

    def __init__(self, world: World) -> None:
        self.ana = world.person("Ana", last_name="García", language="es")
        self.stranger = world.person("Rubén", language="es")
        self.jordi = world.person("Jordi", last_name="Puig", language="ca")
        self.sean = world.person("Seán", last_name="O'Brien", language="en")
        self.late = world.person("Yusuf", language="ar")
        self.marta = world.person("Marta", language="es", user_id=ADMIN_ID)
        self.pau = world.person("Pau", last_name="Vidal", language="es", user_id=SECOND_ADMIN_ID)
        self.everybody = tuple(world.people.values())


class DemoSession:
    """Shows one simulated world after another on a page, each with its people and the bot.

    With `opens_petition` they begin with an open petition before the eyes of some, ready to be
    signed, rather than with people who have not opened the bot.
    """

    def __init__(
        self, page: TryoutPage, *, petition: Path = BUNDLED, opens_petition: bool = False
    ) -> None:
        self._page = page
        self._petition = petition
        self._opens_petition = opens_petition
        self._scene = AsyncExitStack()
        self._life: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        # The page and who watches the folder may both ask for a restart.
        self._restarting = asyncio.Lock()
        self.app: App
        """The bot, once it has started."""
        self.simulator: Simulator
        self.settings: Settings
        self.folder: Path
        self.people: DemoPeople
        page.add_command("restart", self.restart)
        page.add_command("afresh", self.afresh)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[DemoSession]:
        """Runs a simulated world until the end of the block; `start` starts the bot in it."""
        await self._set_scene()
        try:
            yield self
        finally:
            await self._clear_scene()

    async def start(self) -> None:
        """Starts the bot and waits until it is ready; may raise one of `_CANNOT_GO_ON`."""
        self._page.publish_bot_state("starting")
        self._ready.clear()
        life = self._life = asyncio.create_task(self._live())
        waiting = asyncio.create_task(self._ready.wait())
        await asyncio.wait((life, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if life.done():
            self._life = None
            await life

    async def restart(self) -> bool:
        """Restarts the bot, which resumes its work; returns whether it does so.

        It does not while the petition has problems: the bot shows it as it was.
        """
        async with self._restarting:
            return not await self._has_problems() and await self._restart()

    async def afresh(self) -> None:
        """Begins again with an empty world, unless the petition has problems."""
        async with self._restarting:
            if not await self._has_problems():
                self._page.show(None)
                await self._clear_scene()
                await self._set_scene()
                await self._restart()

    async def _has_problems(self) -> bool:
        return bool((await asyncio.to_thread(read_folder, self._petition)).problems)

    async def _restart(self) -> bool:
        try:
            await self._stop()
        except _CANNOT_GO_ON as error:
            _log.warning("bot_had_failed", kind=type(error).__name__)
        try:
            await self.start()
        except _CANNOT_GO_ON as error:
            _log.warning("bot_does_not_start", kind=type(error).__name__)
            return False
        return True

    async def _live(self) -> None:
        try:
            async with open_app(self.settings, follows_folder=False) as app:
                self.app = app
                self._page.publish_bot_state("running")
                self._ready.set()
                await app.run()
        finally:
            self._page.publish_bot_state("stopped")

    async def _stop(self) -> None:
        """Lets the bot finish its current work and end."""
        life, self._life = self._life, None
        if life is None or life.done():
            return
        if self._ready.is_set():
            self.app.stop()
            await life
        else:
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)

    async def _set_scene(self) -> None:
        """Makes an empty world, and the settings for a bot in it."""
        stack = self._scene = AsyncExitStack()
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.simulator = await stack.enter_async_context(
            Simulator(username="peticion_bot", name="Petición")
        )
        self.people = DemoPeople(self.simulator.world)
        state = TryoutState(self.simulator, self._page.feed, _ADMINS)
        await stack.enter_async_context(state.open())
        stack.push_async_callback(state.crowd.stop)
        state.phones.add(*self.people.everybody)
        if self._opens_petition:
            people = self.people
            for person in (people.ana, people.sean, people.marta, people.pau):
                person.start()  # which the bot answers once it runs
            signers = {"es": people.ana.id, "en": people.sean.id}
            state.hints = {"signers": signers, "admin": people.marta.id}
        self._page.show(state)
        self.settings = simulated_settings(self.folder, self.simulator, self._petition)

    async def _clear_scene(self) -> None:
        await self._stop()
        await self._scene.aclose()


@asynccontextmanager
async def served(page: TryoutPage, port: int | None) -> AsyncIterator[str]:
    """Serves the page until the end of the block; prints and yields its address.

    Raises CannotDo if the port cannot be used.
    """
    try:
        address = await page.start(port)
    except OSError as error:
        raise CannotDo(said_of_port(error, port or 0, "--port")) from None
    try:
        say(label("La petición, en el navegador:"), address + page.mark)
        yield address
    finally:
        await page.stop()


def said_of_port(error: OSError, port: int, option: str) -> str:
    """Returns what to change where nothing can be served at a port."""
    taken = mark("El puerto {port} ya está en uso: elige otro con {option}.")
    forbidden = mark(
        "El puerto {port} no lo puede usar cualquiera: elige con {option} uno a partir de 1024."
    )
    said = taken if error.errno == errno.EADDRINUSE else forbidden
    return label(said, port=port, option=option)


async def unless_interrupted(work: Coroutine[Any, Any, T]) -> T | None:
    """Runs `work` and returns its result; returns None if Ctrl-C or SIGTERM interrupts it."""
    working = asyncio.create_task(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, working.cancel)
    try:
        await asyncio.wait((working,))
    finally:
        working.cancel()
    return None if working.cancelled() else working.result()


def simulated_settings(folder: Path, simulator: Simulator, petition: Path) -> Settings:
    """Returns settings that the operator's environment and .env file cannot change."""
    data, keys = folder / "data", folder / "keys"
    for private in (data, keys):
        private.mkdir(mode=0o700)
    Keyring.generate(keys / "petition.key")
    settings = Settings.load(
        reads_file=False,
        bot_token=simulator.token,
        admin_ids=_ADMINS,
        database_url=f"sqlite+aiosqlite:///{data / 'petition.db'}",
        key_file=keys / "petition.key",
        api_url=simulator.url,
        proxy="none",
        folder=BUNDLED,
        paid_broadcast=False,
        approval_above=_APPROVAL_ABOVE,
        broadcast_rate=28.0,
        log_level="WARNING",
    )
    # Set without a check: a petition that is being written may not exist yet.
    return settings.model_copy(update={"folder": petition})
