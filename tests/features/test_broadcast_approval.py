"""A large broadcast goes out only after a second admin has seen and approved it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.broadcast import confirmation
from bot.simulator.faults import Fault
from bot.simulator.person import Person
from storage import APPROVABLE_FOR, AuditEntry, Statement, open_database
from tests.support.admin_scene import SENT, AdminScene, an_admin_scene
from tests.support.scene import ADMIN, fails

LUCY, PAU = ADMIN + 1, ADMIN + 2
ASK = "Pedir la aprobación, para 3 personas"
APPROVE = "Aprobar y enviar a 3 personas"
QUESTION = "¿Apruebas este envío?"


@pytest.fixture
async def admin(tmp_path: Path) -> AsyncIterator[AdminScene]:
    """Marta is one of three admins, and more than two people need a second one."""
    async with an_admin_scene(tmp_path) as admin:
        await with_settings(admin, approval_above=2)
        admin.expected.append("chat not found")  # not every admin has written to the bot
        yield admin
    assert admin.refused == []


async def with_settings(admin: AdminScene, **changed: object) -> None:
    """The bot goes on with other settings, and with three admins unless they are others."""
    await admin.scene.stop_bot()
    three = {"admin_ids": frozenset({ADMIN, LUCY, PAU})}
    settings = admin.scene.settings.model_copy(update=three | changed)
    admin.scene.settings = settings
    await admin.scene.start_bot()
    await admin.start()


@pytest.fixture
def pau(admin: AdminScene) -> Person:
    """Another admin, who has written to the bot."""
    return an_admin(admin, "Pau", "es", PAU)


@pytest.fixture
def lucy(admin: AdminScene) -> Person:
    """And another, who reads English."""
    return an_admin(admin, "Lucy", "en", LUCY)


def an_admin(admin: AdminScene, name: str, language: str, user_id: int) -> Person:
    """Somebody who has written to the bot."""
    person = admin.scene.world.person(name, language=language, user_id=user_id)
    person.start()
    return person


async def asks(admin: AdminScene) -> None:
    """Marta prepares a message and asks for the approval."""
    await admin.scene.settled()
    await admin.begins()
    await admin.says("Hola")
    summary = await admin.previews()
    assert "Otra persona que administra la petición tiene que aprobarlo" in summary.text
    assert "Enviar a 3 personas" not in summary.labels
    await admin.taps(ASK)


async def got_by_all(admin: AdminScene) -> list[list[str]]:
    """What each of those who signed was sent."""
    scene = admin.scene
    return [[m.text for m in admin.got(each)] for each in (scene.ana, scene.jordi, scene.sean)]


async def passes(admin: AdminScene, time: timedelta) -> None:
    """So much time goes by while the bot is down."""
    await admin.scene.settled()
    await admin.scene.stop_bot()
    database = await open_database(admin.scene.settings.database_url)
    early = {"less": int(time.total_seconds() * 1000)}
    await database.write(
        Statement(
            "UPDATE broadcasts SET starts_at = starts_at - :less, created_at = created_at - :less",
            early,
        )
    )
    await database.close()
    await admin.scene.start_bot()
    await admin.start()


async def test_nothing_goes_out_before_another_has_seen_and_approved_it(
    admin: AdminScene, pau: Person, lucy: Person
) -> None:
    await asks(admin)
    assert "Espera la aprobación de otra persona" in admin.panel.text
    assert admin.panel.labels == ["Cancelar este envío"]
    question = await pau.sees(QUESTION, 10)
    assert "otra persona que administra la petición (Marta)" in question.text
    assert "Para quienes eligieron recibir avances: 3 personas." in question.text
    assert question.labels == [APPROVE, "Ver el mensaje", "No aprobar"]
    assert pau.messages[-2].text == "Hola"
    await lucy.sees("Do you approve this broadcast?", 10)
    assert await got_by_all(admin) == [[], [], []]
    await admin.scene.taps(pau, APPROVE)
    assert "Aprobado." in pau.messages[-1].text
    await admin.over()
    assert await got_by_all(admin) == [["Hola"]] * 3


async def test_who_and_when_stands_in_the_history_and_the_audit(
    admin: AdminScene, pau: Person
) -> None:
    await asks(admin)
    await admin.says("/broadcasts")
    assert "Preparado por ti, sin aprobar" in admin.panel.text
    assert "Espera aprobación, para 3 personas" in admin.panel.text
    await admin.scene.taps(pau, APPROVE)
    await admin.over()
    await admin.says("/broadcasts")
    assert "Preparado por ti, confirmado por Pau" in admin.panel.text
    entries = {each.action: each for each in await audited(admin)}
    assert entries["broadcast"].actor == ADMIN
    assert entries["broadcast"].detail == "update to 3, to be approved"
    assert entries["broadcast_approve"].actor == PAU


async def test_who_calls_themselves_something_else_is_called_that_from_then_on(
    admin: AdminScene, pau: Person
) -> None:
    await asks(admin)
    await admin.scene.taps(pau, APPROVE)
    await admin.over()
    for first, called in (("Pau Vidal", "Pau Vidal"), ("t.me/x", str(PAU)), ("Marta", None)):
        pau.rename(first)
        pau.send("/broadcasts")
        await admin.scene.settled()
        await admin.says("/broadcasts")
        called = called or f"Marta ({PAU})"
        assert f"Preparado por ti, confirmado por {called}\n" in admin.panel.text


async def test_the_list_begins_with_what_comes_next_and_says_how_each_message_begins(
    admin: AdminScene,
) -> None:
    await with_settings(admin, approval_above=None)
    for text, when in (("Ya ha salido", None), ("Para más tarde", "18:30"), ("Antes", "8:30")):
        await admin.begins()
        await admin.says(
            f"{text}: hoy en la plaza, con todas las personas que podáis traer. Y más"
        )
        await admin.previews()
        if when is None:
            await admin.taps("Enviar a 3 personas")
            await admin.over()
            continue
        await admin.taps("🕒 Programar")
        await admin.says(f"mañana {when}")
        (plan,) = [label for label in admin.panel.labels if label.startswith("Programar para el")]
        await admin.taps(plan)
    await admin.says("/broadcasts")
    quoted = [line for line in admin.panel.text.splitlines() if line.startswith("«")]
    assert quoted == [
        "«Antes: hoy en la plaza, con todas las personas que podáis…»",
        "«Para más tarde: hoy en la plaza, con todas las personas que…»",
        "«Ya ha salido: hoy en la plaza, con todas las personas que…»",
    ]


async def test_an_edit_changes_how_a_message_begins_only_with_a_new_preview(
    admin: AdminScene,
) -> None:
    await with_settings(admin, approval_above=None)
    await admin.begins()
    message = await admin.says("Hola")
    await admin.previews()
    admin.marta.edit(message, "Adiós")
    await admin.scene.settled()
    (found,) = [each for each in admin.panel.labels if each.startswith("Enviar a 3")]
    await admin.taps(found)
    await admin.over()
    await admin.says("/broadcasts")
    assert "«Hola»" in admin.panel.text


async def audited(admin: AdminScene) -> list[AuditEntry]:
    """What the audit has, newest first."""
    return await admin.services.storage.audit.entries(20)


async def test_whoever_prepared_it_cannot_approve_it(admin: AdminScene, pau: Person) -> None:
    await asks(admin)
    question = await pau.sees(QUESTION, 10)
    (approve,) = [b.data for row in question.buttons for b in row if b.label == APPROVE]
    assert approve is not None
    where, _ = admin.data("Cancelar este envío")
    answer = await admin.marta.tap_data(where, approve).answered()
    assert answer.text == "Esto lo tiene que decidir otra persona."
    await admin.scene.settled()
    assert (await admin.broadcast()).awaits_approval
    assert await got_by_all(admin) == [[], [], []]


async def test_up_to_the_number_one_is_enough(admin: AdminScene, pau: Person) -> None:
    await with_settings(admin, approval_above=3)
    await admin.begins()
    await admin.says("Hola")
    await admin.previews()
    await admin.taps("Enviar a 3 personas")
    await admin.over()
    assert not [m for m in pau.messages if QUESTION in m.text]


async def test_who_comes_back_after_the_preview_takes_it_over_the_number_by_nobodys_word(
    admin: AdminScene, pau: Person
) -> None:
    admin.scene.jordi.block()
    await admin.scene.settled()
    await admin.begins()
    await admin.says("Hola")
    await admin.previews("A quienes eligieron avances: 2")
    admin.scene.jordi.unblock()
    await admin.scene.settled()
    await admin.taps("Enviar a 2 personas")
    assert "era 2, ahora es 3" in admin.panel.text
    await admin.taps(ASK)
    await pau.sees(QUESTION, 10)
    assert await got_by_all(admin) == [[], [], []]


async def test_who_leaves_after_the_preview_does_not_take_the_second_word_away(
    admin: AdminScene, pau: Person
) -> None:
    await admin.scene.settled()
    await admin.begins()
    await admin.says("Hola")
    await admin.previews()
    admin.scene.jordi.block()
    await admin.scene.settled()
    await admin.taps(ASK)
    await pau.sees(QUESTION, 10)
    assert await got_by_all(admin) == [[], [], []]
    await admin.scene.taps(pau, APPROVE)
    await admin.over()
    assert await got_by_all(admin) == [["Hola"], [], ["Hola"]]


async def test_who_does_not_approve_it_ends_it_and_its_author_is_told(
    admin: AdminScene, pau: Person, lucy: Person
) -> None:
    await asks(admin)
    await lucy.sees("Do you approve this broadcast?", 10)
    await admin.scene.taps(pau, "No aprobar")
    await admin.scene.taps(pau, "Volver")
    assert (await admin.broadcast()).awaits_approval
    await admin.scene.taps(pau, "No aprobar")
    await admin.scene.taps(pau, "Sí, que no salga")
    told = await admin.marta.sees("El envío no se ha aprobado.", 10)
    assert told is admin.marta.messages[-1]
    await admin.scene.taps(lucy, "Approve and send to 3 people")
    assert "was not approved" in lucy.messages[-1].text
    assert await got_by_all(admin) == [[], [], []]


async def test_after_a_day_it_is_over(admin: AdminScene, pau: Person) -> None:
    await asks(admin)
    await pau.sees(QUESTION, 10)
    await passes(admin, APPROVABLE_FOR)
    told = await admin.marta.sees("Nadie lo aprobó en un día", 10)
    assert told is admin.marta.messages[-1]
    await admin.scene.taps(pau, APPROVE)
    assert "El envío no ha salido." in pau.messages[-1].text
    assert await got_by_all(admin) == [[], [], []]


async def test_within_the_day_it_goes_out_and_is_not_late(admin: AdminScene, pau: Person) -> None:
    await asks(admin)
    await pau.sees(QUESTION, 10)
    await passes(admin, APPROVABLE_FOR - timedelta(hours=1))
    await admin.scene.taps(pau, APPROVE)
    await admin.over()
    assert await got_by_all(admin) == [["Hola"]] * 3


async def test_a_planned_one_keeps_its_time(admin: AdminScene, pau: Person) -> None:
    await admin.scene.settled()
    await admin.begins()
    await admin.says("Hola")
    await admin.previews()
    await admin.taps("🕒 Programar")
    await admin.says("mañana 18:30")
    await admin.taps(ASK)
    question = await pau.sees(QUESTION, 10)
    assert "Saldrá el" in question.text
    (approve,) = [label for label in question.labels if label.startswith("Aprobar para el")]
    await admin.scene.taps(pau, approve)
    assert "Programado" in pau.messages[-1].text
    assert "Programado" in admin.panel.text
    (found,) = await admin.services.storage.broadcasts.scheduled()
    assert found.confirmed_by == PAU
    assert found.starts_at is not None
    assert found.starts_at > admin.scene.clocks.now()
    assert await got_by_all(admin) == [[], [], []]


async def planned_by_marta_and_approved_by_pau(admin: AdminScene, pau: Person) -> None:
    await admin.scene.settled()
    await admin.begins()
    await admin.says("Hola")
    await admin.previews()
    await admin.taps("🕒 Programar")
    await admin.says("mañana 18:30")
    await admin.taps(ASK)
    question = await pau.sees(QUESTION, 10)
    (approve,) = [label for label in question.labels if label.startswith("Aprobar para el")]
    await admin.scene.taps(pau, approve)


async def test_what_was_approved_by_somebody_removed_since_is_not_its_authors_to_send_alone(
    admin: AdminScene, pau: Person, lucy: Person
) -> None:
    await planned_by_marta_and_approved_by_pau(admin, pau)
    await with_settings(admin, admin_ids=frozenset({ADMIN, LUCY}))
    await passes(admin, timedelta(hours=48))
    await admin.marta.sees("espera tu decisión", 10)
    answer = await admin.marta.tap("Enviar ahora").answered()
    assert answer.text == "Esto lo tiene que decidir otra persona."
    await admin.scene.settled()
    assert await got_by_all(admin) == [[], [], []]
    await lucy.sees("waits for your decision", 10)
    await admin.scene.taps(lucy, "Send now")
    for each in (admin.scene.ana, admin.scene.jordi, admin.scene.sean):
        await each.sees("Hola", 10)


async def test_when_both_who_decided_on_it_are_gone_nobody_else_sends_it_alone(
    admin: AdminScene, pau: Person, lucy: Person
) -> None:
    await planned_by_marta_and_approved_by_pau(admin, pau)
    await with_settings(admin, admin_ids=frozenset({LUCY, PAU + 1}))
    await passes(admin, timedelta(hours=48))
    await lucy.sees("waits for your decision", 10)
    answer = await lucy.tap("Send now").answered()
    assert answer.text == "Somebody else has to decide this."
    await admin.scene.settled()
    assert await got_by_all(admin) == [[], [], []]


async def test_a_planned_one_that_grows_over_the_number_waits_for_a_second_admin(
    admin: AdminScene, pau: Person
) -> None:
    await with_settings(admin, approval_above=3)
    await admin.begins()
    await admin.says("Hola")
    await admin.previews()
    await admin.taps("🕒 Programar")
    await admin.says("mañana 18:30")
    (plan,) = [label for label in admin.panel.labels if label.startswith("Programar para el")]
    await admin.taps(plan)
    await admin.signs(admin.scene.mallory)
    await passes(admin, timedelta(hours=48))
    question = await pau.sees(QUESTION, 10)
    assert "Para quienes eligieron recibir avances: 4 personas." in question.text
    told = await admin.marta.sees("Espera la aprobación de otra persona", 10)
    assert told is admin.marta.messages[-1]
    assert await got_by_all(admin) == [[], [], []]
    await admin.scene.taps(pau, "Aprobar y enviar a 4 personas")
    await admin.over()
    assert await got_by_all(admin) == [["Hola"]] * 3
    assert len(admin.got(admin.scene.mallory)) == 1


async def test_two_messages_in_a_day_that_together_reach_more_people_need_a_second_admin(
    admin: AdminScene, pau: Person
) -> None:
    await with_settings(admin, approval_above=5)
    await admin.begins()
    await admin.says("Hola")
    await admin.previews()
    await admin.taps("Enviar a 3 personas")
    await admin.over()
    await admin.begins()
    await admin.says("Y otra cosa")
    summary = await admin.previews()
    assert "ya has escrito a 3 personas, y todo junto cuenta" in summary.text
    await admin.taps(ASK)
    rule = "cuando alguien escribe a más de 5 personas, en uno o en varios envíos de 24 horas"
    assert rule in admin.panel.text
    await pau.sees(QUESTION, 10)
    assert await got_by_all(admin) == [["Hola"]] * 3
    await admin.scene.taps(pau, APPROVE)
    for each in (admin.scene.ana, admin.scene.jordi, admin.scene.sean):
        await each.sees("Y otra cosa", 10)


async def test_a_planned_message_counts_with_one_that_went_out_before_its_time(
    admin: AdminScene, pau: Person
) -> None:
    await with_settings(admin, approval_above=5)
    await admin.begins()
    await admin.says("A su hora")
    await admin.previews()
    await admin.taps("🕒 Programar")
    await admin.says("mañana 18:30")
    (plan,) = [label for label in admin.panel.labels if label.startswith("Programar para el")]
    await admin.taps(plan)
    await admin.begins()
    await admin.says("Hola")
    await admin.previews()
    await admin.taps("Enviar a 3 personas")
    await admin.over()
    await passes(admin, timedelta(hours=48))
    await pau.sees(QUESTION, 10)
    told = await admin.marta.sees("Espera la aprobación de otra persona", 10)
    assert told is admin.marta.messages[-1]
    assert await got_by_all(admin) == [["Hola"]] * 3


async def test_who_signs_while_it_waits_makes_it_a_question_of_so_many_people(
    admin: AdminScene, pau: Person, lucy: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirmation, "SMALL_GROWTH", 0)
    await asks(admin)
    await pau.sees(QUESTION, 10)
    await lucy.sees("Do you approve this broadcast?", 10)
    await admin.signs(admin.scene.mallory)
    await admin.scene.taps(pau, APPROVE)
    assert "era 3, ahora es 4" in pau.messages[-1].text
    assert (await admin.broadcast()).awaits_approval
    assert "4 personas" in admin.panel.text, "who prepared it reads the number of now"
    # On the other one's button there still stands the former number.
    await admin.scene.taps(lucy, "Approve and send to 3 people")
    assert "it was 3, now it is 4" in lucy.messages[-1].text
    assert await got_by_all(admin) == [[], [], []]
    await admin.scene.taps(pau, "Aprobar y enviar a 4 personas")
    await admin.over()
    assert len(admin.got(admin.scene.mallory)) == 1


async def test_a_few_who_sign_while_it_waits_are_told_with_the_others(
    admin: AdminScene, pau: Person
) -> None:
    await asks(admin)
    await pau.sees(QUESTION, 10)
    await admin.signs(admin.scene.mallory)
    await admin.scene.taps(pau, APPROVE)
    await admin.over()
    assert len(admin.got(admin.scene.mallory)) == 1


async def test_when_nobody_is_left_to_be_told_it_is_not_approved(
    admin: AdminScene, pau: Person
) -> None:
    await asks(admin)
    await pau.sees(QUESTION, 10)
    for person in (admin.scene.ana, admin.scene.jordi, admin.scene.sean):
        person.block()
    await admin.scene.settled()
    answer = await pau.tap(APPROVE).answered()
    assert answer.text == "Ahora mismo no hay a quién enviarlo."
    await admin.scene.settled()
    assert (await admin.broadcast()).awaits_approval


async def test_each_is_asked_once_whatever_happens_meanwhile(
    admin: AdminScene, pau: Person, lucy: Person
) -> None:
    admin.expected.append("Bad Gateway")
    await admin.scene.settled()
    await admin.begins()
    await admin.says("Hola")
    await admin.previews()
    admin.scene.simulator.faults.next("copyMessage", *[Fault.ERROR] * 3)
    await admin.taps(ASK)
    await lucy.sees("Do you approve this broadcast?", 20)
    await pau.sees(QUESTION, 20)
    await admin.restart()
    await asyncio.sleep(0.5)
    assert len([m for m in pau.messages if QUESTION in m.text]) == 1


async def test_it_is_found_again_by_another_and_taken_back_by_its_author(
    admin: AdminScene, pau: Person
) -> None:
    await asks(admin)
    await pau.sees(QUESTION, 10)
    pau.send("/broadcast")
    await admin.scene.settled()
    assert "⏳ Espera aprobación: Un mensaje sobre esta petición" in pau.messages[-1].text
    await admin.says("/broadcast")
    assert "Revisar el que espera aprobación" not in admin.panel.labels, "not by who prepared it"
    await admin.scene.taps(pau, "Revisar el que espera aprobación")
    assert pau.messages[-2].text == "Hola"
    assert QUESTION in pau.messages[-1].text
    await admin.taps("Cancelar este envío")
    await admin.taps("Sí, cancelar el envío")
    await admin.scene.taps(pau, APPROVE)
    assert "El envío está cancelado." in pau.messages[-1].text
    assert await got_by_all(admin) == [[], [], []]


async def test_another_can_be_sent_while_it_waits(admin: AdminScene, pau: Person) -> None:
    await asks(admin)
    await pau.sees(QUESTION, 10)
    await admin.starts_another()
    admin.services.wake_broadcast()
    for each in (admin.scene.ana, admin.scene.jordi, admin.scene.sean):
        await each.sees("De Lucy", 10)
    await admin.scene.taps(pau, APPROVE)
    await admin.over(SENT)
    assert await got_by_all(admin) == [["De Lucy", "Hola"]] * 3


async def test_approved_it_waits_for_the_end_of_another(admin: AdminScene, pau: Person) -> None:
    await asks(admin)
    await pau.sees(QUESTION, 10)
    another = await admin.starts_another()
    broadcasts, now = admin.services.storage.broadcasts, admin.services.clock()
    await broadcasts.pause(another, LUCY, now)
    await admin.scene.taps(pau, APPROVE)
    assert "Saldrá cuando acabe el envío que está en marcha." in pau.messages[-1].text
    assert "Espera la aprobación" not in admin.marta.messages[-1].text
    assert await got_by_all(admin) == [[], [], []]
    await admin.cancels(another)
    await admin.over()
    assert await got_by_all(admin) == [["Hola"]] * 3


async def test_of_one_who_is_no_admin_any_more_the_approver_sees_the_progress(
    admin: AdminScene, pau: Person
) -> None:
    await asks(admin)
    await pau.sees(QUESTION, 10)
    seen = len(admin.marta.messages)
    await with_settings(admin, admin_ids=frozenset({LUCY, PAU}))
    await admin.scene.taps(pau, APPROVE)
    await pau.sees(SENT, 20)
    assert len(admin.marta.messages) == seen
    assert await got_by_all(admin) == [["Hola"]] * 3


async def test_whoever_prepared_it_may_have_blocked_the_bot(
    admin: AdminScene, pau: Person
) -> None:
    admin.expected.append("bot was blocked by the user")
    await asks(admin)
    await pau.sees(QUESTION, 10)
    admin.marta.block()
    await admin.scene.taps(pau, APPROVE)
    await admin.became("finished")
    assert await got_by_all(admin) == [["Hola"]] * 3


async def test_what_was_deleted_cannot_be_approved(admin: AdminScene, pau: Person) -> None:
    admin.expected += ["message to copy not found", "message to edit not found"]
    await asks(admin)
    await pau.sees(QUESTION, 10)
    (preview,) = [m for m in admin.marta.messages if m.from_bot and m.text == "Hola"]
    admin.marta.delete(preview)
    await admin.scene.taps(pau, "Ver el mensaje")
    assert "El mensaje no se puede mostrar" in pau.messages[-1].text
    answer = await pau.tap(APPROVE).answered()
    assert "El original del mensaje se ha borrado" in answer.text
    await admin.scene.settled()
    assert (await admin.broadcast()).awaits_approval


async def test_nothing_is_approved_while_telegram_does_not_say_whether_it_is_whole(
    admin: AdminScene, pau: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asks(admin)
    await pau.sees(QUESTION, 10)
    fails(monkeypatch, admin.scene, "edit_message_reply_markup", 1)
    await admin.scene.taps(pau, APPROVE)
    await pau.sees("no hemos podido terminar lo que has pedido")
    assert (await admin.broadcast()).awaits_approval
    await admin.scene.taps(pau, APPROVE)
    await admin.over()


async def test_what_is_to_be_decided_is_not_shown_later_when_that_failed(
    admin: AdminScene, pau: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asks(admin)
    await pau.sees(QUESTION, 10)
    pau.send("/broadcast")
    await admin.scene.settled()
    shown = len(pau.messages)
    fails(monkeypatch, admin.scene, "copy_message", 1)
    await admin.scene.taps(pau, "Revisar el que espera aprobación")
    await pau.sees("no hemos podido terminar lo que has pedido")
    await admin.scene.settled()
    assert len(pau.messages) == shown + 1
