"""A scheduled broadcast goes out at its time in the petition's time zone; if late, it asks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.admin_scene import AdminScene

SEND = "Enviar a 3 personas"


async def at_the_time(studio: AdminScene) -> None:
    """A message that is shown, and the question when."""
    await studio.begins()
    await studio.says("Hola")
    await studio.previews()
    await studio.taps("🕒 Programar")


async def planned(studio: AdminScene, behind: timedelta) -> int:
    """One planned by a clock that is so far behind, for an hour later; the panel's message."""
    studio.ahead = -behind
    await at_the_time(studio)
    (label,) = [each for each in studio.panel.labels if "Dentro de una hora" in each]
    await studio.taps(label)
    (confirm,) = [each for each in studio.panel.labels if each.startswith("Programar para el")]
    where, _ = studio.data(confirm)
    await studio.taps(confirm)
    return where


async def test_a_time_is_written_or_refused_with_its_reason(studio: AdminScene) -> None:
    await at_the_time(studio)
    assert "hora de Madrid (UTC" in studio.panel.text
    await studio.says("cuando puedas")
    assert studio.panel.text.startswith("No entiendo cuándo.")
    await studio.says("hoy 0:00")
    assert studio.panel.text.startswith("Esa hora ya ha pasado.")
    await studio.says("mañana 18:30")
    (label,) = [each for each in studio.panel.labels if each.startswith("Programar para el")]
    assert label.endswith(", 18:30")
    await studio.taps(label)
    (found,) = await studio.services.storage.broadcasts.scheduled()
    assert found.starts_at is not None
    assert studio.words.clock(found.starts_at) == "18:30"
    assert "Programado" in studio.panel.text


async def test_without_a_time_again_it_goes_at_once(studio: AdminScene) -> None:
    await at_the_time(studio)
    await studio.says("mañana 18:30")
    await studio.taps("🕒 Cambiar la hora")
    await studio.taps("Volver")
    await studio.taps("Quitar la hora")
    await studio.taps(SEND)
    await studio.over()


async def test_at_its_time_it_begins_in_a_message_of_its_own(studio: AdminScene) -> None:
    ctx = await planned(studio, timedelta(hours=1))
    report = await studio.over()
    assert report.id > ctx
    assert [m.text for m in studio.got(studio.scene.ana)] == ["Hola"]


async def test_much_too_late_it_asks_and_can_be_sent_all_the_same(studio: AdminScene) -> None:
    await planned(studio, timedelta(hours=3))
    await studio.marta.sees("Un envío programado espera tu decisión", 10)
    assert studio.got(studio.scene.ana) == []
    await studio.taps("Enviar ahora")
    await studio.over()
    assert len(studio.got(studio.scene.ana)) == 1


async def test_much_too_late_it_can_be_dropped(studio: AdminScene) -> None:
    await planned(studio, timedelta(hours=3))
    await studio.marta.sees("Un envío programado espera tu decisión", 10)
    await studio.marta.sees("El progreso sigue en otro mensaje.", 10)
    await studio.scene.settled()
    await studio.taps("⏹ Cancelar")
    await studio.taps("Sí, cancelar el envío")
    await studio.over("El envío está cancelado.")
    assert studio.got(studio.scene.ana) == []


async def test_what_is_planned_is_listed_and_can_be_cancelled(studio: AdminScene) -> None:
    await planned(studio, timedelta())
    await studio.says("/broadcast")
    (label,) = [each for each in studio.panel.labels if each.startswith("Cancelar el del")]
    assert "🕒 Programado: Un mensaje sobre esta petición" in studio.panel.text
    await studio.taps(label)
    assert "¿Cancelar este envío programado?" in studio.panel.text
    await studio.taps("Sí, cancelar el envío")
    await studio.over("El envío está cancelado. No se ha enviado a nadie.")
    assert await studio.services.storage.broadcasts.scheduled() == []


async def test_a_time_that_passes_before_it_is_confirmed_plans_nothing(studio: AdminScene) -> None:
    await at_the_time(studio)
    (label,) = [each for each in studio.panel.labels if "Dentro de una hora" in each]
    await studio.taps(label)
    studio.ahead = timedelta(hours=2)
    (confirm,) = [each for each in studio.panel.labels if each.startswith("Programar para el")]
    await studio.taps(confirm)
    assert "no se ha enviado nada" in studio.panel.text
    await studio.taps(confirm)
    assert "Esa hora ya ha pasado y no se ha enviado nada." in studio.panel.text
    assert await studio.services.storage.broadcasts.history() == []


async def closing_planned(studio: AdminScene) -> None:
    await studio.scene.closes()
    await studio.scene.offers_the_final()
    await studio.taps("🕒 Programar")
    await studio.says("mañana 18:30")
    (confirm,) = [each for each in studio.panel.labels if each.startswith("Programar para el")]
    await studio.taps(confirm)


async def test_a_planned_closing_update_keeps_the_petition_closed(studio: AdminScene) -> None:
    await closing_planned(studio)
    await studio.says("/reopen")
    assert "El mensaje final está programado" in studio.marta.messages[-1].text
    await studio.says("/broadcast")
    (label,) = [each for each in studio.panel.labels if each.startswith("Cancelar el del")]
    await studio.taps(label)
    await studio.taps("Sí, cancelar el envío")
    await studio.says("/reopen")
    await studio.taps("Sí, volver a abrirla")
    assert "está abierta otra vez" in studio.marta.messages[-1].text


async def test_a_question_to_reopen_is_refused_once_the_closing_is_planned(
    studio: AdminScene,
) -> None:
    await studio.scene.closes()
    await studio.says("/reopen")
    where, data = studio.data("Sí, volver a abrirla")
    await studio.scene.offers_the_final()
    await studio.taps("🕒 Programar")
    await studio.says("mañana 18:30")
    (confirm,) = [each for each in studio.panel.labels if each.startswith("Programar para el")]
    await studio.taps(confirm)
    await studio.marta.tap_data(where, data).answered()
    await studio.scene.settled()
    assert "El mensaje final está programado" in studio.marta.chat.messages[where].text
    assert (await studio.services.storage.petitions.state()).is_closed


@pytest.mark.parametrize("text", ["mañana 18:30", "tomorrow at 6:30 pm"])
async def test_the_closing_update_is_planned_in_either_language(
    studio: AdminScene, text: str
) -> None:
    await studio.scene.closes()
    await studio.scene.offers_the_final()
    await studio.taps("🕒 Programar")
    await studio.says(text)
    assert any(label.endswith(", 18:30") for label in studio.panel.labels)
