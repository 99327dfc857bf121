"""The key is exchanged while people use the bot; nobody notices, and nothing is lost."""

import asyncio

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from simulator.chats import Message
from storage import Keyring, Row, Statement, key_rotation
from tests.cli.petition_database import said
from tests.support.scene import Scene


async def rows(scene: Scene, sql: str) -> list[Row]:
    assert scene.app is not None
    return await scene.app.application.services.storage.database.read(Statement(sql))


def rotates(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, command: str = "rotate"
) -> "asyncio.Task[str]":
    """An operator exchanges a key in a shell."""
    monkeypatch.setenv("PETITION_DATABASE_URL", scene.settings.database_url)
    monkeypatch.setenv("PETITION_KEY_FILE", str(scene.settings.key_file))
    monkeypatch.setattr(key_rotation, "LATEST_WRITE_SECONDS", 0.3)
    monkeypatch.setattr(key_rotation, "PORTION", 1)
    runner = CliRunner()
    return asyncio.create_task(
        asyncio.to_thread(lambda: said(runner.invoke(app, ["keys", command, "--yes"])))
    )


async def test_people_sign_correct_and_withdraw_meanwhile_and_are_known_afterwards(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = scene.words
    await scene.signs(scene.ana, "Ana García")
    await scene.signs(scene.mallory, "Mallory Quinn")
    scene.jordi.start()
    await scene.taps(scene.jordi, words.label("✍️ Firmar la petición"))
    scene.jordi.send("Jordi Puig")
    await scene.settled()

    rotating = rotates(scene, monkeypatch)
    await scene.signs(scene.sean, "Seán O'Brien")
    scene.mallory.send("/withdraw")
    await scene.settled()
    await scene.taps(scene.mallory, scene.english.label("Retirar mi firma y borrar mis datos"))
    assert "Values encrypted with the new key: " in await rotating

    await scene.consents(scene.jordi)
    await scene.stop_bot()
    await scene.start_bot()
    for person, name in (
        (scene.ana, "Ana García"),
        (scene.sean, "Seán O'Brien"),
        (scene.jordi, "Jordi Puig"),
    ):
        person.send("/mydata")
        await scene.settled()
        assert name in scene.screen(person).text
        person.start()
        await scene.settled()
        assert words.label("✍️ Firmar la petición") not in scene.screen(person).labels
    found = await rows(scene, "SELECT signatures, last_number, sealed_with FROM petitions")
    assert (found[0]["signatures"], found[0]["last_number"]) == (3, 4)
    assert scene.settings.key_file is not None
    assert found[0]["sealed_with"] == Keyring.load(scene.settings.key_file).newest
    assert scene.settings.key_file.read_text().count("\nencryption ") == 1


async def reaches_the_consent(scene: Scene, name: str) -> Message:
    """Seán fills in the form up to the last button; returns the screen that has it."""
    scene.sean.start()
    await scene.settled()
    await scene.taps(scene.sean, scene.english.label("✍️ Firmar la petición"))
    scene.sean.send(name)
    await scene.settled()
    consent = scene.english.label("✍️ Consiento y firmo")
    with_name = f"⚪ {scene.english.label('Con mi nombre')}"
    await scene.taps(scene.sean, with_name)
    return await scene.with_button(scene.sean, consent)


async def test_with_another_reference_key_nobody_can_sign_twice_and_who_did_not_sign_begins_anew(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = scene.words
    await scene.signs(scene.ana, "Ana García")
    former = await reaches_the_consent(scene, "Seán Former")
    await scene.stop_bot()

    told = await rotates(scene, monkeypatch, "rotate-references")
    assert "Signatures with another reference: 1. People who begin anew: 1." in told
    await scene.start_bot()

    scene.ana.start()
    await scene.settled()
    assert words.label("✍️ Firmar la petición") not in scene.ana.messages[-1].labels
    scene.ana.send("/mydata")
    await scene.settled()
    assert "Ana García" in scene.ana.messages[-1].text

    newer = await reaches_the_consent(scene, "Seán O'Brien")
    assert newer.id != former.id
    for data in {button.data for row in former.buttons for button in row if button.data}:
        scene.sean.tap_data(former.id, data)
        await scene.settled()
    assert (await rows(scene, "SELECT signatures FROM petitions"))[0]["signatures"] == 1
    await scene.consents(scene.sean)
    scene.ana.send("/withdraw")
    await scene.settled()
    await scene.taps(scene.ana, words.label("Retirar mi firma y borrar mis datos"))
    found = await rows(scene, "SELECT signatures, last_number FROM petitions")
    assert (found[0]["signatures"], found[0]["last_number"]) == (1, 2)
