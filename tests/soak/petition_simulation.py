"""One petition from the first start to the closing update, with hostile people among others."""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterator, Set
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from bot.text.translations import Catalogs
from simulator.call_log import RecordedCall
from simulator.chats import Event, Message
from simulator.world import World
from storage.database import open_database
from storage.keyring import Keyring
from tests.soak.hostile_people import FailingTelegram, HostilePerson, attack_of, repeat_attack
from tests.soak.ordinary_people import OrdinaryPerson, Wait, WaitTimes, repeat_command
from tests.support.bot_process import BotProcess
from tests.support.raw_sql import read_sql
from tests.support.scene import ADMIN, TOKEN
from tests.support.supporters import SLUG

# From the closing update of the bundled petition, which has no buttons, unlike screens.
_CLOSING_WORDS = {"es": "18 de julio de 2025", "en": "18 July 2025"}


class ShownStatus(Enum):
    """The status of a person by what their chat shows."""

    SIGNED = "thanked for a signature"
    WITHDRAWN = "told that it is withdrawn"
    MUTED = "told that no message will come"


@dataclass
class ChatRecords:
    """A record made from the events of a world; `take_in` reads the new ones.

    Attributes:
        statuses: the status of each chat that has shown one.
        copies: how often each chat got the closing update.
        languages: the languages of those copies, by chat.
        wrong: what must never happen but did, in words.
    """

    events: asyncio.Queue[Event]
    statuses: dict[int, ShownStatus] = field(default_factory=dict)
    copies: Counter[int] = field(default_factory=Counter)
    languages: dict[int, set[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def take_in(self) -> None:
        """Records what has happened since the last call."""
        while not self.events.empty():
            event = self.events.get_nowait()
            if event.kind in ("sent", "edited") and event.message and event.message.from_bot:
                self._write(event.chat.id, event.message, new=event.kind == "sent")

    def _write(self, chat: int, message: Message, *, new: bool) -> None:
        if new and (language := closing_language(message)):
            self._told(chat, language)
        elif (status := shown_status(message)) and not self._is_still_muted(chat, message):
            self.statuses[chat] = status

    def _is_still_muted(self, chat: int, message: Message) -> bool:
        """Returns whether a screen of a muted person only does not mention that they are muted."""
        muted = self.statuses.get(chat) is ShownStatus.MUTED
        return (
            muted
            and shown_status(message) is ShownStatus.SIGNED
            and "mute" not in actions(message)
        )

    def _told(self, chat: int, language: str) -> None:
        self.copies[chat] += 1
        self.languages.setdefault(chat, set()).add(language)
        if chat < 0:
            self.wrong.append(f"the group {chat} got the closing update")
        if (status := self.statuses.get(chat)) in (ShownStatus.WITHDRAWN, ShownStatus.MUTED):
            self.wrong.append(f"{chat} got the closing update after being {status.value}")


@contextmanager
def recorded_chats(world: World) -> Iterator[ChatRecords]:
    """Yields a records of what happens in a world while the block runs."""
    events: asyncio.Queue[Event] = asyncio.Queue()
    world.listeners.append(events.put_nowait)
    yield ChatRecords(events)
    world.listeners.remove(events.put_nowait)


def closing_language(message: Message) -> str | None:
    """Returns the language of a closing update; None for any other message."""
    if message.buttons:
        return None
    return next((code for code, words in _CLOSING_WORDS.items() if words in message.text), None)


def actions(message: Message) -> list[str]:
    """Returns the actions of the buttons of a screen."""
    return [
        button.data.split(":")[1]
        for row in message.buttons
        for button in row
        if button.data and button.data.count(":") >= 2
    ]


def shown_status(message: Message) -> ShownStatus | None:
    """Returns the status that a screen shows, if it shows one."""
    asked = actions(message)
    shares = any(button.url for row in message.buttons for button in row)
    if "unmute" in asked:
        return ShownStatus.MUTED
    if "erase" in asked:
        return None
    if "withdraw" in asked or (asked == ["home"] and shares):
        return ShownStatus.SIGNED
    if asked == ["home"]:
        return ShownStatus.WITHDRAWN
    return None


RATE = 28.0
_LATENCY_SECONDS = 0.03
# People who arrive in a second. The next line holds shares of the round's time.
_PER_SECOND = 8.0
_COMING, _FIRST_KILL, _CLOSING, _FIRST_PARTING = 0.6, 0.35, 0.65, 0.4
_HICCUPS = (401, 404, 409, 502)
_UP_SECONDS = 5.0
# After an outage the bot needs time to answer everybody who waits.
_RECOVERY_SECONDS = 2.0
_LONGEST_TELLING_SECONDS = 90.0
_LONGEST_START_SECONDS = 20.0
_LONGEST_STOP_SECONDS = 20.0
_WORDS = Catalogs.load().words("es")


@dataclass
class SimulationResults:
    """The results of one round.

    Attributes:
        outages: from each kill until the bot answers again.
        wrong: what must never happen but did, in words.
        repeated: how many closing updates were repetitions.
        third_told: seconds from the admin's command until a third of the signers were told.
        bot_cores: how many cores the bot kept busy.
        other_cores: how many cores this process kept busy: the simulator and the people.
        refused: how many 429s the bot got in the chats of ordinary people.
    """

    watch: WaitTimes = field(default_factory=WaitTimes)
    outages: list[Wait] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    signed: int = 0
    told: int = 0
    repeated: int = 0
    refused: int = 0
    third_told: float = 0.0
    bot_cores: float = 0.0
    other_cores: float = 0.0

    @property
    def calm(self) -> list[float]:
        """The seconds of the taps outside outages."""
        return [wait.seconds for wait in self.watch.taps if not self.meets_outage(wait)]

    def meets_outage(self, wait: Wait) -> bool:
        """Returns whether a wait meets an outage: a killed bot may forget a screen it owed."""
        return any(wait.ended > out.begun and wait.begun < out.ended for out in self.outages)


@dataclass
class PetitionSimulation:
    """One round; the same seed makes the same ordinary people, with hostile people or not."""

    bot: BotProcess
    telegram: FailingTelegram
    records: ChatRecords
    keyring: Keyring
    seconds: float
    seed: int
    hostile: bool
    results: SimulationResults = field(default_factory=SimulationResults)
    others: list[OrdinaryPerson] = field(default_factory=list)
    _ordinary: set[str] = field(default_factory=set)
    _begun: float = 0.0
    _answered_at: float = 0.0
    _started_at: float = 0.0
    _killing: bool = False

    async def run(self) -> None:
        """Runs the round and writes its results."""
        self._begun = self._started_at = time.monotonic()
        busy = os.times()
        lives = [asyncio.create_task(life) for life in self._lives()]
        beside = [asyncio.create_task(act) for act in self._acts_beside()]
        try:
            await self._tells_the_story()
            await asyncio.gather(*lives)
        finally:
            for task in (*lives, *beside):
                task.cancel()
            ended = await asyncio.gather(*lives, *beside, return_exceptions=True)
        self.telegram.failing_chats.clear()
        self.telegram.refusals.clear()
        for error in ended:
            if isinstance(error, Exception):
                raise error
        await self._until_told(1)
        await self._stops()
        await self._add_up()
        self._tell_cores(busy, os.times())

    def _tell_cores(self, before: os.times_result, after: os.times_result) -> None:
        seconds = after.elapsed - before.elapsed
        theirs = after.children_user + after.children_system
        ours = after.user + after.system
        self.results.bot_cores = (theirs - before.children_user - before.children_system) / seconds
        self.results.other_cores = (ours - before.user - before.system) / seconds

    def hear(self, call: RecordedCall, _answer: object) -> None:
        """Notes when the bot served somebody and when it was refused; a listener of calls."""
        if call.status == 200 and call.method.startswith(("send", "edit", "answer")):
            self._answered_at = time.monotonic()
        # Hostile people get them too: who taps twice a second exceeds the limit of their own chat.
        self.results.refused += call.status == 429 and str(call.chat_id) in self._ordinary

    def _lives(self) -> list[Coroutine[Any, Any, None]]:
        dice, world = random.Random(self.seed), self.telegram.world  # noqa: S311 - a test's own dice
        people = round(self.seconds * _COMING * _PER_SECOND * 0.9)
        begun, until = asyncio.get_running_loop().time(), self.seconds
        lives = []
        for number in range(people):
            language = dice.choice(("es", "es", "en"))
            person = world.person(f"Ana{number}", last_name="García", language=language)
            one = OrdinaryPerson(
                person,
                random.Random(self.seed * 10_000 + number),  # noqa: S311 - a test's own dice
                self.results.watch,
                signs=dice.random() < 0.9,
                types=dice.random() < 0.2,
                parts=dice.choices(("", "withdraw", "stop"), (86, 9, 5))[0],
                parts_at=begun + until * dice.uniform(_FIRST_PARTING, 1.0),
            )
            self.others.append(one)
            self._ordinary.add(str(person.id))
            lives.append(one.lives(begun + until * dice.uniform(0, _COMING), begun + until))
        return lives

    def _acts_beside(self) -> list[Coroutine[Any, Any, None]]:
        dice, world = random.Random(self.seed), self.telegram.world  # noqa: S311 - a test's own dice
        # In both kinds of rounds, as a proxy that refuses is nobody's attack.
        acts: list[Coroutine[Any, Any, None]] = [self._is_kept_up(), self._hiccups()]
        if not self.hostile:
            return acts
        victims = [one.person for one in self.others]
        for number in range(len(self.others) // 9):
            person = world.person(f"Eva{number}", last_name="Mala", language="es")
            one = HostilePerson(person, self.telegram, victims, random.Random(number))  # noqa: S311
            late = self.seconds * _COMING * dice.random()
            acts.append(repeat_attack(attack_of(one, number), late))
        return acts

    async def _tells_the_story(self) -> None:
        await self._until(_FIRST_KILL)
        await self._kill()
        await self._until(_CLOSING)
        try:
            await self._closes_and_tells()
        except TimeoutError:
            self.results.wrong.append("the admin ordered in vain")
            return
        ordered = time.monotonic()
        await self._until_told(1 / 3)
        self.results.third_told = time.monotonic() - ordered
        await self._kill()

    async def _closes_and_tells(self) -> None:
        marta = self.telegram.world.person("Marta", user_id=ADMIN)
        await repeat_command(
            marta, "/close", (_WORDS.label("Sí, cerrar la petición"),), ("está cerrada",)
        )
        final = (_WORDS.label("El mensaje final"), _WORDS.label("Continuar"), "Enviar a ")
        await repeat_command(marta, "/broadcast", final, ("Enviando el mensaje", "está enviado"))

    async def _until(self, share: float) -> None:
        await asyncio.sleep(max(0.0, self._begun + share * self.seconds - time.monotonic()))

    async def _until_told(self, share: float) -> None:
        """Waits until this share of the signers was told; gives up silently, for a later count."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_TELLING_SECONDS):
                while True:
                    self.records.take_in()
                    expected = self._expected()
                    if len(expected & self.records.copies.keys()) >= share * len(expected):
                        return
                    await asyncio.sleep(0.1)

    async def _kill(self) -> None:
        """Kills the bot with SIGKILL and checks the signatures before it restarts."""
        self._killing, begun = True, time.monotonic()
        self.telegram.refusals.clear()
        await self.bot.kill()
        self.records.take_in()
        # Killed before the answer, it may have erased somebody whose chat still shows thanks.
        leaving = {one.person.id for one in self.others if one.is_withdrawing}
        await self._look_whether_all_are_there("when it was killed", leaving)
        await self.bot.start()
        self._started_at = started = time.monotonic()
        self._killing = False
        notifier = self.telegram.world.notifier
        await notifier.wait_for(
            lambda: self._answered_at > started or None, _LONGEST_START_SECONDS
        )
        self.results.outages.append(Wait(begun, time.monotonic() + _RECOVERY_SECONDS))

    async def _is_kept_up(self) -> None:
        """Reports a bot that ended by itself, and restarts it for the rest of the round."""
        while True:
            await asyncio.sleep(0.2)
            process = self.bot.process
            if process is not None and process.returncode is not None and not self._killing:
                self.results.wrong.append(f"the bot ended by itself with {process.returncode}")
                await self.bot.start()
                self._started_at = time.monotonic()

    async def _hiccups(self) -> None:
        """Refuses a poll of the running bot now and then, as a proxy may."""
        dice = random.Random(self.seed)  # noqa: S311 - a test's own dice
        while True:
            for code in _HICCUPS:
                await asyncio.sleep(dice.uniform(40.0, 80.0))
                if not self._killing and time.monotonic() - self._started_at > _UP_SECONDS:
                    self.telegram.refusals.append(code)

    async def _stops(self) -> None:
        self._killing = True
        try:
            async with asyncio.timeout(_LONGEST_STOP_SECONDS):
                code = await self.bot.terminate()
        except TimeoutError:
            await self.bot.kill()
            code = None
        if code != 0:
            self.results.wrong.append(f"the bot did not stop when it was told to, but: {code}")

    def _expected(self) -> set[int]:
        """Returns the ordinary people who signed and did not withdraw or mute."""
        statuses = self.records.statuses
        mine = (one.person.id for one in self.others)
        return {chat for chat in mine if statuses.get(chat) is ShownStatus.SIGNED}

    async def _add_up(self) -> None:
        self.records.take_in()
        results, copies = self.results, self.records.copies
        await self._look_whether_all_are_there("at the end")
        expected = self._expected()
        results.signed = len(expected)
        results.told = sum(copies[chat] > 0 for chat in expected)
        results.repeated = sum(copies[chat] - 1 for chat in expected if copies[chat] > 1)
        results.wrong += [f"{chat} was never told" for chat in sorted(expected - copies.keys())]
        # A kill repeats at most the messages in flight: one second's worth.
        if results.repeated > RATE:
            results.wrong.append(f"the closing update came {results.repeated} times too often")
        for one in self.others:
            chat = one.person.id
            if copies[chat] and chat not in self.records.statuses:
                results.wrong.append(f"{chat} was told and never signed")
            if strange := self.records.languages.get(chat, set()) - one.languages:
                results.wrong.append(f"{chat} was told in {strange}")
        results.wrong += self.records.wrong
        results.wrong += [
            said for wait, said in results.watch.lost if not results.meets_outage(wait)
        ]

    async def _look_whether_all_are_there(
        self, when: str, leaving: Set[int] = frozenset()
    ) -> None:
        database = await open_database(self.bot.url)
        try:
            rows = await read_sql(database, "SELECT supporter FROM signatures")
        finally:
            await database.close()
        there = {bytes(row["supporter"]) for row in rows}
        for chat, status in self.records.statuses.items():
            is_there = self.keyring.reference(SLUG, chat) in there
            if status is ShownStatus.WITHDRAWN and is_there:
                self.results.wrong.append(f"{chat} withdrew and is there {when}")
            elif status is not ShownStatus.WITHDRAWN and not is_there and chat not in leaving:
                self.results.wrong.append(f"{chat} was thanked and is not there {when}")


@asynccontextmanager
async def petition_simulation(
    folder: Path, *, seconds: float, seed: int, hostile: bool
) -> AsyncIterator[PetitionSimulation]:
    """Starts a bot on an empty database, with a simulator; both end with the block."""
    (folder / "keys").mkdir(parents=True)
    (folder / "data").mkdir()
    keyring = Keyring.generate(folder / "keys" / "petition.key")
    async with FailingTelegram(token=TOKEN) as telegram:
        telegram.faults.latency = _LATENCY_SECONDS
        bot = BotProcess(folder, telegram, RATE, log_level="INFO")
        with recorded_chats(telegram.world) as records:
            one = PetitionSimulation(bot, telegram, records, keyring, seconds, seed, hostile)
            telegram.calls.listeners.append(one.hear)
            await bot.start()
            try:
                yield one
            finally:
                await bot.kill()
