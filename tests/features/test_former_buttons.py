"""Buttons of messages that an earlier version sent are answered: they do what they say, or redraw.

The callback data stands here as it stands under those messages, so none of it may be renamed.
"""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.petition.stages import Action
from handlers.broadcasts.draft import Draft, DraftStage, parse_draft
from handlers.screens.buttons import AdminAction, ClosingStep, DraftStep
from simulator.person import Person
from storage.admins import find_draft
from storage.broadcast_transitions import start_broadcast
from storage.broadcast_types import Broadcast, Kind
from storage.broadcasts import broadcast_with
from storage.conversations import Conversation, conversation_of, save_conversation
from storage.personal_data import everything_held
from storage.petitions import petition_state
from tests.support.admin_scene import HOUR, AdminScene, an_admin_scene
from tests.support.broadcasts import new_broadcast
from tests.support.scene import ADMIN, Scene

# In this order each can be tapped; the stage is the one after it.
SUPPORTERS = (
    ("read:1", "appeal"),
    ("home:", "home"),
    ("languages:", "language"),
    ("speak:es", "home"),
    ("help:", "help"),
    ("back:", "home"),
    ("privacy:0", "privacy"),
    ("data:", "my_data"),
    ("back:", "home"),
    # Where the form began, its first choice is made now.
    ("sign:", "home"),
    ("named:", "name"),
    ("profile:", "consent"),
    ("sign:", "name"),
    ("profile:", "consent"),
    ("updates:", "consent"),
    ("news:", "consent"),
    ("named:", "consent"),
    ("unnamed:", "consent"),
    ("confirm:{consent}", "thanks"),
    ("data:", "my_data"),
    ("file:", "my_data"),
    ("mute:", "my_data"),
    ("unmute:", "my_data"),
    ("noupdates:", "my_data"),
    ("nonews:", "my_data"),
    ("name?:", "name_consent"),
    ("profile:", "name_consent"),
    ("give:{consent}", "my_data"),
    ("noname:", "my_data"),
    # Without a name there is none to correct.
    ("rename:", "my_data"),
    ("rights:", "other_rights"),
    ("receipt:", "other_rights"),
    ("code:", "other_rights"),
    ("restrict:", "other_rights"),
    ("lift:", "other_rights"),
    ("home:", "home"),
    # Nobody is asked again about texts that did not change.
    ("texts:", "home"),
    ("accept:", "home"),
    ("keeptexts:", "home"),
    ("withdraw:", "withdraw"),
    ("erase:", "withdrawn"),
)

CLOSING_STEPS = {
    *("all", "write", "add", "which", "look", "publish", "drop", "past", "see", "yes", "no"),
}
ADMINS = {
    *("text", "close", "date", "nodate", "reopen", "send", "leave", "final", "compose", "breach"),
    *("correct", "goon", "draft", "watch", "pause", "resume", "see", "yes", "no?", "no", "stop"),
    *("cancel", "back", "recall", "past", "report", "release"),
}

DRAFTS: tuple[tuple[str, Callable[[Draft], object], object], ...] = (
    ("on:", lambda draft: draft.stage, DraftStage.SUBJECT),
    ("back:", lambda draft: draft.stage, DraftStage.READY),
    ("write:en", lambda draft: (draft.stage, draft.language), (DraftStage.CONTENT, "en")),
    ("drop:en", lambda draft: draft.stage, DraftStage.READY),
    ("write:es", lambda draft: draft.language, "es"),
    ("links:es", lambda draft: draft.stage, DraftStage.LINKS),
    ("bare:", lambda draft: draft.stage, DraftStage.READY),
    ("subject:", lambda draft: draft.stage, DraftStage.SUBJECT),
    ("about:update", lambda draft: (draft.stage, draft.kind), (DraftStage.AUDIENCE, Kind.UPDATE)),
    ("to:es", lambda draft: (draft.stage, draft.audience_language), (DraftStage.SUMMARY, "es")),
    ("time:", lambda draft: draft.stage, DraftStage.TIME),
    ("at:{soon}", lambda draft: draft.starts_at is not None, True),
    ("now:", lambda draft: draft.starts_at, None),
    ("pay:", lambda draft: draft.paid, True),
    ("sure:", lambda draft: draft.stage, DraftStage.SECOND_CONFIRMATION),
    ("test:", lambda draft: draft.copies is not None, True),
    ("change:", lambda draft: draft.stage, DraftStage.READY),
    ("look:", lambda draft: draft.stage, DraftStage.SUMMARY),
)


def actions(data: tuple[str, ...]) -> set[str]:
    return {each.partition(":")[0] for each in data}


