"""A scheduled broadcast goes out at its time in the petition's time zone; if late, it asks."""

from datetime import timedelta

from storage.broadcast_transitions import change_broadcast
from storage.broadcast_types import BroadcastAction, Kind
from storage.broadcasts import broadcast_history, scheduled_broadcasts
from storage.petitions import petition_state
from tests.support.admin_scene import AdminScene
from tests.support.scene import ADMIN

SEND = "Enviar a 3 personas"
LATE = "Un envío programado espera tu decisión"


async def at_the_time(admin: AdminScene) -> None:
    """A message that is shown, and the question when."""
    await admin.prepares()
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
    # An album is answered once.
    before = len(admin.scene.simulator.calls)
    admin.marta.send_album(["photo"] * 10)
    await admin.scene.settled()
    said = [call.method for call in admin.scene.simulator.calls[before:]]
    assert said.count("sendMessage") + said.count("editMessageText") == 1
    assert "No entiendo cuándo." in admin.panel.text
    await admin.says("hoy 0:00")
    assert "Ese momento ya ha pasado." in admin.panel.text
    await admin.says("cuando puedas")
    assert "No entiendo cuándo." in admin.panel.text
    # Without a time again it would go at once.
    await admin.says("tomorrow at 18:30")
    await admin.taps("🕒 Cambiar la hora")
    await admin.taps("Volver")
    await admin.taps("Quitar la hora")
    assert SEND in admin.panel.labels
    label = await admin.plans()
    assert label.endswith(" a las 18:30")
    await admin.taps(label)
    (found,) = await admin.services.storage.read(scheduled_broadcasts)
    assert found.starts_at is not None
    assert admin.words.clock(found.starts_at) == "18:30"
    assert "Programado" in admin.panel.text
    # An admin in another country is told whose time it is, and no phone changes it to theirs.
    there = admin.words.appointment(found.starts_at)
    assert f"{there} (hora de Madrid, UTC+" in admin.panel.text
    assert [e for e in admin.panel.entities if e.type == "date_time"] == []


async def test_at_its_time_it_begins_in_a_message_of_its_own(admin: AdminScene) -> None:
    where = await planned(admin, timedelta(hours=1))
    report = await admin.over()
    assert report.id > where
    assert admin.got_by_all() == [["Hola"]] * 3
    # Without a time again it goes at once.
    await at_the_time(admin)
    await admin.says("mañana 18:30")
    await admin.taps("Quitar la hora")
    # Who signs behind the question is not among those whom it counted.
    await admin.scene.signs(admin.scene.mallory, updates=True)
    await admin.taps(SEND)
    await admin.reported()
    assert "Hola" not in [message.text for message in admin.scene.mallory.messages]
    assert admin.got_by_all() == [["Hola"] * 2] * 3


async def test_much_too_late_it_asks_and_can_be_sent_or_dropped(admin: AdminScene) -> None:
    await planned(admin, timedelta(hours=3))
    page = await admin.marta.sees(LATE, 10)
    assert "Para quienes eligieron recibir novedades: 3 personas." in page.text
    # Thinking about cancelling offers no way to send it.
    await admin.taps("⏹ Cancelar")
    assert admin.panel.labels == ["Sí, cancelar el envío", "No, dejarlo como está"]
    await admin.taps("No, dejarlo como está")
    assert LATE in admin.panel.text
    assert admin.got_by_all() == [[], [], []]
    await admin.taps("Enviar ahora")
    await admin.over()
    assert admin.got_by_all() == [["Hola"]] * 3
    await admin.says("/broadcasts")
    (sent,) = await admin.services.storage.read(broadcast_history)
    assert sent.started_at is not None
    assert admin.words.clock(sent.started_at) in admin.panel.text, "not when it was planned for"
    await planned(admin, timedelta(hours=3))
    await admin.marta.sees(LATE, 10)
    await admin.marta.sees("El progreso sigue en otro mensaje.", 10)
    await admin.scene.settled()
    await admin.taps("⏹ Cancelar")
    await admin.taps("Sí, cancelar el envío")
    await admin.over("El envío está cancelado.")
    assert admin.got_by_all() == [["Hola"]] * 3


async def test_what_is_planned_is_listed_and_can_be_cancelled(admin: AdminScene) -> None:
    await planned(admin, timedelta())
    # One for one person is said of one person.
    await admin.begins()
    await admin.says("Hola")
    await admin.previews("Solo a quienes leen en inglés: 1")
    await admin.taps(await admin.plans())
    await admin.says("/broadcast")
    assert "🕒 Hay 2 envíos programados" in admin.panel.text
    await admin.says("/broadcasts")
    assert "Programado, para 1 persona" in admin.panel.text
    await admin.taps("1")
    await admin.taps("Cancelar este envío")
    assert "¿Cancelar este envío programado?" in admin.panel.text
    await admin.taps("Sí, cancelar el envío")
    await admin.marta.sees("El envío está cancelado. No se ha enviado a nadie.")
    (found,) = await admin.services.storage.read(scheduled_broadcasts)
    assert found.kind is Kind.UPDATE
    assert found.expected == 1


async def test_it_goes_out_while_nobody_answers_whether_to_cancel_it(admin: AdminScene) -> None:
    await admin.prepares()
    soon = admin.scene.clocks.now() + timedelta(minutes=3)
    await admin.taps(await admin.plans(admin.words.typed_moment(soon)))
    await admin.taps("Cancelar este envío")
    cancel = admin.data("Sí, cancelar el envío")
    assert admin.panel.text.endswith("Mientras no respondas sigue programado, y saldrá a su hora.")
    await admin.marta.sees("El mensaje está enviado.", 200)
    await admin.reported()
    assert admin.got_by_all() == [["Hola"]] * 3
    await admin.marta.tap_data(*cancel).answered()
    await admin.scene.settled()
    assert "El mensaje está enviado." in admin.marta.chat.messages[cancel[0]].text, "too late"


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
    assert await admin.services.storage.read(broadcast_history) == []


async def test_a_planned_closing_update_keeps_the_petition_closed(admin: AdminScene) -> None:
    await admin.scene.closes()
    await admin.says("/reopen")
    asked = admin.data("Sí, volver a abrirla")
    await admin.scene.offers_the_final()
    await admin.taps(await admin.plans())
    await admin.scene.answered(admin.marta.tap_data(*asked))
    assert "El mensaje final está programado" in admin.marta.chat.messages[asked[0]].text
    assert (await admin.services.storage.read(petition_state)).is_closed
    await admin.says("/reopen")
    assert "El mensaje final está programado" in admin.marta.messages[-1].text
    await admin.says("/broadcasts")
    await admin.taps("1")
    await admin.taps("Cancelar este envío")
    await admin.taps("Sí, cancelar el envío")
    # Another broadcast does not keep it closed.
    storage = admin.services.storage
    await storage.write(
        change_broadcast,
        BroadcastAction.PAUSE,
        await admin.starts_another(),
        ADMIN + 1,
        admin.services.clock(),
    )
    await admin.says("/reopen")
    await admin.taps("Sí, volver a abrirla")
    assert "está abierta otra vez" in admin.marta.messages[-1].text
