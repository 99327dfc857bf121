import asyncio
from typing import Any

from simulator import Simulator
from tests.support.api_client import ApiClient, ManualClock


def texts(updates: list[dict[str, Any]]) -> list[str]:
    return [update["message"]["text"] for update in updates]


async def test_updates_stay_until_they_are_acknowledged_or_a_day_old(
    sim: Simulator, api: ApiClient, clock: ManualClock
) -> None:
    ana = sim.world.person("Ana")
    for number in range(5):
        ana.send(str(number))
    first = await api.result("getUpdates")
    again = await api.result("getUpdates", limit=2)
    rest = await api.result("getUpdates", offset=again[-1]["update_id"] + 1)
    assert texts(first) == ["0", "1", "2", "3", "4"]
    assert again == first[:2]
    assert texts(rest) == ["2", "3", "4"]
    # A negative offset keeps the last ones.
    assert texts(await api.result("getUpdates", offset=-2)) == ["3", "4"]
    assert len(sim.world.updates.pending) == 2
    clock.now += 24 * 3600 + 1
    ana.send("hoy")
    assert texts(await api.result("getUpdates")) == ["hoy"]


async def test_listeners_hear_of_what_was_acknowledged(sim: Simulator, api: ApiClient) -> None:
    ana = sim.world.person("Ana")
    heard: list[int] = []
    sim.world.updates.listeners.append(lambda update: heard.append(update.id))
    ana.send("given")
    (given,) = await api.result("getUpdates")
    assert heard == []
    ana.send("never given")
    assert await api.result("getUpdates", offset=given["update_id"] + 2) == []
    ana.send("dropped")
    await api.result("deleteWebhook", drop_pending_updates=True)
    assert heard == [given["update_id"]]
    assert not sim.world.updates.pending


async def test_the_poll_of_a_dead_bot_counts_as_no_refusal(sim: Simulator, api: ApiClient) -> None:
    dead = ApiClient(sim.url)
    poll = asyncio.create_task(dead.answer("getUpdates", timeout=30))
    await asyncio.sleep(0.05)
    poll.cancel()
    await dead.session.close()
    await asyncio.sleep(0.05)
    sim.world.person("Ana").send("hola")
    assert texts(await api.result("getUpdates")) == ["hola"]
    await asyncio.sleep(0.05)
    assert sim.refused == []


async def test_the_kinds_asked_for_are_remembered(sim: Simulator, api: ApiClient) -> None:
    ana = sim.world.person("Ana")
    await api.result("getUpdates", allowed_updates=["message"])
    ana.start()
    ana.block()
    assert len(await api.result("getUpdates")) == 1


async def test_in_a_group_it_hears_what_is_meant_for_it(sim: Simulator, api: ApiClient) -> None:
    ana = sim.world.person("Ana")
    group = sim.world.group("Vecinas", members=[ana])
    heard = ["/help", "/help@test_bot", "oye @test_bot", "/help@Test_Bot ya"]
    for text in ("buenos días", "/help@otro_bot", *heard):
        ana.send_in(group, text)
    joined, *messages = await api.result("getUpdates")
    assert joined["my_chat_member"]["new_chat_member"]["status"] == "member"
    assert texts(messages) == heard