def test_every_action_has_its_former_name() -> None:
    assert actions(tuple(data for data, _ in SUPPORTERS)) == {*map(str, Action)}
    assert {*map(str, AdminAction)} == ADMINS
    drafts = actions(tuple(data for data, _, _ in DRAFTS)) | {"cancel"}
    assert {*map(str, DraftStep)} == drafts
    assert {*map(str, ClosingStep)} == CLOSING_STEPS


async def conversation(scene: Scene, person: Person) -> Conversation:
    found = await scene.storage.read(conversation_of, scene.services.reference(person.id))
    assert found is not None
    return found


async def sends(scene: Scene, person: Person, message: int, data: str) -> str:
    """A tap on a button with this data; returns what its window says."""
    answer = await scene.answered(person.tap_data(message, data))
    return answer.text or ""


async def test_those_of_the_present_screen_do_what_they_say(scene: Scene) -> None:
    scene.simulator.limits.on = False
    scene.storage.forgotten_version = 40
    await scene.starts(scene.ana)
    former, before = scene.screen(scene.ana), await conversation(scene, scene.ana)
    assert before.version == 41, "no button of a conversation that was forgotten fits it"
    now = before
    for number, (data, stage) in enumerate(SUPPORTERS):
        message, shown = scene.screen(scene.ana), now
        drawn = [button.data or "" for row in message.buttons for button in row]
        marks = re.findall(r"(?:confirm|give):(\w{16})", " ".join(drawn))
        literal = data.format(consent=marks[0] if marks else "")
        await sends(scene, scene.ana, message.id, f"{shown.version}:{literal}")
        now = await conversation(scene, scene.ana)
        assert now.stage == stage, data
        if data == "file:":
            assert any(message.document for message in scene.ana.messages)
        if number == 5:  # those of an earlier screen show the present one
            for stale, _ in SUPPORTERS:
                await sends(scene, scene.ana, former.id, f"{before.version}:{stale}")
                assert (await conversation(scene, scene.ana)).stage == now.stage
                assert scene.screen(scene.ana).buttons


async def test_those_of_a_question_that_is_asked_no_more_lead_to_the_consent(
    scene: Scene,
) -> None:
    """People were asked whether "gracias" is their name, by an earlier version."""
    for data in ("keep:", "sign:", "home:"):
        ana = scene.world.person("Ana", language="es")
        await scene.to_the_name(ana)
        await scene.says(ana, "gracias")
        services, now = scene.services, await conversation(scene, ana)
        await services.storage.write(
            save_conversation,
            replace(now, stage="name_check"),
            was=now.version,
            at=services.clock(),
        )
        asked = await conversation(scene, ana)
        await sends(scene, ana, scene.screen(ana).id, f"{asked.version}:{data}")
        assert (await conversation(scene, ana)).stage == "consent"
        assert "Yo, gracias, consiento" in scene.screen(ana).text


async def test_those_that_close_and_reopen_the_petition(admin: AdminScene) -> None:
    storage, scene = admin.services.storage, admin.scene
    # The one under a broadcast ends the news and nothing else.
    await sends(scene, scene.ana, 1_000_000, "stop:news")
    held = await admin.services.storage.read(everything_held, scene.ana.id)
    (consent,) = held.consents
    assert (consent["news_ended_at"] is not None, consent["updates_ended_at"]) == (True, None)
    assert held.signature is not None
    await admin.says("/close")
    message = admin.panel.id
    for data, is_closed in (
        ("adm:leave:close:0", False),
        ("adm:close:0", True),
        ("adm:close:0", True),
        ("adm:reopen:1", False),
    ):
        await sends(scene, admin.marta, message, data)
        assert (await storage.read(petition_state)).is_closed is is_closed, data
    await admin.says("/close")
    await sends(scene, admin.marta, admin.panel.id, "adm:close:2")
    await admin.says("/broadcast")
    await sends(scene, admin.marta, admin.panel.id, "adm:final:")
    assert (await begun_draft(admin)).kind is Kind.CLOSING


async def draft(admin: AdminScene) -> Draft | None:
    services = admin.services
    reference = services.keyring.reference(services.petition.slug, ADMIN)
    return parse_draft(await services.storage.read(find_draft, reference))


async def begun_draft(admin: AdminScene) -> Draft:
    found = await draft(admin)
    assert found is not None
    return found


