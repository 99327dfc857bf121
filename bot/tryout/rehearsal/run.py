"""One rehearsal from the first visitor to the last: people sign, it closes, everybody is told."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from bot.app import App, open_app
from bot.clocks import Clocks
from bot.petition.petition import Petition
from bot.settings import Settings
from bot.text.translations import mark
from bot.tryout.rehearsal.accelerated_time import AcceleratedTime, accelerated_clocks
from bot.tryout.rehearsal.reading import MeasuredScreen, Reader
from bot.tryout.rehearsal.verdict import Verdict, judge
from bot.tryout.visitors.admin import Admin, AdminStuck
from bot.tryout.visitors.journeys import Step
from bot.tryout.visitors.people import careful_reader, draw_people
from bot.tryout.visitors.screens import closing_lines, closing_updates
from bot.tryout.visitors.visits import Visitor
from simulator import Simulator
from simulator.errors import SimulatorError
from storage import Tally

PEOPLE_A_SECOND = 2.5
"""How many people come in a second: as many as a bot can answer at Telegram's limits."""

# Only the simulated Telegram of this process knows this token.
# Below the numbers that the simulated Telegram gives to people.
ADMIN_ID = 6_000_000_900
_SHORTEST_OPENING = 20.0
# After the last one came, so that hardly anybody is in the form when the petition closes.
_CLOSING_AFTER = 150.0
_LONGEST_WAIT = 60.0
_SOURCES = ("newsletter", "poster", "friends", None)
# Of the faults of Telegram's, the share of calls that meet each kind; and how long calls take.
_FAULTY = 0.004
_LATENCY = (0.03, 0.2)

SettingsFor = Callable[[Simulator, int], Settings]
"""Returns the settings of a bot of this simulated Telegram, with an admin."""


@dataclass(slots=True)
class RehearsalProgress:
    """Is told how far a rehearsal is: how many have come, and how many were told, of how many."""

    visits: Callable[[int, int], None]
    told: Callable[[int, int], None]


@dataclass(slots=True)
class RehearsalResult:
    """What a rehearsal found; complete when it `is_over`, and else what was found so far.

    Attributes:
        visitors: everybody who was drawn; `came` are those whose visit has begun.
        screens: what the careful readers measured.
        stored: how many signatures the bot had at the closing.
        thanked: how many people had been thanked and had not withdrawn.
        told: what became of the closing update; None if there was nobody to tell.
        untold, told_twice: how many of those it was sent to have not got it, or got it twice.
        verdict: how the bot's calls went.
        passed_over: how many updates could not be handled.
        broken: what did not happen, so that the rehearsal could not go on, in Spanish; else empty.
        simulated, real: how long it took, in seconds.
    """

    visitors: list[Visitor] = field(default_factory=list)
    screens: list[MeasuredScreen] = field(default_factory=list)
    stored: int = 0
    thanked: int = 0
    muted: int = 0
    told: Tally | None = None
    untold: int = 0
    told_twice: int = 0
    verdict: Verdict | None = None
    passed_over: int = 0
    broken: str = ""
    is_over: bool = False
    simulated: float = 0.0
    real: float = 0.0

    @property
    def came(self) -> list[Visitor]:
        """Everybody whose visit has begun: after an interruption, not all of them."""
        return [each for each in self.visitors if each.has_come]


