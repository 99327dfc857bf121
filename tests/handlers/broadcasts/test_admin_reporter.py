"""The reports of the worker: each is made until an admin sees it, or until none can."""

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from telegram.error import TelegramError

from handlers.broadcasts.progress_message import AdminReporter
from simulator.chats import Message
from simulator.faults import Fault
from storage import Storage
from storage.broadcast_transitions import begin_broadcast, interrupt_broadcast, start_broadcast
from storage.broadcast_types import Broadcast, BroadcastState, PauseReason, Tally
from storage.broadcasts import broadcast_with
from tests.support.broadcasts import new_broadcast
from tests.support.scene import ADMIN, Scene, a_scene
from tests.support.waiting import until

ENDED = Tally(total=3, delivered=3)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with a_scene(tmp_path) as scene:
        yield scene


def reporter_of(scene: Scene) -> tuple[AdminReporter, Storage]:
    """Another reporter than the running bot's, and its storage."""
    services = scene.services
    reporter = AdminReporter(services)
    return reporter, services.storage


async def planned(scene: Scene) -> tuple[Broadcast, Message]:
    """A broadcast that is planned for tomorrow, and the message in which Marta watches it."""
    _, storage = reporter_of(scene)
    await scene.closes()
    ctx = await scene.marta.sees("La petición está cerrada")
    now = dt.datetime.now(dt.UTC)
    started = await storage.write(
        start_broadcast,
        new_broadcast(
            id=b"b" * 16,
            content={"es": "Gracias"},
            actor=ADMIN,
            at=now,
            starts_at=now + dt.timedelta(days=1),
            progress=(ADMIN, ctx.id),
        ),
    )
    assert isinstance(started, Broadcast)
    return started, ctx


async def ended(scene: Scene) -> tuple[AdminReporter, Broadcast, Message]:
    """A reporter, a broadcast that has ended, and the message in which Marta watches it.

    Stored it is planned for tomorrow, so that the bot's own worker leaves it alone.
    """
    broadcast, ctx = await planned(scene)
    at = broadcast.created_at
    over = replace(
        broadcast, state=BroadcastState.FINISHED, starts_at=None, started_at=at, ended_at=at
    )
    return reporter_of(scene)[0], over, ctx


async def test_what_could_not_be_written_is_written_the_next_time(scene: Scene) -> None:
    reporter, broadcast, ctx = await ended(scene)
    scene.simulator.faults.next("editMessageText", *[Fault.ERROR] * 3)
    with pytest.raises(TelegramError):
        await reporter.report(broadcast, ENDED)
    await reporter.report(broadcast, ENDED)
    assert "Entregados: 3" in scene.marta.chat.messages[ctx.id].text


async def test_what_stands_there_already_counts_as_written(scene: Scene) -> None:
    reporter, broadcast, _ = await ended(scene)
    scene.simulator.faults.next("editMessageText", Fault.DROP)
    await reporter.report(broadcast, ENDED)  # written, unheard, and repeated
    edits = len(scene.simulator.calls.of("editMessageText"))
    await reporter.report(broadcast, ENDED)
    assert len(scene.simulator.calls.of("editMessageText")) == edits


@pytest.mark.parametrize("is_planned", [False, True])
async def test_an_admin_who_blocked_the_bot_is_waited_for_by_nobody(
    scene: Scene, *, is_planned: bool
) -> None:
    reporter, broadcast, ctx = await ended(scene)
    scene.marta.block()
    if is_planned:
        broadcast = replace(broadcast, starts_at=broadcast.started_at)
    else:
        scene.marta.delete(ctx)
    await reporter.report(broadcast, ENDED)


async def test_a_message_that_is_gone_is_written_anew_and_then_edited(scene: Scene) -> None:
    reporter, broadcast, ctx = await ended(scene)
    scene.marta.delete(ctx)
    await reporter.report(broadcast, ENDED)
    anew = await scene.marta.sees("Entregados: 3")
    found = await reporter_of(scene)[1].read(broadcast_with, broadcast.id)
    assert found is not None
    assert found.progress_message_id == anew.id


async def test_a_pause_by_the_system_is_a_message_of_its_own_and_said_once(scene: Scene) -> None:
    broadcast, ctx = await planned(scene)
    assert broadcast.starts_at is not None
    _, storage = reporter_of(scene)
    await storage.write(begin_broadcast, broadcast, broadcast.starts_at)
    at, why = broadcast.starts_at, "KeyError 3f9a1c02"
    await storage.write(interrupt_broadcast, broadcast.id, PauseReason.DEFECT, at, why)
    alarm = await scene.marta.sees("en pausa por un fallo del bot")
    assert alarm.id > ctx.id
    assert (await scene.marta.sees("sigue en otro mensaje")).id == ctx.id
    found = await storage.read(broadcast_with, broadcast.id)
    assert found is not None
    assert found.progress_message_id == alarm.id
    messages = len(scene.marta.messages)
    await scene.stop_bot()
    await scene.start_bot()
    await reporter_of(scene)[0].ask(found, Tally(3))
    assert len(scene.marta.messages) == messages
    # Who watched it is no admin any more: those who are admins are asked.
    await reporter_of(scene)[0].ask(replace(found, progress_chat=ADMIN + 1), Tally(3))
    # First the message that is asked about, then the question.
    await until(lambda: len(scene.marta.messages) > messages + 1)
    assert "en pausa por un fallo del bot" in scene.marta.messages[-1].text
