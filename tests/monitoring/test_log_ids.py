"""One id leads from an update, or a broadcast, to all the calls that it makes; no person's."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.scene import Scene, a_scene
from tests.test_logs import lines, out, undone

__all__ = ["out", "undone"]


@pytest.fixture
async def scene(tmp_path: Path, out: io.StringIO) -> AsyncIterator[Scene]:
    """A petition whose bot logs everything."""
    async with a_scene(tmp_path) as scene:
        yield scene


async def test_a_tap_is_followed_to_its_calls_and_a_broadcast_to_its_messages(
    scene: Scene, out: io.StringIO
) -> None:
    await scene.to_the_consent(scene.ana)
    before = len(scene.simulator.calls)
    await scene.consents(scene.ana)
    methods = [each.method for each in scene.simulator.calls[before:]]
    logged = lines(out)
    tap = next(each for each in reversed(logged) if each["event"] == "update_finished")
    of_tap = [each for each in logged if each.get("update_id") == tap["update_id"]]
    calls = [each["method"] for each in of_tap if each["event"] == "call_ended"]
    assert {"answerCallbackQuery", "editMessageText"} <= set(calls)
    assert calls == [each for each in methods if each != "getUpdates"]

    await scene.signs(scene.jordi)
    await scene.closes()
    await scene.broadcasts(2)
    of_broadcast = [each for each in lines(out) if "broadcast" in each]
    assert len({each["broadcast"] for each in of_broadcast}) == 1
    sent = [each for each in of_broadcast if each.get("method") == "sendMessage"]
    assert len(sent) >= 2
    assert not any("update_id" in each for each in of_broadcast)

    said = out.getvalue()
    for person in (scene.ana, scene.jordi, scene.marta):
        assert str(person.id) not in said
        assert person.user.first_name not in said
        assert str(person.user.last_name or "García") not in said
