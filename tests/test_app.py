"""Tests that the bot shuts down in good order, whatever ends it, and says why."""

import asyncio
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import app as composition
from bot import database_watch
from bot.app import FatalError, open_app
from bot.backup import say_age_of_backup
from bot.broadcast.worker import Worker
from bot.intake.polling import TokenUnknown
from bot.monitoring.readiness import Readiness, RunState
from bot.retention import FORMS_KEPT_FOR
from bot.settings import FREE_RATE
from bot.text.problems import Sentence
from simulator.faults import Fault
from storage import leases
from storage.admins import add_audit
from storage.conversations import Conversation, conversation_of
from storage.errors import HeldElsewhere, LeaseLost, Unavailable
from storage.process_lock import PetitionLease, ProcessLock, acquire_process_lock
from tests.support import scripted_server as telegram
from tests.support.scene import Scene, a_scene, send_label
from tests.support.waiting import until

SIGTERM_TO_THE_END = 8.0


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is looked at more often, so that nobody waits for it here."""
    monkeypatch.setattr(database_watch, "LOOK_SECONDS", 0.05)


class Broken(Worker):
    """A worker with a mistake in it."""

    async def run(self) -> None:
        raise ZeroDivisionError("1 / 0 at Ana García's")


async def test_what_the_broadcasts_broke_with_ends_the_bot_with_a_sentence(scene: Scene) -> None:
    await scene.stop_bot()
    async with open_app(scene.settings, clocks=scene.clocks) as app:
        worker = Broken(app.worker.context)
        with pytest.raises(FatalError, match="stopped by a mistake of the program") as raised:
            await asyncio.wait_for(replace(app, worker=worker).run(), SIGTERM_TO_THE_END)
    assert "ZeroDivisionError" in str(raised.value)
    assert "Ana" not in str(raised.value)


async def test_a_hold_that_was_lost_ends_the_bot_with_its_sentence(scene: Scene) -> None:
    await scene.stop_bot()
    held = ProcessLock("intake/andry")
    held.mark_taken()
    async with open_app(scene.settings, clocks=scene.clocks) as app:
        running = asyncio.create_task(replace(app, process_lock=held).run())
        scene.ana.start()
        await scene.ana.sees(scene.petition.texts_in("es").title)
        held.mark_lost(HeldElsewhere())
        with pytest.raises(HeldElsewhere, match="already running"):
            await asyncio.wait_for(running, SIGTERM_TO_THE_END)


async def test_one_that_lost_its_lease_says_so_and_lets_another_send_while_it_records(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database may have to come back for that, which takes as long as it takes."""
    given_up, recorded = asyncio.Event(), asyncio.Event()

    async def keep(_: PetitionLease) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()

    monkeypatch.setattr(PetitionLease, "keep", keep)
    monkeypatch.setattr(Worker, "record_all", lambda _: recorded.wait())
    await scene.stop_bot()
    held = ProcessLock("intake/andry")
    held.mark_taken()
    async with open_app(scene.settings, clocks=scene.clocks) as app:
        app = replace(app, process_lock=held)
        readiness = Readiness(RunState(app), scene.settings.database_url)
        assert await readiness.problems() == {}
        with capture_logs() as logged:
            running = asyncio.create_task(app.run())
            await asyncio.sleep(0)
            held.release()
            await asyncio.wait_for(given_up.wait(), SIGTERM_TO_THE_END)
        assert "lease_lost_records_first" in [line["event"] for line in logged]
        assert "is stopping" in str((await readiness.problems())["running"])
        assert not running.done()
        recorded.set()
        with pytest.raises(LeaseLost):
            await asyncio.wait_for(running, SIGTERM_TO_THE_END)


async def test_it_stops_in_eight_seconds_when_telegram_answers_nothing(scene: Scene) -> None:
    await scene.signs(scene.ana)
    await scene.closes()
    await scene.offers_the_final()
    send = send_label(scene.words, 1)
    await scene.marta.with_button(send)
    await asyncio.sleep(0.6)  # until the long poll is there to bring the tap
    scene.simulator.faults.freeze()
    scene.marta.tap(send)
    await until(lambda: len(scene.app.dispatch.in_progress) == 1)
    begun = scene.clocks.monotonic()
    await scene.stop_bot()
    assert scene.clocks.monotonic() - begun < SIGTERM_TO_THE_END
    scene.simulator.faults.thaw()


