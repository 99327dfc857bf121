"""What late visitors read needs a second admin, who can decline it."""

import asyncio
from datetime import timedelta

import pytest

from simulator.faults import Fault
from simulator.person import Person
from storage.broadcasts import broadcast_history
from storage.closing_texts import all_closing_texts, published_closing_texts
from storage.petitions import follow_folder
from telegram_text.markup import parse
from tests.features.test_closing_date import told
from tests.features.test_closing_texts import (
    BEFORE,
    ENGLISH,
    FOLDER,
    SPANISH,
    notices,
    publishes,
    read_late,
    warned_of_erasures,
    writes,
)
from tests.features.test_damaged_data import damage
from tests.support.admin_scene import AdminScene
from tests.support.approval_scene import APPROVE, ASK, QUESTION, with_settings
from tests.support.scene import ADMIN, data_of

THE_CHANGE = "Revisar el cambio que espera"
WAITS = (
    "⏳ El mensaje final espera la aprobación de otra persona. Mientras tanto no se puede enviar, "
    "ni lo lee quien entre con la petición cerrada. Míralo con /closing."
)


@pytest.fixture
def admin(three_admins: AdminScene) -> AdminScene:
    return three_admins


async def test_who_closes_is_told_that_the_text_waits_and_nobody_is_sent_to_broadcast(
    admin: AdminScene, pau: Person
) -> None:
    """While it is open many signers need two admins too, since one can close it."""
    await writes(admin, SPANISH, "Han vuelto")
    old = admin.data("Descartar lo que no está publicado")
    assert "✅ Publicado" not in await publishes(admin)
    await admin.scene.goes(pau, "/closing", ENGLISH)
    await admin.scene.says(pau, "An hour of work")
    await admin.scene.answered(admin.marta.tap_data(*old))
    assert (await admin.services.storage.read(all_closing_texts))[-1].is_left, "it came later"
    storage, now = admin.services.storage, admin.services.clock()
    await storage.write(follow_folder, now + timedelta(days=6))
    await notices(admin)
    assert sum(WAITS in m.text for m in admin.marta.messages) == 1
    await admin.says("/close")
    closes_at = now + timedelta(days=6)
    until = parse(admin.words.moment(closes_at)).text
    assert "nadie más podrá firmar. Al cerrarla no se envía ningún mensaje." in admin.panel.text
    assert admin.panel.text.endswith(f"{WAITS}\n\nSi no haces nada, se cerrará sola el {until}.")
    await admin.taps("Sí, cerrar la petición")
    closed = f"{WAITS}\n\nPara deshacer el cierre, escribe /reopen."
    assert admin.marta.messages[-1].text.endswith(closed)
    assert "Han vuelto" not in await read_late(admin, admin.scene.jordi)
    said_before = len(admin.marta.messages)
    await notices(admin)
    assert len(admin.marta.messages) == said_before, "she knows it"
    todo = f"{WAITS}\n\nHasta que se envíe, el bot te lo recordará cada semana."
    for times, days in ((1, 31), (2, 38)):
        admin.ahead = timedelta(days=days)
        await notices(admin)
        assert sum(m.text.endswith(todo) for m in admin.marta.messages) == times
    assert await warned_of_erasures(admin) == WAITS


async def test_what_cannot_be_known_who_asked_for_is_approved_by_nobody(
    admin: AdminScene, pau: Person
) -> None:
    """It could be who asked for it. Asked for again it can be approved."""
    await admin.scene.closes()
    await publishes(admin, SPANISH, "Han vuelto")
    await admin.scene.goes(pau, "/closing", THE_CHANGE)
    question = await pau.with_button("Aprobar y publicar")
    approve = question.buttons[0][0].data or ""
    await damage(admin.scene, "closing_publications", "requested_by_sealed")
    assert "No se puede leer quién lo pidió" in await admin.goes("/closing", THE_CHANGE)
    assert admin.panel.labels == ["No aprobarlo", "Volver"]
    for person, where in ((admin.marta, admin.panel.id), (pau, question.id)):
        await admin.scene.answered(person.tap_data(where, approve))
        assert "No se puede leer quién lo pidió" in person.chat.messages[where].text
        assert await admin.services.storage.read(published_closing_texts) == []
    await admin.taps(THE_CHANGE, "No aprobarlo")
    await publishes(admin)
    await admin.scene.goes(pau, "/closing", THE_CHANGE, "Aprobar y publicar")
    assert "Han vuelto" in await read_late(admin, admin.scene.jordi)


