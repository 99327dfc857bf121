"""A broadcast reaches only its audience, and news only those who agreed to news."""

from storage import Kind
from tests.support.admin_scene import AdminScene


async def test_news_go_only_to_those_who_agreed_to_them(admin: AdminScene) -> None:
    scene = admin.scene
    await admin.begins()
    await admin.says("Otra acción")
    await admin.taps("Continuar")
    await admin.taps("Sobre otra cosa")
    assert "A quienes eligieron novedades: 3" not in admin.panel.labels
    await admin.taps("A quienes aceptaron otras noticias: 1")
    assert "A quienes aceptaron recibir otras noticias: 1" in admin.panel.text
    await admin.taps("Enviar a 1 persona")
    await admin.over()
    got = [len(admin.got(person)) for person in (scene.ana, scene.jordi, scene.sean)]
    assert got == [1, 0, 0]
    assert (await admin.broadcast()).audience.news_only


async def test_whoever_gets_news_can_end_that_under_them(admin: AdminScene) -> None:
    await admin.begins()
    await admin.says("Otra acción")
    await admin.taps("Continuar")
    await admin.taps("Sobre otra cosa")
    await admin.taps("A quienes aceptaron otras noticias: 1")
    await admin.taps("Enviar a 1 persona")
    await admin.over()
    answer = await admin.scene.ana.tap("No recibir más noticias").answered()
    assert answer.text == (
        "Hecho: no te enviaremos más noticias de otras acciones. Tu firma sigue contando."
    )
    assert await admin.services.storage.broadcasts.audience(kind=Kind.NEWS) == {}


async def test_who_ticked_nothing_is_told_the_end_and_nothing_else(admin: AdminScene) -> None:
    mallory = admin.scene.mallory
    await admin.signs(mallory, updates=0)
    await admin.begins()
    await admin.says("Ya somos mil")
    await admin.previews()
    assert "1 persona más firmó y no espera novedades, solo el mensaje final." in admin.panel.text
    await admin.taps("Enviar a 3 personas")
    await admin.over()
    assert admin.got(mallory) == []
    await admin.scene.closes()
    await admin.scene.broadcasts(4)
    assert admin.scene.told(mallory) == 1


async def test_nobody_gets_more_messages_about_the_petition_than_they_were_promised(
    admin: AdminScene,
) -> None:
    words, scene = admin.words, admin.scene
    luz = scene.world.person("Luz", last_name="Paz", language="es")
    await scene.signs(luz, updates=True)
    assert "Novedades de esta petición (3 como mucho)" in scene.screen(luz).text
    for number, people in enumerate((4, 4, 4, 3), 1):
        await admin.begins()
        await admin.says(f"Avance {number}")
        summary = await admin.previews(f"A quienes eligieron novedades: {people}")
        left_out = "1 persona más ya ha recibido todas las novedades que eligió." in summary.text
        assert left_out is (number == 4)
        await admin.taps(words.plural_label("", "Enviar a {n} personas", people))
        await admin.reported()
    came = [m.text for m in luz.messages if m.text.startswith("Avance ")]
    assert came == ["Avance 1", "Avance 2", "Avance 3"]
    await scene.closes()
    await scene.broadcasts(4)
    assert scene.told(luz) == 1, "the end is not one of them"


async def test_whoever_gets_a_message_about_the_petition_can_end_those_alone(
    admin: AdminScene,
) -> None:
    scene, ana = admin.scene, admin.scene.ana
    await admin.begins()
    await admin.says("Ya somos mil")
    await admin.previews()
    await admin.taps("Enviar a 3 personas")
    await admin.over()
    answer = await ana.tap("No recibir más novedades").answered()
    assert answer.text == (
        "Hecho: no te enviaremos más novedades de esta petición. Tu firma sigue contando."
    )
    assert sum((await admin.services.storage.broadcasts.audience(kind=Kind.UPDATE)).values()) == 2
    assert await admin.services.storage.broadcasts.audience(kind=Kind.NEWS) == {"es": 1}
    await scene.closes()
    await scene.broadcasts(3)
    assert scene.told(ana) == 1


async def test_under_an_album_an_admin_is_told_to_name_what_ends_these_messages_alone(
    admin: AdminScene,
) -> None:
    await admin.begins()
    admin.marta.send_album(["photo", "photo"])
    await admin.scene.settled()
    await admin.previews()
    assert "quien no quiera más novedades puede dejarlas en /mydata." in admin.panel.text
    assert "/stop" not in admin.panel.text, "which ends the closing update too"


async def test_with_nobody_who_chose_any_message_none_is_offered(admin: AdminScene) -> None:
    storage, slug = admin.services.storage, admin.services.petition.slug
    for person in (admin.scene.ana, admin.scene.jordi, admin.scene.sean):
        supporter = admin.services.keyring.reference(slug, person.id)
        await storage.signatures.refuse_updates(supporter, admin.services.clock())
        await storage.signatures.refuse_news(supporter, admin.services.clock())
    await admin.says("/broadcast")
    assert "Nadie espera más mensajes que el final" in (admin.marta.messages[-1].text)
    assert "Un mensaje nuevo" not in admin.marta.messages[-1].labels


async def test_news_cannot_be_sent_to_nobody(admin: AdminScene) -> None:
    supporter = admin.services.keyring.reference(admin.services.petition.slug, admin.scene.ana.id)
    await admin.services.storage.signatures.refuse_news(supporter, admin.services.clock())
    await admin.begins()
    await admin.says("Otra acción")
    await admin.taps("Continuar")
    await admin.taps("Sobre otra cosa")
    assert (
        "Nadie espera otras noticias, o a quienes las esperan no se les puede escribir."
        in admin.panel.text
    )
    assert admin.panel.labels == ["Volver", "Descartar"]
    await admin.taps("Volver")
    assert "Sobre esta petición" in admin.panel.labels


async def test_one_language_alone_can_be_chosen(admin: AdminScene) -> None:
    await admin.begins()
    await admin.says("Hello")
    await admin.previews("Solo a quienes leen en inglés: 1")
    await admin.taps("Enviar a 1 persona")
    await admin.over()
    assert len(admin.got(admin.scene.sean)) == 1
    assert admin.got(admin.scene.ana) == []
