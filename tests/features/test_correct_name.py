"""A name that was signed with can be corrected in the chat, and the former one is gone."""

import asyncio
from pathlib import Path

from simulator.person import Person
from tests.support.raw_sql import Statement, read_sql, write_all
from tests.support.scene import Scene, a_scene

GONE = "Lo que has enviado se ha borrado de este chat."
CORRECT = "Corregir mi nombre"


async def asks_to_correct(scene: Scene, person: Person) -> None:
    """Goes from /mydata to the question for the name."""
    person.send("/mydata")
    await scene.taps(person, CORRECT)


async def stored(scene: Scene, table: str) -> list[dict[str, object]]:
    sql = f"SELECT * FROM {table}"  # noqa: S608 - a constant of the tests
    return [dict(row) for row in await read_sql(scene.storage.database, sql)]


async def test_the_number_the_time_and_the_consent_stay(scene: Scene) -> None:
    scene.simulator.limits.on = False
    ana = scene.ana
    await scene.signs(scene.sean)
    await scene.signs(ana, "Ana Garcia")
    before = await stored(scene, "signatures"), await stored(scene, "consents")
    older = ana.send("hola")
    await scene.settled()
    await asks_to_correct(scene, ana)
    asked = scene.screen(ana).text
    assert "Tu firma lleva el nombre «Ana Garcia»." in asked
    assert "El número, la fecha y tu consentimiento no cambian." in asked
    # There is a way back, and one out, which change nothing.
    await scene.taps(ana, "Volver")
    assert "Lo que guardamos de ti" in scene.screen(ana).text
    await scene.taps(ana, CORRECT)
    said = await scene.says(ana, "/cancel")
    assert "De acuerdo: tu firma sigue como estaba." in said
    assert "Lo que guardamos de ti" in said
    await scene.taps(ana, CORRECT)
    # What is no name is refused as at the signing.
    question = "¿Qué nombre tiene que figurar en tu firma?"
    for typed, told in (
        *(("A", "demasiado corto"), ("=SUMA(A1)", "ese signo")),
        ("https://example.org", "un enlace"),
    ):
        said = await scene.says(ana, typed)
        assert said.index(told) < said.index(GONE) < said.index(question)
        assert typed not in [message.text for message in ana.messages]
    ana.send_photo()
    await scene.settled()
    said = scene.screen(ana).text
    assert "Escribe el nombre en un mensaje de texto nuevo, por favor." in said
    ana.edit(older, "Ana María")
    await scene.settled()
    assert (
        "Eso parecía un nombre; no se ha guardado. Escribe el nombre en un mensaje de texto "
        f"nuevo, por favor.\n{GONE}\n" in scene.screen(ana).text
    )
    assert (await stored(scene, "signatures"), await stored(scene, "consents")) == before
    said = await scene.says(ana, "  Ana  García Ruiz ")
    for told in (
        "Hecho: tu firma lleva el nombre que has escrito.",
        *(GONE, "Nombre: Ana García Ruiz"),
    ):
        assert told in said
    after = await stored(scene, "signatures"), await stored(scene, "consents")
    assert after[0][1].pop("name_sealed") != before[0][1].pop("name_sealed")
    assert after == before
    entries = [row["action"] for row in await stored(scene, "audit")]
    assert entries.count("correct_name") == 1
    # The own name written elsewhere is deleted; so is a correction whose update comes again.
    said = await scene.says(ana, "Ana García Ruiz")
    assert "Tu firma lleva ese nombre." in said
    assert GONE in said
    assert "no se ha guardado" not in said


async def test_the_former_name_is_gone_from_the_chat_and_from_the_file(scene: Scene) -> None:
    ana, marta = scene.ana, scene.marta
    await scene.signs(marta, "Marta Garcia", news=True)
    await scene.signs(ana, "Ana Equivocada")
    ana.send("/mydata")
    await scene.taps(ana, "📄 Recibir el archivo")
    await scene.taps(ana, CORRECT)
    await scene.says(ana, "Ana García")
    assert "Equivocada" not in ana.chat.transcript()
    assert not any(message.document for message in ana.messages)
    assert await stored(scene, "sent_files") == []
    # An admin who prepares a message corrects theirs.
    marta.send("/broadcast")
    await scene.taps(marta, "Un mensaje nuevo")
    await scene.says(marta, "Hola a cada persona")
    await asks_to_correct(scene, marta)
    await scene.says(marta, "Marta García")
    shown = [message.text for message in marta.messages]
    assert any("Nombre: Marta García" in text for text in shown)
    assert "Marta García" not in shown
    # It can be corrected after the closing too, but who withdraws meanwhile is given no name.
    await asyncio.sleep(30)  # more at once than a chat is sent
    await scene.closes()
    await asks_to_correct(scene, ana)
    assert "Nombre: Ana Sol" in await scene.says(ana, "Ana Sol")
    await scene.taps(ana, CORRECT)
    await scene.withdraws(ana)
    await scene.says(ana, "Ana María García")
    assert len(await stored(scene, "signatures")) == 1
    await scene.says(ana, "/mydata")
    assert CORRECT not in scene.screen(ana).labels


async def test_the_question_comes_five_times_a_minute(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        ana = scene.ana
        await scene.signs(ana, "Ana Garcia")
        # A damaged name is not shown, and can be replaced.
        junk = Statement("UPDATE signatures SET name_sealed = :junk", {"junk": b"junk"})
        await write_all(scene.storage.database, junk)
        await asks_to_correct(scene, ana)
        assert "«" not in scene.screen(ana).text
        assert "Nombre: Ana García" in await scene.says(ana, "Ana García")
        for number in range(1, 7):
            told = await scene.answered(ana.tap(CORRECT))
            assert told.alert == (number >= 5)
            assert ("Vas muy deprisa: espera un minuto" in (told.text or "")) == told.alert
            if not told.alert:
                await scene.taps(ana, "Volver")
