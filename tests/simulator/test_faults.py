import asyncio
from collections import Counter

import aiohttp
import pytest

from simulator import Fault, Faults, Person, Simulator
from tests.support.api_client import ApiClient


async def test_an_error_comes_before_any_effect(
    sim: Simulator, api: ApiClient, ana: Person
) -> None:
    sim.faults.next("sendMessage", Fault.ERROR)
    refusal = await api.refusal("sendMessage", chat_id=ana.id, text="a")
    await api.result("sendMessage", chat_id=ana.id, text="b")

    assert refusal == (502, "Bad Gateway")
    assert [message.text for message in ana.messages] == ["/start", "b"]


async def test_a_dropped_answer_comes_after_the_effect(
    sim: Simulator, api: ApiClient, ana: Person
) -> None:
    sim.faults.next("sendMessage", Fault.DROP, Fault.CUT)
    for text in ("drop", "cut"):
        with pytest.raises(aiohttp.ClientError):
            await api.result("sendMessage", chat_id=ana.id, text=text)

    assert [message.text for message in ana.messages] == ["/start", "drop"]
    assert [call.status for call in sim.calls] == [0, 0]
    assert sim.refused == []


async def test_rates_are_drawn_from_a_seed() -> None:
    def drawn(seed: int) -> list[Fault | None]:
        faults = Faults(seed=seed, error_rate=0.2, drop_rate=0.2, too_many_rate=0.2)
        return [faults.pick("sendMessage") for _ in range(200)]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert {Fault.ERROR, Fault.DROP, Fault.FLOOD, None} == set(drawn(1))


async def test_rates_spare_the_poll_unless_told_otherwise() -> None:
    faults = Faults(error_rate=1.0)
    assert faults.pick("getUpdates") is None
    faults.spared = frozenset()
    assert faults.pick("getUpdates") is Fault.ERROR


async def test_a_frozen_telegram_answers_after_the_thaw(
    sim: Simulator, api: ApiClient, ana: Person
) -> None:
    sim.faults.freeze()
    call = asyncio.create_task(api.result("sendMessage", chat_id=ana.id, text="a"))
    await asyncio.sleep(0.05)
    assert len(ana.messages) == 1
    sim.faults.thaw()
    await asyncio.wait_for(call, 2)

    assert len(ana.messages) == 2


async def test_latency_can_be_set_and_cleared(sim: Simulator, api: ApiClient) -> None:
    sim.faults.latency = (0.05, 0.06)
    begun = asyncio.get_running_loop().time()
    await api.result("getMe")
    slow = asyncio.get_running_loop().time() - begun
    sim.faults.clear()

    assert slow >= 0.05
    assert not sim.faults.latency


async def test_many_calls_at_once_meet_the_same_faults_in_any_order() -> None:
    def drawn(chats: list[int]) -> dict[int, list[Fault | None]]:
        faults = Faults(seed=7, error_rate=0.06, drop_rate=0.04, too_many_rate=0.02)
        found: dict[int, list[Fault | None]] = {}
        for chat in chats:
            found.setdefault(chat, []).append(faults.pick("copyMessage", chat))
        return dict(sorted(found.items()))

    chats = [chat for chat in range(1000) for _ in range(3)]
    assert drawn(chats) == drawn(chats[::-1])


async def test_shares_of_a_mixture_are_what_they_say() -> None:
    faults = Faults(seed=1, error_rate=0.06, drop_rate=0.04, too_many_rate=0.02)
    drawn = Counter(faults.pick("sendMessage", chat) for chat in range(5_000))

    assert drawn[Fault.ERROR] == pytest.approx(300, rel=0.15)
    assert drawn[Fault.DROP] == pytest.approx(200, rel=0.15)
    assert drawn[Fault.FLOOD] == pytest.approx(100, rel=0.15)
