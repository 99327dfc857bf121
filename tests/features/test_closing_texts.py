"""Marta writes in the chat how the petition ended, and late visitors read it once published."""

import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.petition.petition import BUNDLED
from handlers.due_notices import look, warn_of_erasures
from simulator.person import Person
from storage.broadcast_types import Kind
from storage.broadcasts import broadcast_history
from storage.closing_texts import (
    all_closing_texts,
    awaited_closing_text,
    published_closing_texts,
)
from storage.personal_data import everything_held
from storage.petitions import follow_folder
from tests.support.admin_scene import AdminScene, an_admin_scene
from tests.support.scene import ADMIN

FOLDER = "18 de julio de 2025"
SPANISH = "✏️ En español: el mensaje final"
ENGLISH = "✏️ En inglés: el mensaje final"
BEFORE, SEE = "👁 Ver antes de publicar", "👁 Ver cómo se lee"


@pytest.fixture
async def drafted(tmp_path: Path) -> AsyncIterator[AdminScene]:
    """The folder says that its closing update is only a draft."""
    folder = tmp_path / "andry"
    shutil.copytree(BUNDLED, folder)
    file = folder / "petition.toml"
    written = file.read_text()
    file.write_text(written.replace("closing_is_draft = false", "closing_is_draft = true"))
    async with an_admin_scene(tmp_path) as admin:
        await admin.scene.goes_on_with(folder=folder)
        await admin.start()
        yield admin
    assert admin.refused == []


async def writes(admin: AdminScene, button: str, html: str) -> None:
    """Marta is asked for a text, and writes it."""
    await admin.goes("/closing", button)
    await admin.writes(html, is_html=True)


async def publishes(admin: AdminScene, button: str = "", html: str = "") -> str:
    """Marta publishes what is written, or writes it before; returns what she reads then."""
    if button:
        await writes(admin, button, html)
    await admin.taps(BEFORE, "Publicar")
    return admin.panel.text


async def read_late(admin: AdminScene, person: Person | None = None) -> str:
    """What somebody reads who comes only now."""
    late = person or admin.scene.mallory
    await admin.scene.starts(late)
    return admin.scene.screen(late).text


async def notices(admin: AdminScene) -> None:
    """The bot looks whether the admins have to be told something."""
    await look(admin.services)
    await admin.scene.settled()


async def warned_of_erasures(admin: AdminScene) -> str:
    """What the admins read three weeks before the first signature is kept for too long."""
    admin.ahead = timedelta(days=620)
    await warn_of_erasures(admin.services, None)
    return admin.marta.messages[-1].text.rpartition("\n\n")[2]


