"""What changes before an approved broadcast goes: the time, the admins, how many it reaches."""

from datetime import timedelta

import pytest

from bot.broadcast import confirmation
from simulator.person import Person
from storage.broadcasts import scheduled_broadcasts
from tests.support.admin_scene import AdminScene
from tests.support.approval_scene import (
    APPROVE,
    ASK,
    LUCY,
    PAU,
    QUESTION,
    asks,
    passes,
    with_settings,
)
from tests.support.scene import ADMIN


@pytest.fixture
def admin(three_admins: AdminScene) -> AdminScene:
    return three_admins


async def test_what_was_approved_by_somebody_removed_since_is_not_its_authors_to_send_alone(
    admin: AdminScene, pau: Person, lucy: Person
) -> None:
    await admin.scene.settled()
    await admin.prepares()
    await admin.taps("🕒 Programar")
    await admin.says("mañana 18:30")
    await admin.taps(ASK)
    question = await pau.sees(QUESTION, 10)
    assert "Saldrá el" in question.text
    (approve,) = [label for label in question.labels if label.startswith("Aprobar para el")]
    assert "Programado" in await admin.scene.taps(pau, approve)
    assert "Programado" in admin.panel.text
    (found,) = await admin.services.storage.read(scheduled_broadcasts)
    assert found.confirmed_by == PAU
    assert found.starts_at is not None
    assert found.starts_at > admin.scene.clocks.now()

    await with_settings(admin, admin_ids=frozenset({ADMIN, LUCY}))
    await passes(admin, timedelta(hours=48))
    asked = await admin.marta.sees("Un envío programado no ha salido", 10)
    assert "pero quien lo aprobó ya no administra la petición." in asked.text
    assert "solo otra de las personas que la administran puede decidir" in asked.text
    assert asked.labels == ["⏹ Cancelar"]
    await lucy.sees("is waiting for your decision", 10)
    # When both who decided on it are gone, nobody else sends it alone.
    await with_settings(admin, admin_ids=frozenset({LUCY, PAU + 1}))
    answer = await lucy.tap("Send now").answered()
    assert answer.text == "Somebody else has to decide this."
    await admin.scene.settled()
    assert admin.got_by_all() == [[], [], []]
    await with_settings(admin, admin_ids=frozenset({ADMIN, LUCY}))
    await admin.scene.taps(lucy, "Send now")
    await admin.all_see("Hola")


async def test_what_nobody_can_decide_says_what_to_do(
    admin: AdminScene, pau: Person, lucy: Person
) -> None:
    await admin.scene.settled()
    await admin.prepares()
    await admin.taps("🕒 Programar")
    await admin.says("mañana 18:30")
    await admin.taps(ASK)
    question = await pau.sees(QUESTION, 10)
    await admin.scene.taps(pau, question.labels[0])
    await with_settings(admin, admin_ids=frozenset({LUCY, PAU + 1}))
    await passes(admin, timedelta(hours=48))
    asked = await lucy.sees("A scheduled broadcast has not gone out", 60)
    assert asked.labels == ["⏹ Cancel"]
    todo = "cancel it and, if it is still needed, prepare it again with /broadcast."
    assert todo in asked.text
    await admin.scene.taps(lucy, "⏹ Cancel", "Yes, cancel the broadcast")
    await lucy.sees("The broadcast is cancelled.", 10)


async def test_a_planned_one_that_grows_waits_for_a_second_admin(
    admin: AdminScene, pau: Person
) -> None:
    await with_settings(admin, approval_above=3)
    await admin.prepares()
    plan, admin.ahead = await admin.plans(), timedelta(minutes=11)
    assert "⚠️ Han pasado más de diez minutos" in await admin.taps(plan)
    assert "Programado" in await admin.taps(plan)
    admin.ahead = timedelta()
    await admin.signs(admin.scene.mallory)
    await passes(admin, timedelta(hours=48))
    question = await pau.sees(QUESTION, 10)
    assert "Para quienes eligieron recibir novedades: 4 personas." in question.text
    told = await admin.marta.sees("Espera la aprobación de otra persona", 10)
    assert told is admin.marta.messages[-1]
    assert admin.got_by_all() == [[], [], []]
    await admin.scene.taps(pau, "Aprobar y enviar a 4 personas")
    await admin.over()
    assert admin.got_by_all() == [["Hola"]] * 3
    assert len(admin.got(admin.scene.mallory)) == 1