async def test_what_late_visitors_read_changes_only_with_a_second_admin(
    admin: AdminScene, lucy: Person, pau: Person
) -> None:
    """Who asked can take it back; what two have published is not asked again."""
    await admin.scene.closes()
    await writes(admin, SPANISH, "Uno")
    await admin.taps(BEFORE)
    assert "Antes tiene que aprobarlo otra de las personas que la administran." in admin.panel.text
    place, data = admin.data("Publicar")
    for _ in range(2):
        await admin.scene.answered(admin.marta.tap_data(place, data))
        assert "⏳ Todavía no se lee" in admin.marta.chat.messages[place].text
    await admin.scene.goes(pau, "/closing", THE_CHANGE)
    question = await pau.with_button("No aprobarlo")
    old = [b.data or "" for row in question.buttons for b in row][:2]
    await admin.taps(THE_CHANGE)
    assert "Aprobar y publicar" not in admin.panel.labels
    answer = await admin.marta.tap_data(admin.panel.id, old[0]).answered()
    assert (answer.text, answer.alert) == ("Esto lo tiene que decidir otra persona.", True)
    assert "ese cambio no se publica" in await admin.taps("Dejar de pedirlo")
    await admin.scene.answered(pau.tap_data(question.id, old[1]))
    assert "ese cambio no se publica" in pau.chat.messages[question.id].text
    assert (await publishes(admin, SPANISH, "Han vuelto")).endswith(
        "⏳ Todavía no se lee: hace falta que lo apruebe otra de las personas que administran la "
        "petición."
    )
    for each, said in zip(old, ("algo ha cambiado", "ese cambio no se publica"), strict=True):
        await admin.scene.answered(pau.tap_data(question.id, each))
        now = pau.chat.messages[question.id]
        assert said in now.text
        assert THE_CHANGE in now.labels, "it waits as before"
    await writes(admin, ENGLISH, "They are back")
    why_not = (
        "⚠️ No se ha publicado nada: otro cambio espera aprobación. Cuando se apruebe o se retire "
        "podrás publicar este."
    )
    assert why_not in await publishes(admin)
    assert FOLDER in await read_late(admin, admin.scene.jordi)
    await notices(admin)
    await lucy.sees("A change to the text on how it ended is waiting for approval")
    await lucy.sees("Asked for by Marta")
    await admin.scene.taps(lucy, "Review the change that is waiting")
    await lucy.sees("Han vuelto")
    question = await lucy.with_button("Approve and publish")
    approve = data_of(question, "Approve and publish")
    await admin.taps(THE_CHANGE)
    await admin.scene.taps(lucy, "Approve and publish")
    await lucy.sees("✅ Approved and published.")
    assert "✅ Publicado." in await admin.taps("Dejar de pedirlo"), "it was too late for that"
    await admin.scene.answered(lucy.tap_data(question.id, approve))
    assert "✅ Published." in lucy.chat.messages[question.id].text, "she tapped twice"
    assert "Han vuelto" in await read_late(admin, admin.scene.jordi)
    await notices(admin)
    await admin.marta.sees("Lo pidió Marta y lo ha aprobado Lucy.")
    for _ in range(2):
        await notices(admin)
    assert sum("is waiting for approval" in m.text for m in lucy.messages) == 1
    assert sum("What people read of how" in m.text for m in lucy.messages) == 1
    await admin.goes("/reopen", "Sí, volver a abrirla")
    await admin.scene.closes()
    await notices(admin)
    assert "Han vuelto" in await read_late(admin, admin.scene.jordi)