@pytest.mark.parametrize(("paid", "rates"), [(True, (FREE_RATE, 500.0)), (False, (20.0, 20.0))])
async def test_what_nobody_pays_for_is_never_sent_at_the_rate_that_is_paid_for(
    scene: Scene, paid: bool, rates: tuple[float, float]
) -> None:
    await scene.stop_bot()
    chosen = {"paid_broadcast": paid, "broadcast_rate": rates[1]}
    async with open_app(scene.settings.model_copy(update=chosen), clocks=scene.clocks) as app:
        context = app.worker.context
        assert (context.rate, context.paid_rate) == rates


async def test_a_form_that_was_left_is_forgotten_while_it_runs(scene: Scene) -> None:
    scene.ana.start()
    await scene.taps(scene.ana, scene.words.label("✍️ Firmar con mi nombre"))
    await scene.taps(scene.ana, scene.words.label("Usar «{name}»", name="Ana García"))
    await scene.stop_bot()
    async with open_app(scene.settings, clocks=scene.clocks) as app:
        storage = app.services.storage
        after = scene.clocks.now() + FORMS_KEPT_FOR
        app.retention.clock = lambda: after
        running = asyncio.create_task(app.run())
        ana = app.services.keyring.reference("andry", scene.ana.user.id)
        async with asyncio.timeout(SIGTERM_TO_THE_END):
            while (await storage.read(conversation_of, ana) or Conversation(ana)).name:  # noqa: ASYNC110 - a row
                await asyncio.sleep(0.01)
        await scene.taps(scene.ana, scene.words.label("✍️ Consiento y firmo"))
        shown = scene.screen(scene.ana)
        assert scene.words.label("✍️ Firmar con mi nombre") in shown.labels, "she chooses anew"
        app.stop()
        await running


