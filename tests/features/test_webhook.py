"""The petition over a webhook: Telegram posts the updates, and nothing is lost or done twice."""

import asyncio
import socket
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from structlog.testing import capture_logs

from bot import http_server
from bot.addresses import CannotListen, ListenAddress
from bot.cli.doctor_installation import _cannot_listen
from bot.intake import webhook
from bot.intake.webhook import secret_of
from bot.text.problems import Sentence
from simulator.faults import Fault
from tests.support.admin_scene import AdminScene
from tests.support.programs import free_port
from tests.support.scene import TOKEN, Scene, a_scene

HEADER = "X-Telegram-Bot-Api-Secret-Token"
SECRET = {HEADER: secret_of(TOKEN)}


@pytest.fixture
async def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    monkeypatch.setattr(webhook, "LOOK_SECONDS", 10.0)  # in which less else happens
    async with a_scene(tmp_path) as scene:
        await by_webhook(scene)
        yield scene


async def by_webhook(scene: Scene, path: str = "updates") -> None:
    port = free_port()
    await scene.stop_bot()
    where = {
        "webhook_url": f"http://127.0.0.1:{port}/{path}",
        "webhook_address": ListenAddress("127.0.0.1", port),
    }
    scene.settings = scene.settings.model_copy(update=where)
    await starts(scene)


async def starts(scene: Scene) -> None:
    """Starts the bot, and waits until it takes updates."""

    def registrations() -> int:
        return sum(call.method == "setWebhook" for call in scene.simulator.calls)

    before = registrations()
    await scene.start_bot()
    assert await scene.world.notifier.wait_for(lambda: registrations() > before, 20)


async def posts(scene: Scene, body: bytes, headers: dict[str, str] = SECRET, **how: Any) -> int:
    url = str(how.get("url", scene.settings.webhook_url))
    async with (
        aiohttp.ClientSession() as session,
        session.request(
            how.get("method", "POST"), url, data=BytesIO(body), headers=headers
        ) as answer,
    ):
        return answer.status


async def test_a_petition_is_signed_closed_and_told_over_the_webhook(scene: Scene) -> None:
    await scene.signs(scene.ana)
    await scene.signs(scene.sean, "Seán O'Brien")
    await scene.withdraws(scene.sean)
    await scene.closes()
    await scene.broadcasts(1)
    assert (scene.told(scene.ana), scene.told(scene.sean)) == (1, 0)
    assert scene.simulator.refused == []


async def test_an_album_is_refused_once_though_its_elements_come_one_by_one(
    admin: AdminScene,
) -> None:
    await by_webhook(admin.scene)
    await admin.start()

    async def refusals() -> list[str]:
        before = len(admin.scene.simulator.calls)
        admin.marta.send_album(["photo"] * 10)
        await admin.scene.settled()
        calls = admin.scene.simulator.calls[before:]
        return [c.method for c in calls if c.method in ("sendMessage", "editMessageText")]

    await admin.goes("/closing", "✏️ En español: el mensaje final")
    assert await refusals() == ["sendMessage"]
    await admin.says("/cancel")
    await admin.prepares()
    assert await refusals() == ["sendMessage"], "of a draft that waits for no message"
    assert "Ese mensaje no se ha añadido" in admin.panel.text


async def test_doctor_takes_no_bot_that_listens_for_another_program(scene: Scene) -> None:
    assert await _cannot_listen(scene.settings.webhook_address) is None


async def test_it_says_which_updates_it_takes_and_keeps_what_waited(scene: Scene) -> None:
    await scene.stop_bot()
    scene.ana.start()
    await scene.start_bot()
    await scene.ana.sees(scene.petition.texts_in("es").title)
    (asked,) = [call.params for call in scene.simulator.calls if call.method == "setWebhook"][-1:]
    assert asked["allowed_updates"] == [
        *("message", "edited_message", "callback_query", "my_chat_member")
    ]
    assert asked["secret_token"] == secret_of(TOKEN)
    assert not asked["drop_pending_updates"]


async def test_what_is_not_telegrams_has_no_effect(scene: Scene) -> None:
    sent = {
        "message_id": 1,
        "date": 1,
        "text": "/start",
        "chat": {"id": scene.ana.id, "type": "private"},
        "from": {"id": scene.ana.id, "is_bot": False, "first_name": "Ana"},
    }
    start = orjson.dumps({"update_id": 1, "message": sent})
    host, port = scene.settings.webhook_address
    other = f"http://{host}:{port}/other"
    with capture_logs() as logs:
        for headers in ({}, {HEADER: "s3cret"}, {HEADER: "ñ"}):
            assert await posts(scene, start, headers) == 403
        assert await posts(scene, start, {HEADER: TOKEN}, method="GET") == 403
        assert await posts(scene, start, url=other) == 404
        assert await posts(scene, start, method="PUT") == 405
        for body in (b"{", b"[]", b'{"update_id": -1}'):
            assert await posts(scene, body) == 400
        assert await posts(scene, b" " * 1_048_577) == 413
    assert [each for each in logs if each["log_level"] in ("error", "critical")] == []
    assert scene.app.dispatch.counts.handled == 0
    await scene.signs(scene.ana)


