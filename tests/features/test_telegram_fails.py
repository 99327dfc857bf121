"""When calls fail or hang, or go through a proxy, nobody else waits and nothing is done twice."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs
from telegram.error import NetworkError

from bot.back_off import BackOff
from bot.intake.dispatcher import UpdatesBehind
from bot.intake.polling import Polling
from bot.transport.client import TelegramClient
from bot.transport.errors import ResponseLost
from simulator.faults import Fault
from simulator.person import Person
from storage.admins import store_draft
from storage.broadcasts import broadcast_history
from storage.errors import Unavailable
from tests.intake.running_polling import finished
from tests.support.admin_scene import AdminScene
from tests.support.proxies import running, socks_proxy
from tests.support.scene import Scene, a_scene
from tests.support.storage_calls import Proceed, call_instead
from tests.support.telegram_calls import fails, intercept
from tests.support.waiting import until

NOTHING_DONE = "no hemos podido terminar lo que has pedido"


async def all_is_acknowledged(scene: Scene) -> bool:
    await finished(scene.app.dispatch)
    return scene.app.dispatch.counts.retried == 0


async def nothing_is_owed(scene: Scene) -> None:
    """Waits until every answer has been given."""
    while given := [owed.task for owed in scene.services.delayed_replies._pending.values()]:
        await asyncio.wait([task for task in given if task is not None], timeout=5)
        await asyncio.sleep(0)


async def test_chats_whose_calls_fail_or_hang_hold_nobodys_updates(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        scene.services.delayed_replies._longest_wait = 0.3
        troubled: list[Person] = []
        for fault in (Fault.ERROR, Fault.DROP, Fault.HANG):
            for number in range(3):
                person = scene.world.person(f"Eve{number}", language="es")
                scene.simulator.faults.by_chat[person.id] = fault
                troubled.append(person)
                person.start()
        scene.ana.start()
        await scene.ana.sees(scene.petition.texts_in("es").title)
        assert await all_is_acknowledged(scene)
        assert len(scene.services.delayed_replies) >= len(troubled), "what is owed to them is not"
        scene.simulator.faults.clear()
        await troubled[0].sees(scene.petition.texts_in("es").title)


async def test_who_withdraws_reads_so_while_the_deletion_of_their_file_hangs(scene: Scene) -> None:
    ana, words = scene.ana, scene.words
    await scene.signs(ana)
    await scene.goes(ana, "/mydata", "📄 Recibir el archivo")
    await scene.says(ana, "/withdraw")
    scene.simulator.faults.next("deleteMessage", Fault.HANG)
    begun = scene.clocks.monotonic()
    ana.tap(words.label("Retirar mi firma y borrar mis datos"))
    await ana.sees("Todavía no se ha podido borrar de este chat el archivo con tus datos")
    assert scene.clocks.monotonic() - begun < 4
    scene.simulator.faults.clear()
    await until(lambda: not any(message.document for message in ana.messages), 60)


async def test_after_lost_answers_nobody_waits_behind_somebodys_slow_update(scene: Scene) -> None:
    scene.patch.setattr("bot.intake.polling._PAUSES", BackOff(0.01, 0.01))
    polling = scene.app.intake
    assert isinstance(polling, Polling)
    handle, call = scene.app.dispatch._handle, polling._client.call
    is_in_hand, are_lost, is_over = asyncio.Event(), asyncio.Event(), asyncio.Event()
    lost = 0

    async def slow(raw: dict[str, Any], behind: UpdatesBehind) -> None:
        if raw["message"]["from"]["id"] == scene.ana.id:
            is_in_hand.set()
            await is_over.wait()
        await handle(raw, behind)

    async def losing(*given: Any, **named: Any) -> Any:
        nonlocal lost
        answer = await call(*given, **named)
        if lost < 9 and is_in_hand.is_set():
            lost += 1
            raise ResponseLost("The answer was lost")
        if is_in_hand.is_set():
            are_lost.set()
        return answer

    scene.patch.setattr(scene.app.dispatch, "_handle", slow)
    scene.patch.setattr(polling._client, "call", losing)
    scene.ana.start()
    await asyncio.wait_for(are_lost.wait(), 5)
    scene.jordi.start()
    await scene.jordi.sees(scene.petition.texts_in("es").title)
    is_over.set()
    await scene.ana.sees(scene.petition.texts_in("es").title)


async def test_what_is_owed_is_shown_unless_somebody_does_something_new_or_blocks_the_bot(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, owed = scene.ana, scene.services.delayed_replies
    fails(monkeypatch, "send_message", 1)
    ana.send("hola")
    shown = await ana.sees("elige uno de los de abajo")
    assert scene.words.label("✍️ Firmar con mi nombre") in shown.labels
    for does in (lambda: ana.send("/help"), ana.block):
        fails(monkeypatch, "send_message", 1)
        await scene.says(ana, "hola")
        assert len(owed) == 1
        does()
        await scene.settled()
        assert len(owed) == 0
        assert "elige uno de los de abajo" not in scene.screen(ana).text


async def test_no_answer_takes_no_screen(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, updates = scene.ana, scene.world.updates
    await scene.starts(ana)
    written = {**ana.chat.messages[1].shape(), "message_id": 99}
    for gone in ("text", "entities"):
        written.pop(gone, None)
    moves = {**written, "edit_date": written["date"], "location": {"latitude": 1, "longitude": 1}}
    unanswered: tuple[Callable[[], object], ...] = (
        lambda: updates.add("message", ana.id, {**written, "group_chat_created": True}),
        lambda: updates.add("edited_message", ana.id, moves),
        lambda: scene.world.membership(ana.chat, ana.user, "kicked", "member"),
    )
    for number, happens in enumerate(unanswered):
        fails(monkeypatch, "send_message", 1)
        await scene.says(ana, "/help" if number % 2 else "/privacy")
        happens()
        await scene.settled()
        assert len(scene.services.delayed_replies) == 1
        await nothing_is_owed(scene)
        assert ("Ayuda" if number % 2 else "Página 1") in scene.screen(ana).text


async def test_an_answer_that_is_on_its_way_is_put_down_before_the_next_is_given(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    owed = scene.services.delayed_replies
    answer, arrived, heard = TelegramClient.answer, asyncio.Event(), asyncio.Event()

    async def slow(_fields: object, send: Callable[[], Awaitable[bytes]]) -> bytes:
        body = await send()
        arrived.set()
        await heard.wait()
        return body

    intercept(monkeypatch, "sendMessage", slow)
    monkeypatch.setattr(owed, "_in_the_way", lambda: not arrived.is_set())
    scene.ana.start()
    await arrived.wait()
    scene.ana.send("/help")
    monkeypatch.setattr(TelegramClient, "answer", answer)
    asyncio.get_running_loop().call_later(0.1, heard.set)
    await scene.settled()
    assert "Ayuda" in scene.screen(scene.ana).text


async def test_a_screen_comes_once_though_what_was_there_cannot_be_deleted_at_first(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.delayed_replies._PAUSES", BackOff(0.01, 0.01))
    ana, scene.leaves_screens = scene.ana, True
    await scene.starts(ana)
    first = scene.screen(ana).id
    before = len(scene.simulator.calls.of("sendMessage"))
    fails(monkeypatch, "delete_message", 3)
    await scene.says(ana, "/help")
    await nothing_is_owed(scene)
    assert len(scene.simulator.calls.of("sendMessage")) == before + 1
    assert first not in {message.id for message in ana.messages}
    assert "Ayuda" in scene.screen(ana).text
    await scene.taps(ana, "Volver", "✍️ Firmar con mi nombre")
    before = len(scene.simulator.calls.of("sendMessage"))
    fails(monkeypatch, "delete_message", 3)
    await scene.says(ana, "x")
    await nothing_is_owed(scene)
    assert len(scene.simulator.calls.of("sendMessage")) == before + 1
    assert "Lo que has enviado se ha borrado de este chat." in scene.screen(ana).text
    assert "x" not in [m.text for m in ana.messages]


@pytest.mark.parametrize("call", ["send_document", "send_message"])
async def test_the_file_of_ones_data_comes_once_though_it_or_the_screen_after_it_fails(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    await scene.signs(scene.ana)
    await scene.says(scene.ana, "/mydata")
    fails(monkeypatch, call, 1)
    await scene.taps(scene.ana, scene.words.label("📄 Recibir el archivo"))

    def is_below() -> bool | None:
        file, last = [m.document for m in scene.ana.messages[-2:]]
        return (file is not None and last is None) or None

    assert await scene.ana.chat.notifier.wait_for(is_below, 5)
    assert sum(m.document is not None for m in scene.ana.messages) == 1
    assert await all_is_acknowledged(scene)


async def test_a_draft_is_shown_later_and_neither_a_test_nor_the_sending_is_made_later(
    admin: AdminScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_done() -> int:
        return sum(NOTHING_DONE in message.text for message in admin.marta.messages)

    await admin.begins()
    fails(monkeypatch, "send_message", 1)
    await admin.says("Hola")
    await admin.marta.sees("Tu mensaje")
    assert await all_is_acknowledged(admin.scene)
    await admin.previews()
    copies = len(admin.marta.messages)
    fails(monkeypatch, "copy_message", 1)
    await admin.taps("Enviarme una prueba")
    await admin.marta.sees(NOTHING_DONE)
    await admin.scene.settled()
    assert len(admin.marta.messages) == copies + 1
    assert await all_is_acknowledged(admin.scene)
    # Nothing is sent while Telegram does not say whether it is whole.
    fails(monkeypatch, "edit_message_reply_markup", 1)
    await admin.taps("Enviar a 3 personas")
    await admin.marta.sees_one(lambda _: not_done() == 2)
    assert await admin.services.storage.read(broadcast_history) == []
    assert await all_is_acknowledged(admin.scene)
    await admin.finishes("Enviar a 3 personas")


async def test_martas_button_stops_turning_though_her_connection_was_gone_when_she_tapped(
    admin: AdminScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to her tap is tried again with the screen, until it arrives."""
    monkeypatch.setattr("handlers.delayed_replies._PAUSES", BackOff(0.01, 0.01))
    calls = admin.scene.simulator.calls
    await admin.says("/broadcast")
    for answers, label in ((1, "Un mensaje nuevo"), (0, "Descartar")):
        calls.clear()
        fails(monkeypatch, "answer_callback_query", answers)
        fails(monkeypatch, "edit_message_text", 2)
        tap = admin.marta.tap(label)
        await admin.scene.settled()
        await nothing_is_owed(admin.scene)
        assert len(calls.of("editMessageText")) == 1
        assert tap.answer is not None
        assert len(calls.of("answerCallbackQuery")) == 1