async def test_marta_writes_it_looks_at_it_and_late_visitors_read_it(admin: AdminScene) -> None:
    """She taps «Publicar» twice; all her versions stay, and her copy has them."""
    await admin.scene.closes()
    assert FOLDER in await read_late(admin, admin.scene.jordi)
    await writes(admin, SPANISH, "<b>Han vuelto</b> gracias a {people}")
    assert "Todavía no lo lee nadie" in admin.panel.text
    assert "Han vuelto" not in await read_late(admin, admin.scene.jordi)
    await admin.taps(BEFORE)
    preview = [m for m in admin.marta.messages if "Así lo leerá quien entre" in m.text]
    assert len(preview) == len(admin.services.petition.languages)
    assert "Han vuelto gracias a 3 personas" in preview[0].text
    assert not preview[0].buttons, "nobody signs in a preview"
    assert "el mensaje final, en español: de ti" in admin.panel.text
    assert "está cerrada: quien entre lo leerá desde ese momento." in admin.panel.text
    place = admin.data("Publicar")
    published = "✅ Publicado. Quien entre ya lo lee. A quienes hayan recibido el mensaje final"
    for said in (f"{published} no les llega este cambio.", "\n\n✅ Publicado."):
        await admin.scene.answered(admin.marta.tap_data(*place))
        assert admin.marta.chat.messages[place[0]].text.endswith(said)
    assert len(await admin.services.storage.read(published_closing_texts)) == 1
    seen = await read_late(admin, admin.scene.jordi)
    assert "Han vuelto gracias a 3 personas" in seen
    assert FOLDER not in seen
    shown = admin.scene.screen(admin.scene.jordi)
    assert any(entity.type == "bold" for entity in shown.entities)
    assert "18 July 2025" in await read_late(admin, admin.scene.mallory)
    await writes(admin, SPANISH, "01/03/2026\nDos")  # of the closing update that is no date
    await publishes(admin)
    await writes(admin, SPANISH, "Tres")
    discard = admin.data("Descartar lo que no está publicado")
    for said in (
        "Descartado. Quien entre lee lo mismo que antes.",
        "No queda nada que descartar.",
    ):
        await admin.scene.answered(admin.marta.tap_data(*discard))
        assert said in admin.panel.text
    await admin.taps("Todas las versiones")
    history = admin.panel.text
    for said in ("versión 3: de ti", "No se publicó.", "versión 1: de ti", "Publicada el "):
        assert said in history
    assert "Guardado" not in await admin.says("Hola"), "nothing was asked for"
    await admin.goes("/closing", ENGLISH)
    held = await admin.services.storage.read(everything_held, admin.marta.id)
    written = [row["text"] for row in held.as_admin["closing_texts"]]
    assert written == ["<b>Han vuelto</b> gracias a {people}", "01/03/2026\nDos", "Tres"]
    assert [row["requested_by"] for row in held.as_admin["publications"]] == [admin.marta.id] * 2
    assert held.as_admin["awaited_closing_text"] is not None
    await admin.says("/mydata")
    await admin.marta.sees("Ahí está también lo que guardamos porque administras la petición.")


async def test_what_she_was_not_asked_for_is_not_kept_as_the_text(admin: AdminScene) -> None:
    """And what she was asked for is known after the bot has stopped in the middle."""
    storage = admin.services.storage
    await admin.says("/closing")
    for forged in ("new:closing:es", "closing:delivered:es", "closing:closing:xx"):
        admin.marta.tap_data(admin.marta.messages[-1].id, f"adm:text:write:{forged}")
        await admin.scene.settled()
        assert (
            await storage.read(awaited_closing_text, admin.services.reference(admin.marta.id))
            is None
        )
        await admin.says("Roto")
    await admin.goes("/closing", SPANISH)
    admin.ahead = timedelta(hours=25)
    assert "no he cambiado nada" in await admin.says("/cancel"), "though a day has passed"
    admin.ahead = timedelta()
    await admin.says("Han vuelto")
    await admin.goes("/closing", SPANISH)
    await admin.begins("A quienes firmasteis: gracias")
    assert await storage.read(all_closing_texts) == []
    assert "Continuar" in admin.panel.labels, "the broadcast was begun later"
    await admin.says("/cancel")
    await admin.goes("/closing", SPANISH)
    for admins in ({ADMIN + 1}, {ADMIN}):
        await admin.scene.goes_on_with(admin_ids=frozenset(admins))
        await admin.start()
        storage = admin.services.storage
        if admins == {ADMIN + 1}:
            await admin.says("Han vuelto")
            assert await storage.read(all_closing_texts) == [], "she is no admin any more"
    before = len(admin.marta.messages)
    admin.marta.send_album(["photo"] * 3, "Han vuelto")
    await admin.scene.settled()
    (once,) = (m.text for m in admin.marta.messages[before:] if m.from_bot)
    assert "aquí solo cabe un texto" in once
    for text, answer in (
        ("Gracias, {name}", "entre llaves solo pueden ir {people} y {count}"),
        ("\u2800\u3164", "en ese mensaje no se ve nada escrito"),
        ("Un paso { más", "entre llaves solo pueden ir {people} y {count}"),
        (
            "x" * 4000,
            "no cabe en un mensaje, junto con lo demás que lee quien entra: sobran",
        ),
    ):
        assert answer in await admin.says(text)
    admin.ahead += timedelta(hours=25)
    assert "Guardado" not in await admin.says("¿Alguien está ahí?"), "nobody waits for it"
    admin.ahead -= timedelta(hours=2)
    assert "✅ Guardado" in await admin.says("Han vuelto")
    await admin.restart()
    await admin.says("/closing")
    assert "Sin publicar, no lo lee nadie:\n• el mensaje final, en español" in admin.panel.text
    said = await publishes(admin)
    assert "✅ Publicado. Se leerá cuando la petición se cierre." in said
    assert "tendrá que aprobarlo" not in said
    await admin.restart()
    await admin.scene.closes()
    assert "Han vuelto" in await read_late(admin, admin.scene.jordi)
    todo = "Para contárselo, escribe /broadcast y elige «El mensaje final»."
    assert await warned_of_erasures(admin) == todo


