"""A second admin approves what late visitors read, and the closing update waits for that."""

from datetime import timedelta

import pytest

from simulator.person import Person
from tests.features.test_closing_texts import (
    BEFORE,
    ENGLISH,
    FOLDER,
    SPANISH,
    closes,
    notices,
    publishes,
    read_late,
    warned_of_erasures,
    writes,
)
from tests.support.admin_scene import AdminScene
from tests.support.approval_scene import APPROVE, ASK, QUESTION, with_settings
from tests.support.scene import ADMIN

THE_CHANGE = "Revisar el cambio que espera"
WAITS = (
    "⏳ El mensaje final espera la aprobación de otra persona. Mientras tanto no se puede enviar, "
    "ni lo lee quien entre con la petición cerrada. Míralo con /closing."
)


@pytest.fixture
def admin(three_admins: AdminScene) -> AdminScene:
    return three_admins


async def test_while_one_change_waits_the_next_one_is_told_why_it_cannot_be_published(
    admin: AdminScene,
) -> None:
    await closes(admin)
    await writes(admin, SPANISH, "Han vuelto")
    await publishes(admin)
    await writes(admin, ENGLISH, "They are back")
    why_not = (
        "⚠️ No se ha publicado nada: otro cambio espera aprobación. Cuando se apruebe o se retire "
        "podrás publicar este."
    )
    assert why_not in (await publishes(admin)).text


async def test_what_late_visitors_read_changes_only_with_a_second_admin(
    admin: AdminScene, lucy: Person
) -> None:
    await closes(admin)
    await writes(admin, SPANISH, "Han vuelto")
    waits = (await publishes(admin)).text
    assert "hace falta que lo apruebe otra" in waits
    assert "Las avisamos ahora." in waits
    assert "solo la administras tú" not in waits
    assert FOLDER in await read_late(admin, admin.scene.jordi)
    await notices(admin)
    await lucy.sees("A change to how it ended waits for approval")
    await lucy.sees("Asked for by Marta")
    await admin.scene.taps(lucy, "Review the change that waits")
    await lucy.sees("Han vuelto")
    question = await admin.scene.with_button(lucy, "Approve and publish")
    approve = next(
        b.data for row in question.buttons for b in row if b.label.startswith("Approve")
    )
    await admin.scene.taps(lucy, "Approve and publish")
    await lucy.sees("✅ Approved and published.")
    assert approve is not None
    await lucy.tap_data(question.id, approve).answered()
    await admin.scene.settled()
    assert "✅ Published." in lucy.chat.messages[question.id].text, "she tapped twice"
    assert "Han vuelto" in await read_late(admin, admin.scene.jordi)
    await notices(admin)
    await admin.marta.sees("Lo pidió Marta y lo ha aprobado Lucy.")
    for _ in range(2):
        await notices(admin)
    assert sum("waits for approval" in m.text for m in lucy.messages) == 1
    assert sum("What people read of how" in m.text for m in lucy.messages) == 1


async def test_where_nobody_else_is_there_to_approve_it_that_is_said(admin: AdminScene) -> None:
    await with_settings(admin, admin_ids=frozenset({ADMIN}))
    await closes(admin)
    await writes(admin, SPANISH, "Han vuelto")
    said = (await publishes(admin)).text
    assert "Ahora solo la administras tú: hay que añadir a alguien en la configuración" in said
    assert "Las avisamos ahora." not in said


async def test_who_asked_cannot_approve_and_can_take_it_back(admin: AdminScene) -> None:
    await closes(admin)
    await writes(admin, SPANISH, "Han vuelto")
    await admin.taps(BEFORE)
    place, data = admin.data("Publicar")
    for _ in range(2):
        await admin.marta.tap_data(place, data).answered()
        await admin.scene.settled()
        assert "✅ Publicado" not in admin.marta.chat.messages[place].text
    await admin.taps(THE_CHANGE)
    assert "Aprobar y publicar" not in admin.panel.labels
    await admin.taps("Dejar de pedirlo")
    assert "ese cambio no se publica" in admin.panel.text
    assert FOLDER in await read_late(admin, admin.scene.jordi)
    assert "hace falta que lo apruebe otra" in (await publishes(admin)).text