async def test_no_former_text_is_sent_while_one_waits(admin: AdminScene, pau: Person) -> None:
    """Nor is a text published while a closing update is waiting for approval."""
    await admin.scene.closes()
    await admin.scene.offers_the_final()
    summary = await admin.marta.with_button(ASK)
    old = admin.data(ASK)
    await publishes(admin, SPANISH, "Han vuelto a casa")
    assert WAITS in await admin.says("/broadcast")
    assert "El mensaje final" not in admin.marta.messages[-1].labels
    await admin.scene.answered(admin.marta.tap_data(*old))
    now = admin.marta.chat.messages[summary.id]
    assert WAITS in now.text
    assert ASK not in now.labels
    assert WAITS in await admin.taps("👁 Ver la vista previa")
    assert ASK not in admin.panel.labels
    await admin.scene.answered(admin.marta.tap_data(admin.panel.id, "adm:final:"))
    assert WAITS in admin.marta.messages[-1].text
    assert await admin.services.storage.read(broadcast_history) == []
    await notices(admin)
    await admin.scene.taps(pau, THE_CHANGE, "Aprobar y publicar")
    await admin.scene.offers_the_final()
    await admin.taps(ASK)
    await pau.sees(QUESTION, 10)
    assert "cancela antes ese envío con /broadcast" in await publishes(
        admin, ENGLISH, "They are back home"
    )
    await admin.scene.taps(pau, APPROVE)
    await admin.over("El mensaje final está enviado.")
    assert any(m.text == "Han vuelto a casa" for m in admin.scene.ana.messages)


async def test_while_it_is_open_another_approves_it_as_nobody_knows_how_many_will_sign(
    admin: AdminScene, lucy: Person
) -> None:
    await with_settings(admin, approval_above=100)
    await writes(admin, SPANISH, "Han vuelto")
    await admin.taps(BEFORE)
    (preview,) = (m.text for m in admin.marta.messages if "leerá quien entre, en es" in m.text)
    assert "Han vuelto" in preview, "as it will be read once it is closed"
    assert "se cierre. Antes tiene que aprobarlo otra de las personas" in admin.panel.text
    place, publish = admin.data("Publicar")
    assert "⏳ Todavía no se lee" in await admin.taps("Publicar")
    await notices(admin)
    asked = await lucy.sees("Asked for by Marta. Somebody else has to approve it")
    await admin.scene.answered(lucy.tap_data(asked.id, publish))
    assert "something has changed" in lucy.chat.messages[asked.id].text
    await admin.scene.closes()
    assert WAITS in admin.marta.messages[-1].text
    assert WAITS in await admin.says("/broadcast")
    assert FOLDER in await read_late(admin, admin.scene.jordi)
    await admin.scene.taps(lucy, "Review the change that is waiting")
    await lucy.sees("Han vuelto")
    await admin.scene.taps(lucy, "Approve and publish")
    assert "Han vuelto" in await read_late(admin, admin.scene.jordi)
    await admin.goes("/reopen", "Sí, volver a abrirla")
    await admin.scene.answered(admin.marta.tap_data(place, publish))
    assert admin.marta.chat.messages[place].text.endswith("✅ Publicado.")


