"""Many people at once, and one who asks for too much."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from telegram import Message

from bot.petition.stages import Action
from handlers.requests_per_person import Budgets
from handlers.screens.help import SUPPORTER_COMMANDS
from simulator.faults import Fault
from simulator.person import Person
from tests.support.scene import Scene, a_scene

TOO_OFTEN = "Vas muy deprisa"
COUNTED = sorted(set(SUPPORTER_COMMANDS) - {"withdraw", "stop"})


def audited(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "data" / "petition.db")) as connection:
        return [action for (action,) in connection.execute("SELECT action FROM audit")]


def sent(scene: Scene) -> int:
    return len(scene.simulator.calls.of("sendMessage"))


async def test_a_command_is_answered_five_times_then_told(scene: Scene, tmp_path: Path) -> None:
    """And withdrawing and being left alone are always answered; nobody else waits."""
    scene.simulator.limits.on = False
    await scene.signs(scene.ana)
    for command in COUNTED:
        answers = []
        for _ in range(7):
            before = sent(scene)
            await scene.says(scene.ana, f"/{command}")
            answers.append((sent(scene) - before, TOO_OFTEN in scene.screen(scene.ana).text))
        granted = 4 if command == "start" else 5  # she began with one
        silent = 7 - granted - 1
        assert answers == [(1, False)] * granted + [(1, True)] + [(0, True)] * silent, command
        assert TOO_OFTEN not in await scene.says(scene.jordi, f"/{command}")
    assert len(audited(tmp_path)) == 6  # of /mydata, one of them Jordi's
    for command in ("withdraw", "stop"):
        for _ in range(7):
            before = sent(scene)
            await scene.says(scene.ana, f"/{command}")
            assert sent(scene) == before + 1
            assert TOO_OFTEN not in scene.screen(scene.ana).text
    assert "Tu firma está retirada" in await scene.withdraws(scene.ana)


async def test_signing_and_taking_it_back_cannot_go_on_without_end(scene: Scene) -> None:
    used_up(scene, "confirm", times=4)
    await scene.signs(scene.ana)
    await scene.withdraws(scene.ana)
    await scene.to_the_name(scene.ana)
    await scene.taps(scene.ana, scene.words.label("Usar «{name}»", name="Ana García"))
    answer = await scene.answered(scene.ana.tap(scene.words.label("✍️ Consiento y firmo")))
    assert TOO_OFTEN in answer.text
    assert "Yo, Ana García, consiento" in scene.screen(scene.ana).text
    assert "con la tuya: 1" in await scene.signs(scene.jordi)


async def test_texts_are_answered_thirty_times_and_leave_the_form_ever_after(scene: Scene) -> None:
    ana = scene.ana
    await scene.to_the_name(ana)
    for number in range(33):
        ana.send(f"{number}")
        if number % 11 == 10:
            await scene.settled()
    assert TOO_OFTEN in scene.screen(ana).text
    before = sent(scene)
    ana.send("Ana María")
    ana.send_kind("sticker")
    await scene.says(ana, "/nothing_like_it")
    assert sent(scene) == before
    assert [m.text for m in ana.messages if not m.from_bot] == ["/start"]


async def test_who_wrote_forty_times_before_is_heard_all_the_same(scene: Scene) -> None:
    await scene.signs(scene.ana)
    for command, shown in (
        ("stop", "No te escribiremos más"),
        ("withdraw", "¿Quieres retirar tu firma?"),
    ):
        dropped = scene.app.dispatch.counts.dropped
        for _ in range(40):
            scene.ana.send("hola")
        await scene.says(scene.ana, f"/{command}")
        assert scene.app.dispatch.counts.dropped > dropped
        assert shown in scene.screen(scene.ana).text


async def test_whoever_asks_in_many_groups_is_answered_five_times_in_all(scene: Scene) -> None:
    """And a group hears the one line five times a minute."""
    groups = [scene.world.group(f"Barrio {n}", members=[scene.ana, scene.jordi]) for n in range(8)]
    for group in groups:
        scene.ana.send_in(group, "/help@peticion_bot")
    await scene.settled()
    assert sent(scene) == 5, "every line is a message that somebody else waits for"
    scene.jordi.send_in(groups[7], "/help@peticion_bot")
    await scene.settled()
    assert sent(scene) == 6
    crowded = scene.world.group("Barrio", members=[scene.sean, scene.mallory])
    for by in (scene.sean, scene.mallory) * 4:
        by.send_in(crowded, "/help@peticion_bot")
    await scene.settled()
    assert sum(m.from_bot for m in crowded.messages.values()) == 5


def used_up(scene: Scene, *what: str, times: int = 7) -> None:
    """Lets Ana have asked for these so often: by default, as often as anybody may."""
    ana = scene.services.reference(scene.ana.id)
    for each in what:
        for number in range(times):
            scene.services.budgets.spend(ana, each, number)


async def test_a_right_that_is_used_with_a_button_is_never_counted(scene: Scene) -> None:
    await scene.signs(scene.ana, updates=True, news=True)
    used_up(scene, *(action for action in Action if action not in ("file", "confirm")))
    scene.ana.send("/mydata")
    for label in (
        *("No recibir novedades de esta petición", "No recibir noticias de otras acciones"),
        *("🔕 No recibir más mensajes", "🔔 Volver a recibir mensajes"),
        *("Retirar mi firma", "Retirar mi firma y borrar mis datos"),
    ):
        await scene.taps(scene.ana, scene.words.label(label))
    assert "Tu firma está retirada" in scene.screen(scene.ana).text


async def test_what_was_done_is_drawn_though_the_next_tap_is_too_many(scene: Scene) -> None:
    await scene.signs(scene.ana)
    scene.ana.send("/mydata")
    await scene.ana.with_button(scene.words.label("📄 Recibir el archivo"))
    await scene.settled()
    used_up(scene, "file")
    scene.simulator.faults.freeze()
    scene.ana.tap(scene.words.label("🔕 No recibir más mensajes"))
    scene.ana.tap(scene.words.label("📄 Recibir el archivo"))
    scene.simulator.faults.thaw()
    await scene.settled()
    assert "pediste que no te escribiéramos" in scene.screen(scene.ana).text


def test_no_more_is_kept_than_may_be_and_the_oldest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.requests_per_person._MOST", 3)
    now = 0.0
    budgets = Budgets(lambda: now)
    for number in range(9):
        for update in range(6):
            budgets.spend(bytes([number]), "mydata", update)
    assert len(budgets) == 3
    for _ in range(2):  # Telegram sends the same again where it was not answered
        assert [budgets.spend(bytes([each]), "mydata", 6) for each in (8, 7, 6)] == [2, 2, 2]
    now += 59.9
    assert budgets.spend(b"\x08", "mydata", 7) == 3
    now += 0.1
    assert budgets.spend(b"\x08", "mydata", 8) == 0
    assert len(budgets) == 1, "what is over is not kept"


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
    await scene.to_the_name(scene.ana)
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


async def test_an_answer_that_shows_no_picture_keeps_no_first_screen_away(scene: Scene) -> None:
    send = type(scene.bot).send_photo

    async def without_photo(*given: Any, **named: Any) -> Message:
        sent = await send(*given, **named)
        return Message(sent.message_id, sent.date, sent.chat)

    scene.patch.setattr(type(scene.bot), "send_photo", without_photo)
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
