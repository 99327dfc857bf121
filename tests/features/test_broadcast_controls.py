"""A running broadcast can be paused, resumed, cancelled and recalled, and is then reported."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handlers.broadcasts.progress_message import AdminReporter
from simulator.faults import Fault
from storage.broadcast_transitions import interrupt_broadcast
from storage.broadcast_types import Broadcast, Kind, PauseReason, Tally
from storage.broadcasts import listed_broadcasts
from storage.deliveries import enqueue_deliveries
from storage.restores import record_restore
from storage.signatures import signature_statistics
from tests.support.admin_scene import AdminScene, an_admin_scene
from tests.support.raw_sql import write_sql
from tests.support.restores import mark_restore_repeated
from tests.support.scene import ADMIN, send_label
from tests.support.storage_calls import Proceed, call_instead

SEND = "Enviar a 3 personas"
FAST = 28.0
CANCELLED = "El envío está cancelado."
RECALLED = "Los mensajes se han retirado."


@pytest.fixture
async def slow(tmp_path: Path) -> AsyncIterator[AdminScene]:
    """A campaigner whose bot sends one message in five seconds: time to do something else."""
    async with an_admin_scene(tmp_path, broadcast_rate=0.2) as admin:
        yield admin
    assert admin.refused == []


async def under_way(admin: AdminScene) -> None:
    """A broadcast of which one message has arrived."""
    await admin.prepares()
    await admin.taps(SEND)
    await admin.scene.ana.sees("Hola", 10)


def told(admin: AdminScene) -> int:
    return sum(map(len, admin.got_by_all()))


async def test_cancelled_while_the_list_is_made_it_can_be_sent_to_those_without_a_row(
    slow: AdminScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.broadcast.sender._PORTION", 1)
    is_cancelled = asyncio.Event()

    async def once_cancelled(enqueue: Proceed, broadcast: Broadcast, **named: Any) -> object:
        if told(slow) > 0:
            await is_cancelled.wait()
        return await enqueue(broadcast, **named)

    call_instead(monkeypatch, enqueue_deliveries, once_cancelled)
    await under_way(slow)
    await slow.taps("⏹ Cancelar", "Sí, cancelar el envío")
    is_cancelled.set()
    await slow.reported()
    monkeypatch.undo()
    assert f"Cancelado: {told(slow)} de 3 entregados" in await slow.says("/broadcasts")
    assert f"Pendientes: {3 - told(slow)}" in await slow.taps("1")
    assert "Enviar a quienes faltan" in slow.panel.labels


async def test_it_can_be_held_and_gone_on_with(slow: AdminScene) -> None:
    await under_way(slow)
    wakes, (where, pause) = slow.wakes, slow.data("⏸ Pausa")
    taps = [slow.marta.tap_data(where, pause) for _ in range(3)]
    for tap in taps:
        await tap.answered()
    assert slow.wakes > wakes
    await slow.marta.sees("El envío está en pausa")
    await slow.restart(rate=FAST)
    await slow.scene.settled()
    assert told(slow) < 3
    wakes = slow.wakes
    await slow.taps("▶ Seguir")
    assert slow.wakes > wakes
    await slow.over()
    assert told(slow) == 3


async def test_to_cancel_it_is_held_at_once_and_asked_about(slow: AdminScene) -> None:
    await under_way(slow)
    # What is under way is watched from the history too.
    former, _ = slow.data("⏸ Pausa")
    assert "Enviándose" in await slow.says("/broadcasts")
    await slow.taps("1")
    assert slow.panel.labels == ["⏸ Pausa", "⏹ Cancelar"]
    assert slow.marta.chat.messages[former].text == "El progreso sigue en otro mensaje."
    wakes = slow.wakes
    await slow.taps("⏹ Cancelar")
    asked = await slow.marta.sees("¿Cancelar el envío?")
    assert slow.wakes > wakes
    assert "Está en pausa mientras decides" in asked.text
    await slow.became("paused")
    # An open question is asked again wherever it is looked at.
    assert "¿Cancelar el envío?" in await slow.says("/broadcast")
    assert "El envío está en pausa" in await slow.taps("Dejarlo en pausa")
    await slow.taps("⏹ Cancelar", "No, seguir enviando")
    key = (await slow.became("running")).id
    # The question is answered: what holds the broadcast later is another matter.
    now, reason = slow.services.clock(), PauseReason.UNRECORDED
    await slow.services.storage.write(interrupt_broadcast, key, reason, now)
    await slow.says("/broadcast")
    assert "¿Cancelar el envío?" not in slow.panel.text
    await slow.restart(rate=FAST)
    await slow.finishes("▶ Seguir")
    assert told(slow) == 3


async def test_what_is_cancelled_is_reported_and_the_rest_told_once(slow: AdminScene) -> None:
    await under_way(slow)
    where, pause = slow.data("⏸ Pausa")
    _, cancel = slow.data("⏹ Cancelar")
    await slow.taps("⏹ Cancelar")
    wakes = slow.wakes
    await slow.taps("Sí, cancelar el envío")
    assert slow.wakes > wakes
    await slow.over(CANCELLED)
    await slow.marta.tap_data(where, pause).answered()
    await slow.scene.answered(slow.marta.tap_data(where, cancel))
    assert (await slow.broadcast()).state == "cancelled"
    report = await slow.over(CANCELLED)
    assert report.id == where
    before = told(slow)
    assert before < 3
    assert f"Pendientes: {3 - before}" in report.text
    await slow.restart(rate=FAST)
    await slow.taps("Enviar a quienes faltan")
    await slow.says("Hola otra vez")
    await slow.finishes("👁 Ver la vista previa", send_label(slow.words, 3 - before))
    assert told(slow) == 3
    assert slow.got_by_all()[0] == ["Hola"]


async def test_a_message_waits_for_another_broadcast_and_is_not_lost(slow: AdminScene) -> None:
    await slow.prepares("Segundo")
    where, second = slow.data(SEND)
    lucy_is_sending = await slow.starts_another()
    await slow.scene.answered(slow.marta.tap_data(where, second))
    assert "Tu mensaje no ha salido: hay otro envío en marcha." in slow.panel.text
    await slow.cancels(lucy_is_sending)
    # Then for the closing update, of which another admin has begun one meanwhile.
    await slow.scene.closes()
    await slow.taps(SEND)
    assert "Algo ha cambiado desde que viste este resumen" in slow.panel.text
    lucy_is_sending = await slow.starts_another(1, kind=Kind.CLOSING)
    await slow.taps(SEND)
    assert "Tu mensaje no ha salido: hay otro envío en marcha." in slow.panel.text
    await slow.cancels(lucy_is_sending)
    await slow.taps(SEND)
    assert (await slow.became("running")).author == ADMIN


async def test_everything_is_taken_back_and_accounted_for(admin: AdminScene) -> None:
    await admin.begins()
    admin.marta.send_album(["photo", "photo"], "Dos")
    await admin.scene.settled()
    await admin.previews()
    await admin.finishes(SEND)
    await admin.scene.blocks(admin.scene.sean)
    await admin.taps("Retirar los mensajes")
    assert "Se borrarán de los chats de 3 personas." in admin.panel.text
    await admin.taps("No, dejarlos")
    assert "El mensaje está enviado." in admin.panel.text
    assert len(admin.got(admin.scene.ana)) == 2
    recall = admin.data("Retirar los mensajes")
    await admin.taps("Retirar los mensajes", "Sí, retirar los mensajes")
    report = await admin.over(RECALLED)
    assert admin.got(admin.scene.ana) == []
    assert "Retirado de" in report.text
    assert "Retirar los mensajes" not in report.labels
    answer = await admin.marta.tap_data(*recall).answered()
    assert not answer.text, "it is not too late, it is done"
    assert "Retirado" in await admin.says("/broadcasts")


async def test_what_is_too_old_is_not_taken_back_and_the_tap_says_why(admin: AdminScene) -> None:
    admin.expected.append("query is too old")
    await admin.sends()
    recall = admin.data("Retirar los mensajes")
    await admin.taps("Retirar los mensajes")
    admin.ahead = timedelta(hours=49)
    for tapped in (admin.data("Sí, retirar los mensajes"), recall):
        answer = await admin.marta.tap_data(*tapped).answered()
        assert "solo deja borrar mensajes durante 48 horas" in answer.text
        assert answer.alert
        await admin.scene.settled()
    assert admin.got_by_all() == [["Hola"]] * 3
    report = await admin.over()
    assert "Retirar los mensajes" not in report.labels
    # It is read though it is too late for a window.
    admin.marta.tap_data(*recall).at -= 3600
    await admin.marta.sees("Ya no se puede retirar")
    await admin.scene.settled()
    assert "Retirar los mensajes" not in admin.marta.chat.messages[recall[0]].labels


async def test_the_picture_of_the_delivery_comes_once_below_the_report(admin: AdminScene) -> None:
    """Also when it was cut off, and when the bot is killed before it noted that all was told."""
    admin.expected.append("sendPhoto")
    admin.scene.simulator.faults.next("sendPhoto", *[Fault.ERROR] * 3)
    report = await admin.sends()
    pictures = [m for m in admin.marta.messages if m.photo]
    assert [picture.reply_to for picture in pictures] == [report.id]
    await admin.restart()
    reporter = AdminReporter(admin.services)
    await reporter.report(await admin.broadcast(), Tally(3, delivered=3))
    assert sum(m.photo is not None for m in admin.marta.messages) == 1


async def test_a_source_that_is_lost_under_way_stops_it_and_marks_nobody(slow: AdminScene) -> None:
    slow.expected.append("message to copy not found")
    await slow.prepares()
    preview = slow.marta.messages[-2]
    await slow.taps(SEND)
    await slow.scene.ana.sees("Hola", 10)
    slow.marta.delete(preview)
    await slow.restart(rate=FAST)
    report = await slow.over("El envío se ha detenido.")
    assert "ha borrado la vista previa" in report.text
    assert "Enviar a quienes faltan" in report.labels
    counts = await slow.services.storage.read(signature_statistics, since=slow.services.clock())
    assert counts.unreachable == 0


async def test_the_history_is_turned_page_by_page_and_shows_each_report(admin: AdminScene) -> None:
    await admin.says("/broadcasts")
    assert admin.marta.messages[-1].text == "Todavía no se ha enviado nada."
    for number in range(5):
        await admin.ended(number)
    await admin.says("/broadcasts")
    assert admin.panel.labels == ["1", "2", "3", "4", "5"]
    report = await admin.sends()
    await admin.says("/broadcasts")
    first = admin.panel
    assert first.labels == ["1", "2", "3", "4", "5", "Más antiguos ›"]
    assert "Preparado y confirmado por ti" in first.text
    assert "Enviado: 3 de 3 entregados" in first.text
    await admin.taps("Más antiguos ›")
    assert admin.panel.labels == ["6", "‹ Más recientes"]
    assert "El envío está cancelado. No se ha enviado a nadie." in await admin.taps("6")
    plan = (await admin.services.storage.read(listed_broadcasts))[-1]
    assert plan.starts_at is not None
    when = admin.words.clock(plan.starts_at)
    said = f" {when}\nPreparado y confirmado por alguien sin nombre ({ADMIN + 1})"
    assert said in admin.panel.text
    await admin.taps("Volver")
    assert admin.panel.labels == ["6", "‹ Más recientes"]
    # After a restore it may be a page that is there no more.
    for page in ("0", "9"):
        await admin.forges("‹ Más recientes", "past:0", f"past:{page}")
        assert admin.panel.labels == first.labels
        await admin.taps("Más antiguos ›")
    assert "Entregados: 3" in await admin.taps("‹ Más recientes", "1")
    assert "Preparado y confirmado por ti" in admin.panel.text
    assert "Retirar los mensajes" in admin.panel.labels
    await admin.taps("Retirar los mensajes")
    asked = admin.panel.id
    await admin.taps("Sí, retirar los mensajes")
    assert (await admin.over(RECALLED)).id == asked, "where it was ordered"
    assert admin.marta.chat.messages[report.id].labels == [], "and nowhere else once more"
    junk = "UPDATE broadcasts SET author_sealed = :junk"
    await write_sql(admin.services.storage.database, junk, junk=b"junk")
    assert "Preparado por alguien, confirmado por ti" in await admin.says("/broadcasts")


async def test_after_a_restore_marta_is_shown_what_lets_it_go_on(slow: AdminScene) -> None:
    """The backup is from the middle of it, and the notice about it is far above in her chat."""
    await under_way(slow)
    storage, clock = slow.services.storage, slow.services.clock
    await storage.write(record_restore, made_at=clock(), at=clock())
    await storage.write(mark_restore_repeated, at=clock(), lost=0)
    await slow.became("paused")
    await slow.goes("/broadcasts", "1", "▶ Seguir")
    assert "Se ha restaurado una copia de seguridad" in slow.panel.text
    assert (await slow.broadcast()).state == "paused", "not going on, as it would seem"
    await slow.taps("Ya lo he revisado: permitir los envíos")
    await storage.write(record_restore, made_at=clock(), at=clock())
    await slow.goes("/broadcast", "Ya lo he revisado: permitir los envíos")
    await slow.restart(rate=FAST)
    await slow.goes("/broadcast", "▶ Seguir")
    await slow.over()
    assert told(slow) == 3