async def test_what_reaches_many_in_a_day_needs_a_second_admin(
    admin: AdminScene, pau: Person
) -> None:
    await with_settings(admin, approval_above=5)
    await admin.prepares("A su hora")
    await admin.taps(await admin.plans())
    await admin.sends()
    summary = await admin.prepares("Y otra cosa")
    assert "ya has escrito a 3 personas, y todo junto cuenta" in summary.text
    await admin.taps(ASK)
    rule = "cuando alguien escribe a más de 5 personas en 24 horas, en uno o en varios envíos"
    assert rule in admin.panel.text
    await pau.sees(QUESTION, 10)
    assert admin.got_by_all() == [["Hola"]] * 3
    await admin.scene.taps(pau, APPROVE)
    await admin.all_see("Y otra cosa")
    await admin.over()
    # The planned one counts with what went out before its time.
    await passes(admin, timedelta(hours=48))
    await pau.sees_one(lambda m: QUESTION in m.text and pau.messages[-2].text == "A su hora", 10)
    told = await admin.marta.sees("Espera la aprobación de otra persona", 10)
    assert told is admin.marta.messages[-1]
    assert admin.got_by_all() == [["Hola", "Y otra cosa"]] * 3


async def test_who_signs_while_it_waits_makes_it_a_question_of_so_many_people(
    admin: AdminScene, pau: Person, lucy: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirmation, "SMALL_GROWTH", 0)
    await asks(admin, lucy, pau)
    await admin.signs(admin.scene.mallory)
    assert "era 3, ahora es 4" in await admin.scene.taps(pau, APPROVE)
    assert (await admin.broadcast()).awaits_approval
    # On the other one's button there still stands the former number.
    assert "it was 3, now it is 4" in await admin.scene.taps(lucy, "Approve and send to 3 people")
    assert admin.got_by_all() == [[], [], []]
    await admin.signs(admin.scene.world.person("Luz", language="es"))
    assert "era 4, ahora es 5" in await admin.scene.taps(pau, "Aprobar y enviar a 4 personas")
    await admin.scene.taps(pau, "Aprobar y enviar a 5 personas")
    assert (await admin.broadcast()).expected == 5
    await admin.over()
    assert len(admin.got(admin.scene.mallory)) == 1


async def test_a_few_who_sign_while_it_waits_are_told(admin: AdminScene, pau: Person) -> None:
    await asks(admin, pau)
    people = (admin.scene.ana, admin.scene.jordi, admin.scene.sean)
    for person in people:
        person.block()
    await admin.scene.settled()
    answer = await pau.tap(APPROVE).answered()
    assert answer.text == "Ahora mismo no hay a quién enviarlo."
    await admin.scene.settled()
    assert (await admin.broadcast()).awaits_approval
    for person in people:
        person.unblock()
    await admin.signs(admin.scene.mallory)
    await admin.scene.settled()
    await admin.scene.taps(pau, APPROVE)
    await admin.over()
    assert admin.got_by_all() == [["Hola"]] * 3
    assert len(admin.got(admin.scene.mallory)) == 1


async def test_a_second_admin_agrees_to_no_higher_price_than_they_read(
    admin: AdminScene, pau: Person
) -> None:
    """A star pays for ten; eight sign after the question for three, and ten more were allowed."""
    await with_settings(admin, broadcast_rate=900.0, paid_broadcast=True)
    admin.scene.world.stars.balance = 20_000
    await asks(admin)
    assert "Precio: 1 estrella de Telegram" in (await pau.sees(QUESTION, 10)).text
    for number in range(8):
        await admin.signs(admin.scene.world.person(f"Luz {number}", language="es"))
    assert "era 3, ahora es 11" in await admin.scene.taps(pau, APPROVE)
    assert "Precio: 2 estrellas de Telegram" in pau.messages[-1].text
    assert (await admin.broadcast()).awaits_approval
    await admin.scene.taps(pau, "Aprobar y enviar a 11 personas")
    await admin.over()
    assert (await admin.broadcast()).expected == 11