async def test_what_one_published_for_few_waits_for_another_once_it_is_open_again(
    admin: AdminScene, lucy: Person
) -> None:
    await with_settings(admin, approval_above=3)
    await admin.scene.closes()
    for language, text in ((SPANISH, "Han vuelto"), (ENGLISH, "They are back")):
        await writes(admin, language, text)
        await admin.taps(BEFORE)
        alone = "La petición está cerrada: quien entre lo leerá desde ese momento."
        assert alone in admin.panel.text
        await admin.taps("Publicar")
    await notices(admin)
    await lucy.sees("Published by Marta.")
    assert "Han vuelto" in await read_late(admin, admin.scene.jordi)
    await admin.goes("/reopen", "Sí, volver a abrirla")
    await admin.signs(admin.scene.world.person("Oleg", language="en"))
    await admin.scene.closes()
    assert WAITS in admin.marta.messages[-1].text
    await admin.goes("/closing", THE_CHANGE)
    assert "Aprobar y publicar" not in admin.panel.labels
    await notices(admin)
    waiting = [m.text for m in lucy.messages if "is waiting for approval" in m.text]
    assert ["in Spanish" in each for each in waiting] == [True, False], "the older one first"
    for seen, late, text in (
        ("Han vuelto", admin.scene.jordi, "Han vuelto"),
        ("They are back", admin.scene.mallory, "They are back"),
    ):
        assert text not in await read_late(admin, late)
        await admin.scene.goes(lucy, "/closing", "Review the change that is waiting")
        await lucy.sees(seen)
        asked = await lucy.with_button("Approve and publish")
        assert ("in English" in asked.text) == (seen == "They are back"), "one after the other"
        await admin.scene.taps(lucy, "Approve and publish")
        assert text in await read_late(admin, late)
    await notices(admin)
    assert (
        sum("Lo pidió Marta y lo ha aprobado Lucy." in m.text for m in admin.marta.messages) == 2
    )
    await admin.scene.offers_the_final()
    assert "Pedir la aprobación, para 4 personas" in admin.panel.labels


@pytest.mark.parametrize("by_its_date", [False, True])
async def test_what_one_published_before_two_had_to_waits_for_another_at_the_closing(
    admin: AdminScene, lucy: Person, by_its_date: bool
) -> None:
    await with_settings(admin, approval_above=None)
    assert "✅ Publicado. Se leerá cuando la petición se cierre." in await publishes(
        admin, SPANISH, "Solo Marta"
    )
    await with_settings(admin, approval_above=2)
    if by_its_date:
        storage, day = admin.services.storage, timedelta(days=1)
        await storage.write(follow_folder, admin.services.clock() + day)
        admin.ahead = day
    else:
        await admin.scene.closes()
    await notices(admin)
    heading = f"La petición {'se ha cerrado en su fecha' if by_its_date else 'está cerrada'}"
    (closed,) = (m.text for m in admin.marta.messages if m.text.startswith(heading))
    assert WAITS in closed
    await lucy.sees("Asked for by Marta. Somebody else has to approve it")
    assert FOLDER in await read_late(admin, admin.scene.jordi)
    await admin.scene.taps(lucy, "Review the change that is waiting")
    await lucy.sees("Solo Marta")
    await admin.scene.taps(lucy, "Approve and publish")
    assert "Solo Marta" in await read_late(admin, admin.scene.jordi)


async def test_what_was_replaced_neither_waits_nor_is_read_again_once_it_is_open_again(
    admin: AdminScene, lucy: Person
) -> None:
    """Of the second change the Spanish text was replaced, and the English one is the newest."""
    await with_settings(admin, approval_above=3)
    await admin.scene.closes()
    for texts in ({SPANISH: "Cero"}, {SPANISH: "Uno", ENGLISH: "One"}, {SPANISH: "Dos"}):
        for language, text in texts.items():
            await writes(admin, language, text)
        await publishes(admin)
    assert "Dos" in await read_late(admin, admin.scene.jordi)
    await admin.goes("/reopen", "Sí, volver a abrirla")
    await admin.signs(admin.scene.world.person("Oleg", language="en"))
    await admin.scene.closes()
    await admin.goes("/closing", "Todas las versiones")
    states = [line.rpartition(". ")[2] for line in admin.panel.text.splitlines() if "•" in line]
    assert [state.split()[0] for state in states] == ["Espera", "Espera", "La", "Publicada"]
    await notices(admin)
    waiting = [m.text for m in lucy.messages if "is waiting for approval" in m.text]
    assert ["in Spanish" in each for each in waiting] == [False, True]
    for spanish, english in ((FOLDER, "One"), ("Dos", "One")):
        await admin.scene.goes(lucy, "/closing", "Review the change that is waiting")
        await admin.scene.taps(lucy, "Approve and publish")
        assert spanish in await read_late(admin, admin.scene.jordi)
        assert english in await read_late(admin, admin.scene.mallory)
    await admin.scene.says(lucy, "/closing")
    last = [m for m in lucy.messages if m.from_bot][-1]
    assert "Review the change that is waiting" not in last.labels
    assert "Espera" not in await admin.goes("/closing", "Todas las versiones")


