"""A broadcast starts once, as it was shown, if an admin confirms it in time; else not at all."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.broadcast import confirmation
from bot.simulator.faults import Fault
from handlers.broadcasts.screens import summary
from tests.support.admin_scene import AdminScene, an_admin_scene
from tests.support.scene import ADMIN

SEND = "Enviar a 3 personas"


async def ready(studio: AdminScene, text: str = "Hola") -> None:
    """A message that only waits for its confirmation."""
    await studio.begins()
    await studio.says(text)
    await studio.previews()


def nobody_got_anything(studio: AdminScene) -> bool:
    people = (studio.scene.ana, studio.scene.jordi, studio.scene.sean)
    return [len(studio.got(person)) for person in people] == [0, 0, 0]


async def test_two_taps_send_once(studio: AdminScene) -> None:
    await ready(studio)
    where, data = studio.data(SEND)
    taps = [studio.marta.tap_data(where, data) for _ in range(3)]
    for tap in taps:
        await tap.answered()
    await studio.over()
    await studio.marta.tap_data(where, data).answered()
    await studio.scene.settled()
    assert [m.text for m in studio.got(studio.scene.ana)] == ["Hola"]
    assert len(await studio.services.storage.broadcasts.history()) == 1


async def test_a_tap_that_was_cut_off_by_a_kill_is_found_done(studio: AdminScene) -> None:
    await ready(studio)
    where, data = studio.data(SEND)
    await studio.taps(SEND)
    await studio.restart()
    await studio.marta.tap_data(where, data).answered()
    await studio.over()
    assert [m.text for m in studio.got(studio.scene.ana)] == ["Hola"]
    await studio.says("/broadcast")
    assert "Seguir con el mensaje que preparabas" not in studio.marta.messages[-1].labels


async def test_what_waits_for_its_confirmation_is_not_sent_by_a_restart(
    studio: AdminScene,
) -> None:
    await ready(studio)
    await studio.restart()
    await studio.scene.settled()
    assert nobody_got_anything(studio)
    assert await studio.services.storage.broadcasts.history() == []


async def test_after_ten_minutes_it_asks_again(studio: AdminScene) -> None:
    await ready(studio)
    studio.ahead = timedelta(minutes=11)
    await studio.taps(SEND)
    assert studio.panel.text.startswith("⚠️ Han pasado más de diez minutos")
    assert nobody_got_anything(studio)
    await studio.taps(SEND)
    await studio.over()


async def test_an_edit_after_the_preview_changes_nothing_and_is_said(studio: AdminScene) -> None:
    await studio.begins()
    sent = await studio.says("Hola")
    studio.marta.edit(sent, "Hola a todas")
    await studio.previews()
    studio.marta.edit(sent, "No enviar esto")
    await studio.scene.settled()
    assert "Has cambiado tu mensaje después de la vista previa." in studio.panel.text
    await studio.taps(SEND)
    await studio.over()
    assert [m.text for m in studio.got(studio.scene.ana)] == ["Hola a todas"]


async def test_a_preview_that_telegram_cut_off_is_made_again_by_hand_and_not_later(
    studio: AdminScene,
) -> None:
    await studio.begins()
    await studio.says("Hola")
    await studio.taps("Añadir versión en English")
    studio.marta.send_album(["photo", "photo"])
    await studio.scene.settled()
    await studio.taps("Continuar")
    await studio.taps("Sobre esta petición")
    studio.expected += ["copyMessages"]
    # The first copy arrives; the album does not, however often it is tried at once.
    studio.scene.simulator.faults.next("copyMessages", *[Fault.ERROR] * 3)
    await studio.taps("A quienes firmaron: 3")
    said = await studio.marta.sees("no hemos podido terminar lo que has pedido", 10)
    await studio.scene.settled()
    assert studio.scene.app is not None
    assert studio.scene.app.dispatch.counts.retried == 0
    assert studio.marta.messages[-1].id == said.id
    await studio.taps("A quienes firmaron: 3")
    await studio.marta.sees("¿Enviar el mensaje?")
    previews = [
        m for m in studio.marta.messages if m.from_bot and not m.labels and m.id != said.id
    ]
    assert [m.text for m in previews] == ["Hola", "", ""]


async def test_a_new_preview_takes_the_edit_in_and_the_old_one_away(studio: AdminScene) -> None:
    await studio.begins()
    sent = await studio.says("Hola")
    await studio.previews()
    former = studio.marta.messages[-2]
    studio.marta.edit(sent, "Hola a todas")
    await studio.scene.settled()
    await studio.taps("👁 Ver la vista previa otra vez")
    assert former.id not in studio.marta.chat.messages
    await studio.taps(SEND)
    await studio.over()
    assert [m.text for m in studio.got(studio.scene.ana)] == ["Hola a todas"]


async def test_a_preview_that_was_deleted_sends_nothing(studio: AdminScene) -> None:
    studio.expected.append("message to edit not found")
    await ready(studio)
    studio.marta.delete(studio.marta.messages[-2])
    await studio.taps(SEND)
    assert "se ha borrado la vista previa" in studio.panel.text
    assert nobody_got_anything(studio)
    assert SEND not in studio.panel.labels
    await studio.taps("👁 Ver la vista previa")
    await studio.taps(SEND)
    await studio.over()


async def test_a_test_of_a_preview_that_was_deleted_says_so(studio: AdminScene) -> None:
    studio.expected.append("message to copy not found")
    await ready(studio)
    studio.marta.delete(studio.marta.messages[-2])
    await studio.taps("Enviarme una prueba")
    assert "se ha borrado la vista previa" in studio.panel.text


async def test_a_hole_in_an_album_sends_nothing(studio: AdminScene) -> None:
    studio.expected.append("message to edit not found")
    await studio.begins()
    studio.marta.send_album(["photo", "photo"])
    await studio.scene.settled()
    await studio.previews()
    studio.marta.delete(studio.marta.messages[-2])
    await studio.taps(SEND)
    assert "se ha borrado la vista previa" in studio.panel.text
    assert nobody_got_anything(studio)


async def test_who_signs_after_the_preview_changes_nothing(studio: AdminScene) -> None:
    await ready(studio)
    await studio.signs(studio.scene.mallory)
    await studio.taps(SEND)
    await studio.over()
    assert studio.got(studio.scene.mallory) == []


async def test_who_leaves_after_the_preview_keeps_nobody_else_from_being_told(
    studio: AdminScene,
) -> None:
    await ready(studio)
    studio.scene.jordi.block()
    await studio.scene.settled()
    await studio.taps(SEND)
    report = await studio.over()
    assert "Entregados: 2" in report.text
    assert len(studio.got(studio.scene.ana)) == 1
    assert studio.got(studio.scene.jordi) == []


async def test_who_comes_back_after_the_preview_is_told_with_the_others(
    studio: AdminScene,
) -> None:
    studio.scene.jordi.block()
    await studio.scene.settled()
    await begun_for_two(studio)
    studio.scene.jordi.unblock()
    await studio.scene.settled()
    await studio.taps("Enviar a 2 personas")
    report = await studio.over()
    assert "Entregados: 3" in report.text
    assert len(studio.got(studio.scene.jordi)) == 1


async def test_more_people_than_a_small_growth_are_told_before_anything_goes_out(
    studio: AdminScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirmation, "SMALL_GROWTH", 0)
    studio.scene.jordi.block()
    await studio.scene.settled()
    await begun_for_two(studio)
    studio.scene.jordi.unblock()
    await studio.scene.settled()
    await studio.taps("Enviar a 2 personas")
    assert "era 2, ahora es 3" in studio.panel.text
    assert nobody_got_anything(studio)
    await studio.taps(SEND)
    await studio.over()


async def test_when_everybody_has_left_after_the_preview_nothing_is_started(
    studio: AdminScene,
) -> None:
    await ready(studio)
    for person in (studio.scene.ana, studio.scene.jordi, studio.scene.sean):
        person.block()
    await studio.scene.settled()
    await studio.taps(SEND)
    assert "era 3, ahora es 0" in studio.panel.text
    assert not any(label.startswith("Enviar a") for label in studio.panel.labels)
    assert await studio.services.storage.broadcasts.history() == []


async def begun_for_two(studio: AdminScene) -> None:
    """A message that only waits for its confirmation, with one of the three away."""
    await studio.begins()
    await studio.says("Hola")
    await studio.previews("A quienes firmaron: 2")


async def test_one_that_was_given_up_cannot_be_sent(studio: AdminScene) -> None:
    await ready(studio)
    where, data = studio.data(SEND)
    await studio.taps("No enviar")
    await studio.marta.tap_data(where, data).answered()
    await studio.scene.settled()
    assert "no se ha enviado nada" in studio.marta.chat.messages[where].text
    assert nobody_got_anything(studio)


async def test_a_changed_draft_is_not_sent_by_the_button_of_the_former(studio: AdminScene) -> None:
    studio.expected.append("message to edit not found")  # the panel has moved down
    await ready(studio)
    where, data = studio.data(SEND)
    await studio.taps("Cambiar")
    await studio.marta.tap_data(where, data).answered()
    await studio.scene.settled()
    assert "falta ver la vista previa" in studio.panel.text
    await studio.taps("Cambiar el mensaje")
    await studio.says("Otra cosa")
    await studio.taps("👁 Ver la vista previa")
    await studio.marta.tap_data(where, data).answered()
    await studio.scene.settled()
    assert nobody_got_anything(studio)


async def test_the_same_call_makes_the_test_and_the_real_thing(studio: AdminScene) -> None:
    await ready(studio)
    calls = studio.scene.simulator.calls
    before = len(calls.of("copyMessage"))
    await studio.taps("Enviarme una prueba")
    assert studio.panel.text.startswith("Arriba tienes la prueba")
    assert studio.panel is studio.marta.messages[-1]
    await studio.taps(SEND)
    await studio.over()
    test, *real = [dict(call.params) for call in calls.of("copyMessage")[before:]]
    assert len(real) == 3
    assert all({**one, "chat_id": ADMIN} == test for one in real)


async def test_a_test_that_is_asked_for_twice_at_once_comes_once(studio: AdminScene) -> None:
    studio.expected.append("message to edit not found")  # the panel has moved down
    await ready(studio)
    where, data = studio.data("Enviarme una prueba")
    before = len(studio.marta.messages)
    taps = [studio.marta.tap_data(where, data) for _ in range(2)]
    for tap in taps:
        await tap.answered()
    await studio.scene.settled()
    assert len(studio.marta.messages) == before + 1


async def test_very_many_are_asked_for_twice(
    studio: AdminScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary, "MANY", 3)
    await ready(studio)
    await studio.taps(SEND)
    assert "Vas a escribir a 3 personas. ¿Seguro?" in studio.panel.text
    assert nobody_got_anything(studio)
    await studio.taps("Volver")
    await studio.taps(SEND)
    await studio.taps("Sí, enviar a 3 personas")
    await studio.over()


async def test_what_costs_stars_says_so_and_is_paid_only_when_they_are_there(
    tmp_path: Path,
) -> None:
    async with an_admin_scene(tmp_path, rate=900.0, paid=True) as studio:
        studio.scene.world.stars.balance = 9_999
        await ready(studio)
        assert "Precio: como mucho 1 estrella de Telegram" in studio.panel.text
        assert "al menos 10.000 estrellas" in studio.panel.text
        assert SEND not in studio.panel.labels
        studio.scene.world.stars.balance = 20_000
        await studio.taps("Enviarlo gratis, más despacio")
        assert "Precio" not in studio.panel.text
        await studio.taps("Pagar para que vaya más deprisa")
        assert "El bot tiene 20.000." in studio.panel.text
        await studio.taps(SEND)
        await studio.over()
        assert (await studio.broadcast()).paid
        calls = studio.scene.simulator.calls.of("copyMessage")
        assert [call.params.get("allow_paid_broadcast") for call in calls] == [None] + [True] * 3
    assert studio.refused == []


async def test_an_admins_button_in_another_hand_does_nothing(studio: AdminScene) -> None:
    await ready(studio)
    _, data = studio.data(SEND)
    studio.scene.mallory.start()
    await studio.scene.settled()
    hers = studio.scene.living(studio.scene.mallory)
    await studio.scene.mallory.tap_data(hers.id, data).answered()
    await studio.scene.settled()
    assert nobody_got_anything(studio)
    assert await studio.services.storage.broadcasts.history() == []
