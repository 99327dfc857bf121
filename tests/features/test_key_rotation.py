"""The key is exchanged, or is not there."""

import asyncio
import functools
import hashlib
from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from handlers.screens import draw
from handlers.screens.supporter_view import View
from storage import key_rotation
from storage.conversations import Conversation
from storage.petitions import petition_state
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


async def test_people_go_on_afterwards_where_they_were_and_are_known(scene: Scene) -> None:
    words = scene.words
    await scene.signs(scene.ana, "Ana García")
    await scene.signs(scene.mallory, "Mallory Quinn")
    await scene.to_the_name(scene.jordi)
    await scene.says(scene.jordi, "Jordi Puig")

    await scene.stop_bot()
    assert "Values encrypted with the new key: " in await rotates(scene, scene.patch)
    await scene.start_bot()
    await scene.signs(scene.sean, "Seán O'Brien")
    await scene.withdraws(scene.mallory)
    await scene.consents(scene.jordi)
    for person, name in (
        (scene.ana, "Ana García"),
        (scene.sean, "Seán O'Brien"),
        (scene.jordi, "Jordi Puig"),
    ):
        assert name in await scene.says(person, "/mydata")
        await scene.starts(person)
        assert words.label("✍️ Firmar con mi nombre") not in scene.screen(person).labels
    found = await rows(scene, "SELECT signatures, last_number FROM petitions")
    assert (found[0]["signatures"], found[0]["last_number"]) == (3, 4)
    assert scene.settings.key_file is not None
    assert scene.settings.key_file.read_text().count("\nencryption ") == 1


NAMES = ("Ana García", "Mallory", "Seán O'Brien")
SHOWN = "SELECT screen_digest FROM conversations WHERE screen_digest IS NOT NULL"


async def to_the_consent(scene: Scene, name: str) -> None:
    await scene.to_the_name(scene.ana)
    await scene.says(scene.ana, name)


async def a_view(scene: Scene, name: str) -> View:
    """The consent of somebody of this name, which anybody can draw from the public texts."""
    served = scene.services
    return View(
        petition=served.petition,
        words=scene.words,
        words_in=served.catalogs.words,
        language="es",
        petition_state=await served.storage.read(petition_state),
        conversation=Conversation(supporter=b"", stage="consent", name=name, with_name=True),
        signature=None,
        full_name="",
        bot_username="a_bot",
    )


async def test_no_name_is_found_by_trying_names_on_the_digest_of_a_screen(scene: Scene) -> None:
    await to_the_consent(scene, "Ana García")
    rows = await read_sql(scene.storage.database, SHOWN)
    kept = {row["screen_digest"] for row in rows}
    assert len(kept) == 1
    view = await a_view(scene, "Ana García")
    screens = [
        draw(replace(view, conversation=replace(view.conversation, name=name))) for name in NAMES
    ]
    tried = {
        hashlib.sha256(screen.drawn(version)).digest()
        for screen in screens
        for version in range(20)
    }
    assert len(tried) == 20 * len(NAMES)
    assert kept & tried == set()


async def test_two_people_of_one_name_on_one_screen_have_nothing_in_common(scene: Scene) -> None:
    for someone in (scene.ana, scene.world.person("Eva", language="es")):
        await scene.to_the_name(someone)
        await scene.says(someone, "Ana García")
    rows = await read_sql(scene.storage.database, SHOWN)
    assert len({row["screen_digest"] for row in rows}) == 2
