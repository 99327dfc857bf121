"""A campaigner in a hurry sends too much or too late, and taps old buttons."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.broadcast.content import CopyContent, MessageCall
from storage import Audience, Kind, NewBroadcast
from tests.features.test_broadcast_timing import SEND, planned
from tests.support.admin_scene import HOUR, AdminScene
from tests.support.scene import ADMIN


async def test_a_post_with_very_many_buttons_is_taken_and_some_are_named(
    studio: AdminScene,
) -> None:
    post = studio.scene.mallory.send("Convocatoria")
    await studio.begins()
    rows = [
        [(f"{'Leer ' * 12}{i}{j}", "https://example.org/") for j in range(4)] for i in range(25)
    ]
    studio.marta.forward(post, buttons=rows)
    await studio.scene.settled()
    assert "y 90 más" in studio.panel.text
    assert "Continuar" in studio.panel.labels


async def test_of_very_many_planned_ones_the_nearest_are_listed(studio: AdminScene) -> None:
    now = datetime.now(UTC)
    for number in range(40):
        await studio.starts_another(number, now + HOUR + number * timedelta(minutes=1))
    await studio.says("/broadcast")
    assert "Hay 30 envíos programados más; están en /broadcasts." in studio.panel.text
    assert sum(label.startswith("Cancelar el del") for label in studio.panel.labels) == 10


async def test_an_old_panel_does_not_throw_away_what_is_prepared_now(studio: AdminScene) -> None:
    await studio.begins()
    await studio.says("Uno")
    await studio.previews()
    old = studio.data("No enviar")
    await studio.begins()
    await studio.says("Dos")
    studio.marta.tap_data(*old)
    await studio.scene.settled()
    assert "ya no está en preparación" in studio.marta.chat.messages[old[0]].text
    await studio.previews()
    assert studio.marta.messages[-2].text == "Dos"


async def test_an_album_sent_to_a_panel_that_asks_for_a_time_is_answered_once(
    studio: AdminScene,
) -> None:
    await studio.begins()
    await studio.says("Hola")
    await studio.previews()
    await studio.taps("🕒 Programar")
    before = len(studio.scene.simulator.calls)
    studio.marta.send_album(["photo"] * 10)
    await studio.scene.settled()
    said = [call.method for call in studio.scene.simulator.calls[before:]]
    assert said.count("sendMessage") + said.count("editMessageText") == 1
    assert studio.panel.text.startswith("No entiendo cuándo.")


async def test_an_album_that_comes_too_late_is_turned_down_as_a_whole(studio: AdminScene) -> None:
    await studio.begins()
    studio.ahead = 2 * HOUR
    studio.marta.send_album(["photo"] * 3)
    await studio.scene.settled()
    assert studio.panel.text.startswith("Ese mensaje no se ha añadido")
    assert "Envíame el mensaje" in studio.panel.text
    studio.marta.send_album(["photo"] * 2)
    await studio.scene.settled()
    assert "un álbum de 2 elementos" in studio.panel.text


async def test_thinking_about_cancelling_a_late_one_offers_no_way_to_send_it(
    studio: AdminScene,
) -> None:
    await planned(studio, timedelta(hours=3))
    page = await studio.marta.sees("Un envío programado espera tu decisión", 10)
    assert "Para todas las personas que firmaron: 3 cuando se programó." in page.text
    await studio.taps("⏹ Cancelar")
    assert studio.panel.labels == ["Sí, cancelar el envío", "No, dejarlo como está"]
    await studio.taps("No, dejarlo como está")
    assert "Un envío programado espera tu decisión" in studio.panel.text
    assert studio.got(studio.scene.ana) == []


async def test_the_rest_of_one_to_few_cannot_be_turned_into_one_to_all(studio: AdminScene) -> None:
    key = await studio.starts_another()
    await studio.cancels(key)
    await studio.reported()
    studio.marta.tap_data(studio.marta.send("Hola").id, f"adm:goon:{key.hex()}")
    await studio.scene.settled()
    await studio.says("Para quienes faltan")
    assert "quienes faltaban por recibirlo" in studio.panel.text
    assert "Cambiar a quién se envía" not in studio.panel.labels


async def test_one_planned_for_one_person_is_said_of_one_person(studio: AdminScene) -> None:
    await studio.begins()
    await studio.says("Hola")
    await studio.previews("Solo a quienes leen en English: 1")
    await studio.taps("🕒 Programar")
    await studio.says("mañana 18:30")
    (confirm,) = [each for each in studio.panel.labels if each.startswith("Programar para el")]
    await studio.taps(confirm)
    await studio.says("/broadcast")
    assert ", para 1 persona." in studio.panel.text
    (found,) = await studio.services.storage.broadcasts.scheduled()
    assert found.kind is Kind.UPDATE


async def test_orders_of_her_own_making_break_nothing(studio: AdminScene) -> None:
    await studio.says("/broadcast")
    where = studio.panel.id
    for forged in ("past", "close", "reopen"):
        studio.marta.tap_data(where, f"adm:{forged}:{'9' * 30}")
    await studio.begins()
    await studio.says("Hola")
    for forged in (f"at:{'9' * 20}", "write:xx"):
        where, data = studio.data("Continuar")
        studio.marta.tap_data(where, data.replace("on:", forged))
        await studio.scene.settled()
        assert "Tu mensaje" in studio.panel.text
    assert studio.scene.app is not None
    assert studio.scene.app.dispatch.counts.passed_over == 0


async def test_the_closing_update_cannot_be_turned_into_something_else(studio: AdminScene) -> None:
    await studio.scene.closes()
    await studio.scene.offers_the_final()
    where, data = studio.data("Enviarme una prueba")
    for forged in ("about:update", "write:es", "to:all", "change:"):
        studio.marta.tap_data(where, data.replace("test:", forged))
        await studio.scene.settled()
        assert "¿Enviar el mensaje final?" in studio.panel.text


async def test_when_one_leaves_and_one_signs_those_who_were_counted_and_stayed_are_told(
    studio: AdminScene,
) -> None:
    await studio.begins()
    await studio.says("Hola")
    await studio.previews()
    studio.scene.jordi.block()
    await studio.scene.settled()
    await studio.signs(studio.scene.mallory)
    await studio.taps("Enviar a 3 personas")
    report = await studio.over()
    assert "Entregados: 2" in report.text
    assert studio.got(studio.scene.jordi) == []
    assert studio.got(studio.scene.mallory) == []


async def test_one_that_finds_nobody_any_more_says_so(studio: AdminScene) -> None:
    await studio.begins()
    studio.scene.sean.block()
    await studio.scene.settled()
    broadcasts = studio.services.storage.broadcasts
    plan = NewBroadcast(
        b"nobody".ljust(16, b"."),
        content={"es": "Hola"},
        content_sha256=b"c" * 32,
        source_language="es",
        actor=ADMIN,
        at=datetime.now(UTC),
        kind=Kind.UPDATE,
        audience=Audience(language="en"),
        progress=(ADMIN, studio.panel.id),
    )
    await broadcasts.start(plan)
    studio.services.wake_broadcast()
    report = await studio.over("No se ha enviado a nadie.")
    assert "ya no quedaba nadie" in report.text


async def test_of_two_who_confirm_the_closing_nobody_is_left_with_a_bar_that_stands(
    studio: AdminScene,
) -> None:
    scene = studio.scene
    lucy = scene.world.person("Lucy", language="es", user_id=ADMIN + 1)
    admins = {"admin_ids": frozenset({ADMIN, lucy.id})}
    scene.settings = scene.settings.model_copy(update=admins)
    await studio.restart()
    await scene.closes()
    await scene.offers_the_final()
    await scene.offers_the_final(lucy)
    panels = [(person, await scene.with_button(person, SEND)) for person in (studio.marta, lucy)]
    for person, _ in panels:
        person.tap(SEND)
    await scene.settled()
    await studio.reported()
    await scene.settled()
    for person, ctx in panels:
        assert "Enviando" not in person.chat.messages[ctx.id].text
    assert [scene.told(person) for person in (scene.ana, scene.jordi, scene.sean)] == [1, 1, 1]


async def test_who_is_no_admin_any_more_gets_no_report(studio: AdminScene) -> None:
    await planned(studio, timedelta(minutes=-5))
    before = len(studio.marta.messages)
    lucy = {"admin_ids": frozenset({ADMIN + 1})}
    studio.scene.settings = studio.scene.settings.model_copy(update=lucy)
    await studio.restart()
    await studio.services.storage.broadcasts.begin(
        await studio.broadcast(), datetime.now(UTC) + timedelta(minutes=66)
    )
    studio.services.wake_broadcast()
    await studio.reported()
    assert (await studio.broadcast()).state == "finished"
    assert len(studio.marta.messages) == before


async def test_leaving_the_form_leaves_a_draft_that_waits_for_nothing(studio: AdminScene) -> None:
    await studio.begins()
    await studio.says("Hola")
    studio.marta.start()
    await studio.scene.settled()
    await studio.taps("✍️ Firmar la petición")
    await studio.says("/cancel")
    await studio.says("/broadcast")
    await studio.taps("Seguir con el mensaje que preparabas")
    assert "Tu mensaje" in studio.panel.text
    await studio.says("/cancel")
    assert "el mensaje está descartado" in studio.marta.messages[-1].text


async def test_a_fault_of_the_bots_pauses_it_and_it_goes_on_once_that_is_mended(
    studio: AdminScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await studio.begins()
    await studio.says("Hola")
    await studio.previews()

    def failing(*_: object) -> MessageCall:
        raise ZeroDivisionError

    monkeypatch.setattr(CopyContent, "call", failing)
    await studio.taps("Enviar a 3 personas")
    alarm = await studio.marta.sees("en pausa por un fallo del bot", 10)
    assert "ZeroDivisionError" in alarm.text
    monkeypatch.undo()
    await studio.taps("▶ Seguir")
    report = await studio.over()
    assert "Entregados: 2" in report.text
    assert "Enviar a quienes faltan" in report.labels
    scene = studio.scene
    told = [len(studio.got(each)) for each in (scene.ana, scene.jordi, scene.sean)]
    assert sorted(told) == [0, 1, 1]
