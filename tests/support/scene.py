"""The scene of feature tests: a simulated Telegram, the real bot over HTTP, and people."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from copy import deepcopy
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from bot import database_watch
from bot.app import App, open_app
from bot.charts import _draw as draw
from bot.clocks import Clocks
from bot.petition.petition import BUNDLED, Petition, load_petition
from bot.petition_folder.read import Folder, read_folder
from bot.petition_folder.unready import unready_problems
from bot.settings import PREFIX, Settings
from bot.text.problems import Problem
from bot.text.translations import Catalogs, Words
from handlers.bot_profile import publish_profile
from handlers.context import Bot, Services
from simulator import Simulator
from simulator.bot_profile import Profile
from simulator.chats import Message
from simulator.person import Person
from simulator.taps import Answer, Tap
from storage import Storage
from storage.conversations import Conversation, conversation_of
from tests.support.accelerated_loop import running_clocks
from tests.support.api_conformance import request_faults
from tests.support.databases import copy_tables, write_key

TOKEN = "123456789:AAtestTestTestTestTestTestTestTestTest1"
ADMIN = 6_100_000_900


_read_once = cache(load_petition)
_catalogs = cache(Catalogs.load)
_read_folder_once = cache(read_folder)
_pictures: list[bytes] = []
_profiles: list[Profile] = []
_unready_once = cache(lambda: unready_problems(_read_folder_once(BUNDLED)))


def petition_read_once(folder: Path) -> Petition:
    """Reads a petition as the bot does; the bundled one, which never changes, once."""
    return _read_once(folder) if folder == BUNDLED else load_petition(folder)


def ready_petition(folder: Path) -> Path:
    """Makes a copy of the bundled petition whose contacts are no examples, as `run` wants it."""
    if not folder.exists():
        shutil.copytree(BUNDLED, folder)
        file = folder / "petition.toml"
        file.write_text(file.read_text().replace("example.org", "petition.internal"))
    return folder


def _folder(path: Path) -> Folder:
    """Reads a folder as the bot does; the bundled petition's, which never changes, once."""
    return _read_folder_once(path) if path == BUNDLED else read_folder(path)


def _draw(*given: Any) -> bytes:
    """Draws the first chart of all scenes; later ones look like it, since drawing is slow."""
    if not _pictures:
        _pictures.append(draw(*given))
    return _pictures[0]


def _unready(read: Folder) -> Sequence[Problem]:
    """Looks for what is not ready in a folder; in the bundled petition's once."""
    return _unready_once() if read.path == BUNDLED else unready_problems(read)


@cache
def _settings(_: tuple[tuple[str, str], ...]) -> Settings:
    """Reads and checks the settings that every scene has, once in each environment."""
    return Settings.load(
        bot_token=TOKEN,
        admin_ids=frozenset({ADMIN}),
        database_url="sqlite+aiosqlite:///another/petition.db",
        key_file=Path("another.key"),
        api_url="http://127.0.0.1:1",
        folder=BUNDLED,
    )


async def _published() -> Profile:
    """What a bot says of itself, as the first bot of the process published it."""
    if not _profiles:
        with TemporaryDirectory() as folder:
            async with a_scene(Path(folder), introduced=False) as scene:
                await publish_profile(scene.services)
        _profiles.append(scene.world.profile)
    return deepcopy(_profiles[0])


async def _publish_nothing(*_: object) -> None:
    pass


