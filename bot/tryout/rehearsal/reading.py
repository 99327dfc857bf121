"""Careful readers: one person for each language who opens every screen, so that it is measured."""

from dataclasses import dataclass
from enum import Enum

from bot.petition.stages import Action, Stage
from bot.text.text_limits import is_cut
from bot.text.translations import mark
from bot.tryout.visitors.phone import screenfuls
from bot.tryout.visitors.screens import SeenScreen, closing_updates
from bot.tryout.visitors.visits import Visitor
from simulator.chats import Message

_NAME = "Ana García"


class Part(Enum):
    """What is measured, in the order in which people meet it, as the report says it."""

    WELCOME = mark("Bienvenida")
    LANGUAGE = mark("Idiomas")
    APPEAL = mark("Llamamiento")
    PRIVACY = mark("Privacidad")
    HELP = mark("Ayuda")
    NAME = mark("Nombre")
    NAME_TYPING = mark("Nombre, con el teclado abierto")
    CONSENT = mark("Consentimiento")
    THANKS = mark("Agradecimiento")
    SIGNED = mark("Petición, ya firmada")
    MY_DATA = mark("/mydata")
    RIGHTS = mark("Otros derechos")
    WITHDRAW = mark("Retirada")
    CLOSING_UPDATE = mark("Mensaje final")
    CLOSED = mark("Petición, ya cerrada")


@dataclass(frozen=True, slots=True)
class MeasuredScreen:
    """How many heights of a phone a screen takes in a language; `page` from 1, 0 for no pages.

    The phone shortens the labels in `cut`.
    """

    language: str
    part: Part
    page: int
    screenfuls: float
    cut: tuple[str, ...] = ()


class Reader:
    """Reads the petition in one language, from the first screen to the last.

    What is measured is added to `screens`.
    """

    def __init__(self, visitor: Visitor, language: str, screens: list[MeasuredScreen]) -> None:
        self.visitor = visitor
        self._language = language
        self._screens = screens

    async def reads_and_signs(self) -> None:
        """Opens every screen that there is while the petition is open, and signs."""
        person = self.visitor.person
        screen = await self.visitor.sees(person.start)
        self._measure(screen, Part.WELCOME)
        for action, part in ((Action.LANGUAGES, Part.LANGUAGE), (Action.PRIVACY, Part.PRIVACY)):
            await self._pages(await self.visitor.taps(action), part, action)
            await self.visitor.taps(Action.BACK)
        await self._pages(await self.visitor.taps(Action.READ), Part.APPEAL, Action.READ)
        self._measure(await self.visitor.sees(lambda: person.send("/help")), Part.HELP)
        await self.visitor.taps(Action.BACK)
        screen = await self.visitor.taps(Action.SIGN)
        self._measure(screen, Part.NAME)
        self._measure(screen, Part.NAME_TYPING)
        screen = await self.visitor.sees(lambda: person.send(_NAME))
        self._measure(screen, Part.CONSENT)
        if screen is not None and screen.is_undecided:
            await self.visitor.taps(Action.WITH_NAME)
        self._measure(await self.visitor.taps(Action.CONFIRM), Part.THANKS)
        self._measure(await self.visitor.taps(Action.HOME), Part.SIGNED)
        self._measure(await self.visitor.sees(lambda: person.send("/mydata")), Part.MY_DATA)
        self._measure(await self.visitor.taps(Action.OTHER_RIGHTS), Part.RIGHTS)
        self._measure(await self.visitor.sees(lambda: person.send("/withdraw")), Part.WITHDRAW)
        await self.visitor.taps(Action.HOME)

    async def reads_the_end(self, lines: frozenset[str]) -> None:
        """Reads the closing update, known by one of these lines, and the petition after it."""
        for told in closing_updates(self.visitor.person, lines)[-1:]:
            self._note(Part.CLOSING_UPDATE, 0, told)
        self._measure(await self.visitor.sees(self.visitor.person.start), Part.CLOSED)

    async def _pages(self, screen: SeenScreen | None, part: Part, action: Action) -> None:
        page = 0
        while screen is not None:
            onward = screen.tap(action, str(page + 1))
            self._measure(screen, part, 0 if page == 0 and onward is None else page + 1)
            if onward is None or screen.stage is Stage.HOME:
                return
            page += 1
            screen = await self.visitor.taps(action, str(page))

    def _measure(self, screen: SeenScreen | None, part: Part, page: int = 0) -> None:
        if screen is not None:
            self._note(part, page, screen.message)

    def _note(self, part: Part, page: int, message: Message) -> None:
        high = screenfuls(message, typing=part is Part.NAME_TYPING)
        labels = ((each.label, len(row)) for row in message.buttons for each in row)
        cut = tuple(label for label, beside in labels if is_cut(label, beside))
        self._screens.append(MeasuredScreen(self._language, part, page, high, cut))
