"""A broadcast scheduled by a former admin waits until a current admin decides."""

import asyncio
from datetime import timedelta

import pytest

from bot.broadcast.content import Content, MessageCall
from simulator.faults import Fault
from simulator.person import Person
from storage.database import open_database
from tests.features.test_broadcast_confirming import SEND, planned
from tests.support.admin_scene import AdminScene
from tests.support.raw_sql import write_sql
from tests.support.scene import ADMIN

LUCY, PAU = ADMIN + 1, ADMIN + 2


def admins(admin: AdminScene) -> tuple[Person, Person]:
    """Two who stay, each of whom has written to the bot."""
    lucy = admin.scene.world.person("Lucy", language="en", user_id=LUCY)
    pau = admin.scene.world.person("Pau", language="es", user_id=PAU)
    for each in (lucy, pau):
        each.start()
    return lucy, pau


async def comes_due(admin: AdminScene) -> None:
    """The bot is started again without Marta, at the time that was planned."""
    await admin.scene.settled()
    await admin.scene.stop_bot()
    database = await open_database(admin.scene.settings.database_url)
    past = int((admin.scene.clocks.now() - timedelta(seconds=1)).timestamp() * 1000)
    await write_sql(database, "UPDATE broadcasts SET starts_at = :at", at=past)
    await database.close()
    await starts_without_marta(admin)


async def starts_without_marta(admin: AdminScene) -> None:
    changed = {"admin_ids": frozenset({LUCY, PAU}), "approval_above": 3}  # as many as there are
    admin.scene.settings = admin.scene.settings.model_copy(update=changed)
    await admin.scene.start_bot()
    await admin.start()


async def test_it_does_not_go_out_and_each_who_is_left_is_asked_once(admin: AdminScene) -> None:
    lucy, pau = admins(admin)
    await planned(admin, timedelta())
    seen_by_marta = len(admin.marta.messages)
    admin.expected.append("Bad Gateway")
    admin.scene.simulator.faults.next("sendMessage", *[Fault.ERROR] * 3)
    await comes_due(admin)
    asked = await pau.sees("Un envío programado espera tu decisión", 20)
    assert "quien lo decidió ya no administra la petición" in asked.text
    assert asked.labels == ["Enviar ahora", "⏹ Cancelar"]
    assert pau.messages[-2].text == "Hola"
    in_english = await lucy.sees("A scheduled broadcast is waiting for your decision", 60)
    assert "is no longer an admin" in in_english.text
    assert len(admin.marta.messages) == seen_by_marta
    await admin.restart()
    await asyncio.sleep(0.5)
    questions = [m for m in pau.messages if "espera tu decisión" in m.text]
    assert len(questions) == 1
    # One of them drops it, and the other's button says so.
    await admin.scene.taps(pau, "⏹ Cancelar", "Sí, cancelar el envío")
    await pau.sees("El envío está cancelado.", 10)
    await admin.scene.taps(lucy, "Send now")
    await lucy.sees("The broadcast is cancelled.", 10)
    assert admin.got(admin.scene.ana) == []


async def test_who_answers_late_does_not_resume_what_is_paused_since(admin: AdminScene) -> None:
    """Pau's question says that nothing was sent, and Lucy has seen a mistake meanwhile."""
    lucy, pau = admins(admin)
    await planned(admin, timedelta())
    await comes_due(admin)
    await pau.sees("Un envío programado espera tu decisión", 20)
    await lucy.sees("A scheduled broadcast is waiting for your decision", 20)
    await admin.restart(rate=1.0)
    await admin.scene.taps_at_once(lucy, "Send now")
    await admin.scene.taps(lucy, "⏸ Pause")
    await admin.became("paused")
    await admin.scene.taps(pau, "Enviar ahora")
    assert (await admin.broadcast()).state == "paused"
    assert "El envío está en pausa" in pau.messages[-1].text
    await admin.scene.taps(pau, "▶ Seguir")
    await lucy.sees("The message has been sent.", 20)


async def test_that_it_is_paused_by_a_fault_is_told_to_those_who_are_left(
    admin: AdminScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    lucy, pau = admins(admin)
    await admin.restart(rate=1.0)
    await admin.prepares()
    await admin.scene.taps_at_once(admin.marta, SEND)
    await admin.became("running")
    await admin.scene.stop_bot()

    def failing(*_: object) -> MessageCall:
        raise ZeroDivisionError

    monkeypatch.setattr(Content, "call", failing)
    await starts_without_marta(admin)
    await pau.sees("en pausa por un fallo del bot", 20)
    await lucy.sees("is paused because of a fault in the bot", 20)
