import asyncio

import pytest

from simulator import Simulator, SimulatorError
from simulator.chats import Event
from tests.support.api_client import ApiClient


async def test_everything_that_happens_is_told(sim: Simulator, api: ApiClient) -> None:
    ana = sim.world.person("Ana")
    markup = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
    told: list[Event] = []
    sim.world.listeners.append(told.append)
    ana.start()
    sent = await api.result("sendMessage", chat_id=ana.id, text="a", reply_markup=markup)
    tap = ana.tap("a")
    await api.result("answerCallbackQuery", callback_query_id=tap.id)
    target = {"chat_id": ana.id, "message_id": sent["message_id"]}
    await api.result("editMessageText", text="b", **target)
    await api.result("sendChatAction", chat_id=ana.id, action="typing")
    await api.result("deleteMessage", **target)
    ana.block()

    assert [event.kind for event in told] == [
        *("sent", "sent", "tapped", "answered", "edited", "action", "deleted", "member"),
    ]


async def test_idle_waits_for_acknowledgement(sim: Simulator, api: ApiClient) -> None:
    sim.world.person("Ana").start()
    with pytest.raises(SimulatorError, match="1 updates are not acknowledged"):
        await sim.world.idle(seconds=0.05)
    (update,) = await api.result("getUpdates")
    await api.result("getUpdates", offset=update["update_id"] + 1)
    await sim.world.idle(seconds=1)


async def test_idle_waits_for_calls_under_way(sim: Simulator, api: ApiClient) -> None:
    ana = sim.world.person("Ana")
    ana.start()
    sim.world.updates.clear()
    sim.faults.latency = 0.1
    call = asyncio.create_task(api.result("sendMessage", chat_id=ana.id, text="a"))
    await asyncio.sleep(0.02)
    await sim.world.idle()

    assert ana.screen.text == "a"
    await call


async def test_the_bots_own_numbers_are_used_once(sim: Simulator) -> None:
    ana = sim.world.person("Ana", user_id=7)
    with pytest.raises(SimulatorError, match="there is a person 7"):
        sim.world.person("Otra", user_id=7)

    assert ana.id == 7


async def test_time_can_be_moved(api: ApiClient, sim: Simulator) -> None:
    ana = sim.world.person("Ana")
    ana.start()
    sent = await api.result("sendMessage", chat_id=ana.id, text="a")
    sim.clock.move(48 * 3600 + 1)

    assert (
        await api.bad("deleteMessage", chat_id=ana.id, message_id=sent["message_id"])
        == "message can't be deleted for everyone"
    )
    assert ana.send("b").date == sent["date"] + 48 * 3600 + 1


async def test_nobody_gets_the_number_of_somebody_who_asked_for_it(sim: Simulator) -> None:
    first = sim.world.person("Ana")
    asked = sim.world.person("Marta", user_id=first.id + 2)
    others = [sim.world.person("Persona").id for _ in range(4)]
    assert len({first.id, asked.id, *others}) == 6
