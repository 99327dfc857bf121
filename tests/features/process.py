"""The bot as a process of its own, to be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

from bot.simulator import Simulator
from tests.features.scene import ADMIN, TOKEN


@dataclass
class BotProcess:
    """`petition-bot run` on a database and a key in `folder`, talking to `simulator`."""

    folder: Path
    simulator: Simulator
    rate: float = 28.0
    process: asyncio.subprocess.Process | None = field(default=None, init=False)
    kills: int = field(default=0, init=False)

    @property
    def database(self) -> Path:
        """The database file."""
        return self.folder / "data" / "petition.db"

    @property
    def log(self) -> Path:
        """Everything the process ever printed."""
        return self.folder / "bot.log"

    async def start(self) -> None:
        """Starts it; what an earlier one left is gone on with."""
        environment = {
            **os.environ,
            "PETITION_BOT_TOKEN": TOKEN,
            "PETITION_ADMIN_IDS": str(ADMIN),
            "PETITION_DATABASE_URL": f"sqlite+aiosqlite:///{self.database}",
            "PETITION_KEY_FILE": str(self.folder / "keys" / "petition.key"),
            "PETITION_API_URL": self.simulator.url,
            "PETITION_BROADCAST_RATE": str(self.rate),
            "PETITION_LOG_LEVEL": "DEBUG",
        }
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", env=environment, stdout=log, stderr=log
            )

    async def kill(self) -> None:
        """SIGKILL: no goodbye."""
        if self.process is None:
            return
        if self.process.returncode is None:
            self.process.kill()
            self.kills += 1
        await self.process.wait()

    async def terminate(self) -> int:
        """SIGTERM; the exit code, once it has ended."""
        if self.process is None:
            raise AssertionError("no process was started")
        self.process.send_signal(signal.SIGTERM)
        return await self.process.wait()

    async def kill_every(self, seconds: float, times: int) -> None:
        """Kills it so many times and starts it again each time."""
        for _ in range(times):
            await asyncio.sleep(seconds)
            await self.kill()
            await self.start()
