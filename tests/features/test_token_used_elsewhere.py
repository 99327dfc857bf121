"""When another program polls with this bot's token, the admins are told, and nobody else."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from simulator.errors import conflict
from storage.conversations import conversation_of
from storage.errors import Unavailable
from tests.support.scene import Scene, a_scene
from tests.support.storage_calls import call_instead

SAYS = "Otro programa está usando el token de este bot."


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """A petition whose bot is started later; no fixture looks at the calls that are refused."""
    async with a_scene(tmp_path) as scene:
        await scene.stop_bot()
        yield scene


async def a_rival_comes(scene: Scene, monkeypatch: pytest.MonkeyPatch, *admins: int) -> None:
    async def refused(*_: object) -> list[dict[str, Any]]:
        raise conflict("terminated by other getUpdates request")

    known = scene.settings.admin_ids | set(admins)
    scene.settings = scene.settings.model_copy(update={"admin_ids": known})
    for person in (scene.ana, scene.marta, scene.sean):
        person.start()
    await scene.start_bot()
    await scene.settled()
    monkeypatch.setattr(scene.world.updates, "poll", refused)
    scene.world.updates.end_poll("terminated by other getUpdates request")


def told(person: Any) -> int:
    return sum(SAYS in message.text for message in person.messages)


async def test_the_admins_read_that_somebody_else_uses_the_token(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_rival_comes(scene, monkeypatch, scene.sean.id, scene.jordi.id)
    # Jordi never started the bot, and stands before Seán: the others are told all the same.
    await scene.marta.sees(SAYS, 300)
    await scene.marta.sees("ni guardar las firmas que lleguen con ellos")
    await scene.sean.sees("Another program is using this bot’s token.", 300)
    assert (told(scene.marta), told(scene.ana)) == (1, 0)


async def test_they_are_told_without_a_database(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_rival_comes(scene, monkeypatch)

    async def away(*_: object) -> None:
        raise Unavailable

    call_instead(monkeypatch, conversation_of, away)
    await scene.marta.sees(SAYS, 300)