async def test_what_was_published_meanwhile_is_not_said_to_be_discarded(admin: AdminScene) -> None:
    await admin.scene.closes()
    await writes(admin, SPANISH, "Han vuelto")
    old = admin.data("Descartar lo que no está publicado")
    await writes(admin, ENGLISH, "They are back")
    await admin.scene.answered(admin.marta.tap_data(*old))
    changed = "No se ha descartado nada: algo ha cambiado mientras tanto."
    assert changed in admin.marta.chat.messages[old[0]].text
    await admin.says("/closing")
    await publishes(admin)
    await admin.scene.answered(admin.marta.tap_data(*old))
    assert "No queda nada que descartar." in admin.marta.chat.messages[old[0]].text
    assert "Han vuelto" in await read_late(admin, admin.scene.jordi)


async def test_the_closing_update_that_is_sent_is_the_published_one(admin: AdminScene) -> None:
    """Marta was about to send the former one."""
    await admin.scene.closes()
    await admin.scene.offers_the_final()
    summary = await admin.marta.with_button("Enviar a 3 personas")
    await publishes(admin, SPANISH, "Han vuelto a casa")
    await admin.taps("Enviar a 3 personas")
    now = admin.marta.chat.messages[summary.id]
    assert "Algo ha cambiado desde que viste este resumen" in now.text
    assert "Enviar a 3 personas" not in now.labels, "what stands above it is the former text"
    assert await admin.services.storage.read(broadcast_history) == []
    await admin.taps("👁 Ver la vista previa")
    assert any(m.text == "Han vuelto a casa" for m in admin.marta.messages)
    await admin.taps("Enviar a 3 personas")
    await admin.over("El mensaje final está enviado.")
    assert any(m.text == "Han vuelto a casa" for m in admin.scene.ana.messages)
    assert any("18 July 2025" in m.text for m in admin.scene.sean.messages)
    admin.ahead = timedelta(days=6)
    await notices(admin)
    assert (
        "Ha cambiado lo que se lee de cómo ha terminado la petición.\n\n"
        "• el mensaje final, en español\n\n"
        "Lo ha publicado Marta.\n\n"
        "Para verlo, escribe /closing."
    ) in [message.text for message in admin.marta.messages]


async def test_while_the_closing_update_is_planned_its_text_stays(admin: AdminScene) -> None:
    await admin.scene.closes()
    await admin.scene.offers_the_final()
    await admin.taps("🕒 Programar")
    await admin.says((admin.scene.clocks.now() + timedelta(days=2)).strftime("%d/%m/%Y 10:00"))
    (confirm,) = [each for each in admin.panel.labels if each.startswith("Programar para el")]
    await admin.taps(confirm)
    assert "cancela antes ese envío con /broadcast" in await publishes(
        admin, SPANISH, "Han vuelto a casa"
    )
    assert FOLDER in await read_late(admin, admin.scene.jordi)
    assert await warned_of_erasures(admin) == (
        "El mensaje final está programado, en marcha o en pausa: comprueba con /broadcasts que "
        "llega antes de ese día."
    )
    await notices(admin)
    assert not any(
        "no han recibido el mensaje final" in each.text for each in admin.marta.messages
    )
    assert "El mensaje final está programado, y cuenta" in await admin.says("/reopen")
    await admin.cancels((await admin.broadcast()).id)
    under_way = await admin.starts_another(3, kind=Kind.CLOSING)
    assert "Se está enviando el mensaje final. Cuando termine" in await admin.says("/reopen")
    await admin.cancels(under_way)
    await admin.starts_another(1, admin.scene.clocks.now() + timedelta(days=2))
    await admin.starts_another(2)
    await admin.says("/reopen")
    assert "¿Volver a abrir la petición?" in admin.panel.text, "another message keeps nobody"