async def test_martas_tap_is_answered_before_it_is_handled_again(admin: AdminScene) -> None:
    """Where the database is away for a moment while her preview is made."""
    under_way, most, is_away = 0, 0, True

    async def slow(_fields: object, send: Callable[[], Awaitable[bytes]]) -> bytes:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(2)
        under_way -= 1
        return await send()

    async def stored(proceed: Proceed, *given: object) -> object:
        nonlocal is_away
        if is_away and under_way:
            is_away = False
            raise Unavailable
        return await proceed(*given)

    await admin.begins("Hola")
    await admin.taps("Continuar", "Sobre esta petición")
    admin.expected.append("query is too old")  # once it is handled again
    intercept(admin.scene.patch, "answerCallbackQuery", slow)
    call_instead(admin.scene.patch, store_draft, stored)
    await admin.taps("A quienes eligieron novedades: 3")
    await admin.scene.settled()
    assert "Enviar a 3 personas" in admin.panel.labels
    assert (is_away, most) == (False, 1)


async def test_a_call_outside_of_an_answer_is_never_repeated_and_said_to_be_uncertain(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: object) -> None:
        raise NetworkError("Bad Gateway")

    sean = scene.sean
    await scene.goes(sean, "/language", "Español")
    monkeypatch.setattr("handlers.supporter_context.SupporterContext.say", breaks)
    sean.send("/help")
    # In the language that he chose, which is not his telephone's.
    await sean.sees("puede que lo que ves aquí no esté al día")
    assert await all_is_acknowledged(scene)


