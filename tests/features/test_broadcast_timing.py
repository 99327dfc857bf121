"""A scheduled broadcast goes out at its time in the petition's time zone; if late, it asks."""

from datetime import timedelta

import pytest

from tests.support.admin_scene import AdminScene
from tests.support.scene import ADMIN

SEND = "Enviar a 3 personas"


async def at_the_time(admin: AdminScene) -> None:
    """A message that is shown, and the question when."""
    await admin.begins()
    await admin.says("Hola")
    await admin.previews()
    await admin.taps("🕒 Programar")


async def planned(admin: AdminScene, behind: timedelta) -> int:
    """One planned by a clock that is so far behind, for an hour later; the panel's message."""
    admin.ahead = -behind
    await at_the_time(admin)
    (label,) = [each for each in admin.panel.labels if "Dentro de una hora" in each]
    await admin.taps(label)
    (confirm,) = [each for each in admin.panel.labels if each.startswith("Programar para el")]
    where, _ = admin.data(confirm)
    await admin.taps(confirm)
    return where


async def test_a_time_is_written_or_refused_with_its_reason(admin: AdminScene) -> None:
    await at_the_time(admin)
    assert "hora de Madrid, UTC+" in admin.panel.text
    await admin.says("cuando puedas")
    assert "No entiendo cuándo." in admin.panel.text
    await admin.says("hoy 0:00")
    assert "Ese momento ya ha pasado." in admin.panel.text
    await admin.says("mañana 18:30")
    (label,) = [each for each in admin.panel.labels if each.startswith("Programar para el")]
    assert label.endswith(", 18:30")
    await admin.taps(label)
    (found,) = await admin.services.storage.broadcasts.scheduled()
    assert found.starts_at is not None
    assert admin.words.clock(found.starts_at) == "18:30"
    assert "Programado" in admin.panel.text
    # An admin in another country is told whose time it is, and no phone changes it to theirs.
    there = admin.words.appointment(found.starts_at)
    assert f"{there} (hora de Madrid, UTC+" in admin.panel.text
    assert [e for e in admin.panel.entities if e.type == "date_time"] == []


async def test_without_a_time_again_it_goes_at_once(admin: AdminScene) -> None:
    await at_the_time(admin)
    await admin.says("mañana 18:30")
    await admin.taps("🕒 Cambiar la hora")
    await admin.taps("Volver")
    await admin.taps("Quitar la hora")
    await admin.taps(SEND)
    await admin.over()


async def test_at_its_time_it_begins_in_a_message_of_its_own(admin: AdminScene) -> None:
    ctx = await planned(admin, timedelta(hours=1))
    report = await admin.over()
    assert report.id > ctx
    assert [m.text for m in admin.got(admin.scene.ana)] == ["Hola"]


async def test_much_too_late_it_asks_and_can_be_sent_all_the_same(admin: AdminScene) -> None:
    await planned(admin, timedelta(hours=3))
    await admin.marta.sees("Un envío programado espera tu decisión", 10)
    assert admin.got(admin.scene.ana) == []
    await admin.taps("Enviar ahora")
    await admin.over()
    assert len(admin.got(admin.scene.ana)) == 1


async def test_much_too_late_it_can_be_dropped(admin: AdminScene) -> None:
    await planned(admin, timedelta(hours=3))
    await admin.marta.sees("Un envío programado espera tu decisión", 10)
    await admin.marta.sees("El progreso sigue en otro mensaje.", 10)
    await admin.scene.settled()
    await admin.taps("⏹ Cancelar")
    await admin.taps("Sí, cancelar el envío")
    await admin.over("El envío está cancelado.")
    assert admin.got(admin.scene.ana) == []


async def test_what_is_planned_is_listed_and_can_be_cancelled(admin: AdminScene) -> None:
    await planned(admin, timedelta())
    await admin.says("/broadcast")
    (label,) = [each for each in admin.panel.labels if each.startswith("Cancelar el del")]
    assert "🕒 Programado: Un mensaje sobre esta petición" in admin.panel.text
    await admin.taps(label)
    assert "¿Cancelar este envío programado?" in admin.panel.text
    await admin.taps("Sí, cancelar el envío")
    await admin.over("El envío está cancelado. No se ha enviado a nadie.")
    assert await admin.services.storage.broadcasts.scheduled() == []


async def test_a_time_that_passes_before_it_is_confirmed_plans_nothing(admin: AdminScene) -> None:
    await at_the_time(admin)
    (label,) = [each for each in admin.panel.labels if "Dentro de una hora" in each]
    await admin.taps(label)
    admin.ahead = timedelta(hours=2)
    (confirm,) = [each for each in admin.panel.labels if each.startswith("Programar para el")]
    await admin.taps(confirm)
    assert "no se ha enviado nada" in admin.panel.text
    await admin.taps(confirm)
    assert "Esa hora ya ha pasado y no se ha enviado nada." in admin.panel.text
    assert await admin.services.storage.broadcasts.history() == []


async def closing_planned(admin: AdminScene) -> None:
    await admin.scene.closes()
    await admin.scene.offers_the_final()
    await admin.taps("🕒 Programar")
    await admin.says("mañana 18:30")
    (confirm,) = [each for each in admin.panel.labels if each.startswith("Programar para el")]
    await admin.taps(confirm)


async def test_a_planned_closing_update_keeps_the_petition_closed(admin: AdminScene) -> None:
    await closing_planned(admin)
    await admin.says("/reopen")
    assert "El mensaje final está programado" in admin.marta.messages[-1].text
    await admin.says("/broadcast")
    (label,) = [each for each in admin.panel.labels if each.startswith("Cancelar el del")]
    await admin.taps(label)
    await admin.taps("Sí, cancelar el envío")
    await admin.says("/reopen")
    await admin.taps("Sí, volver a abrirla")
    assert "está abierta otra vez" in admin.marta.messages[-1].text


async def test_another_broadcast_does_not_keep_the_petition_closed(admin: AdminScene) -> None:
    await admin.scene.closes()
    broadcasts = admin.services.storage.broadcasts
    await broadcasts.pause(await admin.starts_another(), ADMIN + 1, admin.services.clock())
    await admin.says("/reopen")
    await admin.taps("Sí, volver a abrirla")
    assert "está abierta otra vez" in admin.marta.messages[-1].text


async def test_a_question_to_reopen_is_refused_once_the_closing_is_planned(
    admin: AdminScene,
) -> None:
    await admin.scene.closes()
    await admin.says("/reopen")
    where, data = admin.data("Sí, volver a abrirla")
    await admin.scene.offers_the_final()
    await admin.taps("🕒 Programar")
    await admin.says("mañana 18:30")
    (confirm,) = [each for each in admin.panel.labels if each.startswith("Programar para el")]
    await admin.taps(confirm)
    await admin.marta.tap_data(where, data).answered()
    await admin.scene.settled()
    assert "El mensaje final está programado" in admin.marta.chat.messages[where].text
    assert (await admin.services.storage.petitions.state()).is_closed


@pytest.mark.parametrize("text", ["mañana 18:30", "tomorrow at 6:30 pm"])
async def test_the_closing_update_is_planned_in_either_language(
    admin: AdminScene, text: str
) -> None:
    await admin.scene.closes()
    await admin.scene.offers_the_final()
    await admin.taps("🕒 Programar")
    await admin.says(text)
    assert any(label.endswith(", 18:30") for label in admin.panel.labels)
