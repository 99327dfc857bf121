"""Taps and messages outside a person's own private chat change nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from handlers.screens.buttons import NO_MORE
from simulator.chats import Chat, Message
from simulator.person import Person
from simulator.taps import Answer, Tap
from storage.broadcast_types import Kind
from storage.petitions import petition_state
from tests.support.scene import Scene, data_of, fails


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
    ctx = await scene.with_button(scene.marta, "Sí, cerrar la petición")
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
    await scene.consents(ana)
    assert "con la tuya: 2" in scene.screen(ana).text
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
    fails(monkeypatch, scene, "send_message", 100)
    await scene.starts(scene.ana)
    await tapped(scene, scene.ana, "made up", scene.world.group("Barrio", members=[scene.ana]))
    assert len(services.delayed_replies) == 1
    await tapped(scene, scene.mallory, "made up", scene.ana.chat)
    assert len(services.delayed_replies) == 1, "Mallory took what Ana was owed"
