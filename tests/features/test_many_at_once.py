"""Many people come at the same moment: each is answered once, and nobody else waits for them.

And the picture, which comes above the first screen while there is room, and never delays it.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from telegram import Message

from simulator.faults import Fault
from simulator.person import Person
from tests.support.scene import Scene, a_scene

HUNDRED = 100


async def test_a_crowd_is_greeted_in_turn_while_others_are_answered_at_once(scene: Scene) -> None:
    """No call is one too many."""
    await scene.signs(scene.ana)
    crowd = [scene.world.person(f"Luz{number}", language="es") for number in range(HUNDRED)]
    for person in crowd:
        person.start()
    await asyncio.sleep(0.2)
    # Not answered behind the crowd: most of it is still waiting for its turn.
    await scene.taps_at_once(scene.ana, scene.words.label("Ver mi firma"))
    assert sum(not any(m.from_bot for m in person.messages) for person in crowd) > HUNDRED / 2
    # How long they wait is in `test_gate_replies.py`, by a clock that no other program slows.
    await asyncio.gather(*(greeted(person) for person in crowd))
    for person in crowd:
        buttons = [message for message in person.messages if message.buttons]
        assert len(buttons) == 1, person.chat.transcript()
    assert [call for call in scene.simulator.calls if call.status == 429] == []
    with_a_picture = sum(any(m.photo for m in person.messages) for person in crowd)
    assert 1 <= with_a_picture <= 20, "the first ones, before there was a line"


async def test_who_reads_the_notice_while_signing_waits_for_no_crowd(scene: Scene) -> None:
    await scene.starts(scene.ana)
    await scene.taps(scene.ana, scene.words.label("✍️ Firmar con mi nombre"))
    await asyncio.sleep(10)  # she thinks
    crowd = [scene.world.person(f"Luz{number}", language="es") for number in range(150)]
    for person in crowd:
        person.start()
    await asyncio.sleep(1)
    scene.ana.send("/privacy")
    await scene.ana.sees("Página 1")
    assert sum(not any(m.from_bot for m in person.messages) for person in crowd) > 75


async def test_a_picture_that_hangs_keeps_no_screen_away_and_comes_once(scene: Scene) -> None:
    ana, title = scene.ana, scene.petition.texts_in("es").title
    scene.simulator.faults.next("sendPhoto", *[Fault.HANG] * 2)
    begun = scene.clocks.monotonic()
    ana.start()
    ana.start()
    await ana.sees(title)
    assert scene.clocks.monotonic() - begun < 3
    await asyncio.sleep(60)  # the picture is given up
    scene.simulator.faults.clear()
    await scene.starts(ana)
    assert [call.method for call in scene.simulator.calls].count("sendPhoto") <= 1
    assert title in scene.screen(ana).text


async def test_an_answer_that_shows_no_picture_keeps_no_first_screen_away(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = type(scene.bot).send_photo

    async def without_photo(*given: Any, **named: Any) -> Message:
        sent = await send(*given, **named)
        return Message(sent.message_id, sent.date, sent.chat)

    monkeypatch.setattr(type(scene.bot), "send_photo", without_photo)
    scene.ana.start()
    await scene.ana.sees(scene.petition.texts_in("es").title)


async def test_a_picture_that_did_not_come_is_sent_with_a_later_start(tmp_path: Path) -> None:
    """Of the one for Jordi the answer was lost: it may be there."""
    async with a_scene(tmp_path) as scene:
        for person, fault, came in (
            (scene.ana, [Fault.ERROR] * 3, False),
            (scene.jordi, [Fault.DROP], True),
        ):
            scene.simulator.faults.next("sendPhoto", *fault)
            person.start()
            await person.sees(scene.petition.texts_in("es").title)
            await asyncio.sleep(5)
            await scene.taps(person, scene.words.label("📖 Leer el llamamiento"))
            assert any(message.photo for message in person.messages) is came
            await scene.starts(person)
            assert sum(bool(message.photo) for message in person.messages) == 1


async def greeted(person: Person) -> None:
    def is_there() -> bool | None:
        return any(message.buttons for message in person.messages) or None

    assert await person.chat.notifier.wait_for(is_there, 20), person.chat.transcript()
