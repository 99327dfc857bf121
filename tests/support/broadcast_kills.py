"""Repeated kills of the bot during a broadcast, and the state after each."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from statistics import mean

from bot.broadcast.context import Durations
from storage.broadcast_types import Tally
from storage.telegram_cache import put_cached_item
from tests.support.petition_processes import PetitionProcesses, kill

START_SECONDS = 60.0
END_SECONDS = 220.0


@dataclass
class KillRecord:
    """The state after the kills.

    Attributes:
        unrecorded: for each kill, how many messages had arrived but were not recorded.
        writes: for each life of the bot, the seconds of one write to its database.
        left: how many people had nothing after the last kill.
    """

    unrecorded: list[int] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    left: int = 0

    def bound(self, in_flight: int, rate: float) -> float:
        """Returns the most repetitions there may be: messages in flight or not yet recorded."""
        # What comes during a write waits until that one is over, and its own.
        late = Durations().record + 2 * mean(self.writes)
        return in_flight + len(self.unrecorded) * rate * late


async def kill_repeatedly(
    petition: PetitionProcesses, key: bytes, people: int, kills: int
) -> tuple[Tally, KillRecord]:
    """Kills the bot `kills` times while it sends, then lets it finish."""
    dice = random.Random(17)  # noqa: S311 - a test's own dice
    # Leaves about a fifth of the people after the last kill.
    longest = 2 * 0.8 * people / max(kills, 1)
    counts, deaths = petition.api.counts, KillRecord()
    for _ in range(kills):
        bot = await petition.bot()
        born = len(counts.arrivals)
        await petition.api.arrived(born + 1, START_SECONDS)
        deaths.writes.append(await seconds_to_write(petition))
        # Leaves recipients at every kill, whatever the dice say.
        left = people - len(counts.copies)
        await petition.api.arrived(
            born + min(int(dice.uniform(1, longest)), left // 2 + 1), START_SECONDS
        )
        await kill(bot)
        await petition.lease_ends()
        await asyncio.sleep(0.1)  # what it had sent has been counted by then
        told = {arrival.chat for arrival in counts.messages[born:]}
        deaths.unrecorded.append(len(told.intersection(await petition.sending())))
    deaths.left = people - len(counts.copies)
    bot = await petition.bot()
    tally = await petition.reported(key, END_SECONDS)
    await kill(bot)
    return tally, deaths


async def seconds_to_write(petition: PetitionProcesses) -> float:
    """Returns how long a write takes now."""
    begun = time.monotonic()
    await petition.storage.write(put_cached_item, "a test", b"")
    return time.monotonic() - begun
