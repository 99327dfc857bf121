"""A campaigner in a hurry sends too much or too late, and taps old buttons."""

import asyncio
from datetime import timedelta

import pytest

from bot.broadcast.content import Content, MessageCall
from simulator.faults import Fault
from simulator.person import Person
from storage.broadcasts import broadcast_history
from storage.personal_data import everything_held
from storage.petitions import close_petition, petition_state, reopen_petition
from storage.restores import record_restore
from tests.features.test_broadcast_confirming import SEND, planned
from tests.support.admin_scene import HOUR, SENT, AdminScene
from tests.support.approval_scene import LUCY, PAU, passes, with_settings
from tests.support.scene import ADMIN


async def test_who_takes_no_voice_messages_gets_a_text(admin: AdminScene) -> None:
    admin.expected.append("user restricted receiving of")
    admin.scene.ana.forbids_voice_messages = True
    await admin.begins()
    await admin.scene.sends(admin.marta, "voice")
    # Marta takes none either, and reads why she sees no preview.
    admin.marta.forbids_voice_messages = True
    await admin.previews("Solo a quienes leen en español: 2")
    assert "restricted receiving of voice messages" in admin.panel.text
    admin.marta.forbids_voice_messages = False
    await admin.taps("👁 Ver la vista previa")
    admin.marta.forbids_voice_messages = True
    assert "restricted receiving of voice messages" in await admin.taps("Enviarme una prueba")
    assert "Enviar a 2 personas" in admin.panel.labels, "the others may take them"
    assert await admin.services.storage.read(broadcast_history) == []
    admin.marta.forbids_voice_messages = False
    report = await admin.finishes("Enviar a 2 personas")
    assert "Entregados: 1" in report.text
    assert "No admiten notas de voz ni de vídeo: 1" in report.text
    assert "pulsa «Enviar a quienes faltan» y envíame un texto" in report.text
    await admin.taps("Enviar a quienes faltan")
    await admin.scene.sends(admin.marta, "video_note")
    await admin.taps("👁 Ver la vista previa", "Enviar a 1 persona")
    await admin.reported()
    report = await admin.marta.sees("No admiten notas de voz ni de vídeo: 1")
    await admin.taps("Enviar a quienes faltan")
    await admin.says("Nos reciben el día 3.")
    await admin.taps("👁 Ver la vista previa", "Enviar a 1 persona")
    await admin.reported()
    assert admin.got_by_all() == [["Nos reciben el día 3."], [""], []], "Seán reads English"
    held = await admin.services.storage.read(everything_held, admin.scene.ana.id)
    assert [each["state"] for each in held.deliveries] == ["forbidden"] * 2 + ["delivered"]


async def test_an_old_panel_does_not_throw_away_what_is_prepared_now(admin: AdminScene) -> None:
    await admin.begins("Uno")
    await admin.previews()
    old, former = admin.data("No enviar"), admin.marta.messages[-2]
    await admin.begins("Dos")
    await admin.scene.answered(admin.marta.tap_data(*old))
    assert "ya no está en preparación" in admin.marta.chat.messages[old[0]].text
    # Orders of her own making break nothing.
    for forged in ("past", "close", "reopen"):
        admin.marta.tap_data(admin.panel.id, f"adm:{forged}:{'9' * 30}")
    for forged in (f"at:{'9' * 20}", "write:xx"):
        await admin.forges("Continuar", "on:", forged)
        assert "Tu mensaje" in admin.panel.text
    assert admin.scene.app.dispatch.counts.passed_over == 0
    await admin.previews()
    assert admin.marta.messages[-2].text == "Dos"
    assert former.id not in admin.marta.chat.messages, "nobody takes it for what is sent"


async def test_an_old_menu_says_that_a_draft_would_be_discarded(admin: AdminScene) -> None:
    await admin.scene.closes()
    await admin.says("/broadcast")
    new, final = admin.data("Un mensaje nuevo"), admin.data("El mensaje final")
    other = admin.data("Otros avisos")
    await admin.scene.answered(admin.marta.tap_data(*other))
    breach = admin.data("⚠️ Avisar de una brecha de seguridad")
    await admin.prepares("Hola")
    for where, data in (new, final, breach):
        await admin.marta.tap_data(where, data).answered()
        await admin.scene.settled()
        menu = admin.marta.chat.messages[where]
        assert "Si empiezas otro, el que preparabas se descarta." in menu.text
    await admin.taps("Seguir con el mensaje que preparabas")
    assert SEND in admin.panel.labels
    await admin.goes("/broadcast", "Otros avisos", "⚠️ Avisar de una brecha de seguridad")
    assert "Envíame el mensaje" in admin.panel.text, "she has read that"
    await admin.says("Han robado una copia")
    await admin.begins()
    assert "Envíame el mensaje" in admin.panel.text, "and that"


