"""What an operator's tools are told of a bot that runs."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot import http_server
from bot.addresses import ListenAddress
from bot.monitoring import metrics, readiness
from bot.monitoring.readiness import Readiness, RunState
from bot.monitoring.server import start_server
from bot.text.problems import Sentence
from bot.text.terminal_language import TerminalError
from simulator.faults import Fault
from storage.admins import add_audit
from storage.errors import Unavailable
from tests.monitoring.asked import ask, monitored
from tests.support import scripted_server as telegram
from tests.support.postgres_server import PostgresServer
from tests.support.raw_sql import write_sql
from tests.support.scene import TOKEN, Scene
from tests.support.telegram_calls import intercept


@pytest.fixture
async def address(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ListenAddress]:
    """Where the server of the scene's bot listens, which asks Telegram every time."""
    monkeypatch.setattr(readiness, "_ASKED_AGAIN_SECONDS", 0.0)
    async with monitored(RunState(scene.app), scene.settings.database_url) as address:
        yield address


async def test_a_bot_says_that_it_works_and_that_it_stops(
    scene: Scene, address: ListenAddress
) -> None:
    assert await ask(address, "/healthz") == (200, "ok\n")
    assert await ask(address, "/readyz") == (200, "The bot works.\n")
    scene.app.stopping.set()
    assert await ask(address, "/readyz") == (503, "The bot is stopping.\n")


async def test_after_some_taps_and_a_broadcast_the_metrics_say_so(
    scene: Scene, address: ListenAddress
) -> None:
    await scene.signs(scene.ana)
    await scene.signs(scene.jordi)
    await scene.closes()
    await scene.broadcasts(2)
    await scene.settled()
    await scene.storage.write(add_audit, "backup", at=scene.now)
    sent = len([call for call in scene.simulator.calls if call.method == "sendMessage"])
    found = (await ask(address, "/metrics")).metrics
    handled = scene.app.dispatch.counts.handled
    assert handled > 8
    expected = {
        "updates_total outcome=handled": handled,
        "updates_total outcome=dropped": 0,
        "update_seconds_count": handled,
        "update_seconds_bucket le=+Inf": handled,
        "updates_in_progress": 0,
        "updates_pending": 0,
        "calls_total method=sendMessage outcome=ok": sent,
        "gate_rate lane=broadcast": 28,
        "gate_rate lane=reply": 25,
        "gate_waiting lane=reply": 0,
        "gate_pause_seconds": 0,
        "lease_held": 1,
        "replicas": 1,
        "last_backup_timestamp_seconds": scene.now.timestamp(),
        "signatures": 2,
        "broadcast_state state=finished": 1,
        "broadcast_state state=running": 0,
        "deliveries state=delivered": 2,
        "deliveries state=pending": 0,
        "check_failing check=database": 0,
    }
    assert {name: found[f"petition_bot_{name}"] for name in expected} == pytest.approx(expected)
    assert found["process_resident_memory_bytes"] > 0
    about = next(name for name in found if name.startswith("petition_bot_info "))
    for label in ("version=0.", f"replica={scene.app.process_lock.holder}"):
        assert label in about


