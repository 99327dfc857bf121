"""A message that was wrong is put right for those who got it, with or without a recall."""

from datetime import timedelta

from storage.personal_data import everything_held
from tests.support.admin_scene import AdminScene
from tests.support.approval_scene import LUCY, QUESTION, an_admin, with_settings
from tests.support.scene import ADMIN

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
    await admin.says("/broadcast")
    assert "Lo esperan 3 personas." in admin.panel.text
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
