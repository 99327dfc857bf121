"""Answers with invalid text are read, and contain only valid text afterwards."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from telegram import Bot

from bot.transport.client import TelegramClient
from bot.transport.errors import AnswerUnreadable, RateLimited
from bot.transport.lenient_json import first_update_id, read_json, updates_after
from tests.support.scripted_server import ScriptedServer, bytes_of, refuse

SIGN = "\ufffd"

# What can be between the quotes of a JSON text: bytes, escapes, and halves of escapes.
PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *(rb"\ud83d", rb"\uDE00", rb"\uDBff", rb"\udc00", rb"\u0000", rb"\u00f1"),
                *(rb"\\", rb"\"", rb"\n", rb"\u005c", b"ud800", b"u0000", b"\xff", b"\xc3"),
                *(b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"x", b":", b"/"),
            ]
        ),
        st.binary(max_size=4).map(lambda raw: raw.translate(None, b'"\\' + bytes(range(32)))),
    ),
    max_size=12,
).map(b"".join)


def without_odd(value: Any) -> Any:
    """Returns what the standard library reads, with NUL and lone surrogates replaced."""
    if isinstance(value, str):
        return "".join(SIGN if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in value)
    if isinstance(value, list):
        return [without_odd(one) for one in value]
    if isinstance(value, dict):
        return {without_odd(name): without_odd(one) for name, one in value.items()}
    return value


@given(PIECES, PIECES, PIECES)
@example(rb"\ud83d", rb"\\ud83d", rb"\ud83d\ude00")
@example(rb"\u0000", rb"\\u0000", rb"\\\u0000")
def test_it_reads_as_the_standard_library_does_and_keeps_only_text(
    name: bytes, value: bytes, other: bytes
) -> None:
    raw = b'{"%b":["%b",7,null,{"x":"%b"}]}' % (name, value, other)
    read = read_json(raw)
    assert read == without_odd(json.loads(raw.decode("utf-8", "replace")))
    assert orjson.loads(orjson.dumps(read)) == read


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (rb'"a\ud800b"', f"a{SIGN}b"),
        (rb'"\ud83d\ud83d\ude00"', f"{SIGN}😀"),
        (rb'"\ud83d\ude00"', "😀"),
        (rb'"\ud83d\ude00' + b'\xff"', f"😀{SIGN}"),
        (rb'"\uD7FF\uE000\u0001' + b'\xff"', f"\ud7ff\ue000\x01{SIGN}"),
        (rb'"\uDBFF x \uDFFF"', f"{SIGN} x {SIGN}"),
        (rb'"\\ud800"', r"\ud800"),
        (rb'"\\\ud800"', f"\\{SIGN}"),
        (rb'"\u0000"', SIGN),
        (rb'"\\u0000"', r"\u0000"),
        (rb'{"\ud800":1}', {SIGN: 1}),
        (b'"\xc3"', SIGN),
        (b'{"a\xff":"\xc3\xb1"}', {f"a{SIGN}": "ñ"}),
        (b'"a\x00b\nc\x1fd"', "a b c d"),
        (b'{\n\t"a" :\r\n"\xff" }', {"a": SIGN}),
    ],
)
def test_what_is_no_text_is_replaced_and_the_rest_is_kept(raw: bytes, read: Any) -> None:
    assert read_json(raw) == read


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>",
        b'{"a":',
        b'"\\x"',
        b"NaN",
        b'["\xff",NaN]',
        b'["\xff",1e999]',
        b"[" * 100_000 + b'"\xff"' + b"]" * 100_000,
        b'["\xff"] x',
    ],
)
def test_what_is_no_json_is_refused_and_nothing_else_happens(raw: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        read_json(raw)


def test_a_number_of_any_length_is_one_that_a_database_takes_or_refuses() -> None:
    (number, _) = read_json(b"[" + b"1" * 300 + b',"\xff"]')
    assert isinstance(number, float)


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        (b'{"ok":true,"result":[{"update_id":7,"message":{"x":\\', 7),
        (b'{ "ok": true, "result": [ { "update_id" : 7 } ] }', 7),
        (b'[{"update_id":0,', 0),
        (b'[{"update_id":%d,' % (2**31 - 1), 2**31 - 1),
        (b'[{"update_id":%d,' % (10**10), None),
        (b'[{"update_id":12345', None),
        (b'[{"update_id":12345.5,', None),
        (b'[{"update_id":-5,', None),
        (b'[{"update_id":"5",', None),
        (b'[{"text":"\\"update_id\\":5,"', None),
        (b'[{"update_id":6,"text":"\\"update_id\\":5,"', 6),
        (b'[{"update_id":6},{"update_id":7}]', 6),
        (b"", None),
    ],
)
def test_the_number_is_the_first_that_telegram_wrote(raw: bytes, number: int | None) -> None:
    assert first_update_id(raw) == number


async def test_python_telegram_bot_gets_only_text_too(bot: Bot, server: ScriptedServer) -> None:
    chat = b'{"id":7,"type":"private","first_name":"Ana\xff\\ud800\\u0000"}'
    message = b'{"message_id":5,"date":1,"chat":%b}' % chat
    server.replies.append(bytes_of(b'{"ok":true,"result":%b}' % message))
    sent = await bot.send_message(7, "Hola")
    assert sent.chat.first_name == f"Ana{SIGN * 3}"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        *((7, 7), (2.5, 2.5), (86_400, 86_400), (86_401, 86_400), (10**19, 86_400)),
        *((0, 1), (-5, 1), ("9", 1), (None, 1), ([], 1)),
    ],
)
async def test_a_pause_is_a_number_of_seconds_that_can_be_waited_for(
    client: TelegramClient, server: ScriptedServer, said: object, seconds: float
) -> None:
    server.always = refuse(429, "", retry_after=said)
    with pytest.raises(RateLimited) as caught:
        await client.call("getUpdates")
    assert caught.value.seconds == seconds


async def test_of_what_cannot_be_read_only_the_number_is_kept(
    client: TelegramClient, server: ScriptedServer
) -> None:
    server.replies.append(bytes_of(b'{"ok":true,"result":[{"update_id":5,"Canaria":"\\x"}]}'))
    with pytest.raises(AnswerUnreadable) as caught:
        await client.call("getChat", {"chat_id": 7})
    assert caught.value.update_id == 5
    assert "Canaria" not in f"{caught.value} {caught.value!r} {vars(caught.value)}"


@pytest.mark.parametrize(
    ("after", "left"), [(-1, [7, 71, 72]), (7, [71, 72]), (71, [72]), (72, []), (8, [7, 71, 72])]
)
def test_of_updates_those_up_to_a_number_are_not_read(after: int, left: list[int]) -> None:
    said = {"text": '{"update_id":72,"text":"{\\"update_id\\":71,"}'}
    updates = [{"update_id": number, "message": said} for number in (7, 71, 72)]
    for raw in (orjson.dumps({"ok": True, "result": updates}), _as_telegram_writes(updates)):
        found = read_json(updates_after(raw, after))["result"]
        assert found == [each for each in updates if each["update_id"] in left]


def _as_telegram_writes(updates: list[dict[str, Any]]) -> bytes:
    """Returns an answer as Telegram's server writes it, which begins lines between values."""
    parts = b",\n".join(
        orjson.dumps(each).replace(b',"message"', b',\n"message"') for each in updates
    )
    return b'{"ok":true,"result":[%b]}' % parts
