"""The bot profile is published once, and again only when its content changes."""

from collections import Counter
from dataclasses import replace

from handlers.bot_profile import publish_profile
from handlers.context import Services
from handlers.screens.command_list import ADMIN_COMMANDS, SUPPORTER_COMMANDS
from tests.support.scene import ADMIN, Scene

PIECES = ("setMyCommands", "setMyDescription", "setMyShortDescription")


def sent(scene: Scene) -> Counter[str]:
    """The calls about the bot's face, those of single chats left out."""
    return Counter(
        call.method
        for call in scene.simulator.calls
        if call.method in PIECES and "scope" not in call.params
    )


def services(scene: Scene) -> Services:
    assert scene.app is not None
    return scene.app.application.services


async def publish(scene: Scene, changed: Services | None = None) -> Counter[str]:
    """Publishes once more, and tells what was sent for it."""
    assert scene.app is not None
    before = sent(scene)
    await publish_profile(scene.app.application.bot, changed or services(scene))
    return sent(scene) - before


async def introduced(scene: Scene) -> None:
    await publish(scene)
    await scene.settled()


def names(commands: list[dict[str, str]]) -> list[str]:
    return [command["command"] for command in commands]


async def test_every_language_and_everybody_else_get_each_piece(scene: Scene) -> None:
    await introduced(scene)
    languages = {"", *scene.petition.languages}
    for method in PIECES:
        told = {call.params.get("language_code", "") for call in scene.simulator.calls.of(method)}
        assert told == languages
    profile = scene.world.profile
    assert profile.text("description", "ca") == scene.petition.texts_in("ca").description
    assert profile.text("description", "ar") == scene.petition.texts_in("es").description


async def test_what_telegram_has_is_not_sent_again(scene: Scene) -> None:
    await introduced(scene)
    assert await publish(scene) == Counter()


async def test_a_restart_sends_nothing_again(scene: Scene) -> None:
    await introduced(scene)
    before = sent(scene)
    await scene.stop_bot()
    await scene.start_bot()
    await introduced(scene)
    assert sent(scene) == before


async def test_only_the_piece_that_changed_is_sent(scene: Scene) -> None:
    await introduced(scene)
    petition = scene.petition
    texts = petition.texts | {
        "en": petition.texts["en"].model_copy(update={"description": "Anything else"})
    }
    changed = replace(services(scene), petition=petition.model_copy(update={"texts": texts}))
    assert await publish(scene, changed) == Counter(setMyDescription=1)
    assert scene.world.profile.text("description", "en") == "Anything else"
    assert await publish(scene, changed) == Counter()


async def test_a_supporters_start_sets_no_menu(scene: Scene) -> None:
    scene.ana.start()
    await scene.settled()
    assert [c for c in scene.simulator.calls.of("setMyCommands") if "scope" in c.params] == []
    assert scene.simulator.calls.of("deleteMyCommands") == []


async def test_an_admin_is_offered_the_admins_commands_once(scene: Scene) -> None:
    for _ in range(2):
        scene.marta.start()
        await scene.settled()
    assert names(scene.marta.commands) == [*ADMIN_COMMANDS, *SUPPORTER_COMMANDS]
    scoped = [c for c in scene.simulator.calls.of("setMyCommands") if "scope" in c.params]
    assert len(scoped) == 1


async def test_a_former_admin_loses_the_admins_commands_once(scene: Scene) -> None:
    await introduced(scene)
    scene.marta.start()
    await scene.settled()
    await scene.stop_bot()
    scene.settings = scene.settings.model_copy(update={"admin_ids": frozenset({ADMIN + 1})})
    await scene.start_bot()
    for _ in range(2):
        scene.marta.start()
        await scene.settled()
    assert names(scene.marta.commands) == list(SUPPORTER_COMMANDS)
    assert len(scene.simulator.calls.of("deleteMyCommands")) == 1


async def test_who_is_made_an_admin_again_gets_them_back(scene: Scene) -> None:
    for admins in ({ADMIN}, {ADMIN + 1}, {ADMIN}):
        await scene.stop_bot()
        scene.settings = scene.settings.model_copy(update={"admin_ids": frozenset(admins)})
        await scene.start_bot()
        scene.marta.start()
        await scene.settled()
    assert names(scene.marta.commands) == [*ADMIN_COMMANDS, *SUPPORTER_COMMANDS]
