"""The benchmarks' Bot API: its counts must be right, or every figure is wrong."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import orjson
import pytest

from tests.support.bot_api.http import Reader
from tests.support.bot_api.message_counts import RecipientCounts
from tests.support.bot_api.rate_limit import RateLimit, TokenBucket
from tests.support.bot_api.request_bodies import Unreadable, chat_and_text
from tests.support.bot_api.server import Behavior, BotApi

TOKEN = "123:a-token-that-opens-nothing-anywhere"
FORM = "application/x-www-form-urlencoded"
PARTS = (
    b'--b\r\nContent-Disposition: form-data; name="chat_id"\r\n\r\n7\r\n'
    b'--b\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; name="text"\r\n\r\n'
    b"chat_id=8\r\n--b--\r\n"
)


@dataclass(frozen=True)
class Served:
    """A running server and its address."""

    api: BotApi
    url: str

    async def says(self, *requests: bytes) -> list[bytes]:
        """Returns the bodies of the answers to requests sent together on one connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", int(self.url.split(":")[-1]))
        writer.write(b"".join(requests))
        said = [await self._body(reader) for _ in requests]
        writer.close()
        return said

    async def _body(self, reader: asyncio.StreamReader) -> bytes:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
        return await reader.readexactly(int(length))


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    api = BotApi(TOKEN)
    async with api.listening():
        yield Served(api, api.url)


def call(method: str, body: bytes, kind: str = FORM) -> bytes:
    head = f"POST /bot{TOKEN}/{method} HTTP/1.1\r\nContent-Type: {kind}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("kind", "body", "found"),
    [
        (FORM, b"chat_id=7&text=a+b", (7, b"a+b")),
        (FORM, b"text=a&chat_id=-7", (-7, b"a")),
        (FORM, b"from_chat_id=8&chat_id=7", (7, b"")),
        (FORM, b"from_chat_id=8", (None, b"")),
        ("application/json", b'{"chat_id": 7, "text": "a"}', (7, b"a")),
        ("multipart/form-data; boundary=b", PARTS, (7, b"chat_id=8")),
        ('multipart/form-data; boundary="b"', PARTS, (7, b"chat_id=8")),
    ],
)
def test_the_chat_is_found_in_every_form_that_a_body_can_have(
    kind: str, body: bytes, found: tuple[int | None, bytes]
) -> None:
    assert chat_and_text(kind, body) == found


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"chat_id": 7'),
        ("application/json", b"[7]"),
        ("multipart/form-data; boundary=b", PARTS[:-9]),
        ("multipart/form-data", PARTS),
        ("text/plain", b"chat_id=7"),
    ],
)
def test_a_body_that_is_not_what_it_says_is_not_guessed_at(kind: str, body: bytes) -> None:
    with pytest.raises(Unreadable):
        chat_and_text(kind, body)


def test_requests_are_cut_out_wherever_their_bytes_are_divided() -> None:
    sent = call("sendMessage", b"chat_id=7") + call("getMe", b"") + call("sendMessage", b"x")
    reader, found = Reader(), []
    for byte in sent:
        reader.feed(bytes([byte]))
        while (request := reader.take()) is not None:
            found.append((request.head.method, request.body))
    assert found == [("sendmessage", b"chat_id=7"), ("getme", b""), ("sendmessage", b"x")]


def test_a_body_in_chunks_is_put_together() -> None:
    reader = Reader()
    head = f"POST /bot{TOKEN}/sendMessage HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    reader.feed(head.encode() + b"4\r\nchat\r\n5\r\n_id=7\r\n0\r\n")
    assert reader.take() is None
    reader.feed(b"\r\n" + call("getMe", b""))
    request, following = reader.take(), reader.take()
    assert request is not None
    assert request.body == b"chat_id=7"
    assert following is not None
    assert following.head.method == "getme"


def test_a_bucket_lets_its_burst_and_then_its_rate_through() -> None:
    bucket = TokenBucket(RateLimit(rate=10, burst=3, pause=0.0))
    assert [bucket.take(0.0) for _ in range(3)] == [0, 0, 0]
    assert [bucket.take(0.1), bucket.take(0.25), bucket.take(0.3)] == [0, 0, 0]


def test_an_empty_bucket_tells_the_whole_seconds_that_are_left_of_its_pause() -> None:
    bucket = TokenBucket(RateLimit(rate=10, burst=1, pause=2.0))
    assert [bucket.take(0.0), bucket.take(0.05)] == [0, 2]
    assert [bucket.take(1.2), bucket.take(2.04), bucket.take(2.1)] == [1, 1, 0]


async def test_pipelined_calls_are_answered_in_order(served: Served) -> None:
    served.api.begin(Behavior(latency=0.01))
    sent = [call("sendMessage", b"chat_id=%d&text=a" % chat) for chat in (7, 8, 9)]
    said = await served.says(*sent, call("getMe", b""))
    chats = [orjson.loads(body)["result"].get("chat", {}).get("id") for body in said]
    assert chats == [7, 8, 9, None]


async def test_the_account_tells_what_was_lost_and_what_was_repeated(served: Served) -> None:
    served.api.begin(Behavior())
    for chat in (7, 8, 8, 10):
        await served.says(call("sendMessage", b"chat_id=%d&text=a" % chat))
    seen = served.api.counts.summary()
    assert (seen.arrived, seen.chats, seen.repeated) == (4, 3, 1)
    assert served.api.counts.recipients(7, 5) == RecipientCounts(lost=2, repeated=1, most=2)


async def test_what_was_refused_is_in_no_chat(served: Served) -> None:
    served.api.begin(Behavior(limit=RateLimit(rate=0.001, burst=1)))
    said = [await served.says(call("copyMessage", b"chat_id=7")) for _ in range(2)]
    assert [orjson.loads(body)["ok"] for (body,) in said] == [True, False]
    assert (served.api.counts.copies.total(), len(served.api.counts.refusals)) == (1, 1)


async def test_a_client_that_goes_before_its_answer_is_counted_when_something_arrived(
    served: Served,
) -> None:
    served.api.begin(Behavior(latency=0.05))
    port = int(served.url.split(":")[-1])
    for sent in (call("sendMessage", b"chat_id=7&text=a"), call("getUpdates", b"timeout=9")):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.transport.abort()
    await asyncio.sleep(0.02)
    assert served.api.counts.unheard == 1
