"""Neither the token nor a name gets into a log or an error, in whatever way a call fails."""

import io
import logging
import traceback
from collections.abc import Iterator
from itertools import count

import pytest
import structlog
from telegram import Bot

from bot.logs import configure_logging
from bot.transport import session as session_module
from bot.transport.client import TelegramClient
from bot.transport.send_gate import Gate
from bot.transport.session import SharedSession
from bot.transport.session import SharedSession as Session
from tests.support import scripted_server as on_the_wire
from tests.support.scripted_server import TOKEN, ScriptedServer, page, refuse
from tests.transport.conftest import QUICK

NAME = "Canaria Pérez"

REPLIES = (
    refuse(401, "Unauthorized"),
    refuse(404, "Not Found"),
    refuse(400, f"Bad Request: /bot{TOKEN}/x"),
    refuse(403, f"Forbidden: {TOKEN}"),
    refuse(409, f"Conflict: {TOKEN}"),
    refuse(400, "Bad Request", where=f"/bot{TOKEN}/x"),
    refuse(429, "Too Many Requests", retry_after=30),
    refuse(500, f"Internal {TOKEN}"),
    page(502, "Cannot reach {url}"),
    page(418, "Cannot serve {url}"),
    page(504, "Timed out: {url}"),
    page(200, "Welcome, you asked for {url}"),
    page(302, "{url}"),
    on_the_wire.cut,
    on_the_wire.half,
    on_the_wire.never,
)
ADDRESSES = [
    "http://127.0.0.1:1",
    "http://127.0.0.1:99999",
    "http://127.0.0.1:x",
    "http://[::bad",
    "ftp://127.0.0.1",
    "https://127.0.0.1:1",
    "",
]


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    before, configured = (root.handlers[:], root.level), structlog.get_config()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.excepthook", None)
        patch.setattr("threading.excepthook", None)
        patch.setattr(session_module, "_UPLOAD_SECONDS", 0.05)
        configure_logging("DEBUG", stream=stream)
        yield stream
    structlog.configure(**configured)
    root.handlers[:] = before[0]
    root.setLevel(before[1])  # not set directly: what loggers know of it would stay


def everything_told(error: BaseException) -> str:
    """Returns text, repr and traceback of an error and of all its causes and contexts."""
    told, seen, waiting = "", set[int](), [error]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        told += f"{one} {one!r} {one.args!r} {vars(one)!r}"
        told += "".join(traceback.format_exception(one))
        waiting += [cause for cause in (one.__cause__, one.__context__) if cause is not None]
    return told


_CHATS = count(7)  # one alone would have to wait for its turn


async def failures(client: TelegramClient, bot: Bot) -> list[BaseException]:
    caught: list[BaseException] = []
    chat = next(_CHATS)
    for call in (
        lambda: client.call("sendMessage", {"chat_id": chat, "text": NAME}, timeout=0.05),
        lambda: bot.send_message(chat, NAME, read_timeout=0.05),
        lambda: bot.get_me(read_timeout=0.05),
        lambda: bot.send_document(chat, b"x", filename="x", caption=NAME, read_timeout=0.05),
    ):
        try:
            await call()
        except Exception as error:
            logging.getLogger("telegram").exception("Update %s failed", NAME)
            structlog.get_logger().exception("failed", text=NAME)
            caught.append(error)
    return caught


def assert_nothing_told(caught: list[BaseException], out: io.StringIO) -> None:
    assert caught
    for error in caught:
        assert TOKEN not in everything_told(error)
        assert TOKEN.partition(":")[2] not in everything_told(error)
    logged = out.getvalue()
    assert logged
    assert TOKEN.partition(":")[2] not in logged
    assert NAME not in logged


async def test_no_answer_brings_the_token_or_a_name_into_an_error_or_a_log(
    client: TelegramClient, bot: Bot, server: ScriptedServer, out: io.StringIO
) -> None:
    for answer in REPLIES:
        server.always = answer
        assert_nothing_told(await failures(client, bot), out)


async def test_no_address_brings_the_token_or_a_name_into_an_error_or_a_log(
    session: SharedSession, gate: Gate, out: io.StringIO
) -> None:
    for address in ADDRESSES:
        client = TelegramClient(session, gate, api_url=address, token=TOKEN, pauses=QUICK)
        bot = Bot(TOKEN, f"{address}/bot", request=client, get_updates_request=client)
        assert_nothing_told(await failures(client, bot), out)


async def test_no_repr_of_the_transport_tells_the_token(
    client: TelegramClient, bot: Bot, session: Session
) -> None:
    assert TOKEN not in f"{client!r} {bot.request!r} {session!r}"
