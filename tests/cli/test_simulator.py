"""`petition-bot simulator`: a Telegram for trying a bot of one's own."""

import asyncio

import aiohttp
import pytest

from bot.cli.simulator import run_simulator


async def test_it_answers_a_bot_and_says_what_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    serving = asyncio.create_task(run_simulator(api_port=0, port=0))
    try:
        said = ""
        while "Ctrl-C" not in (said := said + capsys.readouterr().out):
            await asyncio.sleep(0.01)
            assert not serving.done()
        lines = [line.strip() for line in said.splitlines()]
        url = next(line.partition("=")[2] for line in lines if "PETITION_API_URL=" in line)
        token = next(line for line in lines if line.startswith("1000000001:"))
        known_to_all = "1000000001:a-token-for-trying-that-opens-nothing"
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{url}/bot{token}/getMe") as answer:
                assert (await answer.json())["ok"] is True
            async with session.get(f"{url}/bot{known_to_all}/getMe") as answer:
                assert answer.status == 401
            async with session.get(
                next(line for line in lines if line.startswith("http"))
            ) as page:
                assert page.status == 200
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
