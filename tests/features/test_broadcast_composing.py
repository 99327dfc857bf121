"""Marta composes a message; whatever she sends goes out as previewed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.simulator.chats import Message
from tests.support.admin_scene import AdminScene

KINDS = (
    *("photo", "video", "animation", "audio", "voice", "video_note", "document"),
    *("sticker", "location", "venue", "contact"),
)


async def test_a_formatted_text_arrives_as_it_was_written(studio: AdminScene) -> None:
    await studio.begins()
    studio.marta.send_html("<b>Mañana</b>, en la <a href='https://example.org/'>plaza</a>")
    await studio.scene.settled()
    summary = await studio.previews()
    assert "A todas las personas que firmaron: 3" in summary.text
    preview = studio.marta.messages[-2]
    assert preview.from_bot
    await studio.taps("Enviar a 3 personas")
    await studio.over()
    for person in (studio.scene.ana, studio.scene.jordi, studio.scene.sean):
        (message,) = studio.got(person)
        assert (message.text, message.entities) == (preview.text, preview.entities)
        assert [entity.type for entity in message.entities] == ["bold", "text_link"]
    assert studio.got(studio.scene.mallory) == []


async def test_an_album_stays_together(studio: AdminScene) -> None:
    await studio.begins()
    studio.marta.send_album(["photo", "video", "photo"], "Las tres")
    await studio.scene.settled()
    assert "un álbum de 3 elementos" in studio.panel.text
    assert "Botones con enlace" not in studio.panel.labels
    summary = await studio.previews()
    assert "Un álbum cuenta como 3 mensajes por persona." in summary.text
    await studio.taps("Enviar a 3 personas")
    await studio.over()
    got = studio.got(studio.scene.ana)
    assert [m.media.kind for m in got if m.media] == ["photo", "video", "photo"]
    assert got[0].text == "Las tres"
    assert len({m.group for m in got}) == 1


async def test_every_kind_that_can_be_copied_is_taken(studio: AdminScene) -> None:
    await studio.begins()
    await studio.says("Hola")
    await studio.previews()
    for kind in KINDS:
        await studio.taps("Cambiar")
        await studio.taps("Cambiar el mensaje")
        studio.marta.send_kind(kind)
        await studio.scene.settled()
        assert "Tu mensaje" in studio.panel.text, kind
        await studio.taps("👁 Ver la vista previa")
        preview = studio.marta.messages[-2]
        assert preview.from_bot
        assert preview.media is not None
        assert preview.media.kind == kind


@pytest.mark.parametrize(
    ("kind", "said"), [("poll", "Una encuesta no se puede"), ("dice", "Un dado sale distinto")]
)
async def test_what_cannot_be_the_same_for_all_is_turned_down_with_its_reason(
    studio: AdminScene, kind: str, said: str
) -> None:
    await studio.begins()
    studio.marta.send_kind(kind)
    await studio.scene.settled()
    assert studio.panel.text.startswith(said)
    assert "Espero tu próximo mensaje" in studio.panel.text


async def test_of_a_forwarded_post_the_link_buttons_are_kept(studio: AdminScene) -> None:
    post = post_with_buttons(studio)
    await studio.begins()
    studio.marta.forward(post, buttons=[[("Leer", "https://example.org/"), ("Ver", "t.me/x")]])
    await studio.scene.settled()
    assert "Botones: «Leer», «Ver»" in studio.panel.text
    await studio.previews()
    await studio.taps("Enviar a 3 personas")
    await studio.over()
    (message,) = studio.got(studio.scene.ana)
    assert message.text == post.text
    assert [button.url for button in message.buttons[0]] == [
        "https://example.org/",
        "http://t.me/x",
    ]


def post_with_buttons(studio: AdminScene) -> Message:
    """A message of somebody else's, to be forwarded."""
    return studio.scene.mallory.send("Convocatoria")


async def test_link_buttons_are_written_line_by_line(studio: AdminScene) -> None:
    await studio.begins()
    await studio.says("Hola")
    await studio.taps("Botones con enlace")
    await studio.says("Leer más - javascript:alert(1)")
    assert studio.panel.text.startswith("En «Leer más - javascript:alert(1)» la dirección no vale")
    await studio.says("Leer más - https://example.org/\nDonar - example.org/donar")
    assert "Botones: «Leer más», «Donar»" in studio.panel.text
    await studio.previews()
    await studio.taps("Enviar a 3 personas")
    await studio.over()
    (message,) = studio.got(studio.scene.jordi)
    assert [[b.label for b in row] for row in message.buttons] == [["Leer más"], ["Donar"]]


async def test_everyone_gets_the_version_of_their_language_and_the_rest_the_first(
    studio: AdminScene,
) -> None:
    await studio.begins()
    await studio.says("Hola")
    await studio.taps("Añadir versión en English")
    await studio.says("Hello")
    summary = await studio.previews()
    assert [m.text for m in studio.marta.messages[-3:-1]] == ["Hola", "Hello"]
    assert "Español: 2\nEnglish: 1" in summary.text
    await studio.taps("Enviar a 3 personas")
    await studio.over()
    scene = studio.scene
    got = [studio.got(person)[0].text for person in (scene.ana, scene.jordi, scene.sean)]
    assert got == ["Hola", "Hola", "Hello"]


async def test_a_version_can_be_changed_and_taken_away(studio: AdminScene) -> None:
    await studio.begins()
    await studio.says("Hola")
    await studio.taps("Añadir versión en English")
    await studio.says("Hello")
    await studio.taps("Cambiar la versión en español")
    await studio.says("Hola a todas")
    await studio.taps("Quitar la versión en English")
    assert "igual para todos los idiomas" in studio.panel.text
    summary = await studio.previews()
    assert "El mismo mensaje para todos los idiomas." in summary.text
    assert studio.marta.messages[-2].text == "Hola a todas"


