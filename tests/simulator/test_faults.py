from collections import Counter

import aiohttp
import pytest

from simulator import Fault, Faults, Person, Simulator
from tests.support.api_client import ApiClient


async def test_an_error_and_a_cut_come_before_any_effect_and_a_dropped_answer_after_it(
    sim: Simulator, api: ApiClient, ana: Person
) -> None:
    sim.faults.next("sendMessage", Fault.ERROR, Fault.DROP, Fault.CUT)
    refusal = await api.refusal("sendMessage", chat_id=ana.id, text="error")
    for text in ("drop", "cut"):
        with pytest.raises(aiohttp.ClientError):
            await api.result("sendMessage", chat_id=ana.id, text=text)
    await api.result("sendMessage", chat_id=ana.id, text="none")
    assert refusal == (502, "Bad Gateway")
    assert [message.text for message in ana.messages] == ["/start", "drop", "none"]
    assert [call.status for call in sim.calls] == [502, 0, 0, 200]
    assert [call.status for call in sim.refused] == [502]


def test_drawn_faults_have_their_shares_and_are_the_same_in_any_order() -> None:
    def drawn(seed: int, chats: list[int]) -> dict[tuple[int, int], Fault | None]:
        faults = Faults(seed, error_rate=0.06, drop_rate=0.04, too_many_rate=0.02)
        calls, found = Counter[int](), dict[tuple[int, int], Fault | None]()
        for chat in chats:
            calls[chat] += 1
            found[chat, calls[chat]] = faults.pick("copyMessage", chat)
        assert faults.pick("getUpdates") is None
        return found

    chats = [chat for chat in range(2000) for _ in range(3)]
    faults = drawn(7, chats)
    assert faults == drawn(7, chats[::-1])
    assert faults != drawn(8, chats)
    shares = Counter(faults.values())
    assert shares[Fault.ERROR] == pytest.approx(360, rel=0.15)
    assert shares[Fault.DROP] == pytest.approx(240, rel=0.15)
    assert shares[Fault.FLOOD] == pytest.approx(120, rel=0.15)