async def test_a_report_does_not_discard_what_is_being_prepared(admin: AdminScene) -> None:
    report = await admin.sends("El día 3.")
    _, correct = admin.data("Enviar una corrección")
    missed = correct.replace("adm:correct", "adm:goon")
    assert missed != correct
    await admin.prepares("Hola")
    for data in (correct, missed):
        answer = await admin.marta.tap_data(report.id, data).answered()
        assert answer.text is not None
        assert answer.text.startswith("Tienes un mensaje a medias, que se descartaría.")
        await admin.scene.settled()
        assert SENT in admin.marta.chat.messages[report.id].text
    assert SEND in admin.panel.labels
    await admin.says("/cancel")
    await admin.scene.answered(admin.marta.tap_data(report.id, correct))
    assert "el bot pone que es una corrección" in admin.panel.text


async def test_the_closing_update_cannot_be_turned_into_something_else(admin: AdminScene) -> None:
    await admin.scene.closes()
    await admin.scene.offers_the_final()
    where, data = admin.data("Enviarme una prueba")
    for forged in ("about:update", "write:es", "to:all", "change:"):
        await admin.scene.answered(admin.marta.tap_data(where, data.replace("test:", forged)))
        assert "¿Enviar el mensaje final?" in admin.panel.text
    # The petition is opened and closed again just before it starts.
    storage, now = admin.services.storage, admin.services.clock()

    async def changes(*_: object) -> bool:
        for change in (reopen_petition, close_petition):
            assert await storage.write(
                change, revision=(await storage.read(petition_state)).revision, actor=ADMIN, at=now
            )
        return True

    with admin.scene.patch.context() as patch:
        patch.setattr("handlers.broadcasts.confirm.message_exists", changes)
        await admin.taps(SEND)
    assert "Algo ha cambiado desde que viste este resumen" in admin.panel.text
    send, preview = admin.data(SEND), admin.marta.messages[-2]
    await admin.goes("/reopen", "Sí, volver a abrirla")
    await admin.scene.answered(admin.marta.tap_data(*send))
    said = admin.marta.chat.messages[where]
    assert (said.text, said.labels) == ("La petición está abierta: no se ha enviado nada.", [])
    assert preview.id not in admin.marta.chat.messages
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
    assert "El mensaje final está programado" in await admin.says("/reopen")
    await admin.goes("/broadcasts", "1", "Cancelar este envío", "Sí, cancelar el envío")
    # Another broadcast does not keep it closed.
    await admin.pauses(await admin.starts_another())
    assert "está abierta otra vez" in await admin.goes("/reopen", "Sí, volver a abrirla")


async def test_of_two_who_confirm_it_nobody_is_left_with_a_still_bar(admin: AdminScene) -> None:
    scene = admin.scene
    lucy = scene.world.person("Lucy", language="es", user_id=ADMIN + 1)
    await scene.goes_on_with(admin_ids=frozenset({ADMIN, lucy.id}))
    await admin.start()
    await scene.closes()
    await scene.offers_the_final()
    await scene.offers_the_final(lucy)
    panels = [(person, await person.with_button(SEND)) for person in (admin.marta, lucy)]
    for person, _ in panels:
        person.tap(SEND)
    await scene.settled()
    await admin.reported()
    await scene.settled()
    for person, ctx in panels:
        assert "Enviando" not in person.chat.messages[ctx.id].text
    assert [scene.told(person) for person in (scene.ana, scene.jordi, scene.sean)] == [1, 1, 1]


async def goes_to_the_form(admin: AdminScene) -> None:
    """Marta wants to sign too, and is asked for her name."""
    await admin.scene.to_the_name(admin.marta)
    assert await stage(admin) == "name"


async def stage(admin: AdminScene) -> str:
    return (await admin.scene.conversation(admin.marta)).stage


@pytest.mark.parametrize("prepared", ["a message", "a closing text"])
async def test_who_was_asked_for_a_name_is_heard_there(admin: AdminScene, prepared: str) -> None:
    await asks_for(admin, prepared)
    if prepared == "a message":
        # She has sent it: the draft waits for nothing, and is not left with the form.
        await admin.says("Hola")
        await goes_to_the_form(admin)
        await admin.says("/cancel")
        await admin.goes("/broadcast", "Seguir con el mensaje que preparabas")
        assert "Tu mensaje" in admin.panel.text
        assert "el mensaje está descartado" in await admin.says("/cancel")
        await asks_for(admin, prepared)
    await goes_to_the_form(admin)
    await admin.says("Marta Ruiz")
    assert await stage(admin) == "consent"
    assert not any(m.text == "Marta Ruiz" for m in admin.marta.messages), "it stays in no chat"
    await admin.says("/cancel")
    assert await stage(admin) == "home"
    await admin.says("Que vuelvan")
    if prepared == "a closing text":
        assert "✅ Guardado" in admin.panel.text
    else:
        await admin.goes("/broadcast", "Seguir con el mensaje que preparabas")
        assert "Tu mensaje" in admin.panel.text
    # Who goes from the form to a message is listened to there, whatever was asked before the form.
    await asks_for(admin, "a closing text")
    await goes_to_the_form(admin)
    await asks_for(admin, prepared)
    sent = await admin.writes("Marta Ruiz")
    assert await stage(admin) == "name"
    assert any(m.text == "Marta Ruiz" for m in admin.marta.messages)
    if prepared == "a message":
        assert "Tu mensaje" in admin.panel.text
        await admin.taps("Añadir versión en inglés")
    else:
        assert "✅ Guardado" in admin.panel.text
        await admin.taps("✏️ En inglés: el mensaje final")
    await admin.says("/cancel")
    assert await stage(admin) == "name", "what she prepares is left, and no more"
    await admin.edits(sent, "Marta Ruiz Gil")
    assert await stage(admin) == "name", "it was never sent to the form"
    assert any(m.text == "Marta Ruiz Gil" for m in admin.marta.messages)
    await admin.says("/cancel")
    assert await stage(admin) == "home"


