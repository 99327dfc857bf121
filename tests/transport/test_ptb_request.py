import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from telegram import Bot, InputFile, InputMediaPhoto
from telegram.error import TelegramError

from bot.transport import session as session_module
from bot.transport.errors import ErrorKind, error_kind
from tests.support import scripted_server as on_the_wire
from tests.support.scripted_server import TOKEN, ScriptedServer, ok, page, refuse

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
