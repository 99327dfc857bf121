"""A standby of PostgreSQL that is gone is told while the bot runs, and when it is back."""

import asyncio
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.monitoring.readiness import RunState
from storage.durability import Durability
from tests.monitoring.asked import ask, monitored
from tests.support.scene import Scene, a_scene

IN_STEP = Durability(True, True, 1, 1, is_named=True)
STUCK = Durability(True, True, 1, 0, is_named=True)
ALONE = Durability(True, False, 0, 0, is_named=True)
NOT_WANTED = Durability(True, False, 0, 0, is_named=False)
NOT_WAITED_FOR = Durability(True, False, 1, 1, is_named=False)
GONE, BACK = "se ha quedado sin su servidor de reserva", "vuelve a tener su servidor de reserva"
NO_STANDBY = "petition_bot_check_failing check=no_standby"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> list[Durability]:
    """What the server of the database waits for, one after the other; the last one stays."""
    found = [IN_STEP]

    async def durability_of(_url: str) -> Durability:
        return found.pop(0) if len(found) > 1 else found[0]

    for place in ("bot.database_watch", "bot.monitoring.checks"):
        monkeypatch.setattr(f"{place}.durability_of", durability_of)
    return found


async def told_of(scene: Scene, server: list[Durability], *found: Durability) -> list[str]:
    """What Marta has been told once the server has been found like this, one after the other."""
    server.extend(found)
    await asyncio.sleep(20 * len(server) + 60)  # it is looked at every twenty
    await scene.settled()
    said = [each.text for each in scene.marta.messages if each.from_bot]
    return [each for text in said for each in (GONE, BACK) if each in text]


async def test_it_is_logged_at_once_and_admins_read_each_change_that_stays(
    tmp_path: Path, server: list[Durability]
) -> None:
    """As when somebody takes it out, or Patroni does after a fail-over."""
    async with a_scene(tmp_path) as scene:
        with capture_logs() as logged:
            told = partial(told_of, scene, server)
            scene.marta.start()
            assert await told(ALONE, IN_STEP) == []
            assert await told(ALONE) == [GONE]
            await scene.stop_bot()
            await scene.start_bot()
            assert await told(STUCK) == [GONE]
            assert await told(IN_STEP) == [GONE, BACK]
            assert await told(NOT_WAITED_FOR) == [GONE, BACK, GONE]
            assert await told(NOT_WANTED) == [GONE, BACK, GONE]
    begun, alone, stuck = "synchronous_standby", "no_synchronous_standby", "standby_not_in_step"
    changes = [(each["event"], each["log_level"]) for each in logged if "standby" in each["event"]]
    assert changes == [
        (alone, "warning"),
        (begun, "info"),
        (alone, "warning"),
        (alone, "warning"),
        (stuck, "warning"),
        (begun, "info"),
        (alone, "warning"),
    ]


async def test_who_is_not_reached_reads_what_is_so_by_then_also_after_a_restart(
    tmp_path: Path, server: list[Durability]
) -> None:
    async with a_scene(tmp_path) as scene:
        told = partial(told_of, scene, server)
        scene.marta.start()
        await scene.settled()
        scene.marta.block()
        assert await told(ALONE) == []
        await scene.stop_bot()
        await scene.start_bot()
        scene.marta.unblock()
        assert await told(ALONE) == [GONE]
        scene.marta.block()
        assert await told(IN_STEP) == [GONE]
        assert await told(ALONE) == [GONE]
        scene.marta.unblock()
        await asyncio.sleep(300)  # the pause between the tries has become longer
        assert await told() == [GONE, GONE]


async def test_without_it_people_are_served_and_readyz_and_the_metrics_say_so(
    tmp_path: Path, server: list[Durability]
) -> None:
    async with (
        a_scene(tmp_path) as scene,
        monitored(RunState(scene.app), scene.settings.database_url) as address,
    ):
        for found, status, said, is_alone in (
            (IN_STEP, 200, "The bot works.", 0),
            (NOT_WANTED, 200, "The bot works.", 0),
            (ALONE, 200, "PostgreSQL goes on without its standby: people can sign", 1),
            (NOT_WAITED_FOR, 200, "PostgreSQL goes on without its standby: people can sign", 1),
            (STUCK, 503, "PostgreSQL waits for its standby, which is not there", 0),
        ):
            server[:] = [found]
            answer = await ask(address, "/readyz")
            assert (answer.status, answer.text.startswith(said)) == (status, True), answer
            assert (await ask(address, "/metrics")).metrics[NO_STANDBY] == is_alone
