"""The progress message never goes back to an older state, whoever draws it and however late."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from handlers.broadcasts.progress_message import AdminReporter
from storage.broadcast_transitions import change_broadcast
from storage.broadcast_types import BroadcastAction
from tests.features.test_broadcast_controls import under_way
from tests.support.admin_scene import AdminScene, an_admin_scene
from tests.support.scene import ADMIN, intercept
from tests.support.waiting import until

RUNNING, ASKED, PAUSED = "por segundo", "¿Cancelar el envío?", "El envío está en pausa"


@pytest.fixture
async def slow(tmp_path: Path) -> AsyncIterator[AdminScene]:
    """A broadcast of three messages, of which one has arrived; the second takes five seconds."""
    async with an_admin_scene(tmp_path, broadcast_rate=0.2) as admin:
        await under_way(admin)
        yield admin


@pytest.fixture
async def let_go(slow: AdminScene, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """An edit of the worker's is on its way, and arrives once this is set."""
    is_held, let_go = asyncio.Event(), asyncio.Event()

    async def held(fields: dict[str, Any], edit: Callable[[], Awaitable[bytes]]) -> bytes:
        if RUNNING in fields["text"] and not is_held.is_set():
            is_held.set()
            await let_go.wait()
        return await edit()

    intercept(monkeypatch, "editMessageText", held)
    async with asyncio.timeout(10):
        await is_held.wait()
    return let_go


def drawn(admin: AdminScene) -> list[str]:
    """What was written into the progress message, in this order: which of the known texts."""
    known = (RUNNING, ASKED, PAUSED)
    texts = [str(c.params["text"]) for c in admin.scene.simulator.calls.of("editMessageText")]
    return [each for text in texts for each in known if each in text]


async def test_a_question_is_not_hidden_by_progress_that_was_on_its_way(
    slow: AdminScene, let_go: asyncio.Event
) -> None:
    slow.marta.tap("⏹ Cancelar")
    await slow.became("paused")
    await asyncio.sleep(0.2)  # in which an edit that waits for nobody would be made
    let_go.set()
    await slow.marta.sees(ASKED)
    await slow.scene.settled()
    await asyncio.sleep(0.2)
    order = drawn(slow)
    assert RUNNING not in order[order.index(ASKED) :]
    assert ASKED in slow.panel.text


async def test_a_question_waits_but_a_moment_for_progress_that_telegram_does_not_answer(
    slow: AdminScene, let_go: asyncio.Event
) -> None:
    slow.marta.tap("⏹ Cancelar")
    await slow.marta.sees(ASKED)
    let_go.set()
    await until(lambda: drawn(slow)[-2:] == [RUNNING, ASKED])
    assert ASKED in slow.panel.text


async def test_what_another_process_changes_while_it_is_drawn_is_drawn_after_it(
    slow: AdminScene, let_go: asyncio.Event
) -> None:
    storage = slow.services.storage
    await storage.write(
        change_broadcast,
        BroadcastAction.PAUSE,
        (await slow.broadcast()).id,
        ADMIN,
        slow.services.clock(),
    )
    let_go.set()
    await slow.marta.sees(PAUSED, 2)


async def test_a_tap_in_another_message_is_answered_there_and_shown_in_both(
    slow: AdminScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress, cancel = slow.data("⏹ Cancelar")
    other = slow.marta.chat.messages[slow.data("⏸ Pausa")[0] - 1]
    assert other.from_bot
    assert other.id != progress
    await slow.scene.answered(slow.marta.tap_data(other.id, cancel))
    assert ASKED in slow.marta.chat.messages[other.id].text
    await slow.marta.chat.notifier.wait_for(
        lambda: ASKED in slow.marta.chat.messages[progress].text, 10
    )
    assert ASKED in slow.marta.chat.messages[progress].text

    # A tap is shown though no worker is there to show it.
    async def shows_nothing(*_: object) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(AdminReporter, "report", shows_nothing)
    await slow.taps("Dejarlo en pausa")
    assert PAUSED in slow.panel.text
    await slow.taps("▶ Seguir")
    assert "⏸ Pausa" in slow.panel.labels
