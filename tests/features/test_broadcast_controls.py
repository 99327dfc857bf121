"""A running broadcast can be paused, resumed, cancelled and recalled, and is then reported."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from handlers.broadcasts.admin_reporter import AdminReporter
from simulator.faults import Fault
from storage import Kind, PauseReason, Tally
from tests.support.admin_scene import AdminScene, an_admin_scene
from tests.support.scene import ADMIN

SEND = "Enviar a 3 personas"
FAST = 28.0


@pytest.fixture
async def slow(tmp_path: Path) -> AsyncIterator[AdminScene]:
    """A campaigner whose bot sends one message in five seconds: time to do something else."""
    async with an_admin_scene(tmp_path, rate=0.2) as admin:
        yield admin
    assert admin.refused == []


async def under_way(admin: AdminScene) -> None:
    """A broadcast of which one message has arrived."""
    await admin.begins()
    await admin.says("Hola")
    await admin.previews()
    await admin.taps(SEND)
    await admin.scene.ana.sees("Hola", 10)


def told(admin: AdminScene) -> int:
    people = (admin.scene.ana, admin.scene.jordi, admin.scene.sean)
    return sum(len(admin.got(person)) for person in people)


async def test_it_can_be_held_and_gone_on_with(slow: AdminScene) -> None:
    await under_way(slow)
    await slow.taps("⏸ Pausa")
    await slow.marta.sees("El envío está en pausa")
    await slow.restart(rate=FAST)
    await slow.scene.settled()
    assert told(slow) < 3
    await slow.taps("▶ Seguir")
    await slow.over()
    assert told(slow) == 3


async def test_to_cancel_it_is_held_at_once_and_asked_about(slow: AdminScene) -> None:
    await under_way(slow)
    await slow.taps("⏹ Cancelar")
    ctx = await slow.marta.sees("¿Cancelar el envío?")
    assert "Está en pausa mientras decides" in ctx.text
    assert (await slow.became("paused")).state == "paused"
    await slow.taps("No, seguir enviando")
    key = (await slow.became("running")).id
    # The question is answered: what holds the broadcast later is another matter.
    await slow.services.storage.broadcasts.pause_by_system(key, PauseReason.UNRECORDED)
    await slow.says("/broadcast")
    assert "¿Cancelar el envío?" not in slow.panel.text
    await slow.restart(rate=FAST)
    await slow.taps("▶ Seguir")
    await slow.over()
    assert told(slow) == 3


async def test_what_is_cancelled_is_reported_and_the_rest_can_be_told_once(
    slow: AdminScene,
) -> None:
    await under_way(slow)
    await slow.taps("⏹ Cancelar")
    await slow.taps("Sí, cancelar el envío")
    await slow.over("El envío está cancelado.")
    await slow.reported()
    report = await slow.over("El envío está cancelado.")
    before = told(slow)
    assert before < 3
    assert f"Pendientes: {3 - before}" in report.text
    await slow.restart(rate=FAST)
    await slow.taps("Enviar a quienes faltan")
    await slow.says("Hola otra vez")
    await slow.taps("👁 Ver la vista previa")
    rest = slow.words.plural_label("Enviar a {n} persona", "Enviar a {n} personas", 3 - before)
    await slow.taps(rest)
    await slow.over()
    assert told(slow) == 3
    assert [m.text for m in slow.got(slow.scene.ana)] == ["Hola"]


async def test_double_taps_on_the_controls_do_it_once(slow: AdminScene) -> None:
    await under_way(slow)
    where, pause = slow.data("⏸ Pausa")
    taps = [slow.marta.tap_data(where, pause) for _ in range(3)]
    for tap in taps:
        await tap.answered()
    await slow.became("paused")
    where, cancel = slow.data("⏹ Cancelar")
    await slow.taps("⏹ Cancelar")
    await slow.taps("Sí, cancelar el envío")
    await slow.over("El envío está cancelado.")
    await slow.marta.tap_data(where, pause).answered()
    await slow.marta.tap_data(where, cancel).answered()
    await slow.scene.settled()
    assert (await slow.broadcast()).state == "cancelled"
    assert "El envío está cancelado." in slow.marta.chat.messages[where].text


@pytest.mark.parametrize("other", [Kind.UPDATE, Kind.CLOSING])
async def test_a_message_waits_for_another_broadcast_and_is_not_lost(
    slow: AdminScene, other: Kind
) -> None:
    if other is Kind.CLOSING:
        await slow.scene.closes()
    await slow.begins()
    await slow.says("Segundo")
    await slow.previews()
    where, second = slow.data(SEND)
    lucy_is_sending = await slow.starts_another(kind=other)
    await slow.marta.tap_data(where, second).answered()
    await slow.scene.settled()
    assert "Tu mensaje no ha salido: hay otro envío en marcha." in slow.panel.text
    await slow.cancels(lucy_is_sending)
    await slow.taps(SEND)
    await slow.became("running")


async def test_everything_is_taken_back_and_accounted_for(admin: AdminScene) -> None:
    await admin.begins()
    admin.marta.send_album(["photo", "photo"], "Dos")
    await admin.scene.settled()
    await admin.previews()
    await admin.taps(SEND)
    await admin.over()
    admin.scene.sean.block()
    await admin.scene.settled()
    await admin.taps("Retirar los mensajes")
    assert "Se borrarán de los chats de 3 personas." in admin.panel.text
    await admin.taps("Sí, retirar los mensajes")
    report = await admin.over("Los mensajes se han retirado.")
    assert admin.got(admin.scene.ana) == []
    assert "Retirado de" in report.text
    assert "Retirar los mensajes" not in report.labels
    await admin.says("/broadcasts")
    assert "Retirado" in admin.marta.messages[-1].text


async def test_what_is_too_old_is_not_taken_back_and_the_tap_says_why(admin: AdminScene) -> None:
    await sent(admin)
    recall = admin.data("Retirar los mensajes")
    await admin.taps("Retirar los mensajes")
    admin.ahead = timedelta(hours=49)
    for tapped in (admin.data("Sí, retirar los mensajes"), recall):
        answer = await admin.marta.tap_data(*tapped).answered()
        assert "solo deja borrar mensajes durante 48 horas" in answer.text
        assert answer.alert
        await admin.scene.settled()
    assert len(admin.got(admin.scene.ana)) == 1
    report = await admin.over()
    assert "Retirar los mensajes" not in report.labels


async def test_not_to_take_it_back_leaves_the_report(admin: AdminScene) -> None:
    await sent(admin)
    await admin.taps("Retirar los mensajes")
    await admin.taps("No, dejarlos")
    assert "El mensaje está enviado." in admin.panel.text
    assert len(admin.got(admin.scene.ana)) == 1


async def test_the_picture_of_the_delivery_comes_once_below_the_report(admin: AdminScene) -> None:
    await sent(admin)
    report = await admin.over()
    await admin.reported()
    pictures = [m for m in admin.marta.messages if m.photo]
    assert [picture.reply_to for picture in pictures] == [report.id]
    await admin.restart()
    # A kill before it was noted that all was told.
    assert admin.scene.app is not None
    reporter = AdminReporter(admin.scene.app.application.bot, admin.services)
    await reporter.ended(await admin.broadcast(), Tally(3, delivered=3))
    assert sum(m.photo is not None for m in admin.marta.messages) == 1


async def test_a_picture_that_was_cut_off_comes_later_and_once(admin: AdminScene) -> None:
    admin.expected.append("sendPhoto")
    admin.scene.simulator.faults.next("sendPhoto", *[Fault.ERROR] * 3)
    await sent(admin)
    assert sum(m.photo is not None for m in admin.marta.messages) == 1


async def test_what_is_under_way_is_watched_from_the_history_too(slow: AdminScene) -> None:
    await under_way(slow)
    former, _ = slow.data("⏸ Pausa")
    await slow.says("/broadcasts")
    assert "Enviándose" in slow.panel.text
    await slow.taps("1")
    assert slow.panel.labels == ["⏸ Pausa", "⏹ Cancelar"]
    assert slow.marta.chat.messages[former].text == "El progreso sigue en otro mensaje."
    await slow.restart(rate=FAST)
    await slow.over()


async def test_an_open_question_is_asked_again_wherever_it_is_looked_at(slow: AdminScene) -> None:
    await under_way(slow)
    await slow.taps("⏹ Cancelar")
    await slow.says("/broadcast")
    assert "¿Cancelar el envío?" in slow.panel.text
    await slow.taps("Dejarlo en pausa")
    assert "El envío está en pausa" in slow.panel.text
    await slow.taps("⏹ Cancelar")
    await slow.taps("Sí, cancelar el envío")
    await slow.over("El envío está cancelado.")


async def test_a_source_that_is_lost_under_way_stops_it_and_marks_nobody(slow: AdminScene) -> None:
    slow.expected.append("message to copy not found")
    await slow.begins()
    await slow.says("Hola")
    await slow.previews()
    preview = slow.marta.messages[-2]
    await slow.taps(SEND)
    await slow.scene.ana.sees("Hola", 10)
    slow.marta.delete(preview)
    await slow.restart(rate=FAST)
    report = await slow.over("El envío se ha detenido.")
    assert "ha borrado la vista previa" in report.text
    assert "Enviar a quienes faltan" in report.labels
    counts = await slow.services.storage.signatures.stats(since=slow.services.clock())
    assert counts.unreachable == 0


async def sent(admin: AdminScene, text: str = "Hola") -> None:
    """A whole broadcast."""
    await admin.begins()
    await admin.says(text)
    await admin.previews()
    await admin.taps(SEND)
    await admin.over()
    await admin.reported()


async def test_the_history_is_turned_page_by_page_and_shows_each_report(
    admin: AdminScene,
) -> None:
    await admin.says("/broadcasts")
    assert admin.marta.messages[-1].text == "Todavía no se ha enviado nada."
    for number in range(5):
        await admin.ended(number)
    await sent(admin)
    report = await admin.over()
    await admin.says("/broadcasts")
    first = admin.panel
    assert first.labels == ["1", "2", "3", "4", "5", "Más antiguos ›"]
    assert "Preparado y confirmado por ti" in first.text
    assert "Enviado: 3 de 3 entregados" in first.text
    await admin.taps("Más antiguos ›")
    assert admin.panel.labels == ["6", "‹ Más recientes"]
    await admin.taps("6")
    assert "El envío está cancelado. No se ha enviado a nadie." in admin.panel.text
    plan = (await admin.services.storage.broadcasts.listed(limit=6, offset=0))[-1]
    assert plan.starts_at is not None
    when = admin.words.clock(plan.starts_at)
    assert f", {when}\nPreparado y confirmado por {ADMIN + 1}" in admin.panel.text
    await admin.taps("Volver")
    assert admin.panel.labels == ["6", "‹ Más recientes"]
    await admin.taps("‹ Más recientes")
    assert admin.panel.labels == first.labels
    await admin.taps("1")
    assert "Entregados: 3" in admin.panel.text
    assert "Preparado y confirmado por ti" in admin.panel.text
    assert "Retirar los mensajes" in admin.panel.labels
    await admin.taps("Retirar los mensajes")
    asked = admin.panel.id
    await admin.taps("Sí, retirar los mensajes")
    assert (await admin.over("Los mensajes se han retirado.")).id == asked, "where it was ordered"
    assert admin.marta.chat.messages[report.id].labels == [], "and nowhere else once more"


async def test_that_it_is_too_late_to_take_back_is_read_though_it_is_too_late_for_a_window(
    admin: AdminScene,
) -> None:
    admin.expected.append("query is too old")
    await sent(admin)
    where, data = admin.data("Retirar los mensajes")
    admin.ahead = timedelta(hours=49)
    admin.marta.tap_data(where, data).at -= 3600
    await admin.marta.sees("Ya no se puede retirar")
    await admin.scene.settled()
    assert "Retirar los mensajes" not in admin.marta.chat.messages[where].labels
