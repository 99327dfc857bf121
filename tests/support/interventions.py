"""A broadcast with random opt-outs, pauses, cancels and kills, checked exactly at its end."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field, fields
from enum import StrEnum

from bot.clocks import utc_now
from storage.broadcast_transitions import change_broadcast
from storage.broadcast_types import BroadcastAction, Tally
from storage.broadcasts import broadcast_with, tally_of_broadcast
from storage.signatures import mark_unreachable, mute_supporter, withdraw_signature
from storage.transaction import Transaction
from tests.support.broadcasts import of_recall
from tests.support.petition_processes import PetitionProcesses, chat_of, kill, terminate
from tests.support.raw_sql import run_sql
from tests.support.supporters import ADMIN, NOON, SLUG

_CLAIMED = "SELECT 1 FROM deliveries WHERE state = 'sending' AND position = :number"


def is_claimed(tx: Transaction, /, key: bytes, number: int) -> bool:
    """Returns whether a message is claimed, also by a claim that was just being committed."""
    run_sql(tx, "UPDATE broadcasts SET topic = topic WHERE id = :key", key=key)  # locks it
    return bool(run_sql(tx, _CLAIMED, number=number))


class OptOutKind(StrEnum):
    """How somebody opts out of the message."""

    WITHDRAWS = "withdraws"
    BLOCKS = "blocks"
    MUTES = "mutes"


@dataclass(frozen=True)
class OptOut:
    """An opt-out: after `known` nothing may arrive, except a message in flight just then."""

    chat: int
    change: OptOutKind
    known: float
    under_way: bool


@dataclass(frozen=True)
class SilentPeriod:
    """A pause or cancel, during which only messages in flight at its start may arrive."""

    begins: float
    ends: float
    under_way: frozenset[int]


@dataclass
class Interventions:
    """The interventions of one run, and their record.

    Attributes:
        kills: whether the sender is killed too.
        unrecorded: chats that had the message at a kill, without a recorded outcome.
    """

    petition: PetitionProcesses
    key: bytes
    people: int
    dice: random.Random
    kills: bool
    opt_outs: list[OptOut] = field(default_factory=list)
    silent_periods: list[SilentPeriod] = field(default_factory=list)
    unrecorded: list[int] = field(default_factory=list)
    deaths: int = 0
    sender: asyncio.subprocess.Process | None = None

    async def intervene(self, until: int) -> None:
        """Intervenes every few hundredths of a second until this many people were told."""
        counts = self.petition.api.counts
        born = len(counts.messages)
        while len(counts.copies) < until and not await self._is_over():
            await asyncio.sleep(self.dice.uniform(0.0, 0.08))
            happening = self.dice.random()
            if happening < 0.04:
                await self._pauses()
            elif happening < 0.10 and self.kills and len(counts.messages) > born:
                # Not before it has sent something, or on a slow machine none ever would.
                await self.kill_sender()
                born = len(counts.messages)
                self.sender = await self.petition.sender()
            else:
                await self._opt_somebody_out()

    async def cancels(self) -> None:
        """Cancels the broadcast; deliveries claimed by then may still arrive."""
        await self.petition.storage.write(
            change_broadcast, BroadcastAction.CANCEL, self.key, ADMIN, utc_now()
        )
        claimed, known = await self._claimed(), time.monotonic()
        self.silent_periods.append(SilentPeriod(known, float("inf"), claimed))

    async def kill_sender(self) -> None:
        """Kills the sender with SIGKILL and notes the unrecorded messages."""
        assert self.sender is not None
        await kill(self.sender)
        told = self.petition.api.counts.copies
        self.unrecorded += [chat for chat in await self._claimed() if chat in told]
        self.deaths += 1

    async def _pauses(self) -> None:
        storage = self.petition.storage
        await storage.write(change_broadcast, BroadcastAction.PAUSE, self.key, ADMIN, utc_now())
        claimed, known = await self._claimed(), time.monotonic()
        await asyncio.sleep(self.dice.uniform(0.05, 0.6))
        self.silent_periods.append(SilentPeriod(known, time.monotonic(), claimed))
        await storage.write(change_broadcast, BroadcastAction.RESUME, self.key, ADMIN, utc_now())

    async def _opt_somebody_out(self) -> None:
        number = self.dice.randint(1, self.people)
        if any(opt_out.chat == chat_of(number) for opt_out in self.opt_outs):
            return
        change = self.dice.choice(list(OptOutKind))
        await self._carry_out(change, number)
        under_way = await self.petition.storage.write(is_claimed, self.key, number)
        self.opt_outs.append(OptOut(chat_of(number), change, time.monotonic(), under_way))

    async def _carry_out(self, change: OptOutKind, number: int) -> None:
        storage = self.petition.storage
        who = self.petition.people.keyring.reference(SLUG, chat_of(number))
        if change is OptOutKind.WITHDRAWS:
            await storage.write(withdraw_signature, who, NOON)
        elif change is OptOutKind.BLOCKS:
            await storage.write(mark_unreachable, who, utc_now())
        else:
            await storage.write(mute_supporter, who, utc_now())

    async def _claimed(self) -> frozenset[int]:
        return frozenset(await self.petition.sending())

    async def _is_over(self) -> bool:
        found = await self.petition.storage.read(broadcast_with, self.key)
        return found is None or found.is_over


_END_SECONDS = 60.0
_ALL_STATES = tuple(each.name for each in fields(Tally) if each.name != "total")
_ERASED_STATES = frozenset({"delivered", "unconfirmed", "withdrawn"})
_STATE_OF = {
    OptOutKind.BLOCKS: "unreachable",
    OptOutKind.MUTES: "withdrawn",
}


async def run_with_interventions(
    petition: PetitionProcesses, people: int, seed: int, *, kills: bool, cancelled: bool
) -> str:
    """Runs a broadcast with interventions, checks it, recalls it; returns a summary."""
    dice = random.Random(seed)  # noqa: S311 - a test's own dice
    interventions = Interventions(petition, await petition.start(), people, dice, kills)
    interventions.sender = await petition.sender()
    await interventions.intervene(until=people // 2 if cancelled else people)
    if cancelled:
        await interventions.cancels()
    tally = await petition.reported(interventions.key, _END_SECONDS)
    states = await petition.states(interventions.key)
    assert_nothing_came_that_should_not(interventions)
    assert_exact(interventions, states, tally, cancelled=cancelled)
    assert_erased(interventions, states, tally)
    recalled = await recall(petition, interventions.key)
    assert_recalled(petition, states, recalled, tally)
    await terminate(interventions.sender)
    changes = Counter(opt_out.change.value for opt_out in interventions.opt_outs)
    return (
        f"{people} people, {dict(changes)}, {len(interventions.silent_periods)} silent periods,"
        f" {interventions.deaths} kills{', cancelled' if cancelled else ''}: {tally};"
        f" repeated {petition.api.counts.repeated}; {recalled}"
    )


def assert_nothing_came_that_should_not(interventions: Interventions) -> None:
    """Checks that after an opt-out or a pause only messages in flight arrived, once each."""
    arrivals = interventions.petition.api.counts.messages
    for opt_out in interventions.opt_outs:
        later = [one for one in arrivals if one.chat == opt_out.chat and one.at > opt_out.known]
        assert len(later) <= int(opt_out.under_way), opt_out
    for period in interventions.silent_periods:
        came = {one.chat for one in arrivals if period.begins < one.at < period.ends}
        assert came <= period.under_way


def assert_exact(
    interventions: Interventions, states: dict[int, str], tally: Tally, *, cancelled: bool
) -> None:
    """Checks that every row agrees with what arrived and with what its person did."""
    copies = interventions.petition.api.counts.copies
    assert (tally.sending, tally.rejected) == (0, 0)
    changes = {opt_out.chat: opt_out.change for opt_out in interventions.opt_outs}
    twice_at_most = set(interventions.unrecorded)
    for chat, state in states.items():
        if state == "delivered":
            assert copies[chat] >= 1
        elif state != "unconfirmed":
            # A kill may come between a message and its record.
            assert copies[chat] == 0 or chat in twice_at_most
        if state in _STATE_OF.values():
            assert _STATE_OF[changes[chat]] == state
        assert copies[chat] <= 1 + interventions.unrecorded.count(chat)
    waiting = {chat for chat, state in states.items() if state == "pending"}
    assert waiting == set() or cancelled
    assert tally.unconfirmed == 0 or (cancelled and interventions.kills)


def assert_erased(interventions: Interventions, states: dict[int, str], tally: Tally) -> None:
    """Checks that withdrawn people have no row and still count with their outcome."""
    copies = interventions.petition.api.counts.copies
    gone = {each.chat for each in interventions.opt_outs if each.change is OptOutKind.WITHDRAWS}
    assert gone.isdisjoint(states)
    kept = Counter(states.values())
    erased = {each: getattr(tally, each) - kept[each] for each in _ALL_STATES}
    assert tally.total - len(states) == sum(erased.values()) <= len(gone)
    assert {each for each, people in erased.items() if people} <= _ERASED_STATES
    told = sum(copies[chat] > 0 for chat in gone)
    # A kill may have come between a message and its record.
    doubtful = erased["unconfirmed"] + len(gone & set(interventions.unrecorded))
    assert told - doubtful <= erased["delivered"] <= told


async def recall(petition: PetitionProcesses, key: bytes) -> Tally:
    """Recalls the broadcast and returns the tally."""
    begun = await petition.storage.write(
        change_broadcast, BroadcastAction.RECALL, key, ADMIN, utc_now()
    )
    assert begun is not None
    async with asyncio.timeout(_END_SECONDS):
        while begun is not None and begun.recall_ended_at is None:
            await asyncio.sleep(0.1)
            begun = await petition.storage.read(broadcast_with, key)
    return await petition.storage.read(tally_of_broadcast, key)


def assert_recalled(
    petition: PetitionProcesses, states: dict[int, str], recalled: Tally, tally: Tally
) -> None:
    """Checks that the recorded messages are deleted in every chat that is still known."""
    counts = petition.api.counts
    delivered = {chat for chat, state in states.items() if state == "delivered"}
    assert {chat for chat, _ in counts.deleted} == delivered
    assert counts.deleted <= {(one.chat, one.message) for one in counts.messages}
    assert of_recall(recalled) == (len(delivered), tally.delivered - len(delivered), 0)
