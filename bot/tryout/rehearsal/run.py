"""One rehearsal from the first visitor to the last: people sign, it closes, everybody is told."""

import asyncio
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from random import Random

from bot.app import App, open_app
from bot.clocks import Clocks
from bot.petition.petition import Petition
from bot.petition.stages import Action
from bot.text.translations import mark
from bot.tryout.demo_session import ADMIN_ID, simulated_settings
from bot.tryout.rehearsal.accelerated_time import AcceleratedTime, accelerated_clocks
from bot.tryout.visitors.admin import Admin, AdminStuck
from bot.tryout.visitors.screens import closing_lines, closing_updates, screenfuls
from bot.tryout.visitors.visitor import Move, Traits, Visitor, draw_people
from simulator import Simulator
from simulator.call_log import RecordedCall
from simulator.chats import Message
from simulator.errors import SimulatorError
from storage.broadcast_types import Tally
from storage.broadcasts import count_signers
from storage.signatures import signature_statistics

PEOPLE_A_SECOND = 2.5
"""How many people come in a second: as many as a bot can answer at Telegram's limits."""

_SHORTEST_OPENING = 20.0
# After the last one came, so that hardly anybody is in the form when the petition closes.
_CLOSING_AFTER = 150.0
_LONGEST_WAIT = 60.0
_SOURCES = ("newsletter", "poster", "friends", None)
# Of the faults that Telegram has, the share of calls that meet each kind; and how long calls take.
_FAULTY = 0.004
_LATENCY = (0.03, 0.2)
# The status of a call that met such a fault: none where its answer was lost.
_OF_TELEGRAM = (0, 429, 502)


class Part(Enum):
    """What is measured, in the order in which people meet it, as the report says it."""

    HOME = mark("Bienvenida")
    LANGUAGE = mark("Idiomas")
    APPEAL = mark("Llamamiento")
    PRIVACY = mark("Privacidad")
    HELP = mark("Ayuda")
    NAME = mark("Nombre")
    NAME_TYPING = mark("Nombre, con el teclado abierto")
    UNNAMED_CONSENT = mark("Consentimiento, sin dar el nombre")
    CONSENT = mark("Consentimiento, con nombre")
    THANKS = mark("Agradecimiento")
    SIGNED = mark("Petición, ya firmada")
    MY_DATA = mark("/mydata")
    RIGHTS = mark("Otros derechos")
    WITHDRAW = mark("Retirada")
    CLOSING_UPDATE = mark("Mensaje final")
    CLOSED = mark("Petición, ya cerrada")


@dataclass(frozen=True, slots=True)
class MeasuredScreen:
    """How many heights of a phone a screen takes in a language; `page` from 1, 0 for no pages."""

    language: str
    part: Part
    page: int
    screenfuls: float


@dataclass(slots=True)
class Reader:
    """Reads the petition in a language, from the first screen to the last.

    What is measured is added to `screens`.
    """

    language: str
    visitor: Visitor
    screens: list[MeasuredScreen]

    async def reads_and_signs(self) -> None:
        """Opens every screen that there is while the petition is open, and signs."""
        await self._opens(Part.HOME, "/start")
        await self._turns_pages(Part.LANGUAGE, Action.LANGUAGES)
        await self._turns_pages(Part.PRIVACY, Action.PRIVACY)
        await self._turns_pages(Part.APPEAL, Action.READ)
        await self._opens(Part.HELP, "/help")
        await self._signs()
        await self._opens(Part.SIGNED, Action.HOME)
        await self._opens(Part.MY_DATA, "/mydata")
        await self._opens(Part.RIGHTS, Action.OTHER_RIGHTS)
        await self._opens(Part.WITHDRAW, "/withdraw")
        await self.visitor.goes(Action.HOME)

    async def _signs(self) -> None:
        """Signs with a name, after a look at the form without one; as far as both are offered."""
        await self._opens(Part.UNNAMED_CONSENT, "/start", Action.WITHOUT_NAME)
        if await self._opens(Part.NAME, "/start", Action.WITH_NAME):
            await self._opens(Part.NAME_TYPING)
            await self._opens(Part.CONSENT, "Ana García")
        else:
            await self.visitor.goes(Action.WITHOUT_NAME)
        await self._opens(Part.THANKS, Action.CONFIRM)

    async def reads_the_end(self, lines: frozenset[str]) -> None:
        """Reads the closing update, known by one of these lines, and the petition after it."""
        for told in closing_updates(self.visitor.person, lines)[-1:]:
            self._note(Part.CLOSING_UPDATE, 0, told)
        await self._opens(Part.CLOSED, "/start")

    async def _opens(self, part: Part, *moves: Move) -> bool:
        """Goes to a screen and measures it; returns whether it is there."""
        if (screen := await self.visitor.goes(*moves)) is not None:
            self._note(part, 0, screen.message)
        return screen is not None

    async def _turns_pages(self, part: Part, action: Action) -> None:
        """Opens something from the welcome, and reads it from page to page."""
        await self.visitor.goes("/start")
        screen, page = await self.visitor.taps(action), 0
        while screen is not None:
            onward = screen.tap(action, str(page + 1))
            self._note(part, 0 if page == 0 and onward is None else page + 1, screen.message)
            page += 1
            screen = await self.visitor.taps(action, str(page)) if onward else None

    def _note(self, part: Part, page: int, message: Message) -> None:
        high = screenfuls(message, typing=part is Part.NAME_TYPING)
        self.screens.append(MeasuredScreen(self.language, part, page, high))


