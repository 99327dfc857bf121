"""A scene for broadcasts: Marta, an admin, and three signers, without flood limits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.text.translations import Words
from handlers.context import Services
from simulator.chats import Message
from simulator.person import Person
from storage.broadcast_transitions import change_broadcast, start_broadcast
from storage.broadcast_types import Broadcast, BroadcastAction, Kind
from storage.broadcasts import broadcast_history, has_sent_broadcasts
from storage.consents import Consent
from storage.conversations import Conversation
from storage.signatures import sign_petition
from telegram_text.markup import parse
from tests.support.broadcasts import new_broadcast
from tests.support.scene import ADMIN, Scene, a_scene, send_label
from tests.support.storage_calls import call_instead

HOUR = timedelta(hours=1)
SENT = "El mensaje está enviado."


@dataclass
class AdminScene:
    """Marta at work; her buttons are named as she reads them, in Spanish."""

    scene: Scene
    ahead: timedelta = timedelta()
    """How far the clock of what Marta orders is ahead of the worker's."""
    wakes: int = 0
    """How often an order woke the worker, which looks by itself once a second."""
    expected: list[str] = field(default_factory=lambda: ["is not modified"])
    """Parts of the refusals that belong to what is tested."""

    @property
    def refused(self) -> list[str]:
        """The calls that Telegram refused and that nobody expected."""
        said = [f"{call.method}: {call.error}" for call in self.scene.simulator.refused]
        return [each for each in said if not any(part in each for part in self.expected)]

    @property
    def marta(self) -> Person:
        """The campaigner."""
        return self.scene.marta

    @property
    def words(self) -> Words:
        """The bot's own, in Spanish."""
        return self.scene.words

    @property
    def services(self) -> Services:
        """Those of the running bot."""
        return self.scene.services

    @property
    def panel(self) -> Message:
        """The newest message of the bot with orders under it, as it is now."""
        mine = [m for m in self.marta.messages if m.from_bot and _has_orders(m)]
        assert mine, self.marta.chat.transcript()
        return mine[-1]

    async def start(self) -> None:
        """Lets the bot go by a clock that can be put forward and back."""
        services = self.scene.services

        def wake() -> None:
            self.wakes += 1
            services.wake_broadcast()

        self.scene.app.update_handler.services = replace(
            services, clock=lambda: self.scene.clocks.now() + self.ahead, wake_broadcast=wake
        )

    async def restart(self, *, rate: float | None = None) -> None:
        """Stops the bot and starts it again, at another rate if one is given."""
        await self.scene.goes_on_with(**({} if rate is None else {"broadcast_rate": rate}))
        await self.start()

    async def signs(self, person: Person, *, updates: int = 1000, news: bool = False) -> None:
        """A signature that is simply there: how people sign is told elsewhere."""
        language = self.services.petition.language_for(person.user.language)
        person.started = True
        self.scene.world.chats.setdefault(person.id, person.chat)
        supporter = self.services.keyring.reference(self.services.petition.slug, person.id)
        consent = Consent(
            text=f"Yes, in {language}.",
            text_version="1",
            language=language,
            purposes=frozenset(
                {"signature", *(["updates"] if updates else []), *(["news"] if news else [])}
            ),
            message_id=1,
            updates_at_most=updates,
        )
        conversation = Conversation(supporter, language=language, version=1)
        await self.services.storage.write(
            sign_petition,
            conversation,
            0,
            self.scene.clocks.now(),
            consent,
            chat_id=person.id,
            name=person.user.first_name,
            source=None,
        )

    async def taps(self, *labels: str) -> str:
        """Marta taps buttons one after the other, and the bot is done; returns what she reads."""
        return await self.scene.taps(self.marta, *labels)

    async def goes(self, command: str, *labels: str) -> str:
        """Marta sends a command and taps buttons after it; returns what she reads then."""
        return await self.scene.goes(self.marta, command, *labels)

    async def says(self, text: str) -> str:
        """Marta writes, and the bot is done; returns what she reads then."""
        return await self.scene.says(self.marta, text)

    async def writes(self, text: str, *, is_html: bool = False) -> Message:
        """Marta writes, and the bot is done; returns what she wrote."""
        if is_html:
            rendered = parse(text)
            sent = self.marta.send(rendered.text, entities=rendered.entities)
        else:
            sent = self.marta.send(text)
        await self.scene.settled()
        return sent

    async def edits(self, message: Message, text: str) -> str:
        """Marta changes what she wrote, and the bot is done; returns what she reads then."""
        return await self.scene.edits(self.marta, message, text)

    async def begins(self, text: str | None = None) -> None:
        """Marta begins a new message, and writes it if there is a text."""
        await self.goes("/broadcast", "Un mensaje nuevo")
        if text is not None:
            await self.says(text)

    async def previews(self, to: str = "A quienes eligieron novedades: 3") -> Message:
        """From a message that was taken to the summary; returns it."""
        await self.taps("Continuar", "Sobre esta petición", to)
        return self.panel

    async def prepares(self, text: str = "Hola") -> Message:
        """Marta writes a new message and previews it; returns the summary."""
        await self.begins(text)
        return await self.previews()

    async def sends(self, text: str = "Hola", people: int = 3) -> Message:
        """Marta sends a new message to everyone who chose them; returns the report."""
        await self.prepares(text)
        return await self.finishes(send_label(self.words, people))

    async def plans(self, when: str = "mañana 18:30") -> str:
        """Marta writes when what she previewed is to be sent; returns the label that plans it."""
        await self.taps("🕒 Programar")
        await self.says(when)
        (label,) = [each for each in self.panel.labels if each.startswith("Programar para el")]
        return label

    def got_by_all(self) -> list[list[str]]:
        """What each of those who signed was sent."""
        people = (self.scene.ana, self.scene.jordi, self.scene.sean)
        return [[m.text for m in self.got(each)] for each in people]

    async def over(self, said: str = SENT) -> Message:
        """Waits for the report, and for the chart that follows it."""
        report = await self.marta.sees(said, 20)
        await self.reported()
        return report

    async def finishes(self, *labels: str) -> Message:
        """Marta taps what lets it go on to its end, and waits for it; returns the report."""
        await self.taps(*labels)
        return await self.over()

    async def all_see(self, text: str) -> None:
        """Waits until each of those who signed sees this."""
        for person in (self.scene.ana, self.scene.jordi, self.scene.sean):
            await person.sees(text, 10)

    async def broadcast(self) -> Broadcast:
        """The newest one."""
        return (await self.services.storage.read(broadcast_history))[0]

    async def reported(self) -> None:
        """Waits until the end of the newest broadcast was told."""
        async with asyncio.timeout(10):
            while (await self.broadcast()).reported_at is None:  # noqa: ASYNC110 - in a database
                await asyncio.sleep(0.1)

    async def starts_another(
        self, number: int = 0, starts_at: datetime | None = None, kind: Kind = Kind.UPDATE
    ) -> bytes:
        """Another admin's broadcast begins, or is planned."""
        plan = new_broadcast(
            id=f"another {number}".encode().ljust(16, b"."),
            content={"es": "De Lucy"},
            source_language="es",
            actor=ADMIN + 1,
            at=self.services.clock(),
            kind=kind,
            starts_at=starts_at,
        )
        started = await self.services.storage.write(start_broadcast, plan)
        assert isinstance(started, Broadcast)
        return started.id

    async def ended(self, number: int) -> None:
        """A broadcast of another admin's that was planned and cancelled."""
        await self.cancels(await self.starts_another(number, self.scene.clocks.now() + HOUR))

    async def cancels(self, key: bytes) -> None:
        """Another admin ends a broadcast."""
        await self.services.storage.write(
            change_broadcast, BroadcastAction.CANCEL, key, ADMIN + 1, self.services.clock()
        )
        self.services.wake_broadcast()

    async def pauses(self, key: bytes) -> None:
        """Another admin pauses a broadcast."""
        await self.services.storage.write(
            change_broadcast, BroadcastAction.PAUSE, key, ADMIN + 1, self.services.clock()
        )

    async def became(self, state: str) -> Broadcast:
        """Waits until the newest broadcast is in a state."""
        async with asyncio.timeout(10):
            while (await self.broadcast()).state != state:  # noqa: ASYNC110 - in a database
                await asyncio.sleep(0.1)
        return await self.broadcast()

    def data(self, label: str) -> tuple[int, str]:
        """The message and the callback data of Marta's newest button of this label."""
        for message in reversed(self.marta.messages):
            for button in (button for row in message.buttons for button in row):
                if button.label == label and button.data is not None:
                    return message.id, button.data
        raise AssertionError(f"no button {label!r} in:\n{self.marta.chat.transcript()}")

    async def forges(self, label: str, former: str, forged: str) -> None:
        """Marta taps what she made herself out of the data of one of her buttons."""
        where, data = self.data(label)
        assert former in data
        await self.marta.tap_data(where, data.replace(former, forged)).answered()
        await self.scene.settled()

    def got(self, person: Person) -> list[Message]:
        """What a person was sent by broadcasts: all that has no orders and no petition in it."""
        return [m for m in person.messages if m.from_bot]


@asynccontextmanager
async def an_admin_scene(
    folder: Path, *, first: bool = False, **settings: Any
) -> AsyncIterator[AdminScene]:
    """Opens a petition that Ana, Jordi and Seán signed and want updates on; Ana wants news too.

    Marta has sent messages before, unless it is told otherwise with `first=True`. The bot has the
    usual `settings` but for these.
    """
    async with a_scene(folder, **settings) as scene, AsyncExitStack() as stack:
        if not first:
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            call_instead(patch, has_sent_broadcasts, _has_sent)
        scene.simulator.limits.on = False
        admin = AdminScene(scene)
        await admin.start()
        await admin.signs(scene.ana, news=True)
        await admin.signs(scene.jordi)
        await admin.signs(scene.sean)
        yield admin


async def _has_sent(*_: object) -> bool:
    return True


def _has_orders(message: Message) -> bool:
    return any((b.data or "").startswith("adm:") for row in message.buttons for b in row)
