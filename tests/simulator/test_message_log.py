import asyncio

import aiohttp
import pytest

from bot.simulator import DeliveryTally, Fault, Person, Simulator
from tests.simulator.wire import Wire


@pytest.fixture
def people(sim: Simulator) -> list[Person]:
    people = [sim.world.person(name) for name in ("Ana", "Eva", "Iris")]
    for person in people:
        person.start()
    return people


async def test_what_arrived_is_counted_even_when_the_answer_was_lost(
    sim: Simulator, wire: Wire, people: list[Person]
) -> None:
    ana, eva, iris = (person.id for person in people)
    await wire.result("sendMessage", chat_id=ana, text="Hemos <b>ganado</b>", parse_mode="HTML")
    sim.faults.next("sendMessage", Fault.DROP)
    with pytest.raises(aiohttp.ClientError):
        await wire.result("sendMessage", chat_id=eva, text="Hemos ganado")
    await wire.result("sendMessage", chat_id=eva, text="Hemos ganado")
    await wire.result("sendMessage", chat_id=iris, text="Hola")

    account = sim.world.message_log.tally([ana, eva, iris], text="Hemos ganado")
    assert account == DeliveryTally(once=1, repeated={eva: 2}, never={iris})
    assert not account.exact


async def test_copies_are_known_by_what_they_are_copies_of(
    sim: Simulator, wire: Wire, people: list[Person]
) -> None:
    ana, eva, _ = people
    source, other = ana.send("Hola"), ana.send("Hola")
    before = len(sim.world.message_log)
    for message in (source, other, source):
        target = {"chat_id": eva.id, "from_chat_id": ana.id, "message_id": message.id}
        await wire.result("copyMessage", **target)

    log = sim.world.message_log
    assert log.count_by_chat(copy_of=source) == {eva.id: 2}
    assert log.count_by_chat(copy_of=source, since=before + 1) == {eva.id: 1}
    assert log.count_by_chat(text="Hola") == {eva.id: 3}
    assert len(log.times(copy_of=source)) == 2


async def test_what_was_deleted_has_arrived_but_is_not_there(
    sim: Simulator, wire: Wire, people: list[Person]
) -> None:
    ana, eva, _ = people
    for person in (ana, eva):
        await wire.result("sendMessage", chat_id=person.id, text="Hola")
    await wire.result("deleteMessage", chat_id=ana.id, message_id=ana.screen.id)

    assert sim.world.message_log.count_by_chat(text="Hola") == {ana.id: 1, eva.id: 1}
    assert sim.world.message_log.count_by_chat(text="Hola", still_there=True) == {eva.id: 1}


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_sender_that_tries_again_repeats_just_what_was_lost_on_the_way_back(
    sim: Simulator, wire: Wire, people: list[Person], seed: int
) -> None:
    source = people[0].send_album(["photo", "photo"], "Hola")
    numbers = [message.id for message in source]
    crowd = [person.id for person in sim.world.crowd(150)]
    sim.limits.on = False
    sim.faults.seed = seed
    sim.faults.error_rate, sim.faults.drop_rate, sim.faults.too_many_rate = 0.06, 0.04, 0.02

    async def bring(chat: int) -> int:
        """Copies until an answer says that it succeeded; returns how often no answer came."""
        lost = 0
        target = {"chat_id": chat, "from_chat_id": people[0].id, "message_ids": numbers}
        while True:
            try:
                if (await wire.answer("copyMessages", **target))["ok"]:
                    return lost
            except aiohttp.ClientError:
                lost += 1

    lost = dict(zip(crowd, await asyncio.gather(*map(bring, crowd)), strict=True))
    account = sim.world.message_log.tally(crowd, copy_of=source[1])

    assert sum(lost.values()) > 0
    assert account.repeated == {chat: 1 + times for chat, times in lost.items() if times}
    assert account.never == set()
