"""A broadcast reaches only its audience, and news only those who agreed to news."""

from storage.broadcast_types import Kind
from storage.broadcasts import count_audience
from storage.consents import end_consent
from tests.support.admin_scene import AdminScene
from tests.support.scene import send_label


async def test_news_go_only_to_those_who_agreed_to_them(admin: AdminScene) -> None:
    scene, storage = admin.scene, admin.services.storage
    await admin.begins()
    await admin.says("Otra acción")
    await admin.taps("Continuar")
    await admin.taps("Sobre otra cosa")
    assert "A quienes eligieron novedades: 3" not in admin.panel.labels
    await admin.taps("A quienes aceptaron otras noticias: 1")
    assert "A quienes aceptaron recibir otras noticias: 1" in admin.panel.text
    await admin.taps("Enviar a 1 persona")
    await admin.over()
    assert admin.got_by_all() == [["Otra acción"], [], []]
    # Whoever gets news can end that under them, and then nobody is left to send any to.
    answer = await scene.ana.tap("No recibir más noticias").answered()
    assert answer.text == (
        "Hecho: no te enviaremos más noticias de otras acciones. Tu firma sigue contando."
    )
    assert await storage.read(count_audience, kind=Kind.NEWS) == {}
    await admin.begins()
    await admin.says("Hello")
    await admin.taps("Continuar")
    await admin.taps("Sobre otra cosa")
    assert "No hay a quién enviarlo." in admin.panel.text
    assert admin.panel.labels == ["Volver", "Descartar"]
    await admin.taps("Volver")
    # One language alone can be chosen.
    await admin.taps("Sobre esta petición")
    await admin.taps("Solo a quienes leen en inglés: 1")
    await admin.taps("Enviar a 1 persona")
    await admin.over()
    assert admin.got_by_all() == [["Otra acción"], [], ["Hello"]]
    for person in (scene.ana, scene.jordi, scene.sean):
        supporter = admin.services.reference(person.id)
        await storage.write(end_consent, supporter, "updates", admin.services.clock())
    await admin.says("/broadcast")
    assert "espera otro mensaje que el final" in admin.marta.messages[-1].text
    assert "Un mensaje nuevo" not in admin.marta.messages[-1].labels


async def test_nobody_gets_more_messages_than_they_were_promised(admin: AdminScene) -> None:
    words, scene = admin.words, admin.scene
    luz, mallory = scene.world.person("Luz", last_name="Paz", language="es"), scene.mallory
    await scene.signs(luz, updates=True)
    await admin.signs(mallory, updates=0)
    for number, people in enumerate((4, 3, 3, 2), 1):
        await admin.begins()
        await admin.says(f"Avance {number}")
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
