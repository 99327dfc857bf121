"""Telegram delivers every update three times, and nothing that counts changes."""

import asyncio
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from bot.intake.dispatcher import NOTHING_BEHIND, TryAgain
from tests.support.scene import Scene, a_scene

# What a chat shows may be drawn anew; what is signed, agreed, told and ordered may not change.
# What is asked for again is noted in the journal again, and counted as often.
_COUNTED = {
    "petitions": "signatures, last_number, closed_at, closed_signatures, revision, closes_at",
    "signatures": "*",
    "consents": "*",
    "broadcasts": "id, kind, state, created_at, started_at, ended_at, confirmed_by_sealed",
    "deliveries": "*",
    "erased_deliveries": "*",
    "audit": "action, detail",
}


async def test_a_whole_log_again_and_again_leaves_the_same_database(tmp_path: Path) -> None:
    # A scene of its own: what was answered once is refused when it is answered again.
    async with a_scene(tmp_path) as scene:
        await _lives_and_replays(scene)


async def _lives_and_replays(scene: Scene) -> None:
    scene.simulator.limits.on = False
    log = _recorded(scene)
    await scene.signs(scene.ana, "Ana García", news=True)
    await scene.signs(scene.sean)
    await scene.signs(scene.jordi)
    await scene.withdraws(scene.jordi)
    await scene.says(scene.sean, "/stop")
    await scene.closes()
    await scene.broadcasts(1)
    await scene.settled()
    before, told = _counted(scene), scene.told(scene.ana)
    updates = tuple(log)
    for _ in range(2):
        for update in updates:
            await _handled(scene, update)
    assert len(updates) > 20
    assert _counted(scene) == before
    assert scene.told(scene.ana) == told == 1
    assert (scene.told(scene.sean), scene.told(scene.jordi)) == (0, 0)


def _recorded(scene: Scene) -> list[Mapping[str, Any]]:
    """Keeps every update as the bot takes it."""
    dispatch, log = scene.app.dispatch, list[Mapping[str, Any]]()
    take = dispatch.take

    def record(update: Any) -> asyncio.Future[None]:
        log.append(update)
        return take(update)

    dispatch.take = record  # type: ignore[method-assign]
    return log


async def _handled(scene: Scene, update: Mapping[str, Any]) -> None:
    try:
        await scene.app.update_handler(dict(update), NOTHING_BEHIND)
    except TryAgain as error:  # pragma: no cover - says what stood in the way
        raise AssertionError(f"not handled again: {error.__cause__!r}") from error


def _counted(scene: Scene) -> dict[str, list[tuple[object, ...]]]:
    path = scene.settings.database_url.removeprefix("sqlite+aiosqlite:///")
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: sorted(connection.execute(f"SELECT {columns} FROM {table}"), key=repr)  # noqa: S608
            for table, columns in _COUNTED.items()
        }
