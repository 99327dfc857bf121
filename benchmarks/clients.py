"""The compared clients: this bot and its peers, all against the same Bot API."""

import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.bot_api_process import TOKEN, BotApiProcess
from benchmarks.child_job import Job, JobReport
from benchmarks.child_process import ChildFailed, run_sender
from benchmarks.peers.environments import python_of
from benchmarks.run_options import RunOptions
from benchmarks.signed_database import FIRST_CHAT
from tests.support.bot_api.message_counts import CountSummary
from tests.support.bot_api.server import Behavior


@dataclass(frozen=True, slots=True)
class Client:
    """A way to send a broadcast.

    Attributes:
        name: its name in tables.
        module: the module that a child process runs.
        environment: the virtual environment it needs; None for the project's own.
        limiter: whether its optional handling of Telegram's limits is on.
    """

    name: str
    module: str
    environment: str | None
    limiter: bool = False


THIS_BOT = Client("**this bot**", "benchmarks.this_bot", None)
AIOGRAM = Client(
    "aiogram-broadcaster 0.6.8", "benchmarks.peers.aiogram_broadcaster", "broadcasters"
)
PATIENT = replace(AIOGRAM, name="aiogram-broadcaster, its 429 handler on", limiter=True)
SEQUENTIAL = Client(
    "python-telegram-broadcast 0.9.7",
    "benchmarks.peers.python_telegram_broadcast",
    "broadcasters",
)
GATHER = Client("PTB 22 `gather`", "benchmarks.peers.ptb_gather", "ptb")
LIMITED = replace(GATHER, name="PTB 22 `gather`, `AIORateLimiter`", limiter=True)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One broadcast, as reported by the client and as seen by the server."""

    report: JobReport
    summary: CountSummary

    @property
    def seconds(self) -> float:
        """Seconds from the first arrival until everything was marked."""
        return self.report.ended - self.summary.first

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.summary.arrived / self.seconds

    @property
    def cores(self) -> float:
        """How many cores the client kept busy."""
        return self.report.computed / (self.report.ended - self.report.begun)


@dataclass(frozen=True, slots=True)
class Task:
    """The task of one attempt: the number of recipients and the server's behaviour.

    `rate` is messages a second at most, 0 for no cap; the client stops after `seconds`.
    """

    people: int
    behavior: Behavior
    rate: float = 0.0
    seconds: float = 600.0


async def attempt(client: Client, options: RunOptions, api: BotApiProcess, task: Task) -> Attempt:
    """Runs one broadcast of one client.

    Raises:
        NoEnvironment: the peer's environment cannot be made.
        ChildFailed: the client failed or did not finish.
    """
    python = Path(sys.executable)
    if client.environment is not None:
        python = await python_of(client.environment)
    async with AsyncExitStack() as stack:
        if client is THIS_BOT:
            folder = await stack.enter_async_context(options.petition(task.people))
        else:
            folder = stack.enter_context(options.empty_folder())
        await api.begin(task.behavior)
        job = Job(
            api.url,
            TOKEN,
            str(folder),
            FIRST_CHAT,
            task.people,
            task.rate,
            task.seconds,
            limiter=client.limiter,
        )
        report = await run_sender(python, client.module, job)
        if client is THIS_BOT and not report.complete:
            raise ChildFailed(
                f"the bot did not finish: {report.said or 'cut off'}. {report.complaint}"
            )
        return Attempt(report, await api.summary())
