"""Many people come at the same moment: each is answered once, and nobody else waits for them."""

import asyncio

from bot.simulator.person import Person
from tests.support.scene import Scene

CROWD = 60
HUNDRED = 100


async def test_a_crowd_is_greeted_in_turn_while_others_are_answered_at_once(scene: Scene) -> None:
    await scene.signs(scene.ana)
    crowd = [scene.world.person(f"Luz{number}", language="es") for number in range(CROWD)]
    for person in crowd:
        person.start()
    await asyncio.sleep(0.2)
    # Not answered behind the crowd: most of it is still waiting for its turn.
    await scene.taps_at_once(scene.ana, scene.words.label("Ver mi firma"))
    assert sum(not any(m.from_bot for m in person.messages) for person in crowd) > CROWD / 2
    await asyncio.gather(*(greeted(person) for person in crowd))
    for person in crowd:
        buttons = [message for message in person.messages if message.buttons]
        assert len(buttons) == 1, person.chat.transcript()


async def test_a_hundred_at_once_are_all_greeted_and_no_call_is_one_too_many(scene: Scene) -> None:
    crowd = [scene.world.person(f"Luz{number}", language="es") for number in range(HUNDRED)]
    for person in crowd:
        person.start()
    # How long they wait is in `test_reply_rate.py`, by a clock that no other program slows.
    await asyncio.gather(*(greeted(person) for person in crowd))
    assert [call for call in scene.simulator.calls if call.status == 429] == []
    with_a_picture = sum(any(m.photo for m in person.messages) for person in crowd)
    assert 1 <= with_a_picture <= 20, "the first ones, before there was a line"


async def test_who_comes_when_it_is_quiet_sees_the_picture_above_the_petition(
    scene: Scene,
) -> None:
    scene.ana.start()
    await scene.settled()
    picture, petition = (message for message in scene.ana.messages if message.from_bot)
    assert picture.photo
    assert petition.buttons


async def test_who_got_no_picture_in_a_crowd_gets_it_with_a_later_start(scene: Scene) -> None:
    assert scene.app is not None
    services = scene.app.application.services
    while services.has_room(0, 2):
        pass  # others take all the room there is
    scene.ana.start()
    await scene.settled()
    await scene.taps(scene.ana, scene.words.label("📖 Leer el llamamiento"))
    assert not any(message.photo for message in scene.ana.messages)
    await asyncio.sleep(1)
    scene.ana.start()
    await scene.settled()
    assert [bool(m.photo) for m in scene.ana.messages if m.from_bot] == [True, False]


async def test_who_reads_the_notice_while_signing_waits_for_none_of_four_hundred_who_come(
    scene: Scene,
) -> None:
    scene.ana.start()
    await scene.settled()
    await scene.taps(scene.ana, scene.words.label("✍️ Firmar la petición"))
    await asyncio.sleep(10)  # she thinks
    crowd = [scene.world.person(f"Luz{number}", language="es") for number in range(400)]
    for person in crowd:
        person.start()
    await asyncio.sleep(1)
    scene.ana.send("/privacy")
    await scene.ana.sees("Página 1")
    assert sum(not any(m.from_bot for m in person.messages) for person in crowd) > 200


async def greeted(person: Person) -> None:
    def is_there() -> bool | None:
        return any(message.buttons for message in person.messages) or None

    assert await person.chat.notifier.wait_for(is_there, 20), person.chat.transcript()
