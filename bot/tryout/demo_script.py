"""The script of the demo: simulated people use the real bot from first signature to end.

Three supporters sign in two languages; one types an invalid name first. A stranger tries to close
the petition, signs, keeps a receipt, corrects the name and withdraws. An admin closes it and asks
to send the closing update, which a second admin approves. The list is handed over, a letter is
answered, a visitor comes late, and what is due is erased. The script also checks the bot and
returns what was wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, Protocol

from bot.app import App
from bot.petition.petition import Petition
from bot.petition.stages import Action
from bot.tryout.visitors.admin import Admin, AdminStuck
from bot.tryout.visitors.journeys import Reason, Step
from bot.tryout.visitors.people import Traits
from bot.tryout.visitors.screens import closing_lines, closing_updates
from bot.tryout.visitors.visits import Visitor
from simulator.chats import Event, Message
from simulator.errors import SimulatorError
from simulator.person import Person
from simulator.world import World

_LINES_SHOWN = 6
_CODE = re.compile(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b")
_WAIT_SECONDS = 10.0
_JORDIS_NAMES = ("www.jordi.example/hola", "Jordi Puig i Gal·la")
ADMIN_ID = 6_100_000_900
SECOND_ADMIN_ID = 6_100_000_901
APPROVAL_ABOVE = 2
"""Low, so that approval can be tried with the few people of the demo."""


@dataclass(frozen=True, slots=True)
class DemoPeople:
    """The people of the demo."""

    ana: Person
    jordi: Person
    sean: Person
    stranger: Person
    marta: Person
    pau: Person
    late: Person

    @classmethod
    def create(cls, world: World) -> DemoPeople:
        """Creates the accounts of everybody."""
        return cls(
            ana=world.person("Ana", last_name="García", language="es"),
            jordi=world.person("Jordi", last_name="Puig", language="ca"),
            sean=world.person("Seán", last_name="O'Brien", language="en"),
            stranger=world.person("Rubén", language="es"),
            marta=world.person("Marta", language="es", user_id=ADMIN_ID),
            pau=world.person("Pau", last_name="Vidal", language="es", user_id=SECOND_ADMIN_ID),
            late=world.person("Yusuf", language="ar"),
        )

    @property
    def everybody(self) -> tuple[Person, ...]:
        """All of them, in the order of their phones on the page."""
        return (self.ana, self.stranger, self.jordi, self.sean, self.late, self.marta, self.pau)


class Shell(Protocol):
    """What the organisation types in a shell beside the bot."""

    async def hand_over(self) -> None:
        """Writes the list, sets it, and records that it was handed over."""

    async def answer_letter(self, number: int, code: str) -> None:
        """Erases the signature of somebody who asks for it in a letter."""

    async def erase(self) -> None:
        """Erases what is due when the retention is over."""


@dataclass(slots=True)
class DemoScript:
    """One run of the script; `on_heading` is called with each heading as its part begins.

    `app` is the bot that runs. Whatever was wrong is in `faults`, one sentence each.
    """

    world: World
    people: DemoPeople
    petition: Petition
    app: App
    shell: Shell
    on_heading: Callable[[str], None] = lambda _heading: None
    faults: list[str] = field(default_factory=list)

    async def run(self) -> list[str]:
        """Runs the script and returns what the bot did wrong, one sentence each."""
        people = self.people
        ana = self._visitor(people.ana, reads="es")
        jordi = self._visitor(people.jordi, reads="es", typed=_JORDIS_NAMES, with_name=False)
        sean = self._visitor(people.sean, reads="en")
        ruben = self._visitor(people.stranger, reads="es", reads_appeal=False, with_name=False)
        yusuf = self._visitor(people.late, reads=None)
        scenes = (
            ("Ana reads the appeal, and signs with her name", partial(self._signs, ana)),
            ("Jordi, whose Catalan it lacks, signs unnamed", partial(self._signs, jordi)),
            ("Seán signs in English", partial(self._signs, sean)),
            ("A stranger tries to close the petition", partial(self._is_refused, ruben)),
            ("He signs, corrects his name, and withdraws", partial(self._changes, ruben)),
            ("Marta, the admin, closes it, and tells how it ended as Pau approves", self._told),
            ("The list is handed over", partial(self._handed_over, ana)),
            ("Seán writes a letter, and is erased", partial(self._letter, sean)),
            ("Yusuf comes late", partial(self._late, yusuf)),
            ("Two months later, what is left is erased", partial(self._erased, ana)),
        )
        for heading, scene in scenes:
            self.on_heading(heading)
            try:
                await scene()
                await self.world.idle()
            except (SimulatorError, AdminStuck) as error:
                self.faults.append(f"{heading}: {error}")
        return self.faults

    def _visitor(self, person: Person, *, reads: str | None, **traits: Any) -> Visitor:
        user = person.user
        known = Traits(
            user.first_name,
            user.last_name,
            user.language,
            reads=None if reads is None else frozenset({reads}),
            patience=_WAIT_SECONDS,
            **traits,
        )
        shown = self.petition.language_for(user.language)
        return Visitor(person, known, Random(person.id), shown, looks=lambda _: 0.0)  # noqa: S311

    async def _signs(self, visitor: Visitor) -> None:
        await visitor.visit("newsletter")
        person, journey = visitor.person, visitor.journey
        why = f"{person.user.first_name} could not sign: {journey.left_for}"
        self._expect(journey.furthest is Step.SIGNED, why)
        typed = [m for m in person.messages if not m.from_bot and not m.text.startswith("/")]
        self._expect(not typed, "what was typed for a name is still in the chat")

    async def _is_refused(self, visitor: Visitor) -> None:
        visitor.person.send("/close")
        await self._sees(visitor.person, "Ese comando no existe aquí.")

    async def _changes(self, visitor: Visitor) -> None:
        ruben = visitor.person
        await self._signs(visitor)
        await visitor.goes("/mydata", Action.OTHER_RIGHTS, Action.RECEIPT)
        await self.world.idle()
        has_file = any(message.document for message in ruben.messages)
        self._expect(has_file, "the receipt did not come")
        await visitor.goes("/mydata", Action.CORRECT_NAME)
        await visitor.goes("Rubén Soto")
        await self._sees(ruben, "Nombre: Rubén Soto")
        await visitor.goes("/withdraw", Action.ERASE)
        await self._sees(ruben, "Tu firma está retirada")
        await self.world.idle()
        left = [m for m in ruben.messages if m.document or "Soto" in m.text]
        self._expect(not left, "what names who withdrew is still in the chat")

    async def _told(self) -> None:
        people = self.people
        people.marta.start()
        people.pau.start()
        await self.world.idle()
        marta = Admin(people.marta, self.app, self.petition, approver=people.pau)
        await marta.closes()
        await marta.tells_everybody(lambda _: None)
        lines = closing_lines(self.petition, 3)
        for person in (people.ana, people.jordi, people.sean, people.stranger):
            told = len(closing_updates(person, lines))
            is_right = told == (person is not people.stranger)
            self._expect(is_right, f"{person.user.first_name} was told {told} times")

    async def _handed_over(self, visitor: Visitor) -> None:
        await self.shell.hand_over()
        visitor.person.start()
        await self._sees(visitor.person, "Tu nombre está en la lista que se entregó")

    async def _letter(self, visitor: Visitor) -> None:
        shown = await visitor.goes("/mydata", Action.OTHER_RIGHTS, Action.LETTER_CODE)
        code = _CODE.search(shown.message.text if shown else "")
        self._expect(code is not None, "Seán is shown no code")
        if code is not None:
            await self.shell.answer_letter(3, code.group())
            await self._sees(visitor.person, "Done, as your letter or e-mail asked")

    async def _late(self, visitor: Visitor) -> None:
        await visitor.visit("poster")
        self._expect(visitor.journey.left_for is Reason.CLOSED, "Yusuf could sign")

    async def _erased(self, visitor: Visitor) -> None:
        await self.shell.erase()
        visitor.person.start()
        await self._sees(visitor.person, "Ya no guardamos ninguna firma")
        self._expect("3 personas" in visitor.person.screen.text, "the count was erased too")

    async def _sees(self, person: Person, text: str) -> None:
        await person.sees(text, _WAIT_SECONDS)

    def _expect(self, held: bool, fault: str) -> None:
        if not held:
            self.faults.append(fault)


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """One line of a transcript.

    `chat` names the person or group; `actor` is "person", "bot" or "note"; `first` tells
    whether it is the first line of a message.
    """

    chat: str
    actor: str
    text: str
    first: bool = True


def transcript_lines(event: Event) -> Iterator[TranscriptLine]:
    """Yields the lines of an event; none for events that do not interest a reader."""
    chat = event.chat.person.user.first_name if event.chat.person else event.chat.title or ""
    message = event.message
    if event.kind == "tapped" and message is not None:
        yield TranscriptLine(chat, "person", f"taps [{_label(message, event)}]")
    elif event.kind == "deleted" and message is not None and not message.from_bot:
        yield TranscriptLine(chat, "note", "what was typed is deleted from the chat")
    elif event.kind in ("sent", "edited") and message is not None:
        yield from _message_lines(chat, message)


def _message_lines(chat: str, message: Message) -> Iterator[TranscriptLine]:
    actor = "bot" if message.from_bot else "person"
    if message.media is not None:
        yield TranscriptLine(chat, actor, f"({message.media.kind}) {message.text}".rstrip())
        return
    if not message.from_bot:
        yield TranscriptLine(chat, actor, message.text)
        return
    written = [line for line in message.text.splitlines() if line.strip()]
    if len(written) > _LINES_SHOWN:
        # The last line of a screen is its question or its count.
        written = [*written[: _LINES_SHOWN - 2], "…", written[-1]]
    for number, text in enumerate(written):
        yield TranscriptLine(chat, "bot", text, first=number == 0)
    for row in message.buttons:
        labels = "  ".join(f"[{button.label}]" for button in row)
        yield TranscriptLine(chat, "bot", labels, first=False)


def _label(message: Message, event: Event) -> str:
    data = (event.detail or {}).get("data")
    buttons = (button for row in message.buttons for button in row)
    return next((button.label for button in buttons if button.data == data), "an old button")
