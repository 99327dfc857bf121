"""A message is written for those who chose it, in their languages, and corrected."""

from datetime import timedelta

import pytest

from storage.broadcast_types import Kind
from storage.broadcasts import count_audience
from storage.consents import end_consent
from storage.personal_data import everything_held
from tests.support.admin_scene import AdminScene
from tests.support.approval_scene import LUCY, QUESTION, an_admin, with_settings
from tests.support.scene import ADMIN, send_label

KINDS = (
    *("photo", "video", "animation", "audio", "voice", "video_note", "document"),
    *("sticker", "location", "venue", "contact"),
)
WAITING = "Espero tu próximo mensaje"
GONE = ["message to edit not found", "message to delete not found", "message to copy not found"]


async def test_a_formatted_text_arrives_as_it_was_written(admin: AdminScene) -> None:
    await admin.begins()
    await admin.writes(
        "<b>Mañana</b>, en la <a href='https://example.org/'>plaza</a>", is_html=True
    )
    await admin.taps("Botones con enlace")
    await admin.says("Leer más - javascript:alert(1)")
    assert "No entiendo «Leer más - javascript:alert(1)»" in admin.panel.text
    await admin.scene.sends(admin.marta, "photo")
    assert "No he encontrado ningún enlace." in admin.panel.text
    links = "Leer más - https://example.org/\nDonar - example.org/donar"
    assert "Botones: «Leer más», «Donar»" in await admin.says(links)
    assert "Botones:" not in await admin.taps("Botones con enlace", "Quitar los botones")
    await admin.taps("Botones con enlace")
    await admin.says(links)
    await admin.taps("Añadir versión en inglés")
    await admin.says("Hello")
    summary = await admin.previews()
    assert "A quienes eligieron recibir novedades: 3" in summary.text
    assert "Español: 2\nInglés: 1" in summary.text
    preview, in_english = admin.marta.messages[-3:-1]
    assert preview.from_bot
    assert in_english.text == "Hello"
    await admin.finishes("Enviar a 3 personas")
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
    await admin.finishes("Enviar a 3 personas")
    got = admin.got(admin.scene.ana)
    assert [m.media.kind for m in got if m.media] == ["photo", "video", "photo"]
    assert got[0].text == "Las tres"
    assert len({m.group for m in got}) == 1
    assert "«Las tres»" in await admin.says("/broadcasts")


async def test_every_kind_that_can_be_copied_is_taken(admin: AdminScene) -> None:
    await admin.begins()
    for kind, said in (("poll", "Una encuesta no se puede"), ("dice", "Un dado sale distinto")):
        await admin.scene.sends(admin.marta, kind)
        assert said in admin.panel.text
        assert WAITING in admin.panel.text
    sent = await admin.writes("Hola")
    # One that Telegram sends again is not taken for another, nor what it does not wait for.
    before = admin.panel
    admin.scene.world.updates.add("message", admin.marta.id, sent.shape())
    await admin.scene.settled()
    assert admin.panel == before
    assert "Ese mensaje no se ha añadido" in await admin.says("y otra cosa")
    await admin.previews()
    assert admin.marta.messages[-2].text == "Hola"
    for kind in KINDS:
        await admin.taps("Cambiar", "Cambiar el mensaje")
        await admin.scene.sends(admin.marta, kind)
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
    await admin.goes("/start", "✍️ Firmar con mi nombre")
    for hours in (0, 2, 12, 13, 23):
        admin.ahead = timedelta(hours=hours)
        if hours == 13:
            await admin.scene.closes()
        written = [admin.marta.send(LONG), admin.marta.send_photo(caption="Andry en casa")]
        await admin.scene.settled()
        assert [m for m in written if m.id not in admin.marta.chat.messages] == [], hours


async def test_a_message_that_comes_days_later_is_not_taken_for_it(admin: AdminScene) -> None:
    await admin.begins("Hola")
    admin.ahead = timedelta(days=3)
    assert "Este chat funciona con botones" in await admin.says("Hola")
    # A draft of days ago keeps nothing at the form.
    await admin.goes("/start", "✍️ Firmar con mi nombre")
    written = await admin.writes(LONG)
    assert written.id not in admin.marta.chat.messages
    assert "Escribe el nombre en una sola línea" in admin.marta.messages[-1].text


async def test_it_can_be_given_up_at_any_time(admin: AdminScene) -> None:
    await admin.goes("/broadcast", "Volver")
    assert admin.marta.messages[-1].text == "De acuerdo: no he cambiado nada."
    assert not admin.marta.messages[-1].labels
    for way in ("Descartar", "/cancel"):
        await admin.begins("Hola")
        await (admin.taps(way) if way == "Descartar" else admin.says(way))
        assert "el mensaje está descartado" in admin.marta.messages[-1].text
        assert not any(m.labels for m in admin.marta.messages)
        await admin.says("/broadcast")
        assert "Seguir con el mensaje que preparabas" not in admin.panel.labels
        await admin.taps("Volver")


