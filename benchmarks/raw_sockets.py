"""A client of raw sockets that only sends and counts, to measure the server's limit."""

import asyncio
from functools import partial
from typing import cast
from urllib.parse import quote_plus, urlsplit

import uvloop

from benchmarks.child_job import TEXT, Job, JobReport, ResourceMeter, run_job
from bot.broadcast.delivery_loop import MOST_OPEN

# As many as the bot uses.
CONNECTIONS = MOST_OPEN


class _Raw(asyncio.Protocol):
    """One connection: sends the next call when the last one is answered."""

    def __init__(self, chats: list[bytes], over: asyncio.Future[None]) -> None:
        self._chats = chats
        self._over = over
        self._transport: asyncio.Transport | None = None
        self.answered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol; an answer is far smaller than a segment, so it arrives whole."""
        if data.startswith(b"HTTP/1.1 200"):
            self.answered += 1
        self._send()

    def _send(self) -> None:
        if self._transport is None:
            return
        if self._chats:
            self._transport.write(self._chats.pop())
        elif not self._over.done():
            self._over.set_result(None)


async def _send(job: Job) -> JobReport:
    address = urlsplit(job.url)
    loop = asyncio.get_running_loop()
    calls = [_call(job, chat) for chat in job.chats]
    meter = ResourceMeter()
    overs = [loop.create_future() for _ in range(CONNECTIONS)]
    clients = [_Raw(calls[index::CONNECTIONS], over) for index, over in enumerate(overs)]
    host, port = address.hostname or "", address.port or 0
    opened = [await loop.create_connection(partial(_same, each), host, port) for each in clients]
    await asyncio.gather(*overs)
    answered = sum(client.answered for client in clients)
    report = meter.report(delivered=answered, failed=job.people - answered, complete=True)
    for transport, _ in opened:
        transport.close()
    return report


def _same(client: _Raw) -> _Raw:
    return client


def _call(job: Job, chat: int) -> bytes:
    body = f"chat_id={chat}&text={quote_plus(TEXT)}&parse_mode=HTML".encode()
    head = (
        f"POST /bot{job.token}/sendMessage HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


if __name__ == "__main__":
    run_job(lambda job: uvloop.run(_send(job)))
