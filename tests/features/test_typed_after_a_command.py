"""A name typed after a command is deleted like any other, and never becomes a source tag."""

from collections.abc import Awaitable, Callable

import pytest

from bot.text.translations import Words
from handlers.screens.command_list import SUPPORTER_COMMANDS
from simulator.person import Person
from tests.features.test_typed_names import GONE, at_the_consent, at_the_name, says
from tests.support.scene import Scene

COMMANDS = sorted({*SUPPORTER_COMMANDS, "start", "firmar"})


def somebody_for_each(scene: Scene) -> list[tuple[Person, str]]:
    """A person for each command, who has typed nothing yet."""
    return [(scene.world.person("Ana", last_name="García", language="es"), c) for c in COMMANDS]


def commands(person: Person) -> list[str]:
    """What stands in the chat of a person who began with /start, behind that."""
    return [m.text for m in person.messages if not m.from_bot][1:]


async def source(scene: Scene, person: Person) -> str | None:
    """Where the person is noted to have come from."""
    assert scene.app is not None
    services = scene.app.application.services
    known = await services.storage.conversations.get(
        services.keyring.reference(services.petition.slug, person.id)
    )
    assert known is not None
    return known.source


@pytest.mark.parametrize("reach", [at_the_name, at_the_consent])
async def test_what_is_added_to_a_command_at_the_form_goes_with_it(
    scene: Scene, reach: Callable[[Scene, Person], Awaitable[Words]]
) -> None:
    for ana, command in somebody_for_each(scene):
        await reach(scene, ana)
        assert GONE in await says(scene, ana, f"/{command} maría"), command
        assert commands(ana) == []
        assert await source(scene, ana) is None


async def test_what_is_added_after_a_line_break_goes_too(scene: Scene) -> None:
    await at_the_name(scene, scene.ana)
    assert GONE in await says(scene, scene.ana, "/start\nmaría pérez")
    assert commands(scene.ana) == []


async def test_a_word_behind_start_at_the_form_is_no_source(scene: Scene) -> None:
    await at_the_name(scene, scene.ana)
    assert GONE in await says(scene, scene.ana, "/start maria")
    assert commands(scene.ana) == []
    assert await source(scene, scene.ana) is None


async def test_the_link_by_which_somebody_came_may_be_opened_again_at_the_form(
    scene: Scene,
) -> None:
    await says(scene, scene.ana, "/start newsletter")
    await scene.taps(scene.ana, scene.words.label("✍️ Firmar la petición"))
    assert GONE not in await says(scene, scene.ana, "/start newsletter")
    assert commands(scene.ana) == ["/start newsletter"]
    assert await source(scene, scene.ana) == "newsletter"


async def test_what_is_added_just_after_the_closing_goes_too(scene: Scene) -> None:
    await at_the_name(scene, scene.ana)
    await scene.closes()
    assert GONE in await says(scene, scene.ana, "/help maría pérez")
    assert commands(scene.ana) == []


async def test_a_name_beyond_doubt_behind_a_command_goes_anywhere(scene: Scene) -> None:
    for ana, command in somebody_for_each(scene):
        ana.start()
        await scene.settled()
        assert GONE in await says(scene, ana, f"/{command} María Pérez"), command
        assert commands(ana) == []


async def test_so_it_does_of_who_signed(scene: Scene) -> None:
    for ana, command in somebody_for_each(scene):
        await scene.signs(ana)
        assert GONE in await says(scene, ana, f"/{command} Ana García"), command
        assert commands(ana) == []


async def test_ones_own_name_is_no_source(scene: Scene) -> None:
    for text in ("/start ana", "/start Ana García"):
        scene.ana.send(text)
        await scene.settled()
        assert GONE in scene.screen(scene.ana).text
    assert [m.text for m in scene.ana.messages if not m.from_bot] == []
    assert await source(scene, scene.ana) is None


@pytest.mark.parametrize("behind", ["newsletter", "Barcelona_Norte", "¿por qué?", "ahora mismo"])
async def test_a_link_and_a_question_behind_a_command_stay(scene: Scene, behind: str) -> None:
    scene.ana.start()
    await scene.settled()
    for command in ("start", "help"):
        assert GONE not in await says(scene, scene.ana, f"/{command} {behind}")
    assert commands(scene.ana) == [f"/start {behind}", f"/help {behind}"]


async def test_a_command_too_many_is_not_answered_and_its_name_goes_all_the_same(
    scene: Scene,
) -> None:
    scene.ana.start()
    await scene.settled()
    for _ in range(8):
        await says(scene, scene.ana, "/help María Pérez")
    assert commands(scene.ana) == []


async def test_a_command_of_an_admins_stays_but_for_the_form(scene: Scene) -> None:
    scene.marta.start()
    await scene.settled()
    assert GONE not in await says(scene, scene.marta, "/help Marta Ruiz")
    await scene.taps(scene.marta, scene.words.label("Volver"))
    await scene.taps(scene.marta, scene.words.label("✍️ Firmar la petición"))
    assert GONE in await says(scene, scene.marta, "/help Marta Ruiz")
    assert commands(scene.marta) == ["/help Marta Ruiz"]