class Scene:
    """One petition under way. `words` are the bot's own in Spanish, `english` in English."""

    def __init__(self, simulator: Simulator, settings: Settings, clocks: Clocks) -> None:
        self.simulator = simulator
        self.clocks = clocks
        self.world = simulator.world
        self.settings = settings
        self.petition: Petition = petition_read_once(settings.folder or BUNDLED)
        catalogs = _catalogs()
        self.words: Words = catalogs.words("es")
        self.english: Words = catalogs.words("en")
        self.ana = self.world.person("Ana", last_name="García", language="es")
        self.sean = self.world.person("Seán", last_name="O'Brien", language="en")
        self.jordi = self.world.person("Jordi", last_name="Puig", language="es")
        self.mallory = self.world.person("Mallory", language="en")
        self.marta = self.world.person("Marta", language="es", user_id=ADMIN)
        self.is_rehearsal = False
        self.leaves_screens = False
        self.patch = pytest.MonkeyPatch()  # undone before the bot is stopped
        self._app: App | None = None
        self._running: asyncio.Task[None] | None = None
        self._stack = AsyncExitStack()

    @property
    def app(self) -> App:
        """The running bot."""
        assert self._app is not None
        return self._app

    @property
    def bot(self) -> Bot:
        """What the running bot calls Telegram with."""
        return self.app.services.bot

    @property
    def services(self) -> Services:
        """What the handlers of the running bot have."""
        return self.app.services

    @property
    def storage(self) -> Storage:
        """The database of the running bot."""
        return self.services.storage

    @property
    def now(self) -> datetime:
        """What time it is for the running bot."""
        return self.services.clock()

    async def start_bot(self) -> App:
        """Starts the bot on what an earlier one left."""
        self._stack = AsyncExitStack()
        self._app = await self._stack.enter_async_context(
            open_app(self.settings, rehearsal=self.is_rehearsal, clocks=self.clocks)
        )
        self._running = asyncio.create_task(self._app.run())
        return self._app

    async def stop_bot(self) -> None:
        """Stops the bot as SIGTERM does."""
        if self._app is None or self._running is None:
            return
        self._app.stop()
        await self._running
        await self._stack.aclose()
        self._app = self._running = None

    async def goes_on_with(self, **settings: object) -> None:
        """Stops the bot, and starts it again with some other settings."""
        await self.stop_bot()
        self.settings = self.settings.model_copy(update=settings)
        await self.start_bot()

    async def ended(self) -> None:
        """Waits until the bot ends by itself, and raises what it ends with."""
        assert self._running is not None
        try:
            await asyncio.wait_for(self._running, 10)
        finally:
            await self._stack.aclose()
            self._app = self._running = None

    async def settled(self) -> None:
        """Waits until the bot has done everything that was asked of it."""
        await self.world.idle()

    def words_of(self, person: Person) -> Words:
        """The bot's own words, in somebody's language."""
        return self.english if person.user.language == "en" else self.words

    def read_by(self, person: Person) -> str:
        """What is on somebody's screen; only admins see two messages with buttons for more."""
        screens = [m for m in person.messages if m.from_bot and _leads_on(m)]
        is_admin = person.id in {ADMIN, *self.settings.admin_ids}
        may_be_many = self.leaves_screens or is_admin
        assert len(screens) <= 1 or may_be_many, person.chat.transcript()
        return person.screen.text

    async def taps(self, person: Person, *labels: str) -> str:
        """Taps buttons one after the other, each once it is there; returns what is read then.

        A label is given in Spanish or in the language that the person reads.
        """
        for label in labels:
            await person.taps(self.words_of(person).label(label))
        return self.read_by(person)

    async def goes(self, person: Person, command: str, *labels: str) -> str:
        """Sends a command and taps buttons one after the other; returns what is read then."""
        await self.says(person, command)
        return await self.taps(person, *labels)

    async def edits(self, person: Person, message: Message, text: str) -> str:
        """Changes a message; returns what is read then."""
        person.edit(message, text)
        await self.settled()
        return self.read_by(person)

    async def sends(self, person: Person, kind: str) -> str:
        """Sends a photo, a sticker or another kind of content; returns what is read then."""
        person.send_kind(kind)
        await self.settled()
        return self.read_by(person)

    async def blocks(self, *people: Person) -> None:
        """They block the bot, which hears of it."""
        for person in people:
            person.block()
        await self.settled()

    async def unblocks(self, *people: Person) -> None:
        """They are back, and the bot hears of it."""
        for person in people:
            person.unblock()
        await self.settled()

    async def taps_at_once(self, person: Person, label: str) -> None:
        """Taps a button that is there, and waits for its answer alone."""
        assert await person.tap(label).answered(2) is not None

    async def answered(self, tap: Tap) -> Answer:
        """Returns the answer to a tap, once the bot has done everything that it asked for."""
        answer = await tap.answered()
        await self.settled()
        return answer

    async def says(self, person: Person, text: str) -> str:
        """Returns what somebody reads on the screen after they have sent this."""
        person.send(text)
        await self.settled()
        return self.read_by(person)

    async def starts(self, person: Person, payload: str | None = None) -> str:
        """Returns what somebody reads on the screen after they have pressed Start."""
        person.start(payload)
        await self.settled()
        return self.read_by(person)

    async def to_the_name(self, person: Person) -> str:
        """Goes from /start to the question for the name; returns it."""
        return await self.goes(person, "/start", "✍️ Firmar con mi nombre")

    async def to_the_consent(self, person: Person) -> str:
        """Goes from /start to the consent, with the name of the profile; returns it."""
        profile = " ".join(filter(None, (person.user.first_name, person.user.last_name)))
        await self.to_the_name(person)
        return await self.taps(person, self.words_of(person).label("Usar «{name}»", name=profile))

    async def signs(
        self,
        person: Person,
        name: str | None = None,
        *,
        updates: bool = False,
        news: bool = False,
        with_name: bool = True,
    ) -> str:
        """Goes the whole way from /start to the thanks, and returns them."""
        words = self.words_of(person)
        if not with_name:
            await self.goes(person, "/start", "✍️ Firmar sin dar mi nombre")
        elif name is None:
            await self.to_the_consent(person)
        else:
            await self.to_the_name(person)
            await self.says(person, name)
        if updates:
            await self.taps(person, self.updates_box(words))
        if news:
            await self.taps(person, f"⬜ {words.label('Noticias de otras acciones')}")
        return await self.consents(person)

    async def all_sign(self, *people: Person) -> None:
        """They sign one after the other, with the names of their profiles."""
        for person in people:
            await self.signs(person)

    async def consents(self, person: Person) -> str:
        """Taps what signs; returns what is read then."""
        return await self.taps(person, "✍️ Consiento y firmo")

    async def withdraws(self, person: Person) -> str:
        """Takes the signature back; returns what is read then."""
        return await self.goes(person, "/withdraw", "Retirar mi firma y borrar mis datos")

    def updates_box(self, words: Words, box: str = "⬜") -> str:
        """The button that chooses messages about the petition."""
        most = words.number(self.petition.updates_at_most)
        return f"{box} {words.label('Novedades de esta petición (máximo {n})', n=most)}"

    async def closes(self) -> None:
        """The admin closes the petition."""
        await self.goes(self.marta, "/close", "Sí, cerrar la petición")

    async def reopens(self) -> None:
        """The admin opens it again."""
        await self.goes(self.marta, "/reopen", "Sí, volver a abrirla")

    async def broadcasts(self, recipients: int) -> None:
        """The admin sends the closing update and waits for the report."""
        await self.offers_the_final()
        send = send_label(self.words, recipients)
        ctx = await self.marta.with_button(send)
        await self.taps(self.marta, send)

        def report() -> str | None:
            text = self.marta.chat.messages[ctx.id].text
            return text if "El mensaje final está enviado." in text else None

        assert await self.marta.chat.notifier.wait_for(report, 20), self.marta.chat.transcript()

    async def offers_the_final(self, admin: Person | None = None) -> None:
        """An admin is shown the closing update, and goes on to the question if there is one."""
        admin = admin or self.marta
        await self.goes(admin, "/broadcast", "El mensaje final")
        if self.words_of(admin).label("Continuar") in admin.messages[-1].labels:
            await self.taps(admin, "Continuar")

    async def conversation(self, person: Person) -> Conversation:
        """What is stored of where somebody is in the chat."""
        found = await self.storage.read(conversation_of, self.services.reference(person.id))
        assert found is not None
        return found

    def screen(self, person: Person) -> Message:
        """The one message of the bot that has buttons; there must be exactly one."""
        with_buttons = [m for m in person.messages if m.from_bot and m.buttons]
        assert len(with_buttons) == 1, person.chat.transcript()
        return with_buttons[0]

    def told(self, person: Person) -> int:
        """How many closing updates stand in a person's chat as messages of their own."""
        return sum(
            "18 de julio de 2025" in m.text or "18 July 2025" in m.text
            for m in person.messages
            if m.from_bot and not m.buttons
        )


