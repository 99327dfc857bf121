"""Buttons of an earlier version do what they say, or redraw; forged ones change nothing.

The callback data stands here as it stands under former messages, so none of it may be renamed.
"""

import random
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

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
from simulator.chats import Chat, Message
from simulator.person import Person
from simulator.taps import Answer, Tap
from storage.broadcast_types import Kind
from storage.conversations import save_conversation
from storage.petitions import petition_state
from tests.features.test_changed_texts import held_of
from tests.support.admin_scene import AdminScene
from tests.support.scene import Scene, data_of
from tests.support.telegram_calls import fails

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


# A callback's text is Telegram's to deliver, so it has at most 64 bytes.
ODD = (
    *("", ":", ".", "::", "0", "00", "-1", "7", "٣", "²", "1e9", "9" * 12, "9" * 40, "x", "é"),
    *("es", "en", "xx", "all", "news", "news.", "news.es", "update", "closing", "1.2.3", "\x00"),
    *("00" * 16, f"{'00' * 16}.5", f"{'00' * 16}.-5", "send:-:0", "close:1", "close:x", "draft:a"),
)


async def none_fails(scene: Scene, person: Person, data: Iterator[str]) -> None:
    for each in data:
        shown = [m.id for m in person.messages if m.from_bot]
        assert await person.tap_data(shown[-1], each).answered(5) is not None, each
        await scene.settled()
        assert scene.app.dispatch.counts.passed_over == 0, each


def of_supporters() -> Iterator[str]:
    for action in (*Action, "nothing"):
        for version, argument in zip("13x", random.Random(action).sample(ODD, 3), strict=True):  # noqa: S311
            yield f"{version}:{action}:{argument}"[:64]


def of_admins() -> Iterator[str]:
    for action in (*AdminAction, "nothing"):
        for argument in random.Random(action).sample(ODD, 2):  # noqa: S311 - repeatable
            yield f"adm:{action}:{argument}"[:64]


async def test_no_forged_button_of_a_screen_fails(admin: AdminScene) -> None:
    await admin.scene.starts(admin.scene.ana)
    await none_fails(admin.scene, admin.scene.ana, of_supporters())


async def test_no_forged_button_of_an_admins_message_fails(admin: AdminScene) -> None:
    await admin.says("/broadcast")
    await none_fails(admin.scene, admin.marta, of_admins())


def shown_to(scene: Scene, person: Person) -> set[str]:
    """What the buttons of a person's screen carry, without its version."""
    data = {b.data or "" for row in scene.screen(person).buttons for b in row}
    return {each.partition(":")[2] for each in data}


async def test_mallory_who_taps_what_ana_was_shown_changes_nothing_of_hers(scene: Scene) -> None:
    ana, mallory = scene.ana, scene.mallory
    await scene.to_the_consent(ana)
    seen = shown_to(scene, ana)
    await scene.consents(ana)
    for command in ("/mydata", "/withdraw"):
        await scene.says(ana, command)
        seen |= shown_to(scene, ana)
    before = await held_of(scene, ana)
    await scene.to_the_name(mallory)
    await scene.says(mallory, "Mallory Ó Briain")
    for data in sorted(seen, key=lambda data: (not data.startswith("confirm:"), data)):
        screen = scene.screen(mallory)
        version = (screen.buttons[0][0].data or "").partition(":")[0]
        await scene.answered(mallory.tap_data(screen.id, f"{version}:{data}"))
    assert {data.partition(":")[0] for data in seen} >= {"confirm", "erase", "mute", "noname"}
    assert await held_of(scene, ana) == before
    assert (await held_of(scene, mallory)).signature is None, "to words that she was not shown"


