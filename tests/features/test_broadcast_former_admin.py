"""A broadcast scheduled by a former admin waits until a current admin decides."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from bot.simulator.faults import Fault
from bot.simulator.person import Person
from storage import Statement, open_database
from tests.features.test_broadcast_timing import planned
from tests.support.admin_scene import AdminScene
from tests.support.scene import ADMIN

LUCY, PAU = ADMIN + 1, ADMIN + 2


def admins(studio: AdminScene) -> tuple[Person, Person]:
    """Two who stay, each of whom has written to the bot."""
    lucy = studio.scene.world.person("Lucy", language="en", user_id=LUCY)
    pau = studio.scene.world.person("Pau", language="es", user_id=PAU)
    for each in (lucy, pau):
        each.start()
    return lucy, pau


async def comes_due(studio: AdminScene, *, without_marta: bool = True) -> None:
    """The bot is started again with other admins, at the time that was planned."""
    await studio.scene.settled()
    await studio.scene.stop_bot()
    database = await open_database(studio.scene.settings.database_url)
    past = int((datetime.now(UTC) - timedelta(seconds=1)).timestamp() * 1000)
    await database.write(Statement("UPDATE broadcasts SET starts_at = :at", {"at": past}))
    await database.close()
    ids = frozenset({LUCY, PAU} if without_marta else {LUCY, PAU, ADMIN})
    changed = {"admin_ids": ids}
    studio.scene.settings = studio.scene.settings.model_copy(update=changed)
    await studio.scene.start_bot()
    await studio.start()


async def test_it_does_not_go_out_and_each_who_is_left_is_shown_it_and_asked(
    studio: AdminScene,
) -> None:
    lucy, pau = admins(studio)
    await planned(studio, timedelta())
    seen_by_marta = len(studio.marta.messages)
    await comes_due(studio)
    asked = await pau.sees("Un envío programado espera tu decisión", 10)
    assert "quien lo programó ya no administra la petición" in asked.text
    assert asked.labels == ["Enviar ahora", "⏹ Cancelar"]
    assert pau.messages[-2].text == "Hola"
    in_english = await lucy.sees("A scheduled broadcast waits for your decision", 10)
    assert "no longer administers the petition" in in_english.text
    assert studio.got(studio.scene.ana) == []
    assert len(studio.marta.messages) == seen_by_marta


async def test_one_of_them_sends_it_and_sees_how_it_goes(studio: AdminScene) -> None:
    _, pau = admins(studio)
    await planned(studio, timedelta())
    await comes_due(studio)
    await studio.scene.taps(pau, "Enviar ahora")
    await pau.sees("El mensaje está enviado.", 20)
    assert [m.text for m in studio.got(studio.scene.ana)] == ["Hola"]


async def test_one_of_them_drops_it_and_the_others_button_says_so(studio: AdminScene) -> None:
    lucy, pau = admins(studio)
    await planned(studio, timedelta())
    await comes_due(studio)
    await lucy.sees("A scheduled broadcast waits for your decision", 10)
    await studio.scene.taps(pau, "⏹ Cancelar")
    await studio.scene.taps(pau, "Sí, cancelar el envío")
    await pau.sees("El envío está cancelado.", 10)
    await studio.scene.taps(lucy, "Send now")
    await lucy.sees("The broadcast is cancelled.", 10)
    assert studio.got(studio.scene.ana) == []


async def test_each_is_asked_once_however_often_the_bot_starts_and_telegram_fails(
    studio: AdminScene,
) -> None:
    lucy, pau = admins(studio)
    await planned(studio, timedelta())
    studio.expected.append("Bad Gateway")
    studio.scene.simulator.faults.next("sendMessage", *[Fault.ERROR] * 3)
    await comes_due(studio)
    await lucy.sees("A scheduled broadcast waits for your decision", 20)
    await pau.sees("Un envío programado espera tu decisión", 20)
    await studio.restart()
    await asyncio.sleep(0.5)
    questions = [m for m in pau.messages if "espera tu decisión" in m.text]
    assert len(questions) == 1


async def test_who_is_an_admin_still_is_not_asked(studio: AdminScene) -> None:
    admins(studio)
    await planned(studio, timedelta())
    await comes_due(studio, without_marta=False)
    await studio.over()
    assert [m.text for m in studio.got(studio.scene.ana)] == ["Hola"]
