"""Updates that come again, or mutated, change nothing for anybody else."""

import asyncio
import copy
import json
import random
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from bot.intake.dispatcher import NOTHING_BEHIND, TryAgain
from bot.transport.lenient_json import read_json
from storage.petitions import petition_state
from tests.intake.running_polling import finished
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


def _recorded(scene: Scene) -> list[dict[str, Any]]:
    """Keeps every update as the bot takes it."""
    dispatch, log = scene.app.dispatch, list[dict[str, Any]]()
    take = dispatch.take

    def record(update: Any) -> asyncio.Future[None]:
        log.append(copy.deepcopy(update))
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


_EACH = 12
_NO_TEXT = "here stand bytes that are no text"
_ODD: tuple[object, ...] = (
    *(None, "", "\x00", "a\x00b", "\ud800", "a\udfff\ud83db", _NO_TEXT, "\ufffd" * 3),
    *("\u202e/withdraw", "ñ" * 65_536, "👩‍👩‍👧‍👦" * 2_000, 0, -1, 2**63, 10**40, 1.5, True),
    *([], {}, [[]], {"id": None}, "/start " + "x" * 4_096, "1:confirm:"),
)


async def test_no_mutated_update_stops_or_changes_anything_for_others(tmp_path: Path) -> None:
    rng = random.Random(1)  # noqa: S311 - repeatable mutations, no secret
    async with a_scene(tmp_path) as scene:
        scene.simulator.limits.on = False
        dispatch = scene.app.dispatch
        await scene.signs(scene.ana)
        log = await _of_mallory(scene)
        for number, update in enumerate(_mutations(log, rng), start=10_000_000):
            dispatch.take(_as_it_arrives({**update, "update_id": number}))
            await finished(dispatch, 10)
        await finished(dispatch)
        passed_over = dispatch.counts.passed_over
        dispatch.take({"update_id": 9_000_000})  # as one of which only the number is left
        await finished(dispatch)
        assert dispatch.counts.passed_over == passed_over
        assert dispatch.counts.retried == 0
        assert dispatch.counts.handled > len(log)
        await scene.signs(scene.jordi)
        assert scene.told(scene.ana) == 0
        state = await scene.storage.read(petition_state)
        assert state.signatures == 3
        assert not state.is_closed


async def _of_mallory(scene: Scene) -> list[dict[str, Any]]:
    """Updates of every kind, as the bot got them."""
    take, log = scene.app.dispatch.take, _recorded(scene)
    person = scene.mallory
    await scene.signs(person, "Mallory Ó Briain")
    typed = person.send("hola")
    await scene.settled()
    person.edit(typed, "adiós")
    await scene.says(person, "/mydata")
    person.block()
    await scene.unblocks(person)
    scene.app.dispatch.take = take  # type: ignore[method-assign]
    return log


def _as_it_arrives(update: dict[str, Any]) -> Any:
    """The update after the way over the wire, where a text need not be one."""
    raw = json.dumps(update).encode()
    return read_json(raw.replace(_NO_TEXT.encode(), b"\xff\xc3\xed\xa0\x80"))


def _mutations(log: list[dict[str, Any]], rng: random.Random) -> Iterator[dict[str, Any]]:
    for update in log:
        for _ in range(_EACH):
            mutant = copy.deepcopy(update)
            for _ in range(rng.choice((1, 1, 2, 5))):
                _mutate(mutant, rng)
            yield mutant


def _mutate(update: dict[str, Any], rng: random.Random) -> None:
    places = list(_places(update))
    if not places:
        return
    holder, key = rng.choice(places)
    if rng.random() < 0.2:
        if isinstance(holder, dict):
            holder.pop(key, None)
        return
    holder[key] = copy.deepcopy(rng.choice(_ODD))


def _places(holder: Any) -> Iterator[tuple[Any, Any]]:
    """Every place within an update that a mutation can change."""
    items = holder.items() if isinstance(holder, dict) else enumerate(holder)
    for key, value in list(items):
        # Telegram alone numbers messages, and asked about one in words it would refuse.
        if key not in ("update_id", "message_id"):
            yield holder, key
        if isinstance(value, dict | list):
            yield from _places(value)