async def test_an_old_button_decides_nothing_that_was_asked_for_later(
    admin: AdminScene, pau: Person
) -> None:
    await closes(admin)
    await writes(admin, SPANISH, "Uno")
    await publishes(admin)
    pau.send("/closing")
    await admin.scene.taps(pau, THE_CHANGE)
    question = await admin.scene.with_button(pau, "No aprobarlo")
    old = [b.data or "" for row in question.buttons for b in row][:2]
    await admin.taps(THE_CHANGE)
    await admin.taps("Dejar de pedirlo")
    await writes(admin, SPANISH, "Dos")
    await publishes(admin)
    for data in old:
        await pau.tap_data(question.id, data).answered()
        await admin.scene.settled()
        now = pau.chat.messages[question.id]
        assert "algo ha cambiado mientras tanto" in now.text
        assert THE_CHANGE in now.labels, "it waits as before"
    assert FOLDER in await read_late(admin, admin.scene.jordi)


async def test_what_is_left_and_what_waits_take_their_room(admin: AdminScene) -> None:
    await closes(admin)
    await writes(admin, SPANISH, "x" * 2_000)
    for _ in range(2):
        await admin.says("/closing")
        await admin.taps("Añadir lo que ha pasado después")
        await admin.taps("Se ha tomado una decisión")
        await admin.says("y" * 1_500)
        assert "no cabe en un mensaje" in admin.marta.messages[-1].text
        await admin.says("/cancel")
        await admin.says("/closing")
        if BEFORE in admin.panel.labels:
            await publishes(admin)
    await admin.says("/closing")
    await admin.taps("Añadir lo que ha pasado después")
    await admin.taps("Se ha tomado una decisión")
    await admin.says("y" * 100)
    assert "✅ Guardado" in admin.marta.messages[-1].text


async def test_while_it_is_open_many_signers_need_two_admins_too_since_one_can_close_it(
    admin: AdminScene,
) -> None:
    await writes(admin, SPANISH, "Han vuelto")
    assert "✅ Publicado" not in (await publishes(admin)).text
    await admin.scene.closes()
    assert "Han vuelto" not in await read_late(admin, admin.scene.jordi)


async def test_an_old_button_discards_nothing_that_was_written_later(
    admin: AdminScene, pau: Person
) -> None:
    await writes(admin, SPANISH, "Uno")
    old = admin.data("Descartar lo que no está publicado")
    await publishes(admin)
    pau.send("/closing")
    await admin.scene.taps(pau, ENGLISH)
    pau.send("An hour of work")
    await admin.scene.settled()
    await admin.marta.tap_data(*old).answered()
    await admin.scene.settled()
    assert (await admin.services.storage.closing_texts.history())[-1].is_left


async def test_the_former_text_is_not_sent_while_a_new_one_waits(
    admin: AdminScene, pau: Person
) -> None:
    await closes(admin)
    await admin.scene.offers_the_final()
    summary = await admin.scene.with_button(admin.marta, ASK)
    old = admin.data(ASK)
    await writes(admin, SPANISH, "Han vuelto a casa")
    await publishes(admin)
    await admin.says("/broadcast")
    assert WAITS in admin.marta.messages[-1].text
    assert "El mensaje final" not in admin.marta.messages[-1].labels
    await admin.marta.tap_data(*old).answered()
    await admin.scene.settled()
    now = admin.marta.chat.messages[summary.id]
    assert WAITS in now.text
    assert ASK not in now.labels
    await admin.taps("👁 Ver la vista previa")
    assert WAITS in admin.panel.text
    assert ASK not in admin.panel.labels
    await admin.marta.tap_data(admin.panel.id, "adm:final:").answered()
    await admin.scene.settled()
    assert WAITS in admin.marta.messages[-1].text
    assert await admin.services.storage.broadcasts.latest() is None
    await notices(admin)
    await admin.scene.taps(pau, THE_CHANGE)
    await admin.scene.taps(pau, "Aprobar y publicar")
    await admin.scene.offers_the_final()
    await admin.taps(ASK)
    await pau.sees(QUESTION, 10)
    await admin.scene.taps(pau, APPROVE)
    await admin.over("El mensaje final está enviado.")
    assert any(m.text == "Han vuelto a casa" for m in admin.scene.ana.messages)


async def test_what_everybody_was_told_stays_there_to_be_read_when_a_second_admin_comes(
    admin: AdminScene,
) -> None:
    await admin.scene.settled()
    await with_settings(admin, approval_above=None)
    await closes(admin)
    await writes(admin, SPANISH, "Han vuelto")
    await publishes(admin)
    await admin.scene.offers_the_final()
    await admin.taps("Enviar a 3 personas")
    await admin.over("El mensaje final está enviado.")
    await with_settings(admin, approval_above=2)
    await notices(admin)
    assert "Han vuelto" in await read_late(admin, admin.scene.jordi)


