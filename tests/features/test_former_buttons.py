"""Buttons of messages that an earlier version sent are answered: they do what they say, or redraw.

The callback data stands here as it stands under those messages, so none of it may be renamed.
"""

import re
from dataclasses import replace

from bot.petition.stages import Action
from handlers.screens.buttons import (
    NO_MORE,
    AdminAction,
    AdminTap,
    ClosingStep,
    DraftStep,
    DraftTap,
    SupporterTap,
    read_tap,
)
from simulator.person import Person
from storage.broadcast_types import Kind
from storage.conversations import save_conversation
from tests.support.scene import Scene

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

DRAFTS = {
    *("on", "back", "write", "drop", "links", "bare", "subject", "about", "to", "time", "at"),
    *("now", "pay", "sure", "test", "change", "look", "cancel"),
}


def test_every_action_has_its_former_name() -> None:
    assert {data.partition(":")[0] for data, _ in SUPPORTERS} == {*map(str, Action)}
    assert {*map(str, AdminAction)} == ADMINS
    assert {*map(str, DraftStep)} == DRAFTS
    assert {*map(str, ClosingStep)} == CLOSING_STEPS


def test_what_they_carry_is_read_as_it_was() -> None:
    """Which label leads to which of them is in `tests/handlers/broadcasts/pages.txt`."""
    for data, tap in (
        ("3:confirm:1f", SupporterTap(3, Action.CONFIRM, "1f")),
        ("adm:leave:close:0", AdminTap(AdminAction.DISMISS, "close:0")),
        ("adm:draft:5f1e.3:write:en", AdminTap(AdminAction.DRAFT, "5f1e.3:write:en")),
    ):
        assert read_tap(data) == tap
    assert DraftTap.read("5f1e.3:write:en") == DraftTap("5f1e", 3, DraftStep.WRITE, "en")
    assert NO_MORE == {Kind.UPDATE: "stop:updates", Kind.NEWS: "stop:news"}


async def sends(scene: Scene, person: Person, message: int, data: str) -> str:
    """A tap on a button with this data; returns what its window says."""
    answer = await scene.answered(person.tap_data(message, data))
    return answer.text or ""


async def test_those_of_the_present_screen_do_what_they_say(scene: Scene) -> None:
    scene.simulator.limits.on = False
    scene.storage.forgotten_version = 40
    await scene.starts(scene.ana)
    former, before = scene.screen(scene.ana), await scene.conversation(scene.ana)
    assert before.version == 41, "no button of a conversation that was forgotten fits it"
    now = before
    for number, (data, stage) in enumerate(SUPPORTERS):
        message, shown = scene.screen(scene.ana), now
        drawn = [button.data or "" for row in message.buttons for button in row]
        marks = re.findall(r"(?:confirm|give):(\w{16})", " ".join(drawn))
        literal = data.format(consent=marks[0] if marks else "")
        await sends(scene, scene.ana, message.id, f"{shown.version}:{literal}")
        now = await scene.conversation(scene.ana)
        assert now.stage == stage, data
        if data == "file:":
            assert any(message.document for message in scene.ana.messages)
        if number == 5:  # those of an earlier screen show the present one
            for stale, _ in SUPPORTERS:
                await sends(scene, scene.ana, former.id, f"{before.version}:{stale}")
                assert (await scene.conversation(scene.ana)).stage == now.stage
                assert scene.screen(scene.ana).buttons


async def test_those_of_a_question_that_is_asked_no_more_lead_to_the_consent(
    scene: Scene,
) -> None:
    """People were asked whether "gracias" is their name, by an earlier version."""
    for data in ("keep:", "sign:", "home:"):
        ana = scene.world.person("Ana", language="es")
        await scene.to_the_name(ana)
        await scene.says(ana, "gracias")
        services, now = scene.services, await scene.conversation(ana)
        await services.storage.write(
            save_conversation,
            replace(now, stage="name_check"),
            was=now.version,
            at=services.clock(),
        )
        asked = await scene.conversation(ana)
        await sends(scene, ana, scene.screen(ana).id, f"{asked.version}:{data}")
        assert (await scene.conversation(ana)).stage == "consent"
        assert "Yo, gracias, consiento" in scene.screen(ana).text
