"""Updates that two replicas get: what is not known to be done, Telegram is not told is done."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from bot.intake import dispatcher, webhook
from bot.intake.dispatcher import TryAgain
from storage.errors import Unavailable, UpdateOutdated
from storage.seen_updates import SeenUpdate, end_update, take_update
from tests.features.test_webhook import by_webhook, posts
from tests.storage.test_seen_updates import replica
from tests.support.scene import Scene, a_scene

pytestmark = pytest.mark.parametrize("kind", ["postgres"])


@pytest.fixture
async def scene(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Scene]:
    """One of two replicas, which gives up at once what fails; the other one is made up."""
    async with a_scene(tmp_path, database_url) as scene:
        await by_webhook(scene)
        await replica(scene.storage, "other", 60)
        monkeypatch.setattr(webhook, "_LONGEST_SECONDS", 1.0)
        monkeypatch.setattr(dispatcher, "_STUCK_SECONDS", 0.0)
        monkeypatch.setattr(dispatcher, "_STUCK_OTHERS", 0)
        yield scene


def start(scene: Scene, chat: int = 0, text: str = "/start") -> dict[str, Any]:
    """What Telegram posts when Ana has pressed Start, or written in a group."""
    user = {"id": scene.ana.id, "is_bot": False, "first_name": "Ana", "language_code": "es"}
    where = {"id": chat or scene.ana.id, "type": "group" if chat else "private", "title": "Us"}
    command = {"type": "bot_command", "offset": 0, "length": len(text)}
    return {
        "update_id": 9,
        "message": {"message_id": 5, "date": 1, "text": text, "entities": [command]}
        | {"chat": where, "from": user},
    }


def theirs(scene: Scene, update: dict[str, Any]) -> SeenUpdate:
    """The update as the other replica has it."""
    seen = scene.services.seen_update(update)
    assert seen is not None
    return replace(seen, taken_by="other")


def replies(scene: Scene) -> int:
    return sum(call.method == "sendMessage" for call in scene.simulator.calls)


async def dies(scene: Scene, _: dict[str, Any]) -> None:
    await replica(scene.storage, "other", -1)


async def ends_it(scene: Scene, update: dict[str, Any]) -> None:
    await scene.storage.write(end_update, theirs(scene, update))


@pytest.mark.parametrize(("what", "answers"), [(dies, 1), (ends_it, 0)])
async def test_while_another_has_it_telegram_is_asked_to_send_it_again(
    scene: Scene, what: Callable[[Scene, dict[str, Any]], Awaitable[None]], answers: int, kind: str
) -> None:
    scene.ana.started = True
    update = start(scene)
    assert await scene.storage.write(take_update, theirs(scene, update))
    for _ in range(2):
        assert await posts(scene, orjson.dumps(update)) == 503
    await what(scene, update)
    while (status := await posts(scene, orjson.dumps(update))) == 503:
        pass
    assert (status, replies(scene)) == (200, answers)


async def test_one_that_woke_up_while_another_has_it_does_not_call_it_done(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    update = start(scene)

    async def wakes_up(*_: object) -> None:
        await scene.storage.write(take_update, theirs(scene, update))
        raise UpdateOutdated

    seen = scene.services.seen_update(update)
    assert seen is not None
    await replica(scene.storage, seen.taken_by, -1)  # it slept
    monkeypatch.setattr("handlers.update_handler.handle", wakes_up)
    assert await posts(scene, orjson.dumps(update)) == 503


async def test_what_it_gives_up_no_other_replica_handles(scene: Scene, kind: str) -> None:
    update, write, ends = start(scene), scene.storage.write, asyncio.Event()

    async def fails(*_: object) -> None:
        raise TryAgain

    async def writes(work: Any, *given: Any) -> Any:
        if work is end_update and not ends.is_set():
            raise Unavailable
        return await write(work, *given)

    scene.patch.setattr("handlers.update_handler.handle", fails)
    scene.patch.setattr(scene.storage, "write", writes)
    assert await posts(scene, orjson.dumps(update)) == 503  # it could not note that
    ends.set()
    assert await posts(scene, orjson.dumps(update)) == 200
    assert not await write(take_update, theirs(scene, update))


async def test_what_comes_again_from_a_group_is_answered_once(scene: Scene, kind: str) -> None:
    """In the topic that it was asked in; Telegram numbers the thread of a mere reply as well."""
    group, calls = scene.world.group("Barrio", members=[scene.ana]), scene.simulator.calls
    update = start(scene, chat=group.id, text=f"/start@{scene.bot.username}")
    update["message"]["message_thread_id"] = 3
    for number, thread in ((9, None), (10, 3)):
        update["update_id"], update["message"]["is_topic_message"] = number, thread is not None
        calls.clear()
        for _ in range(2):
            assert await posts(scene, orjson.dumps(update)) == 200
        await scene.settled()
        to_group = [call.params for call in calls if call.chat_id == group.id]
        assert [each.get("message_thread_id") for each in to_group] == [thread]
