"""Many people come at the same moment: each is answered once, and nobody else waits for them."""

import asyncio

from bot.simulator.person import Person
from tests.support.scene import Scene

CROWD = 60


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
        from_bot = [message for message in person.messages if message.from_bot]
        assert len(from_bot) == 2, person.chat.transcript()


async def greeted(person: Person) -> None:
    def is_there() -> bool | None:
        return any(message.buttons for message in person.messages) or None

    assert await person.chat.notifier.wait_for(is_there, 20), person.chat.transcript()
