"""Tests that commands take effect in a bot that is running."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator import Simulator
from simulator.person import Person
from storage import Storage, open_storage
from storage.broadcast_types import Broadcast
from storage.keyring import Keyring
from storage.migrate import migrate
from tests.cli.petition_database import call, command, data, said
from tests.support.bot_process import BotProcess
from tests.support.broadcasts import start
from tests.support.scene import ADMIN, TOKEN
from tests.support.supporters import Supporters

pytestmark = pytest.mark.processes

PEOPLE = 200
RATE = 20.0
TEXT = "Así terminó."


@pytest.fixture
async def bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BotProcess]:
    """A bot as a process, and the shell's settings for its petition."""
    for part in ("data", "keys"):
        (tmp_path / part).mkdir(mode=0o700)
    Keyring.generate(tmp_path / "keys" / "petition.key")
    async with Simulator(token=TOKEN) as simulator:
        process = BotProcess(tmp_path, simulator, rate=RATE)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PETITION_DATABASE_URL", f"sqlite+aiosqlite:///{process.database}")
        monkeypatch.setenv("PETITION_KEY_FILE", str(tmp_path / "keys" / "petition.key"))
        yield process
        await process.kill()


async def confirmed(bot: BotProcess, people: list[Person]) -> None:
    """They signed, and the closing update waits to be sent to them."""
    url = f"sqlite+aiosqlite:///{bot.database}"
    keyring = Keyring.load(bot.folder / "keys" / "petition.key")
    await migrate(url)
    storage: Storage = await open_storage(url, keyring, "andry")
    signers = Supporters(storage.database, keyring, signed_at=datetime.now(UTC))
    await signers.set_closed(True)
    await signers.sign(person.user.id - 1000 for person in people)
    content = {"es": TEXT}
    started = await start(storage, at=datetime.now(UTC), actor=ADMIN, content=content)
    assert isinstance(started, Broadcast)
    await storage.close()


async def test_the_running_bot_pauses_when_the_shell_says_so(bot: BotProcess) -> None:
    world = bot.simulator.world
    people = [world.person(f"Ana{n}", user_id=1000 + n) for n in range(1, PEOPLE + 1)]
    for person in people:
        # They wrote to the bot long ago.
        person.started = True
        world.chats[person.id] = person.chat
    await confirmed(bot, people)
    await bot.start()
    await people[0].sees(TEXT, 20)

    looked_at = await asyncio.to_thread(command, "doctor", "--json")
    assert json.loads(looked_at.output)["checks"]["running"] == "fine"
    assert "is now: paused" in said(await asyncio.to_thread(call, "pause", "--yes"))
    async with asyncio.timeout(20):  # what was on its way arrives, and nothing more is claimed
        while data(await asyncio.to_thread(call, "show", "--json"))["sending"]:
            pass

    said(await asyncio.to_thread(call, "cancel", "--yes"))
    followed = said(await asyncio.to_thread(call, "show", "latest", "--follow"))
    assert "State: cancelled" in followed
    assert 0 < told(people) < PEOPLE
    assert f"Still to go: {PEOPLE - told(people)}" in followed


def told(people: list[Person]) -> int:
    return sum(any(message.text == TEXT for message in each.messages) for each in people)