async def test_those_of_a_draft(admin: AdminScene) -> None:
    await admin.says("/broadcast")
    message = admin.panel.id
    await sends(admin.scene, admin.marta, message, "adm:leave:")
    await sends(admin.scene, admin.marta, message, "adm:compose:")
    await admin.says("Hola")
    soon = str(int((admin.scene.clocks.now() + HOUR).timestamp()))
    after = await begun_draft(admin)
    for data, read, expected in DRAFTS:
        literal = f"adm:draft:{after.key}.{after.version}:{data.format(soon=soon)}"
        await sends(admin.scene, admin.marta, admin.panel.id, literal)
        after = await begun_draft(admin)
        assert read(after) == expected, data
    await sends(admin.scene, admin.marta, admin.panel.id, f"adm:draft:{after.key}.1:on:")
    assert await draft(admin) == after, "of an earlier version"
    await admin.says("/broadcast")
    await sends(admin.scene, admin.marta, admin.panel.id, "adm:goon:")
    cancelling = f"adm:draft:{after.key}.{after.version}:cancel:"
    await sends(admin.scene, admin.marta, admin.panel.id, cancelling)
    assert await draft(admin) is None


async def planned(admin: AdminScene, number: int, **changes: Any) -> Broadcast:
    """Another admin's broadcast that is to go out in an hour."""
    plan = new_broadcast(
        id=bytes([number]) * 16,
        content={"es": "Hola"},
        source_language="es",
        actor=ADMIN + 1,
        at=admin.services.clock(),
        kind=Kind.UPDATE,
        starts_at=admin.services.clock() + HOUR,
        **changes,
    )
    started = await admin.services.storage.write(start_broadcast, plan)
    assert isinstance(started, Broadcast)
    return started


async def test_those_of_one_that_is_to_be_approved(admin: AdminScene) -> None:
    message = await admin.says("/broadcasts")
    for number, (data, state) in enumerate(
        (
            ("adm:see:{key}", "scheduled"),
            ("adm:no?:{key}", "scheduled"),
            ("adm:no:{key}", "stopped"),
            ("adm:yes:{key}.3", "scheduled"),
            ("adm:watch:{key}", "scheduled"),
            ("adm:stop:{key}", "scheduled"),
            ("adm:cancel:{key}", "cancelled"),
        )
    ):
        broadcast = await planned(admin, number, needs_approval=True, expected=3)
        literal = data.format(key=broadcast.id.hex())
        await sends(admin.scene, admin.marta, message.id + 1, literal)
        now = await admin.services.storage.read(broadcast_with, broadcast.id)
        assert now is not None
        assert (now.state, now.confirmed_by is not None) == (state, "yes" in data), data


@pytest.fixture
async def slow(tmp_path: Path) -> AsyncIterator[AdminScene]:
    """A campaigner whose bot sends one message in five seconds."""
    async with an_admin_scene(tmp_path, rate=0.2) as admin:
        yield admin


async def test_those_of_one_that_is_sent(slow: AdminScene) -> None:
    await slow.begins()
    await slow.says("Hola")
    await slow.previews()
    message, send = slow.data("Enviar a 3 personas")
    assert re.fullmatch(r"adm:send:[0-9a-f]{8}\.3\.[\w-]{16}", send), (
        "a token that is drawn anew each time"
    )
    await sends(slow.scene, slow.marta, message, send)
    await slow.scene.ana.sees("Hola", 10)
    key = (await slow.broadcast()).id
    for data, state, asks in (
        ("adm:leave:" + send.removeprefix("adm:") + ":669c9dd9", "running", False),
        ("adm:pause:{key}", "paused", False),
        ("adm:stop:{key}", "paused", True),
        ("adm:watch:{key}", "paused", False),
        ("adm:resume:{key}", "running", False),
        ("adm:stop:{key}", "paused", True),
        ("adm:cancel:{key}", "cancelled", False),
    ):
        await sends(slow.scene, slow.marta, slow.panel.id, data.format(key=key.hex()))
        now = await slow.broadcast()
        assert (now.state, now.cancel_requested_at is not None) == (state, asks), data
    await slow.marta.sees("El envío está cancelado.", 10)
    for data, said in (
        ("adm:past:0", "Envíos"),
        ("adm:report:{key}.0", "El envío está cancelado."),
        ("adm:back:{key}", "Se borrar"),
        ("adm:recall:{key}", "etira"),
    ):
        await sends(slow.scene, slow.marta, slow.panel.id, data.format(key=key.hex()))
        await slow.marta.sees(said)
    assert (await slow.broadcast()).recall_started_at is not None
    await sends(slow.scene, slow.marta, slow.marta.messages[-1].id, f"adm:goon:{key.hex()}")
    assert (await begun_draft(slow)).topic == (await slow.broadcast()).topic
