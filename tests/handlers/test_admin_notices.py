"""What the bot tells admins of damage, and of itself; and what an opt-out stops."""

import asyncio
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from bot.broadcast.open_claims import OpenClaims
from handlers.bot_profile import publish_profile
from handlers.context import Services
from handlers.opt_out import change_and_void_claims
from handlers.screens.help import ADMIN_COMMANDS, SUPPORTER_COMMANDS
from handlers.supporter_context import SupporterContext
from storage.errors import Unavailable
from storage.process_lock import PetitionLease, ProcessLock
from tests.support.broadcasts import claimed_by
from tests.support.scene import ADMIN, Scene

CHAT = 7


def visiting(claims: OpenClaims) -> SupporterContext:
    held = ProcessLock("intake/andry")
    held.mark_taken()
    services = SimpleNamespace(open_claims=claims, lease=PetitionLease(held))
    view = SimpleNamespace(signature=None)
    return cast(SupporterContext, SimpleNamespace(chat_id=CHAT, services=services, view=view))


async def test_when_the_database_does_not_answer_it_may_be_done_and_so_it_holds() -> None:
    claims = OpenClaims()
    (sent,) = await claimed_by(claims, CHAT, has_left=True)

    async def change() -> None:
        raise Unavailable

    forbidding = asyncio.create_task(change_and_void_claims(visiting(claims), change()))
    await asyncio.sleep(0.01)
    assert (forbidding.done(), sent.is_void) == (False, True)
    claims.finished(sent)
    with pytest.raises(Unavailable):
        await forbidding


PIECES = ("setMyCommands", "setMyDescription", "setMyShortDescription")


def sent(scene: Scene) -> Counter[str]:
    """The calls about the bot's face, those of single chats left out."""
    return Counter(
        call.method
        for call in scene.simulator.calls
        if call.method in PIECES and "scope" not in call.params
    )


async def publish(scene: Scene, changed: Services | None = None) -> Counter[str]:
    """Publishes once more, and tells what was sent for it."""
    before = sent(scene)
    await publish_profile(changed or scene.services)
    return sent(scene) - before


async def introduced(scene: Scene) -> None:
    await publish(scene)
    await scene.settled()


def names(commands: list[dict[str, str]]) -> list[str]:
    return [command["command"] for command in commands]


async def test_what_it_says_of_itself_is_sent_once_and_where_it_changed(scene: Scene) -> None:
    await introduced(scene)
    languages = {"", *scene.petition.languages}
    for method in PIECES:
        told = {call.params.get("language_code", "") for call in scene.simulator.calls.of(method)}
        assert told == languages
    profile = scene.world.profile
    assert profile.text("description", "ca") == scene.petition.texts_in("ca").description
    assert profile.text("description", "ar") == scene.petition.texts_in("es").description
    await scene.starts(scene.ana)
    assert [c for c in scene.simulator.calls.of("setMyCommands") if "scope" in c.params] == []
    assert scene.simulator.calls.of("deleteMyCommands") == []
    before = sent(scene)
    await scene.stop_bot()
    await scene.start_bot()
    await introduced(scene)
    assert sent(scene) == before, "nothing again after a restart"
    petition = scene.petition
    texts = petition.texts | {
        "en": petition.texts["en"].model_copy(update={"description": "Anything else"})
    }
    changed = replace(scene.services, petition=petition.model_copy(update={"texts": texts}))
    assert await publish(scene, changed) == Counter(setMyDescription=1)
    assert profile.text("description", "en") == "Anything else"
    assert await publish(scene, changed) == Counter()


async def test_an_admin_is_offered_commands_and_a_former_one_loses_them(scene: Scene) -> None:
    everything = [*ADMIN_COMMANDS, *SUPPORTER_COMMANDS]
    for admins, offered in (
        ({ADMIN}, everything),
        ({ADMIN + 1}, list(SUPPORTER_COMMANDS)),
        ({ADMIN}, everything),
    ):
        await scene.goes_on_with(admin_ids=frozenset(admins))
        for _ in range(2):
            await scene.starts(scene.marta)
        assert names(scene.marta.commands) == offered
    scoped = [c for c in scene.simulator.calls.of("setMyCommands") if "scope" in c.params]
    assert len(scoped) == 2, "once each time"
    assert len(scene.simulator.calls.of("deleteMyCommands")) == 1
