"""People and admins change their minds at random moments: it holds at once, and exactly."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.broadcast.tenure import utc_now
from storage import RecallTally, Tally
from tests.broadcast.petitioners import ADMIN
from tests.soak.campaigns import Campaign, a_campaign, stops
from tests.soak.counting import CountingApi, Weather
from tests.soak.turmoil import Change, Turmoil

PEOPLE = 500
RATE = 100.0
END_SECONDS = 60.0
STATE_OF = {
    Change.WITHDRAWS: "withdrawn",
    Change.BLOCKS: "unreachable",
    Change.MUTES: "withdrawn",
}


@pytest.mark.parametrize("seed", range(4))
async def test_whoever_parts_gets_nothing_and_the_account_stays_exact(
    kind: str,
    seed: int,
    database_url: str,
    tmp_path: Path,
    api: CountingApi,
    tell: Callable[[str], None],
) -> None:
    kills, cancelled = seed % 2 == 1, seed >= 2
    account = api.begin(Weather(latency=0.03))
    dice = random.Random(seed)  # noqa: S311 - a test's own dice
    async with a_campaign(database_url, tmp_path, api, people=PEOPLE, rate=RATE) as campaign:
        turmoil = Turmoil(campaign, await campaign.start(), PEOPLE, dice, kills)
        turmoil.sender = await campaign.sender()
        await turmoil.rages(until=PEOPLE // 2 if cancelled else PEOPLE)
        if cancelled:
            await turmoil.cancels()
        tally = await campaign.reported(turmoil.key, END_SECONDS)
        states = await campaign.states(turmoil.key)
        assert_nothing_came_that_should_not(turmoil)
        assert_exact(turmoil, states, tally, cancelled=cancelled)
        recalled = await recall(campaign, turmoil.key)
        assert_recalled(campaign, states, recalled, turmoil)
        await stops(turmoil.sender)
    parted = Counter(parting.change.value for parting in turmoil.partings)
    tell(
        f"{kind}: {PEOPLE} people, {dict(parted)}, {len(turmoil.stillnesses)} pauses,"
        f" {turmoil.deaths} kills{', cancelled' if cancelled else ''}: {tally};"
        f" repeated {account.repeated}; {recalled}"
    )


def assert_nothing_came_that_should_not(turmoil: Turmoil) -> None:
    """Only what was under way as somebody parted, or a pause began, came after that; once."""
    arrivals = turmoil.campaign.api.account.arrivals
    for parting in turmoil.partings:
        later = [one for one in arrivals if one.chat == parting.chat and one.at > parting.known]
        assert len(later) <= int(parting.under_way), parting
    for still in turmoil.stillnesses:
        came = {one.chat for one in arrivals if still.begins < one.at < still.ends}
        assert came <= still.under_way


def assert_exact(
    turmoil: Turmoil, states: dict[int, str], tally: Tally, *, cancelled: bool
) -> None:
    """Every row says what the other side saw, and what its person did."""
    copies = turmoil.campaign.api.account.copies
    assert Tally(total=len(states), **Counter(states.values())) == tally
    assert (tally.sending, tally.rejected) == (0, 0)
    parted = {parting.chat: parting.change for parting in turmoil.partings}
    twice_at_most = set(turmoil.unrecorded)
    for chat, state in states.items():
        if state == "delivered":
            assert copies[chat] >= 1
        elif state != "unknown":
            # A kill may have come between a message and its record.
            assert copies[chat] == 0 or chat in twice_at_most
        if state in STATE_OF.values():
            assert STATE_OF[parted[chat]] == state
        assert copies[chat] <= 1 + turmoil.unrecorded.count(chat)
    waiting = {chat for chat, state in states.items() if state == "pending"}
    assert waiting == set() or cancelled
    assert tally.unknown == 0 or (cancelled and turmoil.kills)


async def recall(campaign: Campaign, key: bytes) -> RecallTally:
    """Take it back."""
    begun = await campaign.storage.broadcasts.recall(key, ADMIN, utc_now())
    assert begun is not None
    async with asyncio.timeout(END_SECONDS):
        while begun is not None and begun.recall_ended_at is None:
            await asyncio.sleep(0.1)
            begun = await campaign.storage.broadcasts.get(key)
    return await campaign.storage.recalls.tally(key)


def assert_recalled(
    campaign: Campaign, states: dict[int, str], recalled: RecallTally, turmoil: Turmoil
) -> None:
    """The message that the bot knows of is gone from every chat that is still known."""
    account = campaign.api.account
    delivered = {chat for chat, state in states.items() if state == "delivered"}
    withdrew = {p.chat for p in turmoil.partings if p.change is Change.WITHDRAWS}
    assert {chat for chat, _ in account.deleted} == delivered - withdrew
    assert account.deleted <= {(one.chat, one.message) for one in account.arrivals}
    assert recalled == RecallTally(
        total=len(delivered),
        deleted=len(delivered - withdrew),
        failed=len(delivered & withdrew),
    )