async def test_a_count_that_takes_long_keeps_nobody_waiting(
    scene: Scene, address: ListenAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the database has counted millions once, the rest is there; then both."""
    for name in ("_READ_SECONDS", "_COUNTED_AGAIN_SECONDS", "_SHARE"):
        monkeypatch.setattr(metrics, name, 0.0)
    assert "petition_bot_signatures" not in (await ask(address, "/metrics")).metrics
    await scene.settled()
    found = (await ask(address, "/metrics")).metrics
    assert found["petition_bot_signatures"] == 0
    assert found["petition_bot_updates_in_progress"] == 0

    def away(_: object) -> None:
        raise Unavailable("It is away.")

    # What was counted before is not said of now.
    monkeypatch.setattr(metrics, "petition_state", away)
    await ask(address, "/metrics")
    await scene.settled()
    assert "petition_bot_signatures" not in (await ask(address, "/metrics")).metrics


async def test_nothing_in_the_metrics_is_about_one_person(
    scene: Scene, address: ListenAddress
) -> None:
    await scene.signs(scene.ana)
    said = (await ask(address, "/metrics")).text
    for secret in (str(scene.ana.id), "Ana", scene.petition.slug, "AAtest"):
        assert secret not in said


async def test_many_who_ask_at_once_leave_the_database_its_connections(
    address: ListenAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, goes_on = [0], asyncio.Event()

    async def slow(_url: str) -> dict[str, Sentence]:
        looks[0] += 1
        await goes_on.wait()
        return {}

    monkeypatch.setattr(readiness, "check_database", slow)
    asking = [asyncio.create_task(ask(address, path)) for path in ["/readyz", "/metrics"] * 20]
    await asyncio.sleep(0.5)
    goes_on.set()
    assert {answer.status for answer in await asyncio.gather(*asking)} == {200}
    assert looks == [1]


async def test_who_connects_and_asks_nothing_makes_room(
    address: ListenAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each connection takes a file, and systemd gives the bot 1,024 of them."""
    monkeypatch.setattr(http_server, "_MOST_CONNECTIONS", 5)
    silent = [await asyncio.open_connection(*address) for _ in range(12)]
    assert await ask(address, "/healthz") == (200, "ok\n")
    async with asyncio.timeout(5):
        for reader, _ in silent[:8]:
            assert await reader.read() == b""
    for _, writer in silent:
        writer.close()


async def test_what_is_no_http_fills_no_log(
    address: ListenAddress, caplog: pytest.LogCaptureFixture
) -> None:
    """Anybody who reaches the port could send it without a rest."""
    for nonsense in (b"GET / HTTP/9.9", b"GET / HTTP/1.1\r\nHo st: x", b"\x16\x03\x01\x02"):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(nonsense + b"\r\n\r\n")
        assert b" 400 " in await asyncio.wait_for(reader.readline(), 5)
        writer.close()
    assert caplog.records == []


async def test_what_nobody_offers_is_refused(address: ListenAddress) -> None:
    for method, path, status in (("POST", "/metrics", 405), ("GET", "/", 404)):
        url = f"http://{address.host}:{address.port}{path}"
        async with aiohttp.request(method, url) as answer:
            assert answer.status == status


@pytest.mark.parametrize("faults", [[Fault.HANG], [Fault.CUT] * 3], ids=["hangs", "cuts"])
async def test_a_telegram_that_is_away_is_said_until_it_is_back(
    scene: Scene, address: ListenAddress, faults: list[Fault]
) -> None:
    scene.simulator.faults.next("getWebhookInfo", *faults)
    assert await ask(address, "/readyz") == (503, "Telegram does not answer.\n")
    assert (await ask(address, "/readyz")).status == 200


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        (telegram.refuse(401, "Unauthorized"), "token"),
        (telegram.refuse(429, "Too Many Requests", retry_after=30), ""),
    ],
)
async def test_a_token_that_is_unknown_is_told_from_a_busy_telegram(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, address: ListenAddress, fault: Any, check: str
) -> None:
    async with telegram.serve() as answering:
        answering.always = fault
        monkeypatch.setattr(scene.bot.client, "_bot_url", answering.url)
        found = (await ask(address, "/metrics")).metrics
    failing = "petition_bot_check_failing check="
    assert [name for name, value in found.items() if name.startswith(failing) and value] == (
        [failing + check] if check else []
    )


