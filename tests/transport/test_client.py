import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from aiohttp import web
from telegram import Bot, InputFile, InputMediaPhoto
from telegram.error import TelegramError

from bot.back_off import BackOff
from bot.transport import session as session_module
from bot.transport.client import ApiCall, TelegramClient, makes_message
from bot.transport.errors import (
    ErrorKind,
    NotSent,
    RateLimited,
    ResponseLost,
    TelegramRefused,
    error_kind,
)
from bot.transport.pauses import Chat
from bot.transport.send_gate import Gate, Lane
from bot.transport.session import SharedSession, Upload
from tests.support import scripted_server as on_the_wire
from tests.support.scripted_server import TOKEN, ScriptedServer, ok, page, refuse
from tests.transport.conftest import QUICK
from tests.transport.limit_simulation import flood


async def test_a_result_comes_back_as_it_was_sent(
    client: TelegramClient, server: ScriptedServer
) -> None:
    server.replies.append(ok({"message_id": 5, "text": "ñ"}))
    sent = {"chat_id": 7, "text": "Hola & adiós", "disable_notification": True, "reply_to": None}
    result = await client.call("sendMessage", {**sent, "reply_markup": {"inline_keyboard": []}})
    assert result == {"message_id": 5, "text": "ñ"}
    asked = server.asked[0]
    assert (asked.verb, asked.path) == ("POST", f"/bot{TOKEN}/sendMessage")
    assert asked.kind == "application/json"
    assert asked.fields == {
        "chat_id": "7",
        "text": "Hola & adiós",
        "disable_notification": "true",
        "reply_markup": '{"inline_keyboard":[]}',
    }


async def test_a_file_travels_beside_the_other_values(
    client: TelegramClient, server: ScriptedServer
) -> None:
    await client.call("sendPhoto", {"chat_id": 7, "photo": Upload("ñ.png", b"\x89P", "image/png")})
    assert server.asked[0].fields == {"chat_id": "7", "photo": ("ñ.png", b"\x89P", "image/png")}


@pytest.mark.parametrize(
    ("reply", "goes_on"),
    [
        (refuse(403, "Forbidden: bot was blocked by the user"), True),
        (refuse(400, "Bad Request: chat not found"), True),
        (refuse(502, "Bad Gateway"), False),
        (page(502), False),
        (on_the_wire.cut, False),
    ],
)
async def test_everybody_goes_on_once_a_probe_was_judged_and_the_next_asks_when_it_failed(
    session: SharedSession, server: ScriptedServer, reply: on_the_wire.Reply, goes_on: bool
) -> None:
    now = [100.0]
    gate = Gate(1000, clock=lambda: now[0])
    client = TelegramClient(session, gate, api_url=server.url, token=TOKEN, pauses=QUICK)
    for chat in (9001, 9002, 9003):
        gate.refused(chat, 30)
    server.replies += [reply] * 3
    with pytest.raises((TelegramRefused, NotSent, ResponseLost)):
        await client.call("sendMessage", {"chat_id": 7}, lane=Lane.BROADCAST)
    assert (gate.pause_for(Lane.REPLY, 8) == 0) is goes_on
    now[0] += 0.5
    assert gate.pause_for(Lane.REPLY, 8) == 0, "nobody waits for an answer that will not come"
    gate.leaves(Lane.REPLY, 8)
    assert (gate.pause_for(Lane.REPLY, 9) == 0) is goes_on


@pytest.mark.parametrize("reply", [refuse(500, "Internal"), refuse(502, "Bad"), page(502)])
async def test_a_reply_that_surely_failed_is_repeated(
    client: TelegramClient, server: ScriptedServer, reply: on_the_wire.Reply
) -> None:
    server.replies += [reply, reply, ok(1)]
    assert await client.call("sendMessage", {"chat_id": 7}) == 1


async def test_a_broadcast_call_is_left_to_its_worker(
    client: TelegramClient, server: ScriptedServer
) -> None:
    server.always = page(502)
    with pytest.raises(NotSent):
        await client.call("sendMessage", {"chat_id": 7}, lane=Lane.BROADCAST)
    assert len(server.asked) == 1


async def test_a_broadcast_call_sits_out_no_long_pause(
    client: TelegramClient, server: ScriptedServer, gate: Gate
) -> None:
    gate.refused(7, 60)
    with pytest.raises(RateLimited):
        await client.call("sendMessage", {"chat_id": 7}, lane=Lane.BROADCAST)
    assert server.asked == []


async def test_what_is_not_wanted_any_more_when_its_turn_comes_does_not_leave(
    client: TelegramClient, server: ScriptedServer, gate: Gate
) -> None:
    gate.refused(7, 0.05)
    wanted = [True]
    asking = asyncio.create_task(
        client.call("sendMessage", {"chat_id": 7}, lane=Lane.BROADCAST, wanted=lambda: all(wanted))
    )
    await asyncio.sleep(0)
    wanted.append(False)
    with pytest.raises(NotSent):
        await asking
    assert server.asked == []


