"""A crowd of simulated people who sign, by the hundred, while the page shows how many have."""

import asyncio
from collections.abc import Callable, Iterator
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
READS_SECONDS = (2.0, 4.5)
_FORM = (Stage.NAME, Stage.CONSENT)
_ANSWER_SECONDS = 8.0
_SPOKEN = ("es", "en")


class Crowd:
    """People who are not shown on the page and sign by the hundred; one crowd at a time.

    `looks` returns how many seconds somebody looks at a screen.
    """

    def __init__(self, feed: EventFeed, world: World) -> None:
        self._feed = feed
        self._world = world
        self._dice = Random(0)  # noqa: S311 - repeatable, not secret
        self._signing: asyncio.Task[None] | None = None
        self.looks: Callable[[SeenScreen], float] = self._looks
        self._wanted = self._signed = self._failed = 0

    @property
    def is_signing(self) -> bool:
        """Whether a crowd is signing now."""
        return self._signing is not None and not self._signing.done()

    def start(self, number: int) -> None:
        """Starts to let this many people sign; does nothing while a crowd is signing."""
        if not self.is_signing:
            self._wanted, self._signed, self._failed = number, 0, 0
            self._signing = asyncio.create_task(self._sign(number))
            self._signing.add_done_callback(lambda _: self._publish())
            self._publish()

    async def stop(self) -> None:
        """Stops the crowd; those who have not signed yet do not."""
        if self._signing is not None:
            self._signing.cancel()
            await asyncio.gather(self._signing, return_exceptions=True)

    def snapshot(self) -> Shape:
        """Returns the progress as the page draws it."""
        return {
            "signing": self.is_signing,
            "wanted": self._wanted,
            "signed": self._signed,
            "failed": self._failed,
        }

    def _publish(self) -> None:
        self._feed.publish("crowd", crowd=self.snapshot())

    async def _sign(self, number: int) -> None:
        people = draw_people(self._dice, number, _SPOKEN)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(_AT_ONCE, number)):
                group.create_task(self._sign_one_by_one(people))

    async def _sign_one_by_one(self, people: Iterator[Traits]) -> None:
        for drawn in people:
            traits = Traits(
                drawn.first_name,
                drawn.last_name,
                drawn.language,
                patience=_ANSWER_SECONDS,
                reads_appeal=False,
                with_name=drawn.with_name,
            )
            visitor = Visitor.enter(self._world, traits, self._dice)
            visitor.looks = self.looks
            await visitor.visit("crowd")
            has_signed = visitor.journey.furthest is Step.SIGNED
            self._signed += has_signed
            self._failed += not has_signed
            self._publish()

    def _looks(self, screen: SeenScreen) -> float:
        return self._dice.uniform(*READS_SECONDS) if screen.stage in _FORM else 0.0