async def test_who_closes_is_told_that_the_text_waits_and_nobody_is_sent_to_broadcast(
    admin: AdminScene,
) -> None:
    await writes(admin, SPANISH, "Han vuelto")
    await publishes(admin)
    petitions, now = admin.services.storage.petitions, admin.services.clock()
    await petitions.follow_folder(now + timedelta(days=6))
    await notices(admin)
    assert sum(WAITS in m.text for m in admin.marta.messages) == 1
    await admin.says("/close")
    assert WAITS in admin.panel.text
    await admin.taps("Sí, cerrar la petición")
    assert WAITS in admin.marta.messages[-1].text
    assert "escribe /broadcast" not in admin.marta.messages[-1].text
    said_before = len(admin.marta.messages)
    await notices(admin)
    assert len(admin.marta.messages) == said_before, "she knows it"
    todo = (
        "Espera la aprobación de otra persona: míralo con /closing y, cuando esté aprobado, "
        "envíalo con /broadcast. Hasta que se envíe, el bot te lo recordará cada semana."
    )
    for times, days in ((1, 31), (2, 38)):
        admin.ahead = timedelta(days=days)
        await notices(admin)
        assert sum(m.text.endswith(todo) for m in admin.marta.messages) == times
    assert await warned_of_erasures(admin) == (
        "El mensaje final espera la aprobación de otra persona: míralo con /closing y, cuando "
        "esté aprobado, envíalo con /broadcast."
    )


async def test_no_text_is_published_while_a_closing_update_waits_for_approval(
    admin: AdminScene, lucy: Person
) -> None:
    await closes(admin)
    await admin.scene.offers_the_final()
    await admin.taps(ASK)
    await lucy.sees("Do you approve this broadcast?", 10)
    await writes(admin, SPANISH, "Han vuelto a casa")
    assert "cancela antes ese envío con /broadcast" in (await publishes(admin)).text


@pytest.mark.parametrize("by_its_date", [False, True])
async def test_what_one_published_for_few_is_asked_again_once_more_have_signed(
    admin: AdminScene, lucy: Person, by_its_date: bool
) -> None:
    await with_settings(admin, approval_above=3)
    await writes(admin, SPANISH, "Han vuelto")
    await admin.taps(BEFORE)
    condition = "Si para entonces han firmado más de 3 personas, tendrá que aprobarlo antes otra"
    assert condition in admin.panel.text
    await admin.taps("Publicar")
    assert condition in admin.panel.text
    await notices(admin)
    await lucy.sees("Published by Marta.")
    await writes(admin, ENGLISH, "They are back")
    await publishes(admin)
    oleg = admin.scene.world.person("Oleg", language="en")
    await admin.signs(oleg)
    if by_its_date:
        await admin.services.storage.petitions.follow_folder(admin.services.clock())
        await notices(admin)
        closed = await admin.marta.sees("La petición se ha cerrado en su fecha.")
        assert closed.text.endswith(
            f"4 personas han firmado.\n\n{WAITS}\n\nPara deshacer el cierre, escribe /reopen."
        )
    else:
        await closes(admin)
    assert FOLDER in await read_late(admin, admin.scene.jordi)
    await admin.says("/broadcast")
    assert WAITS in admin.marta.messages[-1].text
    await admin.says("/closing")
    await admin.taps(THE_CHANGE)
    assert "Aprobar y publicar" not in admin.panel.labels
    await notices(admin)
    for seen, late, text in (
        ("Han vuelto", admin.scene.jordi, "Han vuelto"),
        ("They are back", admin.scene.mallory, "They are back"),
    ):
        assert text not in await read_late(admin, late)
        lucy.send("/closing")
        await admin.scene.taps(lucy, "Review the change that waits")
        await lucy.sees(seen)
        await admin.scene.taps(lucy, "Approve and publish")
        assert text in await read_late(admin, late)
    await admin.scene.offers_the_final()
    assert "Pedir la aprobación, para 4 personas" in admin.panel.labels


async def test_what_two_published_is_not_asked_again(admin: AdminScene, lucy: Person) -> None:
    await writes(admin, SPANISH, "Han vuelto")
    await publishes(admin)
    await notices(admin)
    await admin.scene.taps(lucy, "Review the change that waits")
    await admin.scene.taps(lucy, "Approve and publish")
    await closes(admin)
    await notices(admin)
    assert "Han vuelto" in await read_late(admin, admin.scene.jordi)