async def test_a_screen_that_telegram_refuses_is_an_apology_and_no_debt(scene: Scene) -> None:
    fails(scene.patch, "send_message", 1, fatal=True)
    scene.ana.send("/help")
    await scene.ana.sees("Algo ha fallado")
    assert await all_is_acknowledged(scene)
    assert scene.app.dispatch.counts.passed_over == 1


async def test_a_token_denied_for_a_moment_makes_the_answer_late(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        scene.simulator.faults.error_code = 401
        scene.simulator.faults.next("sendMessage", Fault.ERROR)
        scene.ana.start()
        await scene.ana.sees(scene.petition.texts_in("es").title)
        assert scene.app.dispatch.counts.passed_over == 0
        assert not any("Algo ha fallado" in message.text for message in scene.ana.messages)


API = "api.example"  # a name that only the proxy knows, so nothing gets anywhere without it


async def test_people_sign_and_get_their_file_through_the_proxy(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        await scene.stop_bot()
        scene.simulator.host_names.add(API)
        port = int(scene.settings.api_url.rpartition(":")[2])
        login = ("ana", "secret")
        async with running(socks_proxy, login, {API: ("127.0.0.1", port)}) as proxy:
            scene.settings = scene.settings.model_copy(
                update={
                    "api_url": f"http://{API}:81",
                    "proxy": SecretStr(f"socks5://ana:secret@127.0.0.1:{proxy.port}"),
                }
            )
            with capture_logs() as logged:
                await scene.start_bot()
            assert {
                "event": "connects_through_proxy",
                "kind": "socks5",
                "log_level": "info",
            } in logged
            await scene.signs(scene.ana, updates=True)
            await scene.goes(scene.ana, "/mydata", "📄 Recibir el archivo")
            assert any(message.document for message in scene.ana.messages)
            await scene.closes()
            await scene.broadcasts(1)
            await scene.stop_bot()
        assert scene.told(scene.ana) == 1
        assert set(proxy.asked) == {(API, 81)}
        assert proxy.broken_rules == []
