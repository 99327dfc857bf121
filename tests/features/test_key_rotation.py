"""The key is exchanged while the bot is stopped; nobody notices, and nothing is lost."""

import asyncio
import functools
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from storage import key_rotation
from tests.cli.petition_database import said
from tests.support.raw_sql import read_sql
from tests.support.scene import Scene


async def rows(scene: Scene, sql: str) -> list[dict[str, Any]]:
    return await read_sql(scene.storage.database, sql)


async def rotates(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> str:
    """An operator exchanges the key in a shell."""
    monkeypatch.setenv("PETITION_DATABASE_URL", scene.settings.database_url)
    monkeypatch.setenv("PETITION_KEY_FILE", str(scene.settings.key_file))
    monkeypatch.setattr(key_rotation, "PORTION", 1)
    runner = CliRunner()
    rotating = functools.partial(runner.invoke, app, ["keys", "rotate", "--yes"])
    return said(await asyncio.to_thread(rotating))


async def test_people_go_on_afterwards_where_they_were_and_are_known(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = scene.words
    await scene.signs(scene.ana, "Ana García")
    await scene.signs(scene.mallory, "Mallory Quinn")
    scene.jordi.start()
    await scene.taps(scene.jordi, words.label("✍️ Firmar con mi nombre"))
    await scene.says(scene.jordi, "Jordi Puig")

    await scene.stop_bot()
    assert "Values encrypted with the new key: " in await rotates(scene, monkeypatch)
    await scene.start_bot()
    await scene.signs(scene.sean, "Seán O'Brien")
    await scene.withdraws(scene.mallory)
    await scene.consents(scene.jordi)
    for person, name in (
        (scene.ana, "Ana García"),
        (scene.sean, "Seán O'Brien"),
        (scene.jordi, "Jordi Puig"),
    ):
        await scene.says(person, "/mydata")
        assert name in scene.screen(person).text
        await scene.starts(person)
        assert words.label("✍️ Firmar con mi nombre") not in scene.screen(person).labels
    found = await rows(scene, "SELECT signatures, last_number FROM petitions")
    assert (found[0]["signatures"], found[0]["last_number"]) == (3, 4)
    assert scene.settings.key_file is not None
    assert scene.settings.key_file.read_text().count("\nencryption ") == 1
