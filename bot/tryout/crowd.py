"""A crowd of simulated people who sign: each waits for a screen, reads it and taps a button."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from bot.petition.stages import Action
from simulator.chats import Shape
from simulator.page.event_feed import EventFeed
from simulator.person import Person
from simulator.world import World

# As many as it takes to keep the bot as busy as Telegram allows while most of them are reading.
_AT_ONCE = 96
# Who takes less than three seconds for the whole form is taken for somebody who does not read it,
# and the admins are told. Both of its screens are read, so the fastest here take twice the first.
_READS_SECONDS = (2.0, 4.5)
_FORM = frozenset({Action.CONFIRM, Action.PROFILE_NAME})
_ANSWER_SECONDS = 8.0
_TRIES = 6
_STEPS = (Action.CONFIRM, Action.PROFILE_NAME, Action.SIGN, Action.SET_LANGUAGE)
"""The actions that lead to a signature, the last one first.

The consent screen also offers to change the name, so the last step must win.
"""
_NOT_CHOSEN = "⚪"
_ONE_WITHOUT_NAME_IN = 4
_PUBLISH_EVERY_SECONDS = 0.25
_FIRST_NAMES = (
    "Adriana|Alba|Amara|Ángel|Anna|Beatriz|Bruno|Camila|Carles|Carmen|Chiara|Clara|Daniel|Elena"
    "|Emma|Esteban|Fatima|Gael|Grace|Hugo|Inés|Iria|Iván|Jana|Jon|Julia|Karim|Laia|Leire|Liam"
    "|Lucía|Malak|Marc|Marina|Mateo|Mónica|Nadia|Nerea|Noah|Olga|Óscar|Paula|Pedro|Quim|Rocío"
    "|Samuel|Sofía|Tomás|Uxía|Valeria|Xavier|Yolanda|Zoe"
)
_LAST_NAMES = (
    "Alonso|Benítez|Blanco|Castro|Costa|Delgado|Díaz|Esteve|Fernández|Ferrer|Gallego|Gómez"
    "|Haddad|Herrera|Iglesias|Jones|Keita|López|Llorente|Martín|Méndez|Molina|Moreno|Navarro"
    "|Ochoa|Ortega|Peña|Pérez|Quiroga|Ramos|Reyes|Rivas|Romero|Rossi|Ruiz|Sáez|Santos|Serra"
    "|Silva|Smith|Soler|Torres|Ugarte|Vega|Vidal|Walsh|Yáñez|Zamora"
)
_SOURCE = "crowd"
# Of each hundred people, how many read which language, as codes of their Telegram; most are not
# among the petition's.
_LANGUAGES = (
    *("es",) * 46,
    *("en",) * 14,
    *("ca",) * 8,
    *("pt-br", "pt-br", "fr", "fr", "fr", "de", "de", "it", "it", "gl", "gl", "gl", "eu", "eu"),
    *("ar", "ar", "ru", "uk", "pl", "nl", "ro", "tr", "zh-hans", "hi", "id", "fa", "sv", "ja"),
    *("el", "cs", "hu", None),
)


class Crowd:
    """People who are not shown on the page and sign by the hundred; one crowd at a time.

    `reading_seconds` returns how long somebody, by their number, looks at a screen of the form.
    """

    def __init__(self, feed: EventFeed, world: World) -> None:
        self._feed = feed
        self._world = world
        self._signing: asyncio.Task[None] | None = None
        self.reading_seconds: Callable[[int], float] = reading_seconds
        self.wanted = 0
        self.signed = 0
        self.failed = 0

    @property
    def is_signing(self) -> bool:
        """Whether a crowd is signing now."""
        return self._signing is not None and not self._signing.done()

    def start(self, number: int) -> None:
        """Starts to let this many people sign; does nothing while a crowd is signing."""
        if self.is_signing:
            return
        self.wanted, self.signed, self.failed = number, 0, 0
        self._signing = asyncio.create_task(self._sign(number))
        self._signing.add_done_callback(_report)
        self.publish()

    async def stop(self) -> None:
        """Stops the crowd; those who have not signed yet do not."""
        if self._signing is not None:
            self._signing.cancel()
            await asyncio.gather(self._signing, return_exceptions=True)
            self.publish()

    def snapshot(self) -> Shape:
        """Returns the progress as the page draws it."""
        return {
            "signing": self.is_signing,
            "wanted": self.wanted,
            "signed": self.signed,
            "failed": self.failed,
        }

    def publish(self) -> None:
        """Publishes the progress to the pages."""
        self._feed.publish("crowd", crowd=self.snapshot())

    async def _sign(self, number: int) -> None:
        queue = iter(range(number))
        publishing = asyncio.create_task(self._publish_regularly())
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(_AT_ONCE, number)):
                    group.create_task(self._sign_one_by_one(queue))
        finally:
            publishing.cancel()
            asyncio.get_running_loop().call_soon(self.publish)

    async def _publish_regularly(self) -> None:
        published = -1
        while True:
            if published != (published := self.signed + self.failed):
                self.publish()
            await asyncio.sleep(_PUBLISH_EVERY_SECONDS)

    async def _sign_one_by_one(self, queue: Iterator[int]) -> None:
        for _ in queue:
            if await self._sign_one(self._new_person()):
                self.signed += 1
            else:
                self.failed += 1

    def _new_person(self) -> Person:
        seed = len(self._world.people)
        return self._world.person(
            _name_in(_FIRST_NAMES, seed * 7),
            last_name=_name_in(_LAST_NAMES, seed * 11),
            language=_LANGUAGES[seed * 37 % len(_LANGUAGES)],
        )

    async def _sign_one(self, person: Person) -> bool:
        """Signs with the name in the profile; returns whether that succeeded."""
        seen: SeenScreen | None = None
        tries_left = _TRIES
        person.start(_SOURCE)
        while tries_left:
            screen = await person.chat.notifier.wait_for(
                partial(_newer_screen, person, seen), _ANSWER_SECONDS
            )
            if screen is None:
                # People press Start again when nothing happens, as while the bot restarts.
                tries_left -= 1
                person.start()
                continue
            is_read = seen is None or seen.actions != screen.actions
            seen, tap = screen, _next_tap(screen, person)
            if tap is None:
                return screen.is_of_a_signer
            if is_read and _FORM & screen.actions:
                await asyncio.sleep(self.reading_seconds(person.id))
            person.tap_data(screen.message, tap)
        return False


@dataclass(frozen=True, slots=True)
class SeenScreen:
    """A message of the bot by number, with the callback data of its buttons.

    `open_choice` is that of the two buttons about the name while none of them is chosen.
    """

    message: int
    data: tuple[str, ...]
    open_choice: tuple[str, ...] = ()

    @property
    def is_of_a_signer(self) -> bool:
        """Whether the screen is shown to somebody who has signed: thanks or withdrawal."""
        return self.actions == {Action.HOME} or Action.WITHDRAW in self.actions

    @property
    def actions(self) -> set[str]:
        """The actions of its buttons."""
        return {_action(data) for data in self.data}


def _newer_screen(person: Person, seen: SeenScreen | None) -> SeenScreen | None:
    """Returns the newest screen with buttons, unless it is the one already seen."""
    for message in reversed(person.messages):
        buttons = [(b.label, b.data) for row in message.buttons for b in row if b.data]
        if buttons:
            free = tuple(data for label, data in buttons if label.startswith(_NOT_CHOSEN))
            data = tuple(data for _, data in buttons)
            screen = SeenScreen(message.id, data, free if len(free) > 1 else ())
            return None if screen == seen else screen
    return None


def _next_tap(screen: SeenScreen, person: Person) -> str | None:
    """Returns the data of the button that leads on to a signature; None when there is none."""
    if screen.open_choice:
        return screen.open_choice[person.id % _ONE_WITHOUT_NAME_IN == 0]
    offered = {_action(data): data for data in reversed(screen.data)}
    return next((offered[action] for action in _STEPS if action in offered), None)


def reading_seconds(person: int) -> float:
    """Returns how long the person with this number looks at a screen; it differs from the next."""
    shortest, longest = _READS_SECONDS
    return shortest + (longest - shortest) * (person * 37 % 100 / 100)


def _action(data: str) -> str:
    return data.split(":")[1] if ":" in data else ""


def _report(task: asyncio.Task[None]) -> None:
    """Reports an exception that ended the crowd."""
    if not task.cancelled() and (error := task.exception()) is not None:
        context = {"message": "the crowd broke off", "exception": error}
        task.get_loop().call_exception_handler(context)


def _name_in(names: str, number: int) -> str:
    listed = names.split("|")
    return listed[number % len(listed)]
