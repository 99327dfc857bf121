"""Replicas of one bot share Telegram's limit: what they reply with together stays below it."""

import asyncio
from bisect import bisect_left

import pytest

from bot.transport.send_gate import Gate, Lane
from storage.leases import Peers
from tests.transport.test_gate_replies import DOCUMENTED, Timeline


class Replica:
    """One of several gates, each of which answers a crowd of its own."""

    def __init__(self, clock: Timeline, others: int) -> None:
        self.clock, self.peers = clock, Peers(others=others)
        self.gate = Gate(clock=clock, sleep=clock.sleep, peers=self.peers)
        self.left: list[float] = []

    async def sends(self, lane: Lane, chat: int) -> None:
        await self.gate.acquire(lane, chat, new=True)
        self.left.append(self.clock())


@pytest.mark.parametrize("number", [1, 2, 5, 8, 12])
async def test_all_together_stay_below_telegrams_limit(number: int) -> None:
    clock = Timeline()
    replicas = [Replica(clock, number - 1) for _ in range(number)]
    asking = [
        asyncio.create_task(replica.sends(Lane.REPLY, 1000 * place + chat))
        for place, replica in enumerate(replicas)
        for chat in range(400)
    ]
    await clock.pass_to(clock() + 10)
    left = sorted(moment for replica in replicas for moment in replica.left)
    assert len(left) / 10 >= (20 if number <= 8 else 15)
    in_a_second = [bisect_left(left, at + 0.999) - place for place, at in enumerate(left)]
    assert max(in_a_second) <= DOCUMENTED
    for each in asking:
        each.cancel()
    assert sum(replica.peers.replies for replica in replicas) == len(left)


@pytest.mark.parametrize(("theirs", "rate"), [(0, 28), (2, 28), (10, 20), (60, 2.8)])
async def test_a_broadcast_leaves_room_for_what_other_replicas_reply(
    theirs: float, rate: float
) -> None:
    clock = Timeline()
    replica = Replica(clock, 3)
    replica.peers.their_replies = theirs
    asking = [asyncio.create_task(replica.sends(Lane.BROADCAST, chat)) for chat in range(400)]
    await clock.pass_to(clock() + 10)
    assert len(replica.left) == pytest.approx(10 * rate, rel=0.05, abs=2)
    for each in asking:
        each.cancel()