async def asks_for(admin: AdminScene, prepared: str) -> None:
    """Marta is asked for a message, or for a closing text."""
    if prepared == "a message":
        await admin.begins()
    else:
        await admin.goes("/closing", "✏️ En español: el mensaje final")


def failing(*_: object) -> MessageCall:
    raise ZeroDivisionError


async def test_a_fault_of_the_bots_pauses_it_and_it_goes_on_once_that_is_mended(
    admin: AdminScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await admin.begins("Hola")
    await admin.previews()
    monkeypatch.setattr(Content, "call", failing)
    await admin.taps("Enviar a 3 personas")
    alarm = await admin.marta.sees("en pausa por un fallo del bot", 10)
    assert "ZeroDivisionError" in alarm.text
    monkeypatch.undo()
    # It is said once, also after a restart.
    await admin.scene.settled()
    said = len(admin.marta.messages)
    await admin.restart()
    await asyncio.sleep(30)
    assert len(admin.marta.messages) == said
    report = await admin.finishes("▶ Seguir")
    assert "Entregados: 2" in report.text
    assert "Enviar a quienes faltan" in report.labels
    scene = admin.scene
    told = [len(admin.got(each)) for each in (scene.ana, scene.jordi, scene.sean)]
    assert sorted(told) == [0, 1, 1]


async def test_denied_again_once_she_let_it_go_on_it_is_told_anew(admin: AdminScene) -> None:
    """An edit of what she was told the first time would notify nobody."""
    faults, denied = admin.scene.simulator.faults, "Telegram rechaza los envíos"
    admin.expected.append("Service Unavailable")
    await admin.prepares()
    faults.error_code = 404
    faults.next("copyMessage", *[Fault.ERROR] * 300)
    await admin.scene.taps_at_once(admin.marta, SEND)
    first = await admin.marta.sees(denied, 200)
    await admin.scene.taps_at_once(admin.marta, "▶ Seguir")
    await admin.marta.sees_one(lambda m: denied in m.text and m.id > first.id, 200)
    faults.clear()
    await admin.finishes("▶ Seguir")
    assert admin.got_by_all() == [["Hola"]] * 3


async def test_what_marta_prepared_before_a_restore_does_not_seem_to_be_on_its_way(
    admin: AdminScene,
) -> None:
    await admin.prepares()
    at = admin.services.clock()
    await admin.services.storage.write(record_restore, made_at=at, at=at)
    assert "el bot no envía ninguno hasta que alguien lo revise" in await admin.taps(SEND)
    assert await admin.services.storage.read(broadcast_history) == []
    await admin.taps("Ya lo he revisado: permitir los envíos")
    await admin.goes("/broadcast", "Seguir con el mensaje que preparabas", SEND)
    await admin.over()
    assert admin.got_by_all() == [["Hola"]] * 3


# Of three admins Marta is one no more when what she prepared is due; more than all need approval.
WITHOUT_MARTA = {"admin_ids": frozenset({LUCY, PAU}), "approval_above": 3}


async def test_it_does_not_go_out_and_each_who_is_left_is_asked_once(
    admin: AdminScene, lucy: Person, pau: Person
) -> None:
    await planned(admin, timedelta())
    seen_by_marta = len(admin.marta.messages)
    admin.expected.append("Bad Gateway")
    admin.scene.simulator.faults.next("sendMessage", *[Fault.ERROR] * 3)
    await passes(admin, HOUR, **WITHOUT_MARTA)
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


async def test_who_answers_late_does_not_resume_what_is_paused_since(
    admin: AdminScene, lucy: Person, pau: Person
) -> None:
    """Pau's question says that nothing was sent, and Lucy has seen a mistake meanwhile."""
    await planned(admin, timedelta())
    await passes(admin, HOUR, **WITHOUT_MARTA)
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
    admin: AdminScene, lucy: Person, pau: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await admin.restart(rate=1.0)
    await admin.prepares()
    await admin.scene.taps_at_once(admin.marta, SEND)
    await admin.became("running")
    monkeypatch.setattr(Content, "call", failing)
    await with_settings(admin, **WITHOUT_MARTA)
    await pau.sees("en pausa por un fallo del bot", 20)
    await lucy.sees("is paused because of a fault in the bot", 20)