@asynccontextmanager
async def a_scene(
    folder: Path, database_url: str | None = None, *, introduced: bool = True, **settings: Any
) -> AsyncIterator[Scene]:
    """Sets the stage, lifts the curtain, and asks an outsider about every request afterwards.

    A bot publishes at its start what it says of itself, unless an earlier one `introduced` it.
    It has the usual `settings` but for these.
    """
    for part in ("data", "keys"):
        (folder / part).mkdir(mode=0o700, exist_ok=True)
    key = folder / "keys" / "petition.key"
    write_key(key)
    if database_url is None:
        await asyncio.to_thread(copy_tables, folder / "data" / "petition.db")
    async with AsyncExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr("bot.app.read_folder", _folder)
        patch.setattr("bot.app.unready_problems", _unready)
        patch.setattr("bot.app.petition_of", lambda read: petition_read_once(read.path))
        patch.setattr(Catalogs, "load", _catalogs)
        patch.setattr("bot.charts._draw", _draw)
        if database_watch.LOOK_SECONDS == 1.0:  # unless a test is about that
            patch.setattr(database_watch, "LOOK_SECONDS", 60.0)
        clocks = running_clocks()
        simulator = await stack.enter_async_context(
            Simulator(token=TOKEN, username="peticion_bot", clock=lambda: clocks.now().timestamp())
        )
        if introduced:
            simulator.world.profile = await _published()
            patch.setattr("bot.app.publish_profile", _publish_nothing)
        own = {
            "database_url": database_url or f"sqlite+aiosqlite:///{folder}/data/petition.db",
            "key_file": key,
            "api_url": simulator.url,
        }
        usual = _settings(
            tuple(sorted(each for each in os.environ.items() if each[0].startswith(PREFIX)))
        )
        scene = Scene(simulator, usual.model_copy(update=own | settings), clocks)
        await scene.start_bot()
        try:
            yield scene
        finally:
            scene.patch.undo()
            await scene.stop_bot()
        found = {
            fault for call in simulator.calls for fault in request_faults(call.method, call.params)
        }
        assert found == set()


def _leads_on(message: Message) -> bool:
    """Whether a message has buttons for more than to be sent no more messages."""
    return any(not (b.data or "").startswith("stop:") for row in message.buttons for b in row)


def data_of(message: Message, label: str) -> str:
    """What the button with this label carries."""
    return next(b.data or "" for row in message.buttons for b in row if b.label == label)


def send_label(words: Words, recipients: int) -> str:
    """The label of the button that sends a broadcast."""
    return words.label("Enviar a {people}", people=words.people(recipients))
