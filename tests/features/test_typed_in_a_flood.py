"""Messages dropped as a flood while a name is asked for are deleted from the chat too."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from simulator.person import Person
from tests.features.test_typed_names import GONE, written
from tests.support.scene import Scene, a_scene, fails

Deeds = Sequence[Callable[[], object]]
SIGN = "✍️ Firmar con mi nombre"


def flood(scene: Scene, deeds: Deeds) -> None:
    """Does it all before the bot hears of the first."""
    scene.simulator.faults.freeze()
    for do in deeds:
        do()
    scene.simulator.faults.thaw()


async def dropped(scene: Scene, deeds: Deeds) -> int:
    """How many updates of a flood were one too many."""
    before = scene.app.dispatch.counts.dropped
    flood(scene, deeds)
    await scene.settled()
    return scene.app.dispatch.counts.dropped - before


def names(person: Person, count: int) -> Deeds:
    return [partial(person.send, f"{number} .") for number in range(count)]


async def test_of_more_tries_than_are_listened_to_not_one_stays(scene: Scene) -> None:
    for person, reach, tries in (
        (scene.ana, scene.to_the_name, 22),
        (scene.jordi, scene.to_the_consent, 60),
    ):
        await reach(person)
        scene.simulator.calls.clear()
        assert await dropped(scene, names(person, tries)) == tries - 21
        assert GONE in scene.screen(person).text
        assert written(person) == []
        # Those that nobody listened to go together.
        assert len(scene.simulator.calls.of("deleteMessages")) == 1


async def test_of_a_flood_elsewhere_everything_stays(scene: Scene) -> None:
    ana, jordi, luz = scene.ana, scene.jordi, scene.world.person("Luz", language="es")
    questions = [f"¿{number}?" for number in range(20)]

    def asks(person: Person, more: int = 0) -> Deeds:
        return [partial(person.send, text) for text in (*questions, *["¿?"] * more)]

    for person in (ana, jordi):
        person.start()
    await scene.settled()
    assert await dropped(scene, asks(ana, 20)) == 19
    await scene.taps(ana, SIGN)
    assert GONE in await scene.says(ana, "x")
    assert written(ana) == [*questions, *["¿?"] * 20]
    # Nor does a question go that was asked before the form, or behind it.
    before_it: Deeds = [*asks(jordi), partial(jordi.tap, SIGN), *names(jordi, 20)]
    assert await dropped(scene, before_it) == 20
    assert GONE in scene.screen(jordi).text
    assert written(jordi) == questions
    await scene.to_the_name(luz)
    behind_it: Deeds = [*names(luz, 20), partial(luz.send, "/cancel"), *asks(luz)]
    assert await dropped(scene, behind_it) == 20
    assert written(luz) == questions


async def test_what_a_flood_left_is_deleted_later_when_telegram_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_scene(tmp_path) as scene:
        # Of an admin's nothing goes that was not heard.
        await scene.to_the_name(scene.marta)
        flood(scene, names(scene.marta, 30))
        await scene.settled()
        assert written(scene.marta) == [f"{number} ." for number in range(21, 30)]
        await scene.to_the_name(scene.ana)
        fails(monkeypatch, scene, "delete_messages", 1)
        flood(scene, names(scene.ana, 30))
        await scene.ana.sees(GONE)
        await scene.settled()
        assert written(scene.ana) == []
