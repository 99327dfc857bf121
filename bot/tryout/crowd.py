"""A crowd of simulated people who sign, by the hundred, while the page shows how many have."""

import asyncio
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from random import Random

from bot.petition.stages import Stage
from bot.tryout.visitors.journeys import Step
from bot.tryout.visitors.people import Traits, draw_people
from bot.tryout.visitors.screens import SeenScreen
from bot.tryout.visitors.visits import Visitor
from simulator.chats import Shape
from simulator.page.event_feed import EventFeed
from simulator.world import World

# As many as it takes to keep the bot as busy as Telegram allows while most of them are reading.
_AT_ONCE = 96
# Who takes less than three seconds for the whole form is taken for somebody who does not read it,
# and the admins are told. Both of its screens are read, so the fastest here take twice the first.
_READS_SECONDS = (2.0, 4.5)
_FORM = frozenset({Stage.NAME, Stage.CONSENT})
_ANSWER_SECONDS = 8.0
_PUBLISH_EVERY_SECONDS = 0.25
_SPOKEN = ("es", "en")
_SOURCE = "crowd"


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
        people = draw_people(Random(len(self._world.people)), number, _SPOKEN)  # noqa: S311
        publishing = asyncio.create_task(self._publish_regularly())
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(_AT_ONCE, number)):
                    group.create_task(self._sign_one_by_one(people))
        finally:
            publishing.cancel()
            asyncio.get_running_loop().call_soon(self.publish)

    async def _publish_regularly(self) -> None:
        published = -1
        while True:
            if published != (published := self.signed + self.failed):
                self.publish()
            await asyncio.sleep(_PUBLISH_EVERY_SECONDS)

    async def _sign_one_by_one(self, people: Iterator[Traits]) -> None:
        for traits in people:
            person = traits.account(self._world)
            dice, looks = Random(person.id), partial(self._looks, person.id)  # noqa: S311
            visitor = Visitor(person, _willing(traits), dice, looks=looks)
            await visitor.visit(_SOURCE)
            if visitor.journey.furthest is Step.SIGNED:
                self.signed += 1
            else:
                self.failed += 1

    def _looks(self, person: int, screen: SeenScreen) -> float:
        return self.reading_seconds(person) if screen.stage in _FORM else 0.0


def _willing(traits: Traits) -> Traits:
    """Returns somebody who signs without a detour, in whichever language there is."""
    return replace(
        traits,
        reads=None,
        patience=_ANSWER_SECONDS,
        screenfuls=math.inf,
        reads_appeal=False,
        typed=(),
        consents=True,
        quirks=frozenset(),
    )


def reading_seconds(person: int) -> float:
    """Returns how long the person with this number looks at a screen; it differs from the next."""
    shortest, longest = _READS_SECONDS
    return shortest + (longest - shortest) * (person * 37 % 100 / 100)


def _report(task: asyncio.Task[None]) -> None:
    """Reports an exception that ended the crowd."""
    if not task.cancelled() and (error := task.exception()) is not None:
        context = {"message": "the crowd broke off", "exception": error}
        task.get_loop().call_exception_handler(context)