async def test_without_a_text_there_is_no_test_of_it(admin: AdminScene, pau: Person) -> None:
    """Pau asked to publish another one while Marta looked at the former."""
    await admin.scene.closes()
    await admin.scene.offers_the_final()
    await admin.scene.goes(pau, "/closing", SPANISH)
    await admin.scene.says(pau, "Han vuelto")
    await admin.scene.taps(pau, BEFORE, "Publicar")
    assert WAITS in await admin.taps("Enviarme una prueba")
    assert "Arriba tienes la prueba" not in admin.panel.text


DECLINED = "Tu cambio en el texto sobre el final no se ha aprobado."


async def asked_of(admin: AdminScene, pau: Person) -> None:
    """Marta closes the petition and asks to publish a text, which Pau has before his eyes."""
    await admin.scene.closes()
    await publishes(admin, SPANISH, "Han vuelto")
    await admin.scene.goes(pau, "/closing", THE_CHANGE)


async def test_marta_is_told_that_pau_declined_her_text(
    admin: AdminScene, pau: Person, lucy: Person
) -> None:
    await admin.scene.closes()
    for _ in range(2):
        await publishes(admin, SPANISH, "Han vuelto")
        await admin.scene.goes(pau, "/closing", THE_CHANGE, "No aprobarlo")
        await notices(admin)
        assert admin.marta.messages[-1].text == (
            f"{DECLINED}\n\n• el mensaje final, en español\n\nLo ha decidido Pau. El texto sigue "
            "guardado y no lo lee nadie. Para cambiarlo, o pedirlo otra vez, escribe /closing."
        )
        # What she takes back herself is no news.
        await publishes(admin)
        await admin.taps(THE_CHANGE, "Dejar de pedirlo")
    assert sum(DECLINED in m.text for m in admin.marta.messages) == 2
    assert not any("was not approved" in m.text for m in lucy.messages)


async def test_declined_text_is_not_kept_if_he_wrote_anew(admin: AdminScene, pau: Person) -> None:
    await admin.scene.closes()
    await publishes(admin, SPANISH, "Han vuelto")
    await admin.scene.goes(pau, "/closing", SPANISH)
    await admin.scene.says(pau, "Han vuelto a casa")
    await admin.scene.goes(pau, "/closing", THE_CHANGE, "No aprobarlo")
    await notices(admin)
    assert admin.marta.messages[-1].text == (
        f"{DECLINED}\n\n• el mensaje final, en español\n\nLo ha decidido Pau. Lo que ya tenía una "
        "versión más nueva se ha descartado. Para ver lo que queda, escribe /closing."
    )


async def test_marta_is_told_also_after_a_restart(admin: AdminScene, pau: Person) -> None:
    """And Pau does not wait for her chat."""
    await asked_of(admin, pau)
    await pau.with_button("No aprobarlo")
    faults = admin.scene.simulator.faults
    faults.by_chat[ADMIN] = Fault.HANG
    pau.tap("No aprobarlo")
    await pau.sees("De acuerdo: ese cambio no se publica.", 1)
    await asyncio.sleep(60)
    await admin.scene.stop_bot()
    faults.clear()
    await admin.scene.start_bot()
    await admin.marta.sees(DECLINED, 400)
    await asyncio.sleep(100)
    assert told(admin.marta, DECLINED) == 1
