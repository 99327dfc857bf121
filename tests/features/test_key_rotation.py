"""The key is exchanged while people use the bot; nobody notices, and nothing is lost."""

import asyncio

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from storage import Keyring, Row, Statement, key_rotation
from tests.cli.petition_database import said
from tests.support.scene import Scene


async def rows(scene: Scene, sql: str) -> list[Row]:
    assert scene.app is not None
    return await scene.app.application.services.storage.database.read(Statement(sql))


def rotates(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> "asyncio.Task[str]":
    """An operator exchanges the key in a shell beside the bot."""
    monkeypatch.setenv("PETITION_DATABASE_URL", scene.settings.database_url)
    monkeypatch.setenv("PETITION_KEY_FILE", str(scene.settings.key_file))
    monkeypatch.setattr(key_rotation, "LATEST_WRITE_SECONDS", 0.3)
    monkeypatch.setattr(key_rotation, "PORTION", 1)
    runner = CliRunner()
    return asyncio.create_task(
        asyncio.to_thread(lambda: said(runner.invoke(app, ["keys", "rotate", "--yes"])))
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
    assert "values are encrypted with the new key." in await rotating

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
