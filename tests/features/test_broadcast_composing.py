"""Marta prepares a message of her own: whatever she sends goes out as she saw it."""

from __future__ import annotations

from tests.features.studio import Studio


async def test_a_formatted_text_arrives_as_it_was_written(studio: Studio) -> None:
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


async def test_an_album_stays_together(studio: Studio) -> None:
    await studio.begins()
    studio.marta.send_album(["photo", "video", "photo"], "Las tres")
    await studio.scene.settled()
    assert "un álbum de 3 elementos" in studio.panel.text
    summary = await studio.previews()
    assert "Un álbum cuenta como 3 mensajes por persona." in summary.text
    await studio.taps("Enviar a 3 personas")
    await studio.over()
    got = studio.got(studio.scene.ana)
    assert [m.media.kind for m in got if m.media] == ["photo", "video", "photo"]
    assert got[0].text == "Las tres"
    assert len({m.group for m in got}) == 1