async def test_what_waits_at_telegram_is_said(
    scene: Scene, address: ListenAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crowded(_fields: object, _call: object) -> bytes:
        return b'{"ok":true,"result":{"pending_update_count":1234}}'

    intercept(monkeypatch, "getWebhookInfo", crowded)
    said = "1,234 messages and taps of people wait at Telegram; more than 1,000 are many.\n"
    assert await ask(address, "/readyz") == (503, said)
    assert (await ask(address, "/metrics")).metrics["petition_bot_updates_pending"] == 1234


async def test_until_telegram_answers_anew_what_it_said_before_holds(
    scene: Scene, address: ListenAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may leave out how many updates wait, and its answer be late."""
    info, asked, goes_on = {"pending_update_count": 7}, asyncio.Event(), asyncio.Event()

    async def answers(_fields: object, _call: object) -> bytes:
        said = json.dumps({"ok": True, "result": info}).encode()
        if not info:
            asked.set()
            await goes_on.wait()
        return said

    async def pending() -> float | None:
        return (await ask(address, "/metrics")).metrics.get("petition_bot_updates_pending")

    intercept(monkeypatch, "getWebhookInfo", answers)
    monkeypatch.setattr(readiness, "_TELEGRAM_SECONDS", 600.0)
    assert await pending() == 7
    info.clear()
    asking = asyncio.create_task(ask(address, "/readyz"))
    await asked.wait()
    monkeypatch.setattr(readiness, "_ASKED_AGAIN_SECONDS", 600.0)
    assert await pending() == 7
    goes_on.set()
    assert await asking == (200, "The bot works.\n")
    assert await pending() is None


async def test_a_proxy_passes_requests_on_while_they_mend_what_is_wrong(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = {"last_error_date": int(scene.now.timestamp()), "last_error_message": "Expired"}
    info = {"url": f"https://bot.internal/{TOKEN}", "pending_update_count": 1234, **error}

    async def failing(_fields: object, _call: object) -> bytes:
        return json.dumps({"ok": True, "result": info}).encode()

    intercept(monkeypatch, "getWebhookInfo", failing)
    state, url = RunState(scene.app), scene.settings.database_url
    async with monitored(state, url, by_webhook=True) as address:
        status, text = await ask(address, "/readyz")
        assert status == 200
        assert "1,234 messages" in text
        assert (
            "Telegram cannot deliver the messages to https://bot.internal, and says: Expired"
            in text
        )
        scene.app.stopping.set()
        assert (await ask(address, "/readyz")).status == 503


async def test_one_that_starts_or_stands_by_says_so(database_url: str) -> None:
    state = RunState()
    async with monitored(state, database_url) as address:
        assert await ask(address, "/readyz") == (503, "The bot is starting.\n")
        assert (await ask(address, "/healthz")).status == 200
        state.stands_by = True
        answer = await ask(address, "/readyz")
        assert answer == (200, "The bot stands by: another process answers for the petition.\n")
        assert (await ask(address, "/metrics")).metrics["petition_bot_lease_held"] == 0


async def test_tables_of_another_version_are_said(scene: Scene, address: ListenAddress) -> None:
    await write_sql(scene.storage.database, "UPDATE alembic_version SET version_num = '9.9'")
    answer = await ask(address, "/readyz")
    assert answer.status == 503
    assert "made by a newer version of this program" in answer.text
    assert (await ask(address, "/metrics")).metrics["petition_bot_check_failing check=schema"] == 1


class TestOnPostgres:
    pytestmark = pytest.mark.parametrize("kind", ["postgres"])

    async def test_a_database_that_is_away_is_said_until_it_is_back(
        self, own_server: PostgresServer, kind: str
    ) -> None:
        url = await asyncio.to_thread(own_server.migrated)
        async with monitored(RunState(stands_by=True), url) as address:
            assert (await ask(address, "/readyz")).status == 200
            await asyncio.to_thread(own_server.stop)
            status, text = await ask(address, "/readyz")
            assert status == 503
            assert text.startswith("PostgreSQL cannot be reached at ")
            assert (await ask(address, "/healthz")).status == 200
            failing = "petition_bot_check_failing check=database"
            assert (await ask(address, "/metrics")).metrics[failing] == 1
            await asyncio.to_thread(own_server.start)
            assert (await ask(address, "/readyz")).status == 200


async def test_an_address_that_is_taken_is_refused_with_a_sentence() -> None:
    async with monitored(RunState(), "sqlite+aiosqlite:///none.db") as taken:
        with pytest.raises(TerminalError, match=f"cannot listen at 127.0.0.1:{taken.port}"):
            await start_server(taken, Readiness(RunState(), "sqlite+aiosqlite:///none.db"))


def test_without_the_setting_nothing_of_it_is_loaded() -> None:
    code = (
        "import sys, bot.process; "
        "print(*({'prometheus_client', 'aiohttp.web', 'http.server'} & sys.modules.keys()))"
    )
    done = subprocess.run(  # noqa: S603 - arguments of our own
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