@dataclass(slots=True)
class RehearsalResult:
    """What a rehearsal found; complete when it `is_over`, and else what was found so far.

    Attributes:
        visitors: everybody who was drawn; `came` are those whose visit has begun.
        screens: what the readers measured.
        stored: how many signatures the bot had at the closing.
        thanked: how many people had been thanked and had not withdrawn.
        muted, gone: how many signers could not be told: they asked for that, or left the bot.
        told: what became of the closing update.
        untold, told_twice: how many of those it was sent to have not got it, or got it twice.
        refused: the calls that only a fault of the bot's explains.
        passed_over: how many updates could not be handled.
        broken: what did not happen, so that the rehearsal could not go on, in Spanish; else empty.
        simulated: how many seconds it took in simulated time.
    """

    visitors: list[Visitor] = field(default_factory=list)
    screens: list[MeasuredScreen] = field(default_factory=list)
    stored: int = 0
    thanked: int = 0
    muted: int = 0
    gone: int = 0
    told: Tally = field(default_factory=lambda: Tally(0))
    untold: int = 0
    told_twice: int = 0
    refused: list[RecordedCall] = field(default_factory=list)
    passed_over: int = 0
    broken: str = ""
    is_over: bool = False
    simulated: float = 0.0

    @property
    def came(self) -> list[Visitor]:
        """Everybody whose visit has begun: after an interruption, not all of them."""
        return [each for each in self.visitors if each.person.messages]