async def test_no_step_of_a_draft_fails_where_it_is_not_offered(admin: AdminScene) -> None:
    admin.expected.append("message to delete not found")
    for number, step in enumerate(DraftStep):
        await admin.begins()
        if number % 2:
            await admin.says("Hola a todas")
        drawn_for = _draft_tap(admin)
        tap = DraftTap(drawn_for.key, drawn_for.version, step, ("all", "xx")[number // 2 % 2])
        data = f"adm:{AdminAction.DRAFT}:{tap}"[:64]
        await none_fails(admin.scene, admin.marta, iter([data]))


def _draft_tap(admin: AdminScene) -> DraftTap:
    """What the newest button of the draft in preparation carries."""
    for button in (button for row in admin.panel.buttons for button in row):
        tap = read_tap(button.data)
        draft_tap = DraftTap.read(tap.argument) if isinstance(tap, AdminTap) else None
        if draft_tap is not None:
            return draft_tap
    raise AssertionError(admin.marta.chat.transcript())


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "data" / "petition.db"


def rows(database: Path) -> list[str]:
    """Everything that is stored, row by row; leases alone change by themselves."""
    with closing(sqlite3.connect(database)) as connection:
        kept = (line for line in connection.iterdump() if '"leases"' not in line)
        return list(kept)


async def tapped(
    scene: Scene, by: Person, data: str, in_chat: Chat | None, *, deleted: int | None = None
) -> Answer:
    """A tap as an update of its own making; without a chat it is under an inline message."""
    world = scene.world
    chat = in_chat or by.chat
    message = Message(id=deleted or 1, chat=chat, by=world.bot, date=world.now(), text="…")
    tap = Tap(next(world.query_ids), by.user, message, data, world.clock())
    shape: dict[str, Any] = tap.shape()
    if in_chat is None:
        del shape["message"]
        shape["inline_message_id"] = "AAAAAAAAAAAAAAAAAAAAAA"
    elif deleted is not None:
        shape["message"] = {"chat": chat.shape(), "message_id": deleted, "date": 0}
    world.taps[tap.id] = tap
    world.updates.add("callback_query", chat.id, shape)
    answer = await tap.answered()
    await scene.settled()
    return answer


def elsewhere(scene: Scene, by: Person) -> Iterator[tuple[Chat | None, int | None]]:
    """Every place that is not one's own private chat, and a message in it that is gone."""
    yield scene.world.group("Barrio", members=[by]), None
    yield scene.world.group("Calle", members=[by], kind="group"), None
    yield scene.world.group("Calle", members=[by]), 77
    yield scene.world.group("Canal", members=[by], kind="channel"), None
    yield scene.jordi.chat, None  # somebody else's
    yield None, None  # under an inline message, which has no chat


async def test_a_tap_anywhere_else_changes_nothing_and_leads_to_the_private_chat(
    scene: Scene, database: Path
) -> None:
    ana, words = scene.ana, scene.words
    await scene.starts(scene.jordi)
    await scene.signs(scene.sean, news=True)
    await scene.to_the_consent(ana)
    confirm = data_of(scene.screen(ana), "✍️ Consiento y firmo")
    scene.marta.send("/close")
    ctx = await scene.marta.with_button("Sí, cerrar la petición")
    close = data_of(ctx, "Sí, cerrar la petición")
    lead = "La petición se lee y se firma en un chat privado."
    for by, data, most in (
        (ana, confirm, 6),
        (scene.sean, NO_MORE[Kind.NEWS], 1),
        (scene.sean, NO_MORE[Kind.UPDATE], 1),
        (scene.marta, close, 1),
        (ana, "made up", 1),
    ):
        said = scene.english.label(lead) if by is scene.sean else words.label(lead)
        for chat, deleted in islice(elsewhere(scene, by), most):
            await scene.world.updates.acknowledged(5)
            before, calls = rows(database), len(scene.simulator.calls)
            answer = await tapped(scene, by, data, chat, deleted=deleted)
            assert rows(database) == before, (data, chat)
            assert (answer.text, answer.alert) == (said, False)
            asked = [call.method for call in list(scene.simulator.calls)[calls:]]
            assert [m for m in asked if m != "getUpdates"] == ["answerCallbackQuery"]
    # Under a message that is gone it shows the present screen: what stood there is unknown.
    await tapped(scene, ana, confirm, ana.chat, deleted=9_999)
    assert "Yo, Ana García, consiento" in scene.screen(ana).text
    await tapped(scene, scene.marta, close, scene.marta.chat, deleted=9_998)
    assert not (await scene.storage.read(petition_state)).is_closed
    # And in the private chat the same button does what it says.
    assert "con la tuya: 2" in await scene.consents(ana)
    # But who wants no more news is heard.
    sean = scene.sean
    answer = await tapped(scene, sean, NO_MORE[Kind.NEWS], sean.chat, deleted=9_999)
    assert answer.alert
    assert "News of other actions: no" in await scene.says(sean, "/mydata")
    scene.simulator.calls.clear()  # an edit of the message that is gone was refused


async def test_what_is_owed_in_the_private_chat_is_owed_though_a_button_elsewhere_is_tapped(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = scene.services
    fails(monkeypatch, "send_message", 100)
    await scene.starts(scene.ana)
    await tapped(scene, scene.ana, "made up", scene.world.group("Barrio", members=[scene.ana]))
    assert len(services.delayed_replies) == 1
    await tapped(scene, scene.mallory, "made up", scene.ana.chat)
    assert len(services.delayed_replies) == 1, "Mallory took what Ana was owed"
