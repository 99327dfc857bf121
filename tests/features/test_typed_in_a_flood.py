"""Messages dropped as a flood while a name is asked for are deleted from the chat too."""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest

from bot.text.translations import Words
from simulator.person import Person
from tests.features.test_typed_names import GONE, at_the_consent, at_the_name, says, written
from tests.support.scene import Scene, a_scene, fails


def flood(scene: Scene, deeds: list[Callable[[], object]]) -> None:
    """Does it all before the bot hears of the first."""
    scene.simulator.faults.freeze()
    for do in deeds:
        do()
    scene.simulator.faults.thaw()


def dropped(scene: Scene) -> int:
    """How many updates were one too many."""
    assert scene.app is not None
    return scene.app.dispatch.counts.dropped


@pytest.mark.parametrize("reach", [at_the_name, at_the_consent])
@pytest.mark.parametrize("tries", [22, 60])
async def test_of_more_tries_than_are_listened_to_not_one_stays(
    scene: Scene, reach: Callable[[Scene, Person], Awaitable[Words]], tries: int
) -> None:
    await reach(scene, scene.ana)
    flood(scene, [partial(scene.ana.send, f"{number} .") for number in range(tries)])
    await scene.settled()
    assert dropped(scene) == tries - 21
    assert GONE in scene.screen(scene.ana).text
    assert written(scene.ana) == []
    # Those that nobody listened to go together.
    assert len(scene.simulator.calls.of("deleteMessages")) == 1


async def test_of_a_flood_elsewhere_everything_stays(scene: Scene) -> None:
    scene.ana.start()
    await scene.settled()
    asked = [f"¿{number}?" for number in range(40)]
    flood(scene, [partial(scene.ana.send, text) for text in asked])
    await scene.settled()
    assert dropped(scene) == 19
    await scene.taps(scene.ana, scene.words.label("✍️ Firmar la petición"))
    assert GONE in await says(scene, scene.ana, "x")
    assert written(scene.ana) == asked


async def test_a_flood_that_begins_before_the_form_leaves_the_questions(scene: Scene) -> None:
    scene.ana.start()
    await scene.settled()
    asked = [f"¿{number}?" for number in range(20)]
    sign = partial(scene.ana.tap, scene.words.label("✍️ Firmar la petición"))
    names = [partial(scene.ana.send, f"{number} .") for number in range(20)]
    flood(scene, [*(partial(scene.ana.send, text) for text in asked), sign, *names])
    await scene.settled()
    assert dropped(scene) == 20
    assert GONE in scene.screen(scene.ana).text
    assert written(scene.ana) == asked


async def test_a_flood_that_ends_behind_the_form_leaves_the_questions(scene: Scene) -> None:
    await at_the_name(scene, scene.ana)
    names = [partial(scene.ana.send, f"{number} .") for number in range(20)]
    asked = [f"¿{number}?" for number in range(20)]
    leave = partial(scene.ana.send, "/cancel")
    flood(scene, [*names, leave, *(partial(scene.ana.send, text) for text in asked)])
    await scene.settled()
    assert dropped(scene) == 20
    assert written(scene.ana) == asked


async def test_of_a_flood_of_an_admins_nothing_goes_that_was_not_heard(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        await at_the_name(scene, scene.marta)
        flood(scene, [partial(scene.marta.send, f"{number} .") for number in range(30)])
        await scene.settled()
        assert written(scene.marta) == [f"{number} ." for number in range(21, 30)]


async def test_what_a_flood_left_is_deleted_later_when_telegram_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_scene(tmp_path) as scene:
        await at_the_name(scene, scene.ana)
        fails(monkeypatch, scene, "delete_messages", 1)
        flood(scene, [partial(scene.ana.send, f"{number} .") for number in range(30)])
        await scene.ana.sees(GONE)
        await scene.settled()
        assert written(scene.ana) == []
