"""Who is shown how far a broadcast is and how it ended, in which message."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from handlers.broadcasts.progress_message import AdminReporter
from simulator.chats import Message
from simulator.faults import Fault
from simulator.person import Person
from storage.petitions import petition_state
from tests.features.test_broadcast_controls import under_way
from tests.support.admin_scene import AdminScene, an_admin_scene
from tests.support.scene import ADMIN, Scene, a_scene, send_label
from tests.support.telegram_calls import intercept
from tests.support.waiting import until

LUCY = ADMIN + 1
SEND_ROW = 2  # below a test and the way back
DONE = "El mensaje final está enviado."
ELSEWHERE = "El progreso sigue en otro mensaje."


@asynccontextmanager
async def two_admins(folder: Path, rate: float) -> AsyncIterator[tuple[Scene, Person]]:
    """Marta, and Lucy who reads English; so many messages a second."""
    admins = frozenset({ADMIN, LUCY})
    async with a_scene(folder, admin_ids=admins, broadcast_rate=rate) as scene:
        yield scene, scene.world.person("Lucy", language="en", user_id=LUCY)


async def offered(scene: Scene, recipients: int, admin: Person | None = None) -> Message:
    """The petition is closed, and this is the panel that asks."""
    admin = admin or scene.marta
    words = scene.english if admin.user.language == "en" else scene.words
    if not await is_closed(scene):
        await scene.closes()
    await scene.offers_the_final(admin)
    return await admin.with_button(send_label(words, recipients))


async def is_closed(scene: Scene) -> bool:
    state = await scene.storage.read(petition_state)
    return state.is_closed


def data_of(ctx: Message, row: int) -> str:
    return ctx.buttons[row][0].data or ""


def text_of(person: Person, message: Message) -> str:
    return person.chat.messages[message.id].text


async def becomes(person: Person, message: Message, fragment: str, seconds: float = 20) -> None:
    def found() -> bool | None:
        return True if fragment in text_of(person, message) else None

    assert await person.chat.notifier.wait_for(found, seconds), person.chat.transcript()


async def test_whatever_fails_while_it_is_shown_the_report_comes(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        await scene.signs(scene.ana)
        ctx = await offered(scene, 1)
        # The start is not shown, and neither is the end for two rounds.
        scene.simulator.faults.next("editMessageText", *[Fault.ERROR] * 9)
        scene.marta.tap_data(ctx.id, data_of(ctx, SEND_ROW))
        await becomes(scene.marta, ctx, DONE)
        assert scene.told(scene.ana) == 1


async def test_the_same_admin_asking_again_moves_the_progress_down(tmp_path: Path) -> None:
    async with two_admins(tmp_path, rate=1.0) as (scene, _):
        marta = scene.marta
        await scene.all_sign(scene.ana, scene.jordi, scene.sean)
        ctx = await offered(scene, 3)
        leave = data_of(ctx, ctx.labels.index(scene.words.label("No enviar")))
        await scene.taps(marta, send_label(scene.words, 3))
        # One that was ordered cannot be left.
        await scene.answered(marta.tap_data(ctx.id, leave))
        assert "no se ha enviado nada" not in text_of(marta, ctx)
        marta.send("/broadcast")
        await becomes(marta, ctx, ELSEWHERE)
        newest = await marta.sees(DONE, 20)
        assert newest.id > ctx.id
        assert text_of(marta, ctx) == ELSEWHERE
        await marta.tap_data(ctx.id, data_of(ctx, SEND_ROW)).answered()
        await becomes(marta, ctx, DONE)


@pytest.mark.parametrize("seconds_apart", [0.0, 1.1])
async def test_another_admin_takes_the_progress_over_and_reads_it_in_their_language(
    tmp_path: Path, seconds_apart: float
) -> None:
    async with two_admins(tmp_path, rate=1.0) as (scene, lucy):
        await scene.all_sign(scene.ana, scene.jordi, scene.sean)
        ctx = await offered(scene, 3)
        await asyncio.sleep(seconds_apart)
        lucy_panel = await offered(scene, 3, lucy)
        await scene.taps(scene.marta, send_label(scene.words, 3))
        # Lucy's confirmation finds Marta's broadcast under way.
        await lucy.tap(send_label(scene.english, 3)).answered()
        await becomes(scene.marta, ctx, ELSEWHERE)
        if seconds_apart:
            # Also after a restart.
            await scene.settled()
            await scene.stop_bot()
            await scene.start_bot()
        await becomes(lucy, lucy_panel, scene.english.label("Entregados: {n}", n=3))
        assert text_of(scene.marta, ctx) == ELSEWHERE
        assert "has been sent" in text_of(lucy, lucy_panel)
        assert [scene.told(p) for p in (scene.ana, scene.jordi, scene.sean)] == [1, 1, 1]


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
    await slow.pauses((await slow.broadcast()).id)
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
    assert PAUSED in await slow.taps("Dejarlo en pausa")
    await slow.taps("▶ Seguir")
    assert "⏸ Pausa" in slow.panel.labels