async def test_one_that_was_left_is_gone_on_with(admin: AdminScene) -> None:
    admin.expected += GONE
    await admin.begins()
    sent = await admin.writes("Hola")
    where, stale = admin.data("Añadir versión en inglés")
    await admin.taps("Continuar")
    await admin.scene.answered(admin.marta.tap_data(where, stale))
    assert "¿De qué trata el mensaje?" in admin.panel.text
    # A message that was deleted is asked for again.
    admin.marta.delete(sent)
    await admin.taps("Sobre esta petición", "A quienes eligieron novedades: 3")
    assert "se ha borrado" in admin.panel.text
    await admin.says("Hola otra vez")
    await admin.says("/broadcast")
    resume = admin.data("Seguir con el mensaje que preparabas")
    await admin.taps("Seguir con el mensaje que preparabas", "👁 Ver la vista previa")
    assert admin.marta.messages[-2].text == "Hola otra vez"
    await admin.taps("No enviar")
    await admin.scene.answered(admin.marta.tap_data(*resume))
    assert WAITING in admin.panel.text, "there is none to go on with"


async def test_news_go_only_to_those_who_agreed_to_them(admin: AdminScene) -> None:
    scene, storage = admin.scene, admin.services.storage
    await admin.begins("Otra acción")
    await admin.taps("Continuar", "Sobre otra cosa")
    assert "A quienes eligieron novedades: 3" not in admin.panel.labels
    await admin.taps("A quienes aceptaron otras noticias: 1")
    assert "A quienes aceptaron recibir otras noticias: 1" in admin.panel.text
    await admin.finishes("Enviar a 1 persona")
    assert admin.got_by_all() == [["Otra acción"], [], []]
    # Whoever gets news can end that under them, and then nobody is left to send any to.
    answer = await scene.ana.tap("No recibir más noticias").answered()
    assert answer.text == (
        "Hecho: no te enviaremos más noticias de otras acciones. Tu firma sigue contando."
    )
    assert await storage.read(count_audience, kind=Kind.NEWS) == {}
    await admin.begins("Hello")
    assert "No hay a quién enviarlo." in await admin.taps("Continuar", "Sobre otra cosa")
    assert admin.panel.labels == ["Volver", "Descartar"]
    await admin.taps("Volver")
    # One language alone can be chosen.
    await admin.taps("Sobre esta petición", "Solo a quienes leen en inglés: 1")
    await admin.finishes("Enviar a 1 persona")
    assert admin.got_by_all() == [["Otra acción"], [], ["Hello"]]
    for person in (scene.ana, scene.jordi, scene.sean):
        supporter = admin.services.reference(person.id)
        await storage.write(end_consent, supporter, "updates", admin.services.clock())
    assert "espera otro mensaje que el final" in await admin.says("/broadcast")
    assert "Un mensaje nuevo" not in admin.marta.messages[-1].labels


async def test_nobody_gets_more_messages_than_they_were_promised(admin: AdminScene) -> None:
    words, scene = admin.words, admin.scene
    luz, mallory = scene.world.person("Luz", last_name="Paz", language="es"), scene.mallory
    await scene.signs(luz, updates=True)
    await admin.signs(mallory, updates=0)
    for number, people in enumerate((4, 3, 3, 2), 1):
        await admin.begins(f"Avance {number}")
        summary = (await admin.previews(f"A quienes eligieron novedades: {people}")).text
        left_out = "Ya han recibido todas las novedades que eligieron: 1" in summary
        assert left_out is (number == 4)
        if number == 1:
            assert "No esperan novedades, solo el mensaje final: 1" in summary
        await admin.taps(send_label(words, people))
        await admin.reported()
        if number == 1:
            # Whoever gets one can end those alone.
            answer = await scene.ana.tap("No recibir más novedades").answered()
            assert answer.text == (
                "Hecho: no te enviaremos más novedades de esta petición. Tu firma sigue contando."
            )
            assert await admin.services.storage.read(count_audience, kind=Kind.NEWS) == {"es": 1}
    came = [m.text for m in luz.messages if m.text.startswith("Avance ")]
    assert came == ["Avance 1", "Avance 2", "Avance 3"]
    assert admin.got_by_all()[0] == ["Avance 1"]
    assert admin.got(mallory) == []
    # The end is not one of them, and comes whatever was chosen.
    await scene.closes()
    await scene.broadcasts(5)
    assert [scene.told(each) for each in (luz, scene.ana, mallory)] == [1, 1, 1]


