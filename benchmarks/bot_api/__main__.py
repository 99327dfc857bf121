"""`python -m benchmarks.bot_api` runs the server until interrupted, then prints its counts."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time

import uvloop

from benchmarks.bot_api.limit import Limit
from benchmarks.bot_api.process import TOKEN
from benchmarks.bot_api.server import BotApi, Weather
from benchmarks.cores import SERVER, keep_to


def main() -> None:
    """Runs the server until it is interrupted."""
    keep_to(SERVER)
    asked = _arguments()
    limit = Limit(asked.limit, asked.burst or asked.limit) if asked.limit else None
    uvloop.run(_serve(asked.token, asked.port, Weather(asked.latency / 1000, limit)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bot_api", description=__doc__)
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--latency", type=float, default=0.0, help="milliseconds (0)")
    parser.add_argument("--limit", type=float, default=0.0, help="messages a second (none)")
    parser.add_argument("--burst", type=float, default=0.0, help="at once (a second's worth)")
    return parser.parse_args()


async def _serve(token: str, port: int, weather: Weather) -> None:
    api, over = BotApi(token), asyncio.Event()
    api.begin(weather)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    server = await api.listen(port)
    sys.stdout.write(f"http://127.0.0.1:{port}/bot{token}/\n")
    sys.stdout.flush()
    await over.wait()
    server.close()
    seen = api.account.seen(time.process_time())
    sys.stdout.write(
        f"{seen.arrived} messages arrived in {seen.seconds:.2f} s, {seen.repeated} of them in"
        f" chats that had one; {seen.refused} calls were refused.\n"
    )


if __name__ == "__main__":
    main()