MAKE_MESSAGES = ("sendMessage", "sendPhoto", "sendDocument", "copyMessage", "forwardMessage")


def test_what_puts_a_message_into_a_chat_counts_as_one_and_nothing_else_does() -> None:
    others = ("editMessageText", "deleteMessages", "sendChatAction", "setMyCommands", "getMe")
    given = (*MAKE_MESSAGES, "answerCallbackQuery", "pinChatMessage", *others)
    assert tuple(filter(makes_message, given)) == MAKE_MESSAGES


LOST = (on_the_wire.cut, on_the_wire.half, page(504), refuse(504, "Gateway Timeout"))


@pytest.mark.parametrize(
    ("method", "reply"),
    [*(("sendMessage", each) for each in LOST), *((each, LOST[0]) for each in MAKE_MESSAGES[1:])],
)
async def test_a_message_that_may_have_arrived_is_not_sent_again(
    client: TelegramClient, server: ScriptedServer, method: str, reply: on_the_wire.Reply
) -> None:
    server.replies.append(reply)
    with pytest.raises((ResponseLost, TelegramRefused)):
        await client.call(method, {"chat_id": 7})
    assert len(server.asked) == 1


async def test_an_edit_that_may_have_arrived_is_made_again(
    client: TelegramClient, server: ScriptedServer
) -> None:
    server.replies += [on_the_wire.cut, ok(True)]
    assert await client.call("editMessageText", {"chat_id": 7, "message_id": 1}) is True


@pytest.mark.parametrize("text", ["<html>Welcome to the hotel</html>", "[]", '{"ok": true}'])
async def test_a_success_that_cannot_be_read_is_an_unknown_outcome(
    client: TelegramClient, server: ScriptedServer, text: str
) -> None:
    server.replies.append(page(200, text))
    with pytest.raises(ResponseLost):
        await client.call("sendMessage", {"chat_id": 7})


async def test_a_closed_session_is_surely_not_sent(server: ScriptedServer, gate: Gate) -> None:
    session = SharedSession()
    client = TelegramClient(session, gate, api_url=server.url, token=TOKEN, pauses=QUICK)
    with pytest.raises(NotSent, match="closed"):
        await client.call("sendMessage", {"chat_id": 7})


async def test_a_short_flood_is_sat_out_for_exactly_as_long(
    client: TelegramClient, server: ScriptedServer
) -> None:
    server.replies += [refuse(429, "Too Many Requests", retry_after=0.2), ok(1)]
    assert await client.call("sendMessage", {"chat_id": 7}) == 1
    assert server.asked[1].at - server.asked[0].at >= 0.2


async def test_a_long_flood_is_told_at_once_and_the_chat_left_alone(
    client: TelegramClient, server: ScriptedServer
) -> None:
    server.replies.append(refuse(429, "Too Many Requests", retry_after=30))
    with pytest.raises(RateLimited) as caught:
        await client.call("sendMessage", {"chat_id": 7})
    assert caught.value.seconds == 30
    with pytest.raises(RateLimited) as again:
        await client.call("sendMessage", {"chat_id": "7"})
    assert 29 < again.value.seconds <= 30
    assert len(server.asked) == 1, "nothing leaves to a paused chat"
    await client.call("sendMessage", {"chat_id": 8})
    assert len(server.asked) == 2
    server.replies.append(refuse(429, "Too Many Requests", retry_after=10**9))
    with pytest.raises(RateLimited) as caught:
        await client.call("sendMessage", {"chat_id": 9})
    assert caught.value.seconds == 24 * 3600, "nobody is left alone for longer than a day"


async def test_a_tap_is_answered_while_everything_is_paused(
    client: TelegramClient, server: ScriptedServer, gate: Gate
) -> None:
    flood(gate, 30)
    assert await client.call("answerCallbackQuery", {"callback_query_id": "1"}) is True
    with pytest.raises(RateLimited):
        await client.call("sendMessage", {"chat_id": 9})
    assert len(server.asked) == 1


async def test_an_edit_is_no_answer_to_the_message_that_is_to_end_a_pause(
    client: TelegramClient, gate: Gate
) -> None:
    for chat in (9001, 9002, 9003):
        gate.refused(chat, 30)
    gate.leaves(Lane.BROADCAST, 7)
    await client.call("editMessageText", {"chat_id": 7})
    assert gate.pause_for(Lane.REPLY, 8) > 0


async def test_fetching_updates_is_never_repeated_here(
    client: TelegramClient, server: ScriptedServer
) -> None:
    server.always = refuse(429, "Too Many Requests", retry_after=0.01)
    with pytest.raises(RateLimited):
        await client.call("getUpdates")
    assert len(server.asked) == 1


def test_one_chat_is_one_value_however_it_is_written() -> None:
    def chat_of(fields: Mapping[str, object]) -> Chat | None:
        return ApiCall("sendMessage", fields, 1.0).chat

    assert chat_of({"chat_id": 7}) == chat_of({"chat_id": "7"}) == 7
    assert chat_of({"chat_id": "-1005"}) == -1005
    assert chat_of({"chat_id": "@canal"}) == "@canal"
    assert chat_of({"text": "x"}) is None