async def test_what_is_in_progress_at_the_end_is_finished_and_what_is_not_comes_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle, begun, goes_on = scene.app.dispatch._handle, asyncio.Event(), asyncio.Event()

    async def slow(raw: dict[str, Any], behind: Any) -> None:
        begun.set()
        await goes_on.wait()
        await handle(raw, behind)

    monkeypatch.setattr(scene.app.dispatch, "_handle", slow)
    scene.ana.start()
    await begun.wait()
    stopping = asyncio.create_task(scene.stop_bot())
    await asyncio.sleep(0.1)
    scene.jordi.start()
    goes_on.set()
    await stopping
    title = scene.petition.texts_in("es").title
    assert title in scene.ana.screen.text
    assert [each.chat_id for each in scene.world.updates.pending.values()] == [scene.jordi.id]
    await scene.start_bot()
    await scene.jordi.sees(title)
    await scene.settled()


async def test_what_came_only_halfway_before_the_end_comes_again(scene: Scene) -> None:
    body = orjson.dumps({"update_id": 1, "message": {"chat": {"id": 1}}})
    head = f"POST /updates HTTP/1.1\r\nHost: bot\r\n{HEADER}: {SECRET[HEADER]}\r\n"
    reader, writer = await asyncio.open_connection(*scene.settings.webhook_address)
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:9])
    await asyncio.sleep(0.2)
    assert isinstance(scene.app.intake, webhook.Webhook)
    scene.app.intake._stops = True  # as at the end, while others are finished
    writer.write(body[9:])
    assert b" 503 " in await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    assert scene.app.dispatch.in_progress == {}


async def test_silent_connections_keep_no_update_away(scene: Scene) -> None:
    scene.patch.setattr(http_server, "_MOST_CONNECTIONS", 5)
    silent = [await asyncio.open_connection(*scene.settings.webhook_address) for _ in range(12)]
    await scene.signs(scene.ana)
    for _, writer in silent:
        writer.close()


async def test_a_path_may_have_blanks_and_accents(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        await by_webhook(scene, "la%20petici%C3%B3n")
        await scene.signs(scene.ana)


async def test_one_that_hangs_is_told_to_come_again(scene: Scene) -> None:
    scene.patch.setattr(webhook, "_LONGEST_SECONDS", 0.2)
    handle, goes_on = scene.app.dispatch._handle, asyncio.Event()

    async def slow(raw: dict[str, Any], behind: Any) -> None:
        await goes_on.wait()
        await handle(raw, behind)

    scene.patch.setattr(scene.app.dispatch, "_handle", slow)
    scene.ana.start()
    assert await scene.world.notifier.wait_for(lambda: scene.world.webhook.last_error, 20)
    goes_on.set()
    await scene.settled()
    title = scene.petition.texts_in("es").title
    assert sum(title in each.text for each in scene.ana.messages) == 1


async def test_from_polling_to_the_webhook_and_back_nothing_is_lost(scene: Scene) -> None:
    people = [scene.world.person(f"Ana{number}", language="es") for number in range(4)]
    url = scene.settings.webhook_url
    for person, chosen in zip(people, (None, url, None, url), strict=True):
        await scene.stop_bot()
        person.start()
        await scene.goes_on_with(webhook_url=chosen)
        await scene.signs(person)
    assert scene.world.updates.pending == {}


async def test_what_telegram_says_is_wrong_is_told(scene: Scene) -> None:
    told: list[Sentence] = []
    scene.patch.setattr(scene.app.intake, "_tell", told.append)
    at = int(scene.now.timestamp()) + 5
    scene.world.webhook.last_error = at, "SSL error: certificate verify failed"
    with capture_logs() as logs:
        await asyncio.sleep(2.5 * webhook.LOOK_SECONDS)
    assert [each["event"] for each in logs if "webhook" in each["event"]] == ["webhook_fails"]
    assert "certificate verify failed" in str(*told)
    scene.world.webhook.start("https://other.example/", secret="", most=1, delivers=False)
    await asyncio.sleep(2.5 * webhook.LOOK_SECONDS)
    assert scene.world.webhook.url == scene.settings.webhook_url
    await scene.signs(scene.ana)


async def test_a_second_program_is_reported_once_it_has_taken_the_webhook_twice(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[bool] = []
    monkeypatch.setattr(scene.app.intake, "_report_second_user", lambda: reported.append(True))

    async def is_taken_away() -> None:
        scene.world.webhook.start("https://other.example/", secret="", most=1, delivers=False)
        await asyncio.sleep(1.5 * webhook.LOOK_SECONDS)
        assert scene.world.webhook.url == scene.settings.webhook_url

    scene.simulator.faults.next("setWebhook", *[Fault.CUT] * 3)  # it is set later, but was one
    for _ in range(2):
        await is_taken_away()
        assert not reported
        await asyncio.sleep(2 * webhook.LOOK_SECONDS)  # it is kept, so what comes begins anew
    await is_taken_away()
    await is_taken_away()
    await is_taken_away()
    assert reported == [True]


async def test_an_address_that_is_taken_ends_it_with_a_sentence(scene: Scene) -> None:
    await scene.stop_bot()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = ListenAddress("127.0.0.1", taken.getsockname()[1])
        await scene.goes_on_with(webhook_address=address)
        with pytest.raises(CannotListen, match=f"127.0.0.1:{address.port}"):
            await scene.ended()
