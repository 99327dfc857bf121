"""The report is retried until it is shown, or until nobody can read it."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from telegram.error import TelegramError

from bot.simulator.chats import Message
from bot.simulator.faults import Fault
from bot.text.translations import Catalogs
from handlers.broadcasts.admin_reporter import AdminReporter
from handlers.broadcasts.screens.broadcast_lines import BroadcastView
from handlers.broadcasts.screens.progress import standing
from storage import (
    Audience,
    Broadcast,
    BroadcastState,
    Kind,
    NewBroadcast,
    PauseReason,
    StopReason,
    Tally,
)
from tests.features.scene import ADMIN, Scene, a_scene

ENDED = Tally(total=3, delivered=3)
WORDS = Catalogs.load()


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with a_scene(tmp_path) as scene:
        yield scene


async def ended(scene: Scene) -> tuple[AdminReporter, Broadcast, Message]:
    """A reporter, a broadcast that has ended, and the message in which Marta watches it.

    It is planned for tomorrow, so that the bot's own worker leaves it alone.
    """
    assert scene.app is not None
    services = scene.app.application.services
    await scene.closes()
    ctx = await scene.marta.sees("La petición está cerrada")
    started = await services.storage.broadcasts.start(
        NewBroadcast(
            b"b" * 16,
            content={"es": "Gracias"},
            content_sha256=b"c" * 32,
            source_language="es",
            actor=ADMIN,
            at=services.clock(),
            starts_at=services.clock() + dt.timedelta(days=1),
            progress=(ADMIN, ctx.id),
        )
    )
    assert isinstance(started, Broadcast)
    now = services.clock()
    over = replace(
        started, state=BroadcastState.FINISHED, starts_at=None, started_at=now, ended_at=now
    )
    return AdminReporter(scene.app.application.bot, services), over, ctx


async def test_what_could_not_be_written_is_written_the_next_time(scene: Scene) -> None:
    reporter, broadcast, ctx = await ended(scene)
    scene.simulator.faults.next("editMessageText", *[Fault.ERROR] * 3)
    with pytest.raises(TelegramError):
        await reporter.ended(broadcast, ENDED)
    await reporter.ended(broadcast, ENDED)
    assert "Entregados: 3" in scene.marta.chat.messages[ctx.id].text


async def test_what_stands_there_already_counts_as_written(scene: Scene) -> None:
    reporter, broadcast, _ = await ended(scene)
    scene.simulator.faults.next("editMessageText", Fault.DROP)
    await reporter.ended(broadcast, ENDED)  # written, unheard, and repeated
    edits = len(scene.simulator.calls.of("editMessageText"))
    await reporter.ended(broadcast, ENDED)
    assert len(scene.simulator.calls.of("editMessageText")) == edits


async def test_an_admin_who_blocked_the_bot_is_waited_for_by_nobody(scene: Scene) -> None:
    reporter, broadcast, ctx = await ended(scene)
    scene.marta.block()
    scene.marta.delete(ctx)
    await reporter.ended(broadcast, ENDED)


async def test_a_planned_one_whose_admin_blocked_the_bot_is_waited_for_by_nobody(
    scene: Scene,
) -> None:
    reporter, broadcast, _ = await ended(scene)
    scene.marta.block()
    await reporter.ended(replace(broadcast, starts_at=broadcast.started_at), ENDED)


async def test_a_message_that_is_gone_is_written_anew_and_then_edited(scene: Scene) -> None:
    reporter, broadcast, ctx = await ended(scene)
    scene.marta.delete(ctx)
    await reporter.ended(broadcast, ENDED)
    anew = await scene.marta.sees("Entregados: 3")
    assert scene.app is not None
    broadcasts = scene.app.application.services.storage.broadcasts
    found = await broadcasts.get(broadcast.id)
    assert found is not None
    assert found.progress_message_id == anew.id


async def test_that_it_is_held_is_a_message_of_its_own_and_said_once(scene: Scene) -> None:
    _, broadcast, ctx = await ended(scene)
    assert scene.app is not None
    services = scene.app.application.services
    planned = await services.storage.broadcasts.get(broadcast.id)
    assert planned is not None
    assert planned.starts_at is not None
    await services.storage.broadcasts.begin(planned, planned.starts_at)
    detail = "KeyError 3f9a1c02"
    await services.storage.broadcasts.pause_by_system(broadcast.id, PauseReason.DEFECT, detail)
    services.wake_broadcast()
    alarm = await scene.marta.sees("en pausa por un fallo del bot")
    assert alarm.id > ctx.id
    assert (await scene.marta.sees("sigue en otro mensaje")).id == ctx.id
    found = await services.storage.broadcasts.get(broadcast.id)
    assert found is not None
    assert found.progress_message_id == alarm.id
    messages = len(scene.marta.messages)
    await scene.stop_bot()
    await scene.start_bot()
    again = AdminReporter(scene.app.application.bot, scene.app.application.services)
    await again.waiting(found, Tally(3))
    assert len(scene.marta.messages) == messages


@pytest.mark.parametrize(
    ("reason", "says", "not_says"),
    [
        (StopReason.CONTENT, "no acepta el mensaje", "clave"),
        (StopReason.UNREADABLE, "La clave no abre", "Telegram no acepta"),
        (StopReason.OTHER, "detenido.</b> Bad", "Telegram no acepta"),
    ],
)
def test_each_cause_of_a_stop_has_a_sentence_of_its_own(
    reason: StopReason, says: str, not_says: str
) -> None:
    over = stopped(reason, "Bad Request: <x>")
    said = told("es", over)
    assert says in said
    assert not_says not in said
    assert "<x>" not in said
    assert "Quienes faltaban siguen pendientes" in said
    assert "waiting" in told("en", over)


@pytest.mark.parametrize(
    ("pause", "says"),
    [
        (3.0, None),
        (90.0, "seguirá por sí solo hacia las 02:01"),
        (86_400.0, "hacia las 02:00 (2 de marzo"),
        (1e300, "seguirá por sí solo hacia"),
    ],
)
def test_a_long_pause_that_telegram_asks_for_is_said_with_its_end(
    pause: float, says: str | None
) -> None:
    running = replace(
        stopped(StopReason.OTHER), state=BroadcastState.RUNNING, stop_reason=None, ended_at=None
    )
    said = told("es", running, pause)
    assert ("Telegram pide una pausa" in said) is (says is not None)
    assert says is None or says in said


def told(language: str, broadcast: Broadcast, pause: float = 0.0) -> str:
    at = broadcast.created_at + dt.timedelta(hours=1)
    tally = Tally(total=2, pending=2)
    words, languages = WORDS.words(language), {"es": "Español"}
    now = BroadcastView(words, broadcast, tally, at, "Europe/Madrid", languages, pause=pause)
    return standing(now).text


def paused(reason: PauseReason, detail: str) -> Broadcast:
    return replace(
        stopped(StopReason.OTHER, detail),
        state=BroadcastState.PAUSED,
        stop_reason=None,
        pause_reason=reason,
        ended_at=None,
    )


def stopped(reason: StopReason, detail: str = "") -> Broadcast:
    at = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    return Broadcast(
        id=b"b" * 16,
        kind=Kind.CLOSING,
        topic="closing",
        state=BroadcastState.STOPPED,
        content={"es": "x"},
        source_language="es",
        source_chat=None,
        audience=Audience(),
        paid=False,
        expected=2,
        total=2,
        is_enqueued=True,
        created_at=at,
        starts_at=None,
        started_at=at,
        ended_at=at,
        reported_at=None,
        stop_reason=reason,
        reason_detail=detail,
        recall_started_at=None,
        recall_ended_at=None,
        progress_chat=None,
        progress_message_id=None,
        author=ADMIN,
        confirmed_by=ADMIN,
    )


def test_a_fault_of_the_bots_is_a_pause_with_the_name_that_the_log_has_it_by() -> None:
    held = paused(PauseReason.DEFECT, "KeyError 3f9a1c02")
    said = told("es", held)
    assert "en pausa por un fallo del bot" in said
    assert "KeyError 3f9a1c02" in said
    assert "«▶ Seguir»" in said
    assert "fault in the bot" in told("en", held)


def test_what_could_not_be_written_down_is_a_pause_that_says_what_it_spares_people() -> None:
    held = paused(PauseReason.UNRECORDED, "IntegrityError 3f9a1c02")
    said = told("es", held)
    assert "en pausa por un fallo del bot" in said
    assert "no ha podido anotar si un mensaje llegó" in said
    assert "IntegrityError 3f9a1c02" in said
    assert "«▶ Seguir»" in said
    assert "write down whether a message arrived" in told("en", held)


def test_that_nobody_can_be_reached_is_a_pause_that_names_the_token() -> None:
    held = paused(PauseReason.NOBODY, "20")
    said = told("es", held)
    assert "no le llega a nadie" in said
    assert "Ninguna de las 20 primeras personas" in said
    assert "compruebe el token" in said
    assert "None of the first 20 people" in told("en", held)


def test_that_calls_are_denied_is_a_pause_that_says_what_was_said_and_whom_to_ask() -> None:
    held = paused(PauseReason.DENIED, "Not <Found>")
    said = told("es", held)
    assert "Telegram rechaza los envíos" in said
    assert "«Not &lt;Found&gt;»" in said
    assert "«▶ Seguir»" in said
    assert "are still waiting" in told("en", held)