async def test_what_was_written_meanwhile_is_not_published_unseen(admin: AdminScene) -> None:
    """An edit of the text in the chat is its next version."""
    await admin.scene.closes()
    await writes(admin, SPANISH, "Han vuleto")
    sent = next(m for m in admin.marta.messages if m.text == "Han vuleto")
    await admin.taps(BEFORE)
    old = admin.data("Publicar")
    await writes(admin, ENGLISH, "They are back")
    await admin.scene.answered(admin.marta.tap_data(*old))
    assert "algo ha cambiado mientras tanto" in admin.marta.chat.messages[old[0]].text
    assert FOLDER in await read_late(admin, admin.scene.jordi)
    await publishes(admin)
    assert "They are back" in await read_late(admin)
    await admin.goes("/closing", ENGLISH)
    assert "✅ Guardado" in await admin.edits(sent, "Han vuelto")
    assert "Han vuleto" in await read_late(admin, admin.scene.jordi), "nobody published the edit"
    await admin.says("They came home")
    await publishes(admin)
    assert "Han vuelto" in await read_late(admin, admin.scene.jordi)
    assert "They came home" in await read_late(admin, admin.scene.mallory), "it was awaited still"
    assert "envíamelo otra vez" in await admin.edits(sent, "x" * 4000)
    assert "✅ Guardado" in await admin.says("Otra vez en casa")


IS_DRAFT = (
    "⚠️ El mensaje final todavía es un borrador. Mientras lo sea, quien entre con la petición "
    "cerrada leerá solo el agradecimiento por su interés, y a quienes firmaron no se les puede "
    "contar cómo ha terminado. Escríbelo con /closing."
)


async def test_a_draft_is_not_read_nor_sent_until_published(drafted: AdminScene) -> None:
    """The admins are told of it in the week before the date, when it closes, and once it waits."""
    jordi, storage = drafted.scene.jordi, drafted.services.storage
    drafted.marta.start()
    now = drafted.services.clock()
    for days, times in ((8, 0), (6, 1), (6, 1)):
        await storage.write(follow_folder, now + timedelta(days=days))
        await notices(drafted)
        assert sum(IS_DRAFT in m.text for m in drafted.marta.messages) == times
    await storage.write(follow_folder, None)
    assert IS_DRAFT in await drafted.says(f"/close {now + timedelta(days=9):%d/%m/%Y}")
    now = drafted.services.clock()
    drafted.services.clock = lambda: now + drafted.ahead
    await drafted.says("/close")
    assert "nadie más podrá firmar. Al cerrarla no se envía ningún mensaje." in drafted.panel.text
    assert f"Puedes deshacerlo con /reopen.\n\n{IS_DRAFT}\n\n" in drafted.panel.text
    await drafted.taps("Sí, cerrar la petición")
    closed = f"{IS_DRAFT}\n\nPara deshacer el cierre, escribe /reopen."
    assert drafted.marta.messages[-1].text.endswith(closed)
    seen = await read_late(drafted, jordi)
    assert FOLDER not in seen
    assert "Esta acción ha terminado" in seen
    assert "Así terminó" not in seen
    assert "how it ended" not in await read_late(drafted)
    assert "lo puedes leer aquí" not in await drafted.scene.says(jordi, "/withdraw")
    assert IS_DRAFT in await drafted.says("/broadcast")
    assert "El mensaje final" not in drafted.panel.labels
    await drafted.scene.answered(
        drafted.marta.tap_data(drafted.marta.messages[-1].id, "adm:final:")
    )
    assert IS_DRAFT in drafted.marta.messages[-1].text, "an old button sends no draft"
    assert "El mensaje final" not in drafted.panel.labels
    drafted.ahead = timedelta(days=31)
    for _ in range(2):
        await notices(drafted)
    alone = [m for m in drafted.marta.messages if m.text == IS_DRAFT]
    assert len(alone) == 2, "before the date, and once closed"
    (reminder,) = (m.text for m in drafted.marta.messages if "Se les prometió" in m.text)
    assert reminder.endswith(
        f"no han recibido el mensaje final.\n\n{IS_DRAFT}\n\n"
        "Hasta que se envíe, el bot te lo recordará cada semana."
    )
    assert await warned_of_erasures(drafted) == IS_DRAFT
    drafted.ahead = timedelta()
    await writes(drafted, SPANISH, "Han vuelto")
    missing = "⚠️ No se ha publicado nada: falta escribirlo en inglés."
    assert missing in await publishes(drafted)
    await publishes(drafted, ENGLISH, "They are back")
    assert "Han vuelto" in await read_late(drafted, jordi)
    await drafted.scene.broadcasts(3)
    assert any(m.text == "They are back" for m in drafted.scene.sean.messages)


