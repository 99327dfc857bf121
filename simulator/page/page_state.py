"""What the page shows of one simulator: phones, calls and the fault switches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from simulator.call_log import RecordedCall
from simulator.chats import Shape
from simulator.page.call_journal import CallJournal
from simulator.page.event_feed import EventFeed
from simulator.page.phones import Phones
from simulator.server import Simulator

_PUBLISH_EVERY_SECONDS = 0.25
_PROFILE_METHODS = ("setMy", "deleteMy")
FAULTS = ("latency", "too_many_rate", "error_rate", "drop_rate")
"""The fields of `Faults` that the page can set."""


class PageState:
    """What the page shows of one simulator; publishes changes to the pages while `open`."""

    def __init__(self, simulator: Simulator, feed: EventFeed, admins: frozenset[int]) -> None:
        self.simulator = simulator
        self.world = simulator.world
        self.phones = Phones(feed, admins)
        self._journal = CallJournal(feed)
        self._feed = feed
        self._profile_changed = False

    @asynccontextmanager
    async def open(self) -> AsyncIterator[PageState]:
        """Follows what happens in the simulator until the end of the block."""
        calls, updates = self.simulator.calls, self.world.updates
        calls.listeners.append(self._record_call)
        updates.listeners.append(self.phones.record_acknowledged)
        self.world.listeners.append(self.phones.publish_event)
        publishing = asyncio.create_task(self._publish_regularly())
        try:
            yield self
        finally:
            calls.listeners.remove(self._record_call)
            updates.listeners.remove(self.phones.record_acknowledged)
            self.world.listeners.remove(self.phones.publish_event)
            publishing.cancel()
            await asyncio.gather(publishing, return_exceptions=True)

    def fault(self, name: str, value: float) -> None:
        """Sets one of `FAULTS`; 0 switches it off."""
        setattr(self.simulator.faults, name, value)
        self._feed.publish("faults", faults=self._faults())

    def snapshot(self) -> Shape:
        """Returns everything that the page draws."""
        return {
            "bot": {"name": self.world.bot.first_name, "username": self.world.bot.username},
            "people": self.phones.snapshot(),
            "faults": self._faults(),
            **self._journal.snapshot(),
        }

    def _faults(self) -> Shape:
        faults = self.simulator.faults
        return {name: getattr(faults, name) for name in FAULTS}

    def _record_call(self, call: RecordedCall, answer: object) -> None:
        # A call refused before decoding has its parameters as text.
        number = str(call.chat_id)
        person = self.world.people.get(int(number)) if number.isdecimal() else None
        self._journal.record_call(call, answer, person.user.first_name if person else None)
        if call.method.startswith(_PROFILE_METHODS):
            self._profile_changed = True

    async def _publish_regularly(self) -> None:
        while True:
            await asyncio.sleep(_PUBLISH_EVERY_SECONDS)
            self._journal.publish()
            if self._profile_changed:
                self._profile_changed = False
                self.phones.publish_all()
