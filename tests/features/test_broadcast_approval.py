"""A large broadcast goes out only after a second admin has seen and approved it."""

import asyncio
from datetime import datetime, timedelta

import pytest

from simulator.faults import Fault
from simulator.person import Person
from storage import APPROVABLE_FOR, AuditEntry, Broadcast, Broadcasts
from tests.support.admin_scene import SENT, AdminScene
from tests.support.approval_scene import (
    APPROVE,
    ASK,
    LUCY,
    PAU,
    QUESTION,
    asks,
    got_by_all,
    passes,
    with_settings,
)
from tests.support.scene import ADMIN, fails


@pytest.fixture
def admin(three_admins: AdminScene) -> AdminScene:
    return three_admins


async def test_nothing_goes_out_before_another_has_seen_and_approved_it(
    admin: AdminScene, pau: Person, lucy: Person
) -> None:
    await asks(admin)
    assert "Espera la aprobación de otra persona" in admin.panel.text
    assert admin.panel.labels == ["Cancelar este envío"]
    question = await pau.sees(QUESTION, 10)
    assert "otra persona que administra la petición (Marta)" in question.text
    assert "Para quienes eligieron recibir novedades: 3 personas." in question.text
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
    await admin.previews("A quienes eligieron novedades: 2")
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


async def test_who_approves_just_after_another_does_not_read_that_it_was_them(
    admin: AdminScene, pau: Person, lucy: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asks(admin)
    await pau.sees(QUESTION, 10)
    await lucy.sees("Do you approve this broadcast?", 10)
    approve = Broadcasts.approve

    async def just_after_lucy(
        broadcasts: Broadcasts, key: bytes, actor: int, at: datetime
    ) -> Broadcast | None:
        await approve(broadcasts, key, LUCY, at)
        return await approve(broadcasts, key, actor, at)

    monkeypatch.setattr(Broadcasts, "approve", just_after_lucy)
    await admin.scene.taps(pau, APPROVE)
    await admin.over()
    assert QUESTION not in pau.messages[-1].text
    assert "Aprobado" not in pau.messages[-1].text
    assert (await admin.broadcast()).confirmed_by == LUCY
    assert await got_by_all(admin) == [["Hola"]] * 3


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