async def test_the_hold_comes_before_the_tables(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        await scene.stop_bot()
        fresh = tmp_path / "fresh"
        fresh.mkdir()
        url = f"sqlite+aiosqlite:///{fresh / 'petition.db'}"
        scene.settings = scene.settings.model_copy(update={"database_url": url})
        async with acquire_process_lock(url, f"intake/{scene.petition.slug}"):
            with pytest.raises(HeldElsewhere):
                async with open_app(scene.settings, clocks=scene.clocks):
                    pass
        assert not (fresh / "petition.db").exists()


async def test_the_profile_waits_for_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = asyncio.Event()
    tries: list[int] = []

    async def publish(*_: object) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise Unavailable
        given.set()

    monkeypatch.setattr(composition, "publish_profile", publish)
    async with a_scene(tmp_path, introduced=False) as scene:
        await asyncio.wait_for(given.wait(), 5)
        scene.ana.start()
        await scene.ana.sees(scene.petition.texts_in("es").title)


async def test_one_piece_of_the_profile_that_is_refused_drops_no_other(tmp_path: Path) -> None:
    async with a_scene(tmp_path, introduced=False) as scene:
        await scene.stop_bot()
        fresh = f"sqlite+aiosqlite:///{tmp_path / 'data' / 'fresh.db'}"
        scene.settings = scene.settings.model_copy(update={"database_url": fresh})
        scene.world.profile.texts.clear()
        scene.simulator.faults.next("setMyCommands", *[Fault.ERROR] * 3)
        await scene.start_bot()
        about = scene.petition.texts_in("en").short_description
        profile = scene.world.profile

        def given() -> bool | None:
            return True if profile.text("short_description", "en") == about else None

        assert await scene.world.notifier.wait_for(given, 10)


class TestMeetingTelegram:
    @pytest.mark.parametrize(
        ("address", "reason"),
        [
            ("http://127.0.0.1:9", "There is no connection to the Bot API server (Conn"),
            ("http://nowhere.invalid", "There is no connection to the Bot API server (gaie"),
            ("{page}", "Something else answers in Telegram's place (503)"),
        ],
    )
    async def test_why_it_cannot_be_reached_is_said_and_logged(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch, address: str, reason: str
    ) -> None:
        def look_up(host: str, *given: Any, **named: Any) -> Any:
            if host == "nowhere.invalid":
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return looks_up(host, *given, **named)

        looks_up = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        await scene.stop_bot()
        told: list[Sentence] = []
        async with telegram.serve() as answering:
            answering.always = telegram.page(503, "<h1>Log in to this network</h1>")
            settings = scene.settings.model_copy(
                update={"api_url": address.format(page=answering.url)}
            )
            with capture_logs() as logged, pytest.raises(TimeoutError):
                async with (
                    asyncio.timeout(20),
                    open_app(settings, tell=told.append, clocks=scene.clocks),
                ):
                    pass
        waits = [line for line in logged if line["event"] == "telegram_unavailable"]
        assert len(waits) > 2
        assert all(line["reason"].startswith(reason) for line in waits)
        assert [str(each) for each in told] == [waits[0]["reason"]]

    async def test_a_pause_and_an_outage_are_waited_out(self, scene: Scene) -> None:
        await scene.stop_bot()
        scene.simulator.faults.retry_after = 4  # longer than a person is let wait
        scene.simulator.faults.next("getMe", Fault.FLOOD, *[Fault.ERROR] * 3)
        begun = scene.clocks.monotonic()
        await scene.start_bot()
        assert scene.clocks.monotonic() - begun >= 4.0

    @pytest.mark.parametrize("status", [401, 404])
    async def test_a_token_that_is_unknown_is_said(self, scene: Scene, status: int) -> None:
        with pytest.raises(TokenUnknown):
            await met(scene, status, "Unauthorized")

    async def test_anything_else_is_said_in_a_sentence(self, scene: Scene) -> None:
        with pytest.raises(FatalError, match="Telegram does not say who this bot is: Logged out"):
            await met(scene, 400, "Logged out")


async def met(scene: Scene, status: int, description: str) -> None:
    """Starts the bot against a Telegram that always answers so."""
    await scene.stop_bot()
    async with telegram.serve() as answering:
        answering.always = telegram.refuse(status, description)
        settings = scene.settings.model_copy(update={"api_url": answering.url})
        async with asyncio.timeout(5), open_app(settings, clocks=scene.clocks):
            pass


async def test_the_age_of_the_newest_backup_is_said_at_the_start(scene: Scene) -> None:
    storage = scene.storage
    await scene.signs(scene.ana)
    for made_at, expected in (
        (None, ("no_backup", "warning")),
        (datetime.now(UTC) - timedelta(days=8), ("last_backup", "warning")),
        (datetime.now(UTC), ("last_backup", "info")),
    ):
        if made_at is not None:
            await storage.write(add_audit, "backup", actor=None, at=made_at)
        with capture_logs() as logged:
            await say_age_of_backup(storage, datetime.now(UTC))
        assert [(line["event"], line["log_level"]) for line in logged] == [expected]


@pytest.mark.parametrize("kind", ["postgres"])
async def test_a_restored_backup_waits_for_what_the_database_says_of_replicas(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others are asked for once the lease is taken, and that answer may be late."""
    look = leases._look_at_others

    async def late(*given: Any) -> None:
        await asyncio.sleep(1)
        await look(*given)

    async with a_scene(tmp_path, database_url) as scene:
        name, url = f"intake/{scene.petition.slug}", scene.settings.database_url
        await scene.stop_bot()
        settings = scene.settings.model_copy(update={"webhook_url": "http://127.0.0.1:1/x"})
        async with acquire_process_lock(url, name, lambda: None, is_replica=True):
            monkeypatch.setattr(leases, "_look_at_others", late)
            with pytest.raises(HeldElsewhere):
                async with open_app(
                    settings, restored=True, clocks=scene.clocks, on_standby=lambda: None
                ):
                    pass