async def test_a_call_that_failed_is_made_again_after_a_pause_that_doubles(
    server: ScriptedServer, session: SharedSession, gate: Gate
) -> None:
    client = TelegramClient(session, gate, api_url=server.url, token=TOKEN, pauses=BackOff(0.05))
    server.always = page(502)
    with pytest.raises(NotSent):
        await client.call("sendMessage", {"chat_id": 7})
    first, second, third = (asked.at for asked in server.asked)
    assert second - first >= 0.05
    assert third - second >= 0.1


async def test_two_floods_in_a_row_are_sat_out_and_no_third(
    client: TelegramClient, server: ScriptedServer
) -> None:
    server.always = refuse(429, "Too Many Requests", retry_after=0.01)
    with pytest.raises(RateLimited):
        await client.call("sendMessage", {"chat_id": 7})
    assert len(server.asked) == 3


async def test_an_answer_that_leads_elsewhere_is_not_telegrams(
    client: TelegramClient, server: ScriptedServer
) -> None:
    server.always = page(300)
    with pytest.raises(NotSent):
        await client.call("sendMessage", {"chat_id": 7})


ME = {"id": 1, "is_bot": True, "first_name": "Petición", "username": "peticion_bot"}
MESSAGE = {"message_id": 5, "date": 1, "chat": {"id": 7, "type": "private"}, "text": "Hola"}


async def test_the_bots_methods_work_over_the_shared_session(
    bot: Bot, server: ScriptedServer
) -> None:
    server.replies += [ok(ME), ok(MESSAGE)]
    async with bot:
        message = await bot.send_message(7, "Hola & adiós", parse_mode="HTML")
    assert message.text == "Hola"
    assert server.asked[1].path == f"/bot{TOKEN}/sendMessage"
    assert server.asked[1].kind == "application/json"
    assert server.asked[1].fields["text"] == "Hola & adiós"


async def test_ending_the_bot_leaves_the_session_open_for_others(
    bot: Bot, server: ScriptedServer
) -> None:
    server.replies.append(ok(ME))
    async with bot:
        pass
    server.replies.append(ok(ME))
    assert (await bot.get_me()).username == "peticion_bot"


async def test_a_picture_is_uploaded_and_survives_a_repetition(
    bot: Bot, server: ScriptedServer
) -> None:
    server.replies += [page(502), ok(MESSAGE)]
    await bot.send_photo(7, b"\x89PNG", caption="Luz", filename="carta ñ.png")
    for asked in server.asked:
        assert asked.kind == "multipart/form-data"
        assert asked.fields["photo"] == ("carta ñ.png", b"\x89PNG", "image/png")
        assert (asked.fields["chat_id"], asked.fields["caption"]) == ("7", "Luz")


async def test_an_open_file_is_uploaded(bot: Bot, server: ScriptedServer, tmp_path: Path) -> None:
    path = tmp_path / "card.png"
    path.write_bytes(b"\x89PNG")
    server.replies.append(ok(MESSAGE))
    with path.open("rb") as file:
        await bot.send_document(7, InputFile(file, read_file_handle=False))
    assert server.asked[0].fields["document"][:2] == ("card.png", b"\x89PNG")


async def test_an_edited_picture_is_attached_by_name(bot: Bot, server: ScriptedServer) -> None:
    server.replies.append(ok(MESSAGE))
    await bot.edit_message_media(InputMediaPhoto(b"\x89PNG", filename="a.png"), 7, 5)
    fields = server.asked[0].fields
    attached = [name for name, value in fields.items() if isinstance(value, tuple)]
    assert f"attach://{attached[0]}" in fields["media"]


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refuse(400, "Bad Request: chat not found"), ErrorKind.UNREACHABLE),
        (refuse(429, "Too Many Requests", retry_after=30), ErrorKind.WAIT),
        (on_the_wire.cut, ErrorKind.UNKNOWN),
        (on_the_wire.never, ErrorKind.UNKNOWN),
    ],
)
async def test_every_failure_is_an_error_of_the_librarys_and_has_its_remedy(
    bot: Bot, server: ScriptedServer, reply: on_the_wire.Reply, kind: ErrorKind
) -> None:
    server.replies.append(reply)
    with pytest.raises(TelegramError) as caught:
        await bot.send_message(7, "x")
    assert error_kind(caught.value) is kind
    assert len(server.asked) == 1


async def test_a_call_with_a_file_has_more_time(
    bot: Bot, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The bot of this test waits for 0.3 s otherwise.
    monkeypatch.setattr(session_module, "_UPLOAD_SECONDS", 5.0)

    async def late(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.6)
        return await ok(MESSAGE)(request)

    server.replies.append(late)
    assert (await bot.send_document(7, b"x" * 900_000)).text == "Hola"