CORRECT = "Enviar una corrección"
HEADING = "Corrección de un mensaje anterior"


async def test_of_a_mistake_in_yesterdays_message_all_are_told(admin: AdminScene) -> None:
    report = await admin.sends("La ministra nos recibe el día 3.")
    assert CORRECT in report.labels
    await admin.scene.says(admin.scene.jordi, "/stop")
    await admin.taps(CORRECT)
    asked = admin.panel.text  # the picture of the delivery may come after it
    assert "Llega a quienes recibieron el mensaje equivocado" in asked
    assert "No se suma a las novedades que eligieron" in asked
    await admin.says("No es el día 3: es el 13.")
    await admin.taps("👁 Ver la vista previa")
    assert "A quienes recibieron el mensaje que se corrige: 2" in admin.panel.text
    assert "Quien entre con la petición cerrada" not in admin.panel.text
    await admin.taps("Enviar a 2 personas")
    await admin.reported()
    wrong, correction = admin.got(admin.scene.ana)[-2:]
    assert "el día 3." in wrong.text
    assert correction.text.startswith(f"{HEADING}\n\nNo es el día 3: es el 13.\n\nCorrige un")
    assert "no cuenta como una novedad más" in correction.text
    assert not [m for m in admin.got(admin.scene.jordi) if HEADING in m.text]
    assert "Una corrección, para quienes recibieron" in (await admin.over()).text
    held = await admin.services.storage.read(everything_held, admin.scene.ana.id)
    assert [each["kind"] for each in held.deliveries][-1] == "correction"
    # It waits for a second admin wherever another message would.
    lucy = an_admin(admin, "Lucy", "es", LUCY)
    await with_settings(admin, admin_ids=frozenset({ADMIN, LUCY}), approval_above=1)
    await admin.taps(CORRECT)
    await admin.says("Bien.")
    await admin.taps("👁 Ver la vista previa")
    assert not [label for label in admin.panel.labels if label.startswith("Enviar a")]
    await admin.taps("Pedir la aprobación, para 2 personas")
    assert (await admin.broadcast()).awaits_approval
    assert admin.got(admin.scene.ana)[-1] is correction
    await lucy.sees(QUESTION, 10)
    await admin.scene.taps(lucy, "Aprobar y enviar a 2 personas")
    await admin.scene.ana.sees("Bien.", 10)


async def sends_the_closing_update(admin: AdminScene) -> None:
    await admin.scene.broadcasts(3)
    await admin.reported()


async def test_a_wrong_closing_update_is_taken_back_and_made_good(admin: AdminScene) -> None:
    await admin.scene.closes()
    await sends_the_closing_update(admin)
    await admin.taps("Retirar los mensajes")
    promised = "Después podrás enviar el mensaje final corregido a estas mismas personas"
    assert promised in admin.panel.text
    await admin.taps("Sí, retirar los mensajes")
    report = await admin.over("Los mensajes se han retirado.")
    assert "Con /broadcast puedes enviarles el mensaje final corregido." in report.text
    assert CORRECT not in report.labels, "the closing update itself is sent again"
    await admin.scene.says(admin.scene.ana, "/mydata")
    assert (
        "Te escribiremos para contarte cómo ha terminado"
        in admin.scene.screen(admin.scene.ana).text
    )
    admin.ahead = timedelta(seconds=5)  # a second confirmation in one second is a second tap
    assert "Lo esperan 3 personas." in await admin.says("/broadcast")
    await sends_the_closing_update(admin)
    assert len([m for m in admin.got(admin.scene.sean) if "ended" in m.text]) == 1


async def test_a_wrong_closing_update_that_stays_is_corrected(admin: AdminScene) -> None:
    await admin.scene.closes()
    await sends_the_closing_update(admin)
    first = admin.data(CORRECT)
    for said, sent in (("No fue el lunes: fue el martes.", "martes"), ("Tampoco.", "Tampoco")):
        await admin.taps(CORRECT)
        await admin.says(said)
        await admin.taps("👁 Ver la vista previa")
        if sent == "martes":
            assert "Quien entre con la petición cerrada sigue leyendo" in admin.panel.text
        await admin.taps("Enviar a 3 personas")
        await admin.reported()
        assert sent in admin.got(admin.scene.ana)[-1].text
        # A second tap on the first report: nobody gets two corrections of one message.
        answer = await admin.marta.tap_data(*first).answered()
        assert "corrígela desde su informe" in answer.text
    corrections = [m for m in admin.got(admin.scene.ana) if HEADING in m.text]
    assert "Corrige el mensaje en el que te contamos" in corrections[0].text
