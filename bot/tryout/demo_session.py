"""Runs the real bot with a simulated Telegram, to be watched in the terminal or on a page."""

from __future__ import annotations

import asyncio
import errno
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import structlog

from bot.app import App, FatalError, open_app
from bot.console import CannotDo, say
from bot.intake import TokenUnknown
from bot.petition.petition import BUNDLED, load_petition
from bot.settings import Settings, load_settings
from bot.text.problems import PetitionInvalid
from bot.text.terminal_language import label, terminal_words
from bot.text.translations import Catalogs
from bot.tryout.demo_script import ADMIN_ID, APPROVAL_ABOVE, SECOND_ADMIN_ID, DemoPeople
from bot.tryout.page import TryoutPage, TryoutState
from simulator import Simulator
from simulator.call_log import RecordedCall
from simulator.chats import Shape
from simulator.page import others_can_reach
from storage import Keyring, StorageError

_log = structlog.stdlib.get_logger()

T = TypeVar("T")

_ADMINS = frozenset({ADMIN_ID, SECOND_ADMIN_ID})
_CANNOT_GO_ON = (PetitionInvalid, FatalError, StorageError, TokenUnknown)


class DemoBot:
    """The real bot, which can be stopped and started; `changed` is called with each new state."""

    def __init__(self, settings: Settings, changed: Callable[[str], None]) -> None:
        self.settings = settings
        self._changed = changed
        self.app: App | None = None
        self._life: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Starts the bot and waits until it is ready; may raise one of `_CANNOT_GO_ON`."""
        self._changed("starting")
        ready = asyncio.Event()
        life = self._life = asyncio.create_task(self._live(ready))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait((life, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if life.done():
            self._life = None
            await life

    async def stop(self) -> None:
        """Lets the bot finish its current work and end."""
        if self._life is None:
            return
        life, self._life = self._life, None
        if self.app is not None:
            self.app.stop()
            await life
        elif not life.done():
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)

    async def _live(self, ready: asyncio.Event) -> None:
        try:
            async with open_app(self.settings, follows_folder=False) as app:
                self.app = app
                self._changed("running")
                ready.set()
                await app.run()
        finally:
            self.app = None
            self._changed("stopped")


class DemoSession:
    """Runs one simulated world after another, each with its people and the bot.

    The page, if there is one, shows the present world. With `opens_petition` the next one begins
    with an open petition before the eyes of some, ready to be signed, rather than with people who
    have not opened the bot.
    """

    def __init__(self, page: TryoutPage | None = None, *, petition: Path = BUNDLED) -> None:
        self._page = page
        self._petition = petition
        self._scene = AsyncExitStack()
        self._bot: DemoBot | None = None
        self.opens_petition = False
        self.simulator: Simulator
        self.settings: Settings
        self.folder: Path
        self.people: DemoPeople
        if page is not None:
            page.add_command("restart", self._restart)
            page.add_command("afresh", self.afresh)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[DemoSession]:
        """Runs a simulated world until the end of the block; `start` starts the bot in it."""
        await self._set_scene()
        try:
            yield self
        finally:
            await self._clear_scene()

    async def _set_scene(self) -> None:
        """Makes an empty world, and the bot for it, which is not started yet."""
        stack = self._scene = AsyncExitStack()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.simulator = await stack.enter_async_context(
            Simulator(username="peticion_bot", name="Petición")
        )
        self.people = DemoPeople.create(self.simulator.world)
        if self._page is not None:
            state = TryoutState(self.simulator, self._page.feed, _ADMINS)
            await stack.enter_async_context(state.open())
            state.phones.add(*self.people.everybody)
            if self.opens_petition:
                state.hints = self._open_petition()
                self.simulator.calls.listeners.append(partial(_hint, state, _said()))
            self._page.show(state)
        self.folder = folder
        settings = self.settings = simulated_settings(folder, self.simulator, self._petition)
        self._bot = DemoBot(settings, self._tell)

    def _open_petition(self) -> Shape:
        """Lets some press Start, which the bot answers once it runs; returns the page's hints."""
        people = self.people
        for person in (people.ana, people.sean, people.marta, people.pau):
            person.start()
        signers = {"es": people.ana.id, "en": people.sean.id}
        return {"signers": signers, "admin": people.marta.id}

    @property
    def app(self) -> App:
        """The bot, which has to run."""
        if self._bot is None or self._bot.app is None:
            raise RuntimeError("the bot does not run")
        return self._bot.app

    async def start(self) -> None:
        """Starts the bot, as `DemoBot.start` does."""
        if self._bot is not None:
            await self._bot.start()

    async def restart(self, petition: Path | None = None) -> bool:
        """Restarts the bot, which resumes its work; returns whether it runs now.

        It reads its petition from another folder, if one is given.
        """
        if self._bot is None:
            return False
        if petition is not None:
            self._bot.settings = self._bot.settings.model_copy(update={"folder": petition})
        try:
            await self._bot.stop()
        except _CANNOT_GO_ON as error:
            _log.warning("bot_had_failed", kind=type(error).__name__)
        try:
            await self._bot.start()
        except _CANNOT_GO_ON as error:
            _log.warning("bot_does_not_start", kind=type(error).__name__)
            return False
        return True

    async def _restart(self) -> None:
        await self.restart()

    async def afresh(self) -> None:
        """Begins again with an empty world."""
        if self._page is not None:
            self._page.show(None)
        await self._clear_scene()
        await self._set_scene()
        await self.restart()

    async def _clear_scene(self) -> None:
        if self._bot is not None:
            bot, self._bot = self._bot, None
            await bot.stop()
        await self._scene.aclose()

    def _tell(self, state: str) -> None:
        if self._page is not None:
            self._page.publish_bot_state(state)


