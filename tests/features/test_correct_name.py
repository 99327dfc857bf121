"""A name that was signed with can be corrected in the chat, and the former one is gone."""

from pathlib import Path

import pytest

from simulator.person import Person
from storage import Statement
from tests.support.scene import Scene, a_scene

GONE = "Lo que has enviado se ha borrado de este chat."


async def asks_to_correct(scene: Scene, person: Person) -> None:
    """Goes from /mydata to the question for the name."""
    person.send("/mydata")
    await scene.settled()
    await scene.taps(person, scene.words.label("Corregir mi nombre"))


async def writes(scene: Scene, person: Person, text: str) -> str:
    """Returns the screen after somebody wrote something."""
    person.send(text)
    await scene.settled()
    return scene.screen(person).text


async def stored(scene: Scene, table: str) -> list[dict[str, object]]:
    assert scene.app is not None
    database = scene.app.application.services.storage.database
    sql = f"SELECT * FROM {table}"  # noqa: S608 - a constant of the tests
    return [dict(row) for row in await database.read(Statement(sql))]


async def test_the_number_the_time_and_the_consent_stay(scene: Scene) -> None:
    await scene.signs(scene.sean)
    await scene.signs(scene.ana, "Ana Garcia")
    before = (await stored(scene, "signatures"))[1], await stored(scene, "consents")
    await asks_to_correct(scene, scene.ana)
    asked = scene.screen(scene.ana).text
    assert "Tu firma lleva el nombre «Ana Garcia»." in asked
    assert "El número, la fecha y tu consentimiento no cambian." in asked
    said = await writes(scene, scene.ana, "  Ana  García Ruiz ")
    for told in ("Hecho: tu firma lleva el nombre", GONE, "Nombre: Ana García Ruiz"):
        assert told in said
    after = (await stored(scene, "signatures"))[1], await stored(scene, "consents")
    assert after[0].pop("name_sealed") != before[0].pop("name_sealed")
    assert after == before
    entries = [row["action"] for row in await stored(scene, "audit")]
    assert entries.count("correct_name") == 1


async def test_the_former_name_is_gone_from_the_chat_and_from_the_file(scene: Scene) -> None:
    await scene.signs(scene.ana, "Ana Equivocada")
    scene.ana.send("/mydata")
    await scene.settled()
    await scene.taps(scene.ana, scene.words.label("📄 Recibir el archivo"))
    await scene.taps(scene.ana, scene.words.label("Corregir mi nombre"))
    await writes(scene, scene.ana, "Ana García")
    assert "Equivocada" not in scene.ana.chat.transcript()
    assert not any(message.document for message in scene.ana.messages)
    assert await stored(scene, "sent_files") == []


async def test_it_can_be_corrected_after_the_closing(scene: Scene) -> None:
    await scene.signs(scene.ana, "Ana Garcia")
    await scene.closes()
    await asks_to_correct(scene, scene.ana)
    assert "Nombre: Ana García" in await writes(scene, scene.ana, "Ana García")


async def test_there_is_a_way_back_that_changes_nothing(scene: Scene) -> None:
    await scene.signs(scene.ana, "Ana García")
    before = await stored(scene, "signatures")
    await asks_to_correct(scene, scene.ana)
    await scene.taps(scene.ana, scene.words.label("Volver"))
    assert "Lo que guardamos de ti" in scene.screen(scene.ana).text
    await scene.taps(scene.ana, scene.words.label("Corregir mi nombre"))
    scene.ana.send("/cancel")
    await scene.settled()
    assert "tu firma sigue con el nombre que tenía" in scene.screen(scene.ana).text
    assert "no has firmado" not in scene.screen(scene.ana).text
    assert await stored(scene, "signatures") == before


@pytest.mark.parametrize(
    ("typed", "told"),
    [("A", "demasiado corto"), ("=SUMA(A1)", "ese signo"), ("https://example.org", "un enlace")],
)
async def test_what_is_no_name_is_refused_as_at_the_signing(
    scene: Scene, typed: str, told: str
) -> None:
    await scene.signs(scene.ana, "Ana García")
    await asks_to_correct(scene, scene.ana)
    said = await writes(scene, scene.ana, typed)
    assert told in said
    assert GONE in said
    assert "¿Qué nombre tiene que figurar en tu firma?" in said
    assert typed not in [message.text for message in scene.ana.messages]
    assert "Nombre: Ana García" in await writes(scene, scene.ana, "/mydata")


async def test_an_admin_who_prepares_a_message_corrects_theirs(scene: Scene) -> None:
    await scene.signs(scene.marta, "Marta Garcia", news=True)
    scene.marta.send("/broadcast")
    await scene.taps(scene.marta, scene.words.label("Un mensaje nuevo"))
    scene.marta.send("Hola a cada persona")
    await scene.settled()
    scene.marta.send("/mydata")
    await scene.settled()
    await scene.taps(scene.marta, scene.words.label("Corregir mi nombre"))
    scene.marta.send("Marta García")
    await scene.settled()
    shown = [message.text for message in scene.marta.messages]
    assert any("Nombre: Marta García" in text for text in shown)
    assert "Marta García" not in shown


async def test_the_question_comes_five_times_a_minute(scene: Scene) -> None:
    await scene.signs(scene.ana, "Ana García")
    scene.ana.send("/mydata")
    for number in range(7):
        answer = await scene.with_button(scene.ana, scene.words.label("Corregir mi nombre"))
        told = await scene.ana.tap(scene.words.label("Corregir mi nombre")).answered()
        await scene.settled()
        assert told.alert == (number >= 5), answer
        if number < 5:
            await scene.taps(scene.ana, scene.words.label("Volver"))


async def test_who_withdraws_meanwhile_is_not_given_a_name(scene: Scene) -> None:
    await scene.signs(scene.ana, "Ana García")
    await asks_to_correct(scene, scene.ana)
    scene.ana.send("/withdraw")
    await scene.settled()
    await scene.taps(scene.ana, scene.words.label("Retirar mi firma y borrar mis datos"))
    await writes(scene, scene.ana, "Ana María García")
    assert await stored(scene, "signatures") == []
    scene.ana.send("/mydata")
    await scene.settled()
    assert scene.words.label("Corregir mi nombre") not in scene.screen(scene.ana).labels


async def test_the_own_name_written_elsewhere_is_deleted(scene: Scene) -> None:
    """So is that of a correction whose update comes again."""
    await scene.signs(scene.ana, "ana de garcía")
    said = await writes(scene, scene.ana, "ana de garcía")
    assert "Tu firma lleva ese nombre." in said
    assert GONE in said
    assert "no se ha guardado" not in said


async def test_a_damaged_name_can_be_replaced(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        await scene.signs(scene.ana, "Ana Garcia")
        assert scene.app is not None
        junk = Statement("UPDATE signatures SET name_sealed = :junk", {"junk": b"junk"})
        await scene.app.application.services.storage.database.write(junk)
        await asks_to_correct(scene, scene.ana)
        assert "«" not in scene.screen(scene.ana).text
        assert "Nombre: Ana García" in await writes(scene, scene.ana, "Ana García")
