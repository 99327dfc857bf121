"""Runs the bot as a separate process that tests can kill."""

import asyncio
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

from simulator import Simulator
from tests.support.scene import ADMIN, TOKEN, ready_petition

_LONGEST_LIFE_SECONDS = 30.0


@dataclass
class BotProcess:
    """`petition-bot run` on a database and a key in `folder`, talking to `simulator`."""

    folder: Path
    simulator: Simulator
    rate: float = 28.0
    database_url: str = ""
    """Left out, that of `database`."""
    log_level: str = "DEBUG"
    more: dict[str, str] = field(default_factory=dict)
    """Other settings, by their names in the environment."""
    module: str = "bot"
    """What is run, with the command after it."""
    process: asyncio.subprocess.Process | None = field(default=None, init=False)
    kills: int = field(default=0, init=False)

    @property
    def database(self) -> Path:
        """The database file."""
        return self.folder / "data" / "petition.db"

    @property
    def url(self) -> str:
        """The address of the database."""
        return self.database_url or f"sqlite+aiosqlite:///{self.database}"

    @property
    def log(self) -> Path:
        """Everything the process ever printed."""
        return self.folder / "bot.log"

    @property
    def environment(self) -> dict[str, str]:
        """Its settings, with which commands work on the same petition."""
        return {
            **os.environ,
            "PETITION_BOT_TOKEN": TOKEN,
            "PETITION_ADMIN_IDS": str(ADMIN),
            "PETITION_DATABASE_URL": self.url,
            "PETITION_KEY_FILE": str(self.folder / "keys" / "petition.key"),
            "PETITION_FOLDER": str(ready_petition(self.folder / "petition")),
            "PETITION_API_URL": self.simulator.url,
            "PETITION_BROADCAST_RATE": str(self.rate),
            "PETITION_LOG_LEVEL": self.log_level,
            **self.more,
        }

    async def start(self) -> None:
        """Starts it; what an earlier one left is gone on with."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self.module, "run",
                env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip

    async def does(self, *command: str) -> str:
        """Returns what a command says beside it; fails unless it exits with 0."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", *command,
            env=self.environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()
        return said.decode()

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

    async def kill_every(self, calls: int, method: str, times: int) -> None:
        """Kills it so many times, each time it has got so many such calls through, and restarts.

        Args:
            calls: how many it may make in each of its lives.
            method: how the names of the methods that count begin.
            times: the number of kills.
        """
        for _ in range(times):
            await self._gets_through(calls, method)
            await self.kill()
            await self.start()

    async def _gets_through(self, calls: int, method: str) -> None:
        begun = len(self.simulator.calls)

        def enough() -> bool | None:
            new = self.simulator.calls[begun:]
            return (
                sum(call.status == 200 and call.method.startswith(method) for call in new) >= calls
                or None
            )

        found = await self.simulator.world.notifier.wait_for(enough, _LONGEST_LIFE_SECONDS)
        assert found, "the bot did too little:\n" + self.log.read_text()[-3000:]