def _said() -> dict[str, str]:
    """Returns what the bot says once somebody has signed, or the petition is closed, by the step
    of the demo that comes next.
    """
    petition, catalogs = load_petition(BUNDLED), Catalogs.load()
    closed = "<b>La petición está cerrada.</b>"
    thanked = {texts.thanks.splitlines()[0]: "close" for texts in petition.texts.values()}
    return thanked | {catalogs.words(each).text(closed): "tell" for each in petition.languages}


def _hint(state: TryoutState, said: dict[str, str], call: RecordedCall, _: object) -> None:
    """Tells the page what comes next when the bot says that something was done."""
    lines = str(call.params.get("text", "")).splitlines()
    if lines and (step := said.get(lines[0])):
        state.hint_at(step)


@asynccontextmanager
async def served(page: TryoutPage, host: str, port: int | None) -> AsyncIterator[str]:
    """Serves the page until the end of the block; prints and yields its address.

    Raises CannotDo if the port or the address cannot be used.
    """
    words = terminal_words()
    try:
        address = await page.start(host, port)
    except OSError as error:
        raise CannotDo(said_of_port(error, host, port or 0, "--port")) from None
    try:
        if others_can_reach(host):
            said = words.label(
                "Aviso: quien pueda llegar a este ordenador puede abrir la página y actuar en"
                " ella, sin contraseña. Nada de lo que hay en ella es de verdad; aun así, quita"
                " --host si no es lo que quieres."
            )
            say(said, style="yellow")
        say(words.label("La petición, en el navegador:"), address + page.mark)
        yield address
    finally:
        await page.stop()


def said_of_port(error: OSError, host: str, port: int, option: str) -> str:
    """Returns what to change where nothing can be served at an address."""
    if error.errno == errno.EADDRINUSE:
        return label(
            "El puerto {port} ya está en uso: elige otro con {option}.", port=port, option=option
        )
    if error.errno == errno.EACCES:
        return label(
            "El puerto {port} no lo puede usar cualquiera: elige con {option} uno a partir de "
            "1024.",
            port=port,
            option=option,
        )
    return label("Este ordenador no tiene la dirección {host}: quita --host.", host=host)


async def interrupted() -> None:
    """Waits for SIGINT (Ctrl-C) or SIGTERM."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()


async def unless_interrupted(work: Coroutine[Any, Any, T]) -> T | None:
    """Runs `work` and returns its result; returns None if it is interrupted by a signal."""
    working, waiting = asyncio.create_task(work), asyncio.create_task(interrupted())
    await asyncio.wait((working, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not working.done():
        working.cancel()
        await asyncio.wait((working,))
    return None if working.cancelled() else working.result()


def simulated_settings(folder: Path, simulator: Simulator, petition: Path) -> Settings:
    """Returns settings that the operator's environment and .env file cannot change."""
    data, keys = folder / "data", folder / "keys"
    for private in (data, keys):
        private.mkdir(mode=0o700)
    Keyring.generate(keys / "petition.key")
    settings = load_settings(
        reads_file=False,
        bot_token=simulator.token,
        admin_ids=_ADMINS,
        database_url=f"sqlite+aiosqlite:///{data / 'petition.db'}",
        key_file=keys / "petition.key",
        api_url=simulator.url,
        proxy="none",
        folder=BUNDLED,
        paid_broadcast=False,
        approval_above=APPROVAL_ABOVE,
        broadcast_rate=28.0,
        log_level="WARNING",
    )
    # Set without a check: a petition that is being written may not exist yet.
    return settings.model_copy(update={"folder": petition})
