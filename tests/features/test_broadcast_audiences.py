"""A broadcast reaches only its audience, and news only those who agreed to news."""

from storage import Kind
from tests.support.admin_scene import AdminScene


async def test_news_go_only_to_those_who_agreed_to_them(admin: AdminScene) -> None:
    scene = admin.scene
    await admin.begins()
    await admin.says("Otra acción")
    await admin.taps("Continuar")
    await admin.taps("Sobre otra cosa")
    assert "A quienes eligieron avances: 3" not in admin.panel.labels
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
    assert "no te enviaremos más noticias" in answer.text
    assert await admin.services.storage.broadcasts.audience(kind=Kind.NEWS) == {}


async def test_news_cannot_be_sent_to_nobody(admin: AdminScene) -> None:
    supporter = admin.services.keyring.reference(admin.services.petition.slug, admin.scene.ana.id)
    await admin.services.storage.signatures.refuse_news(supporter, admin.services.clock())
    await admin.begins()
    await admin.says("Otra acción")
    await admin.taps("Continuar")
    await admin.taps("Sobre otra cosa")
    assert "Nadie a quien se pueda escribir ha aceptado otras noticias." in admin.panel.text
    assert admin.panel.labels == ["Volver", "Descartar"]


async def test_one_language_alone_can_be_chosen(admin: AdminScene) -> None:
    await admin.begins()
    await admin.says("Hello")
    await admin.previews("Solo a quienes leen en inglés: 1")
    await admin.taps("Enviar a 1 persona")
    await admin.over()
    assert len(admin.got(admin.scene.sean)) == 1
    assert admin.got(admin.scene.ana) == []