async def adds(admin: AdminScene, what: str, texts: dict[str, str]) -> None:
    """Marta adds what has happened, in every language."""
    await admin.goes("/closing", "Añadir lo que ha pasado después", what)
    await admin.says(texts["es"])
    await admin.taps("Escribir o corregir lo de después")
    label = next(
        label for label in reversed(admin.panel.labels) if label.startswith("✏️ En inglés")
    )
    await admin.taps(label)
    await admin.says(texts["en"])


async def test_what_came_later_is_read_in_order_of_time(admin: AdminScene) -> None:
    await admin.scene.closes()
    answered = {
        "es": "01/03/2026\nHan contestado que no.",
        "en": "1-3-26\nThey answered no.",
    }
    delivered = {"es": "03/02/2026\nTres cajas.", "en": "03/02/2026\nThree boxes."}
    await adds(admin, "Ha habido una respuesta", answered)
    await publishes(admin)
    await adds(admin, "Las firmas se han entregado", delivered)
    published = await publishes(admin)
    assert "✅ Publicado. Quien entre ya lo lee." in published
    assert "no les llega este cambio" not in published
    seen = await read_late(admin, admin.scene.jordi)
    parts = (
        *(FOLDER, "3 de febrero de 2026: entrega de las firmas", "Tres cajas."),
        *("1 de marzo de 2026: respuesta a la petición", "Han contestado que no."),
    )
    places = [seen.index(part) for part in parts]
    assert places == sorted(places)
    english = await read_late(admin)
    assert "1 March 2026" in english
    assert "They answered no." in english
    assert "1-3-26" not in english


async def test_an_entry_without_a_date_is_of_today_in_all_languages(admin: AdminScene) -> None:
    await admin.scene.closes()
    # Half an hour after midnight in Madrid; in UTC it is still yesterday.
    now = admin.services.clock().astimezone(admin.words.zone)
    admin.ahead = now.replace(hour=0, minute=30) + timedelta(days=1) - now
    await admin.goes("/closing", "Añadir lo que ha pasado después", "Se ha tomado una decisión")
    for text, answer in (
        ("31/02/2026\nQuedan libres.", "la fecha de la primera línea no existe"),
        ("01/01/2101\nQuedan libres.", "no ha llegado"),
    ):
        assert answer in await admin.says(text)
    today = admin.services.clock().astimezone(admin.words.zone)
    sent = await admin.writes("Quedan libres.")
    named = f"la decisión del {admin.words.date(today)}"
    assert named in admin.panel.text
    assert "falta escribirlo en inglés" in await publishes(admin)
    assert "Quedan libres" not in await read_late(admin, admin.scene.jordi)
    assert named in await admin.edits(sent, f"{today:%d/%m/%Y}\nQuedan todos libres.")
    admin.ahead += timedelta(days=3)
    assert named in await admin.edits(sent, "Quedan en libertad."), "of the day that it has"
    await admin.taps("Escribir o corregir lo de después", f"✏️ En inglés: {named}")
    assert f"{named}, en inglés" in await admin.says("They go free.")
