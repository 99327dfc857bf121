"""Kills all along a broadcast, and what each of them left behind."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from statistics import mean
from typing import Final

from bot.broadcast import Timing
from bot.broadcast.lease import utc_now
from storage import Tally
from tests.soak.campaigns import Campaign, dies

START_SECONDS: Final = 60.0
END_SECONDS: Final = 220.0


@dataclass
class Deaths:
    """What each kill left behind.

    Attributes:
        unrecorded: how many had arrived without that being on the disk.
        writes: seconds that a write took, beside the bot's own.
        left: people who had nothing yet after the last.
    """

    unrecorded: list[int] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    left: int = 0

    def bound(self, in_flight: int, rate: float) -> float:
        """The most repetitions: what was in flight, what waited to be written, and was written."""
        late = Timing().record + mean(self.writes)
        return in_flight + len(self.unrecorded) * rate * late


async def killed_all_along(
    campaign: Campaign, key: bytes, people: int, kills: int
) -> tuple[Tally, Deaths]:
    """Each life of the bot ends in the middle of its sending; the last one finishes."""
    dice = random.Random(17)  # noqa: S311 - a test's own dice
    # So that about a fifth of the people is left when the last kill is over.
    longest = 2 * 0.8 * people / max(kills, 1)
    account, deaths = campaign.api.account, Deaths()
    for _ in range(kills):
        bot = await campaign.bot()
        born = len(account.arrivals)
        await campaign.api.arrived(born + 1, START_SECONDS)
        deaths.writes.append(await seconds_to_write(campaign))
        # Whatever the dice say, somebody is left to be written to when it dies.
        left = people - len(account.copies)
        await campaign.api.arrived(
            born + min(int(dice.uniform(1, longest)), left // 2 + 1), START_SECONDS
        )
        await dies(bot)
        told = {arrival.chat for arrival in account.arrivals[born:]}
        deaths.unrecorded.append(len(told.intersection(await campaign.sending())))
    deaths.left = people - len(account.copies)
    bot = await campaign.bot()
    tally = await campaign.reported(key, END_SECONDS)
    await dies(bot)
    return tally, deaths


async def seconds_to_write(campaign: Campaign) -> float:
    """How long a write takes now."""
    begun = time.monotonic()
    await campaign.storage.leases.take("a watch", "a test", seconds=1, now=utc_now())
    return time.monotonic() - begun