@dataclass(kw_only=True)
class Rehearsal:
    """Lives through a petition with its people; all that is drawn depends on the seed.

    The bot's database and key are in the folder `data`. `one_more` is called after each visit.
    """

    petition: Petition
    data: Path
    clock: AcceleratedTime
    people: int
    seed: int
    one_more: Callable[[], None]
    result: RehearsalResult = field(default_factory=RehearsalResult)

    def __post_init__(self) -> None:
        self._dice = Random(self.seed)  # noqa: S311 - repeatable, not secret
        self._opening = max(_SHORTEST_OPENING, self.people / PEOPLE_A_SECOND)

    async def run(self) -> RehearsalResult:
        """Runs it to its end; what was found so far is in `result` also when it is cancelled."""
        closes, begins = self.petition.closes_at, datetime.now(UTC)
        if closes is not None:
            begins = closes - timedelta(seconds=self._opening + _CLOSING_AFTER)
        clocks, begun = accelerated_clocks(self.clock, begins), self.clock()
        self.clock.is_working = lambda: True  # until there is a database that can tell
        try:
            async with Simulator(clock=lambda: clocks.now().timestamp()) as simulator:
                await self._run_bot(simulator, clocks)
        finally:
            self.result.simulated = self.clock() - begun
        return self.result

    async def _run_bot(self, simulator: Simulator, clocks: Clocks) -> None:
        settings = simulated_settings(self.data, simulator, self.petition.folder)
        settings = settings.model_copy(update={"approval_above": None})
        async with open_app(settings, follows_folder=False, clocks=clocks) as app:
            running = asyncio.create_task(app.run())
            storage = app.services.storage
            self.clock.is_working = lambda: storage.in_progress > 0
            faults = simulator.faults
            faults.seed, faults.latency = self.seed, _LATENCY
            faults.error_rate = faults.cut_rate = faults.drop_rate = faults.too_many_rate = _FAULTY
            living = asyncio.create_task(self._live(simulator, app))
            try:
                await asyncio.wait((running, living), return_when=asyncio.FIRST_COMPLETED)
                if living.done():
                    await living
            finally:
                living.cancel()
                people = simulator.world.people.values()
                gone = {each.id for each in people if each.blocked or each.deactivated}
                self.result.refused = calls_at_fault(simulator.calls, gone)
                self.result.passed_over = app.dispatch.counts.passed_over
                app.stop()
                await asyncio.gather(running, living, return_exceptions=True)
            await running

    async def _live(self, simulator: Simulator, app: App) -> None:
        world, result, petition = simulator.world, self.result, self.petition
        marta = world.person("Marta", language=petition.source_language, user_id=ADMIN_ID)
        marta.start()  # before that, the bot cannot tell the admin anything
        result.visitors = [
            Visitor.enter(world, traits, self._dice)
            for traits in draw_people(self._dice, self.people, petition.languages)
        ]
        readers = []
        for each in petition.languages:
            ana = Visitor.enter(world, Traits("Ana", "García", each), self._dice)
            readers.append(Reader(each, ana, result.screens))
        admin = Admin(marta, app, petition)
        try:
            await self._sign(readers, admin)
            await self._count(app)
            result.told = await admin.tells_everybody()
            await self._come_late(readers)
            await world.idle(_LONGEST_WAIT)
        except* AdminStuck as stuck:
            result.broken = str(stuck.exceptions[0])
        except* SimulatorError:  # its message is for programmers
            result.broken = mark("Una persona del ensayo no encontró lo que esperaba.")
        result.is_over = not result.broken

    async def _sign(self, readers: list[Reader], admin: Admin) -> None:
        """Lets everybody in who comes while the petition is open, and closes it."""
        async with asyncio.TaskGroup() as visits:
            for visitor in self.result.visitors:
                if visitor.traits.arrives <= 1:
                    after = visitor.traits.arrives * self._opening
                    visits.create_task(self._comes(visitor, after))
            for reader in readers:
                visits.create_task(reader.reads_and_signs())
            await asyncio.sleep(self._opening + _CLOSING_AFTER)
            await admin.closes()

    async def _comes(self, visitor: Visitor, after: float) -> None:
        await asyncio.sleep(after)
        await visitor.visit(visitor.dice.choice(_SOURCES))
        self.one_more()
        await visitor.lives_on()

    async def _count(self, app: App) -> None:
        """Compares what people were told with what is stored."""
        storage, result = app.services.storage, self.result
        stats = await storage.read(signature_statistics, since=datetime.now(UTC))
        result.stored, result.gone = stats.total, stats.unreachable
        result.muted = (await storage.read(count_signers)).muted
        result.thanked = len(self.petition.languages) + sum(
            each.has_signed and not each.has_withdrawn for each in result.visitors
        )

    async def _come_late(self, readers: list[Reader]) -> None:
        """Counts who was told, and lets those in who come too late."""
        result, lines = self.result, closing_lines(self.petition, self.result.stored)
        everybody = (*result.visitors, *(each.visitor for each in readers))
        got = [len(closing_updates(each.person, lines)) for each in everybody]
        result.told_twice = sum(each > 1 for each in got)
        result.untold = result.told.delivered - sum(each > 0 for each in got)
        async with asyncio.TaskGroup() as group:
            for reader in readers:
                group.create_task(reader.reads_the_end(lines))
            for visitor in result.visitors:
                if visitor.traits.arrives > 1:
                    late = (visitor.traits.arrives - 1) * _SHORTEST_OPENING
                    group.create_task(self._comes(visitor, late))


def calls_at_fault(calls: Iterable[RecordedCall], gone: Collection[int]) -> list[RecordedCall]:
    """Returns the refused calls that neither Telegram's faults nor people explain.

    A call that repeats one whose answer was lost may be refused, since it was done already: after
    a lost answer, a 400 about the same chat or tap is nobody's fault. So is a 403 in the chat of
    somebody who is `gone`: has blocked the bot, or deleted the account.
    """
    lost: set[object] = set()
    refused = []
    for call in calls:
        about = call.chat_id or call.params.get("callback_query_id")
        if call.status == 0:
            lost.add(about)
        is_explained = call.status in (200, *_OF_TELEGRAM) or about in lost
        if not is_explained and not (call.status == 403 and about in gone):
            refused.append(call)
    return refused