class Rehearsal:
    """Lives through a petition with so many people; all that is drawn depends on the seed."""

    def __init__(
        self,
        petition: Petition,
        settings_for: SettingsFor,
        clock: AcceleratedTime,
        *,
        people: int,
        seed: int,
        progress: RehearsalProgress,
    ) -> None:
        self._petition = petition
        self._settings_for = settings_for
        self._clock = clock
        self._people = people
        self._seed = seed
        self._dice = Random(seed)  # noqa: S311 - repeatable, not secret
        self._progress = progress
        self._visited = 0
        self.result = RehearsalResult()

    async def run(self) -> RehearsalResult:
        """Runs it to its end; what was found so far is in `result` also when it is cancelled."""
        opening = max(_SHORTEST_OPENING, self._people / PEOPLE_A_SECOND)
        closes = self._petition.closes_at
        begins = datetime.now(UTC)
        if closes is not None:
            begins = closes - timedelta(seconds=opening + _CLOSING_AFTER)
        clocks = accelerated_clocks(self._clock, begins)
        since, begun = time.monotonic(), self._clock()
        self._clock.is_working = lambda: True  # until there is a database that can tell
        try:
            async with Simulator(clock=lambda: clocks.now().timestamp()) as simulator:
                settings = self._settings_for(simulator, ADMIN_ID)
                await self._run_bot(simulator, settings, clocks, opening)
        finally:
            self.result.real = time.monotonic() - since
            self.result.simulated = self._clock() - begun
        return self.result

    async def _run_bot(
        self, simulator: Simulator, settings: Settings, clocks: Clocks, opening: float
    ) -> None:
        async with open_app(settings, follows_folder=False, clocks=clocks) as app:
            running = asyncio.create_task(app.run())
            database = app.application.services.storage.database
            self._clock.is_working = lambda: database.in_progress > 0
            faults = simulator.faults
            faults.seed, faults.latency = self._seed, _LATENCY
            faults.error_rate = faults.cut_rate = faults.drop_rate = faults.too_many_rate = _FAULTY
            living = asyncio.create_task(self._live(simulator, app, opening))
            try:
                await asyncio.wait((running, living), return_when=asyncio.FIRST_COMPLETED)
                if living.done():
                    await living
            finally:
                living.cancel()
                self._judge(simulator, app)
                app.stop()
                await asyncio.gather(running, living, return_exceptions=True)
            await running

    async def _live(self, simulator: Simulator, app: App, opening: float) -> None:
        world, result = simulator.world, self.result
        result.visitors = [
            Visitor.enter(world, traits, self._dice, self._petition)
            for traits in draw_people(self._dice, self._people, self._petition.languages)
        ]
        readers = [
            Reader(
                Visitor.enter(world, careful_reader(language), self._dice, self._petition),
                language,
                result.screens,
            )
            for language in self._petition.languages
        ]
        language = self._petition.source_language
        person = world.person("Marta", language=language, user_id=ADMIN_ID)
        person.start()  # before that, the bot cannot tell the admin anything
        admin = Admin(person, app, self._petition)
        try:
            await self._opened(readers, opening, admin)
            await self._count(app)
            result.told = await admin.tells_everybody(
                lambda tally: self._progress.told(tally.done, tally.total)
            )
            await self._afterwards(readers)
            await world.idle(_LONGEST_WAIT)
        except AdminStuck as error:
            result.broken = str(error)
        except SimulatorError:  # its message is for programmers
            result.broken = mark("Una persona del ensayo no encontró lo que esperaba.")
        result.is_over = not result.broken

    async def _opened(self, readers: list[Reader], opening: float, admin: Admin) -> None:
        """Lets everybody in who comes while the petition is open, and closes it."""
        visits = [
            asyncio.create_task(self._comes(visitor, visitor.traits.arrives * opening))
            for visitor in self.result.visitors
            if visitor.traits.arrives <= 1
        ]
        visits += [asyncio.create_task(each.reads_and_signs()) for each in readers]
        try:
            await asyncio.sleep(opening + _CLOSING_AFTER)
            await admin.closes()
            await asyncio.gather(*visits)
        finally:
            for visit in visits:
                visit.cancel()

    async def _comes(self, visitor: Visitor, after: float) -> None:
        await asyncio.sleep(after)
        await visitor.visit(visitor.dice.choice(_SOURCES))
        self._visited += 1
        self._progress.visits(self._visited, self._people)
        await visitor.lives_on()

    async def _count(self, app: App) -> None:
        """Compares what people were told with what is stored."""
        storage = app.application.services.storage
        stats = await storage.signatures.stats(since=datetime.now(UTC))
        self.result.stored = stats.total
        self.result.muted = await storage.broadcasts.muted()
        self.result.thanked = len(self._petition.languages) + sum(
            each.journey.furthest is Step.SIGNED and not each.has_withdrawn
            for each in self.result.visitors
        )

    async def _afterwards(self, readers: list[Reader]) -> None:
        """Counts who was told, and lets those in who come too late."""
        lines = closing_lines(self._petition, self.result.stored)
        everybody = (*self.result.visitors, *(each.visitor for each in readers))
        got = [len(closing_updates(each.person, lines)) for each in everybody]
        self.result.told_twice = sum(each > 1 for each in got)
        delivered = 0 if self.result.told is None else self.result.told.delivered
        self.result.untold = delivered - sum(each > 0 for each in got)
        async with asyncio.TaskGroup() as group:
            for reader in readers:
                group.create_task(reader.reads_the_end(lines))
            for visitor in self.result.visitors:
                if visitor.traits.arrives > 1:
                    late = (visitor.traits.arrives - 1) * _SHORTEST_OPENING
                    group.create_task(self._comes(visitor, late))

    def _judge(self, simulator: Simulator, app: App) -> None:
        gone = {
            each.id for each in simulator.world.people.values() if each.blocked or each.deactivated
        }
        self.result.verdict = judge(simulator.calls, gone)
        self.result.passed_over = app.dispatch.counts.passed_over
