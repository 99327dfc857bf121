"""Marta composes a message; whatever she sends goes out as previewed."""

from datetime import timedelta

import pytest

from tests.support.admin_scene import AdminScene
from tests.support.html_messages import send_html

KINDS = (
    *("photo", "video", "animation", "audio", "voice", "video_note", "document"),
    *("sticker", "location", "venue", "contact"),
)
WAITING = "Espero tu próximo mensaje"
GONE = ["message to edit not found", "message to delete not found", "message to copy not found"]


async def test_a_formatted_text_arrives_as_it_was_written(admin: AdminScene) -> None:
    await admin.begins()
    send_html(admin.marta, "<b>Mañana</b>, en la <a href='https://example.org/'>plaza</a>")
    await admin.scene.settled()
    await admin.taps("Botones con enlace")
    await admin.says("Leer más - javascript:alert(1)")
    assert "No entiendo «Leer más - javascript:alert(1)»" in admin.panel.text
    admin.marta.send_photo()
    await admin.scene.settled()
    assert "No he encontrado ningún enlace." in admin.panel.text
    await admin.says("Leer más - https://example.org/\nDonar - example.org/donar")
    assert "Botones: «Leer más», «Donar»" in admin.panel.text
    await admin.taps("Añadir versión en inglés")
    await admin.says("Hello")
    summary = await admin.previews()
    assert "A quienes eligieron recibir novedades: 3" in summary.text
    assert "Español: 2\nInglés: 1" in summary.text
    preview, in_english = admin.marta.messages[-3:-1]
    assert preview.from_bot
    assert in_english.text == "Hello"
    await admin.taps("Enviar a 3 personas")
    await admin.over()
    # Everyone gets the version of their language, and the rest the first.
    for person in (admin.scene.ana, admin.scene.jordi):
        (message,) = admin.got(person)
        assert (message.text, message.entities) == (preview.text, preview.entities)
        assert [entity.type for entity in message.entities] == ["bold", "text_link"]
        assert [[b.label for b in row] for row in message.buttons] == [
            *(["Leer más"], ["Donar"], ["No recibir más novedades"])
        ]
    assert admin.got_by_all()[2] == ["Hello"]
    assert admin.got(admin.scene.mallory) == []


async def test_an_album_stays_together(admin: AdminScene) -> None:
    await admin.begins()
    admin.marta.send_album(["photo", "video", "photo"], "Las tres")
    await admin.scene.settled()
    assert "un álbum de 3 elementos" in admin.panel.text
    assert "Botones con enlace" not in admin.panel.labels
    summary = await admin.previews()
    assert "Un álbum cuenta como 3 mensajes por persona." in summary.text
    assert "quien no quiera más mensajes así puede dejarlos en /mydata." in summary.text
    assert "/stop" not in summary.text, "which ends the closing update too"
    await admin.taps("Enviar a 3 personas")
    await admin.over()
    got = admin.got(admin.scene.ana)
    assert [m.media.kind for m in got if m.media] == ["photo", "video", "photo"]
    assert got[0].text == "Las tres"
    assert len({m.group for m in got}) == 1
    await admin.says("/broadcasts")
    assert "«Las tres»" in admin.panel.text


async def test_every_kind_that_can_be_copied_is_taken(admin: AdminScene) -> None:
    await admin.begins()
    for kind, said in (("poll", "Una encuesta no se puede"), ("dice", "Un dado sale distinto")):
        admin.marta.send_kind(kind)
        await admin.scene.settled()
        assert said in admin.panel.text
        assert WAITING in admin.panel.text
    sent = await admin.says("Hola")
    # One that Telegram sends again is not taken for another, nor what it does not wait for.
    before = admin.panel
    admin.scene.world.updates.add("message", admin.marta.id, sent.shape())
    await admin.scene.settled()
    assert admin.panel == before
    await admin.says("y otra cosa")
    assert "Ese mensaje no se ha añadido" in admin.panel.text
    await admin.previews()
    assert admin.marta.messages[-2].text == "Hola"
    for kind in KINDS:
        await admin.taps("Cambiar")
        await admin.taps("Cambiar el mensaje")
        admin.marta.send_kind(kind)
        await admin.scene.settled()
        assert "Tu mensaje" in admin.panel.text, kind
        await admin.taps("👁 Ver la vista previa")
        preview = admin.marta.messages[-2]
        assert preview.from_bot
        assert preview.media is not None
        assert preview.media.kind == kind


