"""Random opt-outs, pauses, cancels and kills during a broadcast, with a record of each."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from bot.broadcast.lease import utc_now
from storage import Statement
from tests.broadcast.petitioners import ADMIN, SLUG
from tests.soak.petition_run import PetitionRun, chat_of, dies

_CLAIMED: Final = "SELECT 1 FROM deliveries WHERE state = 'sending' AND position = :number"


class Change(StrEnum):
    """How somebody opts out of the message."""

    WITHDRAWS = "withdraws"
    BLOCKS = "blocks"
    MUTES = "mutes"


@dataclass(frozen=True)
class Parting:
    """An opt-out: after `known` nothing may arrive, except a message in flight just then."""

    chat: int
    change: Change
    known: float
    under_way: bool


@dataclass(frozen=True)
class Stillness:
    """A pause or cancel, during which only messages in flight at its start may arrive."""

    begins: float
    ends: float
    under_way: frozenset[int]


@dataclass
class Turmoil:
    """The interventions of one run, and their record.

    Attributes:
        kills: whether the sender is killed too.
        unrecorded: chats that had the message at a kill, without a recorded outcome.
    """

    petition_run: PetitionRun
    key: bytes
    people: int
    dice: random.Random
    kills: bool
    partings: list[Parting] = field(default_factory=list)
    stillnesses: list[Stillness] = field(default_factory=list)
    unrecorded: list[int] = field(default_factory=list)
    deaths: int = 0
    sender: asyncio.subprocess.Process | None = None

    async def rages(self, until: int) -> None:
        """Intervenes every few hundredths of a second until this many people were told."""
        account = self.petition_run.api.account
        while len(account.copies) < until and not await self._is_over():
            await asyncio.sleep(self.dice.uniform(0.0, 0.08))
            happening = self.dice.random()
            if happening < 0.04:
                await self._pauses()
            elif happening < 0.10 and self.kills:
                await self.sender_dies()
                self.sender = await self.petition_run.sender()
            else:
                await self._somebody_parts()

    async def cancels(self) -> None:
        """Cancels the broadcast; deliveries claimed by then may still arrive."""
        await self.petition_run.storage.broadcasts.cancel(self.key, ADMIN, utc_now())
        claimed, known = await self._claimed(), time.monotonic()
        self.stillnesses.append(Stillness(known, float("inf"), claimed))

    async def sender_dies(self) -> None:
        """Kills the sender with SIGKILL and notes the unrecorded messages."""
        assert self.sender is not None
        await dies(self.sender)
        told = self.petition_run.api.account.copies
        self.unrecorded += [chat for chat in await self._claimed() if chat in told]
        self.deaths += 1

    async def _pauses(self) -> None:
        broadcasts = self.petition_run.storage.broadcasts
        await broadcasts.pause(self.key, ADMIN, utc_now())
        claimed, known = await self._claimed(), time.monotonic()
        await asyncio.sleep(self.dice.uniform(0.05, 0.6))
        self.stillnesses.append(Stillness(known, time.monotonic(), claimed))
        await broadcasts.resume(self.key, ADMIN, utc_now())

    async def _somebody_parts(self) -> None:
        number = self.dice.randint(1, self.people)
        if any(parting.chat == chat_of(number) for parting in self.partings):
            return
        change = self.dice.choice(list(Change))
        await self._carry_out(change, number)
        rows = await self.petition_run.storage.database.read(
            Statement(_CLAIMED, {"number": number})
        )
        self.partings.append(Parting(chat_of(number), change, time.monotonic(), bool(rows)))

    async def _carry_out(self, change: Change, number: int) -> None:
        signatures = self.petition_run.storage.signatures
        who = self.petition_run.people.keyring.reference(SLUG, chat_of(number))
        if change is Change.WITHDRAWS:
            await signatures.withdraw(who)
        elif change is Change.BLOCKS:
            await signatures.mark_unreachable(who, utc_now())
        else:
            await signatures.mute(who, utc_now())

    async def _claimed(self) -> frozenset[int]:
        return frozenset(await self.petition_run.sending())

    async def _is_over(self) -> bool:
        found = await self.petition_run.storage.broadcasts.get(self.key)
        return found is None or found.is_over
