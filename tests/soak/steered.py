"""A broadcast with random interventions, from its start to its recall, checked exactly."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import fields
from typing import Final

from bot.broadcast.lease import utc_now
from storage import RecallTally, Tally
from tests.broadcast.petitioners import ADMIN
from tests.soak.petition_run import PetitionRun, stops
from tests.soak.turmoil import Change, Turmoil

_END_SECONDS: Final = 60.0
_ALL_STATES: Final = tuple(each.name for each in fields(Tally) if each.name != "total")
_ERASED_STATES: Final = frozenset({"delivered", "unconfirmed", "withdrawn"})
_STATE_OF: Final = {
    Change.BLOCKS: "unreachable",
    Change.MUTES: "withdrawn",
}


async def steered(
    petition_run: PetitionRun, people: int, seed: int, *, kills: bool, cancelled: bool
) -> str:
    """Runs a broadcast with interventions, checks it, recalls it; returns a summary."""
    dice = random.Random(seed)  # noqa: S311 - a test's own dice
    turmoil = Turmoil(petition_run, await petition_run.start(), people, dice, kills)
    turmoil.sender = await petition_run.sender()
    await turmoil.rages(until=people // 2 if cancelled else people)
    if cancelled:
        await turmoil.cancels()
    tally = await petition_run.reported(turmoil.key, _END_SECONDS)
    states = await petition_run.states(turmoil.key)
    assert_nothing_came_that_should_not(turmoil)
    assert_exact(turmoil, states, tally, cancelled=cancelled)
    assert_erased(turmoil, states, tally)
    recalled = await recall(petition_run, turmoil.key)
    assert_recalled(petition_run, states, recalled, tally)
    await stops(turmoil.sender)
    parted = Counter(parting.change.value for parting in turmoil.partings)
    return (
        f"{people} people, {dict(parted)}, {len(turmoil.stillnesses)} times stillness,"
        f" {turmoil.deaths} kills{', cancelled' if cancelled else ''}: {tally};"
        f" repeated {petition_run.api.account.repeated}; {recalled}"
    )


def assert_nothing_came_that_should_not(turmoil: Turmoil) -> None:
    """Checks that after an opt-out or a pause only messages in flight arrived, once each."""
    arrivals = turmoil.petition_run.api.account.arrivals
    for parting in turmoil.partings:
        later = [one for one in arrivals if one.chat == parting.chat and one.at > parting.known]
        assert len(later) <= int(parting.under_way), parting
    for still in turmoil.stillnesses:
        came = {one.chat for one in arrivals if still.begins < one.at < still.ends}
        assert came <= still.under_way


def assert_exact(
    turmoil: Turmoil, states: dict[int, str], tally: Tally, *, cancelled: bool
) -> None:
    """Checks that every row agrees with what arrived and with what its person did."""
    copies = turmoil.petition_run.api.account.copies
    assert (tally.sending, tally.rejected) == (0, 0)
    parted = {parting.chat: parting.change for parting in turmoil.partings}
    twice_at_most = set(turmoil.unrecorded)
    for chat, state in states.items():
        if state == "delivered":
            assert copies[chat] >= 1
        elif state != "unconfirmed":
            # A kill may come between a message and its record.
            assert copies[chat] == 0 or chat in twice_at_most
        if state in _STATE_OF.values():
            assert _STATE_OF[parted[chat]] == state
        assert copies[chat] <= 1 + turmoil.unrecorded.count(chat)
    waiting = {chat for chat, state in states.items() if state == "pending"}
    assert waiting == set() or cancelled
    assert tally.unconfirmed == 0 or (cancelled and turmoil.kills)


def assert_erased(turmoil: Turmoil, states: dict[int, str], tally: Tally) -> None:
    """Checks that withdrawn people have no row and still count with their outcome."""
    copies = turmoil.petition_run.api.account.copies
    gone = {each.chat for each in turmoil.partings if each.change is Change.WITHDRAWS}
    assert gone.isdisjoint(states)
    kept = Counter(states.values())
    erased = {each: getattr(tally, each) - kept[each] for each in _ALL_STATES}
    assert tally.total - len(states) == sum(erased.values()) <= len(gone)
    assert {each for each, people in erased.items() if people} <= _ERASED_STATES
    told = sum(copies[chat] > 0 for chat in gone)
    # A kill may have come between a message and its record.
    doubtful = erased["unconfirmed"] + len(gone & set(turmoil.unrecorded))
    assert told - doubtful <= erased["delivered"] <= told


async def recall(petition_run: PetitionRun, key: bytes) -> RecallTally:
    """Recalls the broadcast and returns the tally."""
    begun = await petition_run.storage.broadcasts.recall(key, ADMIN, utc_now())
    assert begun is not None
    async with asyncio.timeout(_END_SECONDS):
        while begun is not None and begun.recall_ended_at is None:
            await asyncio.sleep(0.1)
            begun = await petition_run.storage.broadcasts.get(key)
    return await petition_run.storage.recalls.tally(key)


def assert_recalled(
    petition_run: PetitionRun, states: dict[int, str], recalled: RecallTally, tally: Tally
) -> None:
    """Checks that the recorded messages are deleted in every chat that is still known."""
    account = petition_run.api.account
    delivered = {chat for chat, state in states.items() if state == "delivered"}
    assert {chat for chat, _ in account.deleted} == delivered
    assert account.deleted <= {(one.chat, one.message) for one in account.arrivals}
    assert recalled == RecallTally(
        total=tally.delivered,
        deleted=len(delivered),
        failed=tally.delivered - len(delivered),
    )