LONG = "Queridas amigas:\n\nAndry vuelve a casa. Gracias por cada firma."


@pytest.mark.parametrize("stage", ["waiting", "ready"])
async def test_what_is_no_name_stays_while_a_draft_is_open(admin: AdminScene, stage: str) -> None:
    await admin.begins()
    if stage == "ready":
        await admin.says("Hola")
    await admin.says("/start")
    await admin.taps("✍️ Firmar con mi nombre")
    for hours in (0, 2, 12, 13, 23):
        admin.ahead = timedelta(hours=hours)
        if hours == 13:
            await admin.scene.closes()
        written = [admin.marta.send(LONG), admin.marta.send_photo(caption="Andry en casa")]
        await admin.scene.settled()
        assert [m for m in written if m.id not in admin.marta.chat.messages] == [], hours


async def test_a_message_that_comes_days_later_is_not_taken_for_it(admin: AdminScene) -> None:
    await admin.begins()
    await admin.says("Hola")
    admin.ahead = timedelta(days=3)
    await admin.says("Hola")
    assert "Este chat funciona con botones" in admin.marta.messages[-1].text
    # A draft of days ago keeps nothing at the form.
    await admin.says("/start")
    await admin.taps("✍️ Firmar con mi nombre")
    written = await admin.says(LONG)
    assert written.id not in admin.marta.chat.messages
    assert "Escribe el nombre en una sola línea" in admin.marta.messages[-1].text


async def test_it_can_be_given_up_at_any_time(admin: AdminScene) -> None:
    await admin.says("/broadcast")
    await admin.taps("Volver")
    assert admin.marta.messages[-1].text == "De acuerdo: no he cambiado nada."
    assert not admin.marta.messages[-1].labels
    for way in ("Descartar", "/cancel"):
        await admin.begins()
        await admin.says("Hola")
        await (admin.taps(way) if way == "Descartar" else admin.says(way))
        assert "el mensaje está descartado" in admin.marta.messages[-1].text
        assert not any(m.labels for m in admin.marta.messages)
        await admin.says("/broadcast")
        assert "Seguir con el mensaje que preparabas" not in admin.panel.labels
        await admin.taps("Volver")


async def test_one_that_was_left_is_gone_on_with(admin: AdminScene) -> None:
    admin.expected += GONE
    await admin.begins()
    sent = await admin.says("Hola")
    where, stale = admin.data("Añadir versión en inglés")
    await admin.taps("Continuar")
    await admin.scene.answered(admin.marta.tap_data(where, stale))
    assert "¿De qué trata el mensaje?" in admin.panel.text
    # A message that was deleted is asked for again.
    admin.marta.delete(sent)
    await admin.taps("Sobre esta petición")
    await admin.taps("A quienes eligieron novedades: 3")
    assert "se ha borrado" in admin.panel.text
    await admin.says("Hola otra vez")
    await admin.says("/broadcast")
    resume = admin.data("Seguir con el mensaje que preparabas")
    await admin.taps("Seguir con el mensaje que preparabas")
    await admin.taps("👁 Ver la vista previa")
    assert admin.marta.messages[-2].text == "Hola otra vez"
    await admin.taps("No enviar")
    await admin.scene.answered(admin.marta.tap_data(*resume))
    assert WAITING in admin.panel.text, "there is none to go on with"
