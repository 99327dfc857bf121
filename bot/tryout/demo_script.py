"""The script of the demo: simulated people use the real bot from first signature to end.

Three supporters sign in two languages; one types an invalid name first, one tries to sign
twice. A stranger tries to close the petition, signs, keeps a receipt, corrects the name and
withdraws. An admin closes it and asks to send the closing update, which a second admin approves.
The list is handed over, a letter is answered, a visitor comes late, and what is due is erased. The
script also checks the bot and returns what was wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from bot.petition.petition import Petition
from bot.text.translations import Catalogs, Words
from simulator.chats import Event, Message
from simulator.errors import SimulatorError
from simulator.person import Person
from simulator.world import World
from telegram_text.markup import fill, parse

_LINES_SHOWN = 6
_CODE = re.compile(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b")
_WAIT_SECONDS = 10.0
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
    """One run of the script; `on_heading` is called with each heading as its part begins."""

    world: World
    people: DemoPeople
    petition: Petition
    catalogs: Catalogs
    shell: Shell
    on_heading: Callable[[str], None] = lambda _heading: None
    faults: list[str] = field(default_factory=list)

    async def run(self) -> list[str]:
        """Runs the script and returns what the bot did wrong, one sentence each."""
        scenes = [
            ("Ana reads the appeal and signs with the name of her profile", self._ana),
            ("Jordi, whose Catalan the petition lacks, signs to be counted unnamed", self._jordi),
            ("Seán signs in English, and tries to sign again", self._sean),
            ("A stranger tries to close the petition", self._stranger),
            ("He signs, keeps a receipt, corrects his name, and withdraws", self._changes),
            ("Marta, the admin, closes it", self._closing),
            ("Marta asks to tell how it ended, and Pau approves", self._told_by_two),
            ("The list is handed over", self._handed_over),
            ("Seán writes a letter, and is erased", self._letter),
            ("Yusuf comes late", self._late),
            ("Two months later, what is left is erased", self._erased),
        ]
        for heading, scene in scenes:
            self.on_heading(heading)
            try:
                await scene(self.people)
                await self.world.idle()
            except SimulatorError as error:
                self.faults.append(f"{heading}: {error}")
        return self.faults

    async def _ana(self, people: DemoPeople) -> None:
        ana, words = people.ana, self._words("es")
        ana.start("newsletter")
        await ana.taps(words.label("📖 Leer el llamamiento"))
        await ana.taps(words.label("Siguiente ›"))
        await ana.taps(words.label("✍️ Firmar la petición"))
        await ana.taps(words.label("Usar «{name}»", name="Ana García"))
        await ana.taps(f"⬜ {words.label('Noticias de otras acciones')}")
        await ana.taps(f"⚪ {words.label('Con mi nombre')}")
        await ana.taps(words.label("✍️ Consiento y firmo"))
        await self._sees_thanks(ana, 1)

    async def _jordi(self, people: DemoPeople) -> None:
        jordi, words = people.jordi, self._words("es")
        jordi.start()
        await jordi.taps(self.petition.texts_in("es").language_name)
        await jordi.taps(words.label("✍️ Firmar la petición"))
        await self._sees(jordi, words.text("<b>¿Con qué nombre quieres firmar?</b>"))
        bad = jordi.send("www.jordi.example/hola")
        await self._sees(jordi, "⚠️")
        good = jordi.send("Jordi Puig i Gal·la")
        await self._sees(jordi, "Jordi Puig i Gal·la")
        await jordi.taps(f"⚪ {words.label('Sin mi nombre')}")
        await jordi.taps(words.label("✍️ Consiento y firmo"))
        await self._sees_thanks(jordi, 2)
        is_left = {bad.id, good.id} & set(jordi.chat.messages)
        self._expect(not is_left, "what Jordi typed for a name is still in his chat")

    async def _sean(self, people: DemoPeople) -> None:
        sean, words = people.sean, self._words("en")
        sean.start("friends")
        await sean.taps(words.label("✍️ Firmar la petición"))
        await sean.taps(words.label("Usar «{name}»", name="Seán O'Brien"))
        await sean.taps(f"⚪ {words.label('Con mi nombre')}")
        confirm = words.label("✍️ Consiento y firmo")
        consent = await sean.with_button(confirm)
        buttons = (button for row in consent.buttons for button in row)
        data = next(button.data or "" for button in buttons if button.label == confirm)
        await sean.taps(confirm)
        await self._sees_thanks(sean, 3)
        await sean.tap_data(consent.id, data).answered(_WAIT_SECONDS)
        sean.start()
        await self._sees(
            sean,
            words.text("Cuando se sepa cómo ha acabado, te lo contaremos en este chat."),
        )
        self._expect("3" in sean.screen.text, "Seán does not see the number of his signature")

    async def _stranger(self, people: DemoPeople) -> None:
        ruben, words = people.stranger, self._words("es")
        ruben.send("/close")
        await self._sees(
            ruben,
            words.text("Ese comando no existe aquí. Con /help verás lo que puedes hacer."),
        )

    async def _changes(self, people: DemoPeople) -> None:
        ruben, words = people.stranger, self._words("es")
        await ruben.taps(words.label("✍️ Firmar la petición"))
        await ruben.taps(words.label("Usar «{name}»", name="Rubén"))
        await ruben.taps(f"⚪ {words.label('Sin mi nombre')}")
        await ruben.taps(words.label("✍️ Consiento y firmo"))
        await self._sees_thanks(ruben, 4)
        ruben.send("/mydata")
        await ruben.taps(words.label("Otros derechos"))
        await ruben.tap(words.label("🧾 Recibir el justificante")).answered(_WAIT_SECONDS)
        await self._sees(ruben, words.text("Para conservarlo, guárdalo aparte."))
        await self.world.idle()
        await ruben.taps(words.label("Volver"))
        await ruben.taps(words.label("Corregir mi nombre"))
        ruben.send("Rubén Soto")
        await self._sees(ruben, words.text("Hecho: tu firma lleva el nombre que has escrito."))
        ruben.send("/withdraw")
        await ruben.taps(words.label("Retirar mi firma y borrar mis datos"))
        await self._sees(ruben, words.text("<b>Tu firma está retirada y tus datos, borrados.</b>"))
        left = " ".join(message.text for message in ruben.messages)
        self._expect("Soto" not in left, "the name of who withdrew is still in his chat")
        has_file = any(message.document for message in ruben.messages)
        self._expect(not has_file, "the receipt of who withdrew is still in his chat")

    async def _handed_over(self, people: DemoPeople) -> None:
        await self.shell.hand_over()
        people.ana.start()
        await self._sees(people.ana, "Tu nombre está en la lista que se entregó")

    async def _letter(self, people: DemoPeople) -> None:
        sean, words = people.sean, self._words("en")
        sean.send("/mydata")
        await sean.taps(words.label("Otros derechos"))
        await sean.taps(words.label("🔑 Pedir un código"))
        shown = (await sean.with_button(words.label("🔑 Pedir un código"))).text
        code = _CODE.search(shown)
        self._expect(code is not None, "Seán is shown no code")
        if code is not None:
            await self.shell.answer_letter(3, code.group())
            await self._sees(sean, "Done, as your letter or e-mail asked")

    async def _erased(self, people: DemoPeople) -> None:
        await self.shell.erase()
        people.ana.start()
        await self._sees(people.ana, "Ya no guardamos ninguna firma")
        self._expect("3 personas" in people.ana.screen.text, "the count was erased too")

    async def _closing(self, people: DemoPeople) -> None:
        marta, words = people.marta, self._words("es")
        marta.start()
        await self._sees(marta, self.petition.texts_in("es").title)
        offered = {command["command"] for command in marta.commands}
        self._expect("close" in offered, "the admin's menu does not offer /close")
        marta.send("/broadcast")
        await self._sees(marta, "/close")
        marta.send("/close")
        await marta.taps(words.label("Sí, cerrar la petición"))
        await self._sees(marta, words.text("<b>La petición está cerrada.</b>"))

    async def _told_by_two(self, people: DemoPeople) -> None:
        marta, pau, words = people.marta, people.pau, self._words("es")
        pau.start()
        await pau.with_button(words.label("📖 Leer el llamamiento"))
        marta.send("/broadcast")
        await marta.taps(words.label("El mensaje final"))
        await marta.taps(words.label("Continuar"))
        ask = words.plural_label(
            "Pedir la aprobación, para {n} persona", "Pedir la aprobación, para {n} personas", 3
        )
        await marta.taps(ask)
        await self._sees(pau, words.text("<b>¿Apruebas este envío?</b>"))
        signers = ((people.ana, "es"), (people.jordi, "es"), (people.sean, "en"))
        told = any(self._told(person) for person, _ in signers)
        self._expect(not told, "somebody was told before the second admin approved it")
        approve = words.plural_label(
            "Aprobar y enviar a {n} persona", "Aprobar y enviar a {n} personas", 3
        )
        await pau.taps(approve)
        for person, language in signers:
            await self._sees(person, self._update_in(language))
        await self._sees(marta, words.text("<b>El mensaje final está enviado.</b>"))
        await self._sees(marta, words.text("Entregados: {n}", n=3))
        for person, _ in signers:
            self._expect(self._told(person) == 1, f"{person} was not told exactly once")
        self._expect(self._told(people.stranger) == 0, "somebody who did not sign was told")

    async def _late(self, people: DemoPeople) -> None:
        late = people.late
        late.start("poster")
        await late.taps(self.petition.texts_in("es").language_name)
        await self._sees(late, self._update_in("es"))
        await late.taps(self._words("es").label("📖 Leer el llamamiento"))

    def _words(self, language: str) -> Words:
        return self.catalogs.words(language)

    def _update_in(self, language: str) -> str:
        """Returns a line that only the closing update has."""
        people = self._words(language).people(3)
        update = fill(self.petition.texts_in(language).closing_update, count=3, people=people)
        return parse(update).text.splitlines()[-1]

    def _told(self, person: Person) -> int:
        lines = {self._update_in(language) for language in self.petition.languages}
        return sum(any(line in message.text for line in lines) for message in person.messages)

    async def _sees_thanks(self, person: Person, count: int) -> None:
        language = self.petition.language_for(person.user.language)
        people = self._words(language).people(count)
        thanks = self.petition.texts_in(language).thanks
        await self._sees(person, fill(thanks, count=count, people=people))

    async def _sees(self, person: Person, html: str) -> Message:
        return await person.sees(parse(html).text, _WAIT_SECONDS)

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
