"""What goes out is what was confirmed, then and at the time that was chosen."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.broadcast import confirmation
from handlers.broadcasts.screens import summary
from simulator.faults import Fault
from storage.admins import find_draft
from storage.broadcast_types import Kind
from storage.broadcasts import broadcast_history, scheduled_broadcasts
from tests.support.admin_scene import AdminScene, an_admin_scene
from tests.support.scene import ADMIN
from tests.support.telegram_calls import fails

SEND = "Enviar a 3 personas"
NOBODY: list[list[str]] = [[], [], []]
LOST = "se ha borrado la vista previa"


async def test_two_taps_send_once(admin: AdminScene) -> None:
    await admin.prepares()
    wakes, (where, data) = admin.wakes, admin.data(SEND)
    taps = [admin.marta.tap_data(where, data) for _ in range(3)]
    for tap in taps:
        await tap.answered()
    assert admin.wakes == wakes + 1
    # A tap that was cut off by a kill is found done.
    await admin.restart()
    await admin.marta.tap_data(where, data).answered()
    await admin.over()
    await admin.scene.answered(admin.marta.tap_data(where, data))
    assert admin.got_by_all() == [["Hola"]] * 3
    assert len(await admin.services.storage.read(broadcast_history)) == 1
    await admin.says("/broadcast")
    assert "Seguir con el mensaje que preparabas" not in admin.marta.messages[-1].labels


async def test_what_waits_for_its_confirmation_is_not_sent_by_a_restart(admin: AdminScene) -> None:
    await admin.prepares()
    await admin.restart()
    await admin.scene.settled()
    # After ten minutes it asks again.
    admin.ahead = timedelta(minutes=11)
    assert "⚠️ Han pasado más de diez minutos" in await admin.taps(SEND)
    assert admin.got_by_all() == NOBODY
    assert await admin.services.storage.read(broadcast_history) == []
    await admin.finishes(SEND)
    reference = admin.services.reference(ADMIN)
    assert await admin.services.storage.read(find_draft, reference) is None, (
        "nothing is left of it"
    )


async def test_an_edit_after_the_preview_changes_nothing_and_is_said(admin: AdminScene) -> None:
    await admin.begins()
    sent = await admin.writes("Hola")
    admin.marta.edit(sent, "Hola a todas")
    await admin.previews()
    former = admin.marta.messages[-2]
    await admin.edits(sent, "No enviar esto")
    assert "Has cambiado tu mensaje después de la vista previa." in admin.panel.text
    await admin.finishes(SEND)
    assert admin.got_by_all() == [["Hola a todas"]] * 3
    # A new preview takes the edit in, and the old one away.
    await admin.begins()
    sent = await admin.writes("Hola")
    await admin.previews()
    former = admin.marta.messages[-2]
    await admin.edits(sent, "Otra vez")
    await admin.taps("👁 Ver la vista previa otra vez")
    assert former.id not in admin.marta.chat.messages
    await admin.finishes(SEND)
    assert admin.got_by_all() == [["Hola a todas", "Otra vez"]] * 3
    await admin.says("/broadcasts")
    quoted = [line for line in admin.panel.text.splitlines() if line.startswith("«")]
    assert quoted == ["«Otra vez»", "«Hola a todas»"]


async def test_a_preview_that_was_deleted_sends_nothing(
    admin: AdminScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.expected += ["message to edit not found", "message to copy not found"]
    admin.expected.append("no messages to forward")
    await admin.prepares()
    with monkeypatch.context() as patch:
        fails(patch, "edit_message_reply_markup", 1_000)
        await admin.taps(SEND)
        await admin.marta.sees("Telegram no respondía")  # nor said whether it is there
    await admin.prepares()
    for button in ("Enviarme una prueba", SEND):
        admin.marta.delete(admin.marta.messages[-2])
        assert LOST in await admin.taps(button)
        assert SEND not in admin.panel.labels
        await admin.taps("👁 Ver la vista previa")
    # A hole in an album sends nothing either.
    await admin.begins()
    shown = len(admin.marta.messages)
    album = admin.marta.send_album(["photo", "photo"])
    await admin.scene.settled()
    admin.marta.delete(album[0])
    await admin.previews()
    assert "El mensaje ya no está entero en este chat: se ha borrado." in admin.panel.text
    assert len(admin.marta.messages) == shown, "of the half that was copied nothing is left"
    admin.marta.send_album(["photo", "photo"])
    await admin.scene.settled()
    await admin.taps("👁 Ver la vista previa")
    admin.marta.delete(admin.marta.messages[-2])
    assert LOST in await admin.taps(SEND)
    await admin.taps("👁 Ver la vista previa")
    for copy in admin.marta.messages[-3:-1]:
        admin.marta.delete(copy)
    assert LOST in await admin.taps("Enviarme una prueba")
    assert admin.got_by_all() == NOBODY
    assert await admin.services.storage.read(broadcast_history) == []


async def test_who_comes_and_goes_after_the_preview_keeps_nobody_else_from_being_told(
    admin: AdminScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    mallory = admin.scene.mallory
    # One leaves and one signs: those who were counted and stayed are told.
    await admin.prepares()
    await admin.scene.blocks(admin.scene.jordi)
    await admin.signs(mallory)
    report = await admin.finishes(SEND)
    assert "Entregados: 2" in report.text
    assert admin.got_by_all() == [["Hola"], [], ["Hola"]]
    assert admin.got(mallory) == []
    # Who comes back is told with the others.
    await admin.prepares("Otra")
    await admin.scene.unblocks(admin.scene.jordi)
    await admin.taps(SEND)
    await admin.reported()
    assert admin.got_by_all() == [["Hola", "Otra"], ["Otra"], ["Hola", "Otra"]]
    # More people than a small growth are told before anything goes out.
    monkeypatch.setattr(confirmation, "SMALL_GROWTH", 0)
    await admin.scene.blocks(admin.scene.jordi)
    await admin.prepares("Y otra")
    await admin.scene.unblocks(admin.scene.jordi)
    assert "era 3, ahora es 4" in await admin.taps(SEND)
    # Asked again, it is for who has signed by then.
    oleg = admin.scene.world.person("Oleg", language="en")
    await admin.signs(oleg)
    admin.ahead = timedelta(minutes=11)
    assert "Han pasado más de diez minutos" in await admin.taps("Enviar a 4 personas")
    for person in (admin.scene.ana, admin.scene.jordi, admin.scene.sean, mallory, oleg):
        person.block()
    await admin.scene.settled()
    assert "era 5, ahora es 0" in await admin.taps("Enviar a 5 personas")
    assert not any(label.startswith("Enviar a") for label in admin.panel.labels)
    assert len(await admin.services.storage.read(broadcast_history)) == 2


async def test_one_that_was_given_up_cannot_be_sent(admin: AdminScene) -> None:
    admin.expected.append("message to edit not found")  # the panel has moved down
    await admin.prepares()
    where, data = admin.data(SEND)
    await admin.scene.starts(admin.scene.mallory)
    hers = admin.scene.screen(admin.scene.mallory)
    await admin.scene.mallory.tap_data(hers.id, data).answered()
    # A changed draft is not sent by the button of the former.
    await admin.taps("Cambiar")
    await admin.scene.answered(admin.marta.tap_data(where, data))
    assert "falta ver la vista previa" in admin.panel.text
    await admin.taps("Cambiar el mensaje")
    await admin.says("Otra cosa")
    await admin.taps("👁 Ver la vista previa")
    await admin.scene.answered(admin.marta.tap_data(where, data))
    where, data = admin.data(SEND)
    _, leave = admin.data("No enviar")
    preview = admin.marta.messages[-2]
    await admin.taps("No enviar")
    assert preview.id not in admin.marta.chat.messages
    for tapped in (data, leave):
        await admin.scene.answered(admin.marta.tap_data(where, tapped))
        assert "ya no está en preparación" in admin.marta.chat.messages[where].text
    assert admin.got_by_all() == NOBODY
    assert await admin.services.storage.read(broadcast_history) == []


@pytest.mark.parametrize("label", [SEND, "No enviar"])
async def test_an_older_summary_does_not_say_that_nothing_was_sent(
    admin: AdminScene, label: str
) -> None:
    await admin.prepares()
    older = admin.data(label)
    admin.ahead = timedelta(minutes=11)
    await admin.taps(SEND)  # it is asked again, with another token
    await admin.finishes(SEND)
    await admin.scene.answered(admin.marta.tap_data(*older))
    assert "Si se envió, está en /broadcasts." in admin.marta.chat.messages[older[0]].text


async def test_the_same_call_makes_the_test_and_the_real_thing(admin: AdminScene) -> None:
    admin.expected.append("message to edit not found")  # the panel has moved down
    await admin.prepares()
    calls = admin.scene.simulator.calls
    before, shown = len(calls.of("copyMessage")), len(admin.marta.messages)
    where, data = admin.data("Enviarme una prueba")
    taps = [admin.marta.tap_data(where, data) for _ in range(2)]
    for tap in taps:
        await tap.answered()
    await admin.scene.settled()
    assert len(admin.marta.messages) == shown + 1, "asked for twice at once, it comes once"
    assert admin.panel is admin.marta.messages[-1]
    assert "Arriba tienes la prueba" in await admin.taps("Enviarme una prueba")
    await admin.finishes(SEND)
    test, _, *real = [dict(call.params) for call in calls.of("copyMessage")[before:]]
    assert len(real) == 3
    assert all({**one, "chat_id": ADMIN} == test for one in real)


async def test_many_are_asked_twice(admin: AdminScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "MANY", 3)
    await admin.prepares()
    assert SEND not in admin.panel.labels
    assert admin.panel.labels[:2] == ["Enviarme una prueba", "Continuar"]
    assert "Vas a escribir a 3 personas. ¿Seguro?" in await admin.taps("Continuar")
    assert admin.got_by_all() == NOBODY
    await admin.taps("Volver", "Continuar")
    # Two quick taps on one place send nothing.
    assert admin.panel.labels == ["Enviarme una prueba", "Volver", SEND, "No enviar"]
    admin.ahead = timedelta(minutes=11)
    assert "⚠️ Han pasado más de diez minutos" in await admin.taps(SEND)
    assert "¿Seguro?" not in admin.panel.text
    await admin.finishes("Continuar", SEND)


async def test_the_first_message_of_an_admin_alone_is_asked_for_twice(tmp_path: Path) -> None:
    async with an_admin_scene(tmp_path, first=True) as admin:
        await admin.prepares()
        assert SEND not in admin.panel.labels, "nobody has sent anything yet"
        await admin.taps("Continuar")
        before = len(admin.marta.messages)
        await admin.taps("Enviarme una prueba")
        assert len(admin.marta.messages) > before
        assert admin.got_by_all() == NOBODY
        await admin.finishes(SEND)
        await admin.prepares()
        assert admin.panel.labels[0] == SEND


async def test_what_costs_stars_says_so_and_is_paid_if_they_are_there(tmp_path: Path) -> None:
    async with an_admin_scene(tmp_path, broadcast_rate=900.0, paid_broadcast=True) as admin:
        admin.scene.world.stars.balance = 9_999
        await admin.prepares()
        assert "Precio: 1 estrella de Telegram" in admin.panel.text
        assert "hacen falta 10.000." in admin.panel.text
        assert SEND not in admin.panel.labels
        admin.scene.world.stars.balance = 20_000
        assert "Precio" not in await admin.taps("Enviarlo gratis, más despacio")
        assert "El bot tiene 20.000." in await admin.taps("Pagar para que vaya más deprisa")
        admin.scene.world.stars.balance = 9_999
        assert "⚠️ No se ha enviado nada." in await admin.taps(SEND)
        assert "hacen falta 10.000." in admin.panel.text
        await admin.taps("Enviarlo gratis, más despacio")
        admin.scene.simulator.faults.next("getMyStarBalance", *[Fault.ERROR] * 3)
        admin.expected.append("getMyStarBalance")
        await admin.taps("Pagar para que vaya más deprisa")
        assert "Telegram no dice cuántas estrellas tiene el bot" in admin.panel.text
        assert SEND not in admin.panel.labels
        admin.scene.world.stars.balance = 20_000
        await admin.taps("Enviarlo gratis, más despacio", "Pagar para que vaya más deprisa", SEND)
        await admin.over()
        assert (await admin.broadcast()).paid
        calls = admin.scene.simulator.calls.of("copyMessage")
        assert [call.params.get("allow_paid_broadcast") for call in calls] == [None] + [True] * 3
    assert admin.refused == []


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
    assert "Ese momento ya ha pasado." in await admin.says("hoy 0:00")
    assert "No entiendo cuándo." in await admin.says("cuando puedas")
    # Without a time again it would go at once.
    await admin.says("tomorrow at 18:30")
    await admin.taps("🕒 Cambiar la hora", "Volver", "Quitar la hora")
    assert SEND in admin.panel.labels
    label = await admin.plans()
    assert label.endswith(", 18:30")
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
    assert LATE in await admin.taps("No, dejarlo como está")
    assert admin.got_by_all() == [[], [], []]
    assert (await admin.finishes("Enviar ahora")).id == page.id, "where she let it go on"
    assert admin.got_by_all() == [["Hola"]] * 3
    await admin.says("/broadcasts")
    (sent,) = await admin.services.storage.read(broadcast_history)
    assert sent.started_at is not None
    assert admin.words.clock(sent.started_at) in admin.panel.text, "not when it was planned for"
    await planned(admin, timedelta(hours=3))
    await admin.marta.sees(LATE, 10)
    await admin.marta.sees("El progreso sigue en otro mensaje.", 10)
    await admin.scene.settled()
    await admin.taps("⏹ Cancelar", "Sí, cancelar el envío")
    await admin.over("El envío está cancelado.")
    assert admin.got_by_all() == [["Hola"]] * 3


async def test_what_is_planned_is_listed_and_can_be_cancelled(admin: AdminScene) -> None:
    await planned(admin, timedelta())
    # One for one person is said of one person.
    await admin.begins("Hola")
    await admin.previews("Solo a quienes leen en inglés: 1")
    await admin.taps(await admin.plans())
    assert "🕒 Hay 2 envíos programados" in await admin.says("/broadcast")
    assert "Programado, para 1 persona" in await admin.says("/broadcasts")
    assert "¿Cancelar este envío programado?" in await admin.taps("1", "Cancelar este envío")
    await admin.taps("Sí, cancelar el envío")
    await admin.marta.sees("El envío está cancelado. No se ha enviado a nadie.")
    (found,) = await admin.services.storage.read(scheduled_broadcasts)
    assert found.kind is Kind.UPDATE
    assert found.expected == 1


async def test_it_goes_out_while_nobody_answers_whether_to_cancel_it(admin: AdminScene) -> None:
    await admin.prepares()
    soon = admin.scene.clocks.now() + timedelta(minutes=3)
    await admin.taps(await admin.plans(admin.words.typed_moment(soon)), "Cancelar este envío")
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
    assert "no se ha enviado nada" in await admin.taps(confirm)
    assert "Esa hora ya ha pasado y no se ha enviado nada." in await admin.taps(confirm)
    assert await admin.services.storage.read(broadcast_history) == []