async def test_a_restart_in_the_middle_is_not_noticed(studio: AdminScene) -> None:
    await studio.begins()
    await studio.restart()
    await studio.says("Hola")
    await studio.restart()
    await studio.taps("Continuar")
    await studio.restart()
    await studio.taps("Sobre esta petición")
    await studio.taps("A quienes firmaron: 3")
    await studio.restart()
    await studio.taps("Enviar a 3 personas")
    await studio.over()
    assert [m.text for m in studio.got(studio.scene.ana)] == ["Hola"]


async def test_a_message_that_telegram_sends_again_is_not_taken_for_another(
    studio: AdminScene,
) -> None:
    await studio.begins()
    sent = await studio.says("Hola")
    before = studio.panel
    studio.scene.world.updates.add("message", studio.marta.id, sent.shape())
    await studio.scene.settled()
    assert studio.panel == before


async def test_what_it_does_not_wait_for_is_not_taken(studio: AdminScene) -> None:
    await studio.begins()
    await studio.says("Hola")
    await studio.says("y otra cosa")
    assert studio.panel.text.startswith("Ese mensaje no se ha añadido")
    await studio.previews()
    assert studio.marta.messages[-2].text == "Hola"


async def test_an_admin_goes_on_being_a_supporter(studio: AdminScene) -> None:
    await studio.begins()
    await studio.says("/help")
    assert "Espero tu próximo mensaje" not in studio.marta.messages[-1].text
    await studio.says("Hola")
    await studio.says("/start")
    await studio.taps("✍️ Firmar la petición")
    await studio.says("Marta Ruiz")
    assert "\n\nYo, Marta Ruiz:" in studio.marta.messages[-1].text
    assert "Tu mensaje" in studio.panel.text


LONG = "Queridas amigas:\n\nAndry vuelve a casa. Gracias por cada firma."


@pytest.mark.parametrize("stage", ["waiting", "ready"])
@pytest.mark.parametrize("hours", [0, 2, 23])
@pytest.mark.parametrize("is_closed", [False, True])
async def test_what_cannot_be_a_name_stays_at_the_form_while_a_draft_is_open(
    studio: AdminScene, stage: str, hours: int, is_closed: bool
) -> None:
    await studio.begins()
    if stage == "ready":
        await studio.says("Hola")
    await studio.says("/start")
    await studio.taps("✍️ Firmar la petición")
    if is_closed:
        await studio.scene.closes()
    studio.ahead = timedelta(hours=hours)
    written = [studio.marta.send(LONG), studio.marta.send_photo(caption="Andry en casa")]
    await studio.scene.settled()
    assert [m for m in written if m.id not in studio.marta.chat.messages] == []


async def test_a_draft_of_days_ago_keeps_nothing_at_the_form(studio: AdminScene) -> None:
    await studio.begins()
    await studio.says("/start")
    await studio.taps("✍️ Firmar la petición")
    studio.ahead = timedelta(days=3)
    written = studio.marta.send(LONG)
    await studio.scene.settled()
    assert written.id not in studio.marta.chat.messages
    assert "Escribe el nombre en una sola línea" in studio.marta.messages[-1].text


async def test_a_message_that_comes_much_later_is_not_taken_for_it(studio: AdminScene) -> None:
    await studio.begins()
    studio.ahead = timedelta(hours=2)
    await studio.says("¿Quedamos a las siete?")
    assert "llevaba más de una hora esperándolo" in studio.panel.text
    await studio.says("Hola")
    assert "Tu mensaje" in studio.panel.text
    studio.ahead = timedelta(days=3)
    await studio.says("Hola")
    assert "Este chat funciona con botones" in studio.marta.messages[-1].text


@pytest.mark.parametrize("way", ["Cancelar", "/cancel"])
async def test_it_can_be_given_up_at_any_time(studio: AdminScene, way: str) -> None:
    await studio.begins()
    await studio.says("Hola")
    await (studio.taps(way) if way == "Cancelar" else studio.says(way))
    assert "el mensaje está descartado" in studio.marta.messages[-1].text
    assert not any(m.labels for m in studio.marta.messages)
    await studio.says("/broadcast")
    assert "Seguir con el mensaje que preparabas" not in studio.panel.labels


async def test_nothing_need_be_begun(studio: AdminScene) -> None:
    await studio.says("/broadcast")
    await studio.taps("Nada por ahora")
    assert studio.marta.messages[-1].text == "De acuerdo: todo queda como estaba."
    assert not studio.marta.messages[-1].labels


async def test_one_that_was_left_is_gone_on_with(studio: AdminScene) -> None:
    await studio.begins()
    await studio.says("Hola")
    await studio.says("/broadcast")
    await studio.taps("Seguir con el mensaje que preparabas")
    await studio.previews()
    assert studio.marta.messages[-2].text == "Hola"


async def test_a_button_of_an_earlier_state_shows_the_present_one(studio: AdminScene) -> None:
    await studio.begins()
    await studio.says("Hola")
    where, stale = studio.data("Añadir versión en English")
    await studio.taps("Continuar")
    await studio.marta.tap_data(where, stale).answered()
    await studio.scene.settled()
    assert "¿De qué trata el mensaje?" in studio.panel.text


async def test_a_message_that_was_deleted_is_asked_for_again(studio: AdminScene) -> None:
    await studio.begins()
    sent = await studio.says("Hola")
    studio.expected.append("message to copy not found")
    studio.marta.delete(sent)
    await studio.previews()
    assert "se ha borrado" in studio.panel.text
