"""A broadcast reaches only its audience, and news only those who agreed to news."""

from __future__ import annotations

from storage import Kind
from tests.support.admin_scene import AdminScene


async def test_news_go_only_to_those_who_agreed_to_them(studio: AdminScene) -> None:
    scene = studio.scene
    await studio.begins()
    await studio.says("Otra acción")
    await studio.taps("Continuar")
    await studio.taps("Sobre otra cosa")
    assert "A quienes firmaron: 3" not in studio.panel.labels
    await studio.taps("A quienes aceptaron otras noticias: 1")
    assert "A quienes aceptaron recibir otras noticias: 1" in studio.panel.text
    await studio.taps("Enviar a 1 persona")
    await studio.over()
    got = [len(studio.got(person)) for person in (scene.ana, scene.jordi, scene.sean)]
    assert got == [1, 0, 0]
    assert (await studio.broadcast()).audience.news_only


async def test_whoever_gets_news_can_end_that_under_them(studio: AdminScene) -> None:
    await studio.begins()
    await studio.says("Otra acción")
    await studio.taps("Continuar")
    await studio.taps("Sobre otra cosa")
    await studio.taps("A quienes aceptaron otras noticias: 1")
    await studio.taps("Enviar a 1 persona")
    await studio.over()
    answer = await studio.scene.ana.tap("No recibir más noticias").answered()
    assert "no te enviaremos más noticias" in answer.text
    assert await studio.services.storage.broadcasts.audience(kind=Kind.NEWS) == {}


async def test_news_cannot_be_sent_to_nobody(studio: AdminScene) -> None:
    supporter = studio.services.keyring.reference(
        studio.services.petition.slug, studio.scene.ana.id
    )
    await studio.services.storage.signatures.refuse_news(supporter, studio.services.clock())
    await studio.begins()
    await studio.says("Otra acción")
    await studio.taps("Continuar")
    await studio.taps("Sobre otra cosa")
    assert "Nadie a quien se pueda escribir ha aceptado otras noticias." in studio.panel.text
    assert studio.panel.labels == ["Volver", "Cancelar"]


async def test_one_language_alone_can_be_chosen(studio: AdminScene) -> None:
    await studio.begins()
    await studio.says("Hello")
    await studio.previews("Solo a quienes leen en English: 1")
    await studio.taps("Enviar a 1 persona")
    await studio.over()
    assert len(studio.got(studio.scene.sean)) == 1
    assert studio.got(studio.scene.ana) == []
