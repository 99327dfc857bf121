"""Careful readers: one person for each language who opens every screen, so that it is measured."""

from dataclasses import dataclass
from enum import Enum

from bot.petition.stages import Action
from bot.text.text_limits import is_cut
from bot.text.translations import mark
from bot.tryout.visitors.people import Move
from bot.tryout.visitors.screens import closing_updates, screenfuls
from bot.tryout.visitors.visitor import Visitor
from simulator.chats import Message

_NAME = "Ana García"


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
    """How many heights of a phone a screen takes in a language; `page` from 1, 0 for no pages.

    The phone shortens the labels in `cut`.
    """

    language: str
    part: Part
    page: int
    screenfuls: float
    cut: tuple[str, ...] = ()


@dataclass(slots=True)
class Reader:
    """Reads the petition in the visitor's language, from the first screen to the last.

    What is measured is added to `screens`.
    """

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
            await self._opens(Part.CONSENT, _NAME)
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
        labels = ((each.label, len(row)) for row in message.buttons for each in row)
        cut = tuple(label for label, beside in labels if is_cut(label, beside))
        self.screens.append(MeasuredScreen(self.visitor.shown, part, page, high, cut))
