"""Opens a petition's data for a command, also while the bot runs on it.

What changes data is shown before, asked about and then done: `confirmed`.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from threading import current_thread, main_thread
from typing import Any, TypeVar

from bot.age_encryption import parse_recipients
from bot.clocks import utc_now
from bot.console import CannotDo, R, agrees, run_to_end, say, say_files_here
from bot.high_water_mark import HighWaterMark
from bot.logs import configure_logging
from bot.petition.petition import BUNDLED, Petition, load_petition
from bot.restore import require_finished
from bot.retention import tidy_journal_at_the_end
from bot.settings import PetitionSettings, require_key_file
from bot.text.terminal_language import label, terminal_language
from bot.text.translations import Catalogs, Words, mark
from storage import Storage, open_storage
from storage.broadcast_types import Broadcast
from storage.errors import DatabaseBehind
from storage.exports import ExportedList
from storage.invalidations import Invalidation
from storage.keyring import Keyring
from storage.leases import lock_name
from storage.migrate import require_newest
from storage.petitions import reached_so_far
from storage.process_lock import is_held
from storage.restores import restore_awaits_repetition
from storage.times import SHOWN_DIGITS

Found = TypeVar("Found", Broadcast, ExportedList, Invalidation)
RESTORED = mark(
    "Se restauró una copia, y en esta petición no se ha repetido lo que la gente pidió desde "
    "entonces: quien se retiró ha vuelto. Pon antes su bot en marcha, que lo repite."
)


@dataclass(frozen=True, slots=True)
class CliContext:
    """What the commands use; `words` is the terminal's language, with the petition's times."""

    settings: PetitionSettings
    petition: Petition
    storage: Storage
    words: Words
    clock: Callable[[], datetime]

    async def is_attended(self) -> bool:
        """Returns whether the petition's bot runs."""
        return await is_held(self.settings.database_url, lock_name(self.petition.slug))


def run_with_context(work: Callable[[CliContext], Awaitable[R]]) -> R:
    """Opens the petition of the settings, does the work on it, and returns its result.

    Raises:
        SettingsInvalid, StorageError, PetitionInvalid: it cannot be opened; the message says what
            to do.
    """
    configure_logging("WARNING")
    settings = PetitionSettings.load()
    say_files_here(settings.database_url)

    async def worked() -> R:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None  # noqa: S101 - inside a coroutine there is one
        # As with Ctrl-C, nothing is left half done when the connection to the server is lost.
        for each in (signal.SIGTERM, signal.SIGHUP):
            # Not where `nohup` has it ignored.
            if current_thread() is main_thread() and signal.getsignal(each) != signal.SIG_IGN:
                loop.add_signal_handler(each, task.cancel)
        async with open_cli_context(settings) as context:
            return await work(context)

    return run_to_end(worked())


@asynccontextmanager
async def open_cli_context(
    settings: PetitionSettings, *, only_looks: bool = False
) -> AsyncIterator[CliContext]:
    """Opens the petition of the settings, without the process lock that a bot takes.

    A copy that was not brought up to date is refused, as a bot refuses it: who withdrew since is
    back in it, and would be in the next list. With `only_looks` nothing is written beside the key.

    Raises:
        StorageError, PetitionInvalid: it cannot be opened; the message says what to do.
    """
    petition = load_petition(settings.folder or BUNDLED)
    key_file = require_key_file(settings.key_file)
    keyring = Keyring.load(key_file)
    reached = HighWaterMark(key_file, settings.database_url, petition.slug)
    await reached.require_reached()
    # Tables of another version are refused: only the bot migrates them, when it starts.
    await require_newest(settings.database_url)
    require_finished(keyring, petition.slug)
    storage = await open_storage(settings.database_url, keyring, petition.slug, is_known=True)
    try:
        if await storage.read(restore_awaits_repetition):
            raise DatabaseBehind(label(RESTORED))
        words = Catalogs.load(time_zone=petition.time_zone).words(terminal_language())
        yield CliContext(settings, petition, storage, words, utc_now)
        if not only_looks:
            # No bot may run that marks what was done; or one does, and has marked more meanwhile.
            with suppress(OSError, DatabaseBehind):
                reached.raise_to(await storage.read(reached_so_far))
    finally:
        await storage.close()
        await tidy_journal_at_the_end(storage.journal)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a command would do, to be shown and asked before it does.

    `carry_out` does it and returns the result in sentences. Without a question nothing is to be
    done. Where `number` is given, a person confirms by typing it. `declined` is said after a no.
    """

    shown: str
    question: str
    carry_out: Callable[[CliContext], Awaitable[str]]
    number: int | None = None
    declined: str = ""


def confirmed(
    prepare: Callable[[CliContext], Awaitable[Plan]], *, yes: bool = False, dry_run: bool = False
) -> None:
    """Shows the plan that `prepare` returns, asks unless it was answered already, and does it.

    In a dry run it is only shown. The petition's data is not open while it asks: Ctrl-C ends a
    question only outside an event loop.
    """
    plan = run_with_context(prepare)
    if plan.shown:
        say(plan.shown)
    if dry_run or not plan.question:
        return
    if agrees(plan.question, yes=yes, number=plan.number, otherwise=plan.declined):
        say(run_with_context(plan.carry_out))


def short_id(id_: bytes) -> str:
    """Returns the beginning of an id, as people are shown it."""
    return id_.hex()[:SHOWN_DIGITS]


def with_id(wanted: str, among: Iterable[Found], listing: str) -> Found:
    """Returns the one whose id begins like this; `listing` is the command that shows them all.

    Raises:
        CannotDo: there is none, or more than one.
    """
    found = [each for each in among if wanted and each.id.hex().startswith(wanted.lower())]
    if len(found) != 1:
        raise CannotDo.because(
            "Por «{wanted}» empiezan {n} números, y ha de ser uno solo. {command} los muestra.",
            wanted=wanted,
            n=len(found),
            command=listing,
        )
    return found[0]


def required_recipients(settings: PetitionSettings) -> list[Any]:
    """Returns pyrage's recipients of the settings; raises CannotDo where there are none."""
    if not settings.age_recipients:
        raise CannotDo.because(
            "Falta la clave para la que se cifra el archivo. En otra máquina, que guarda key.txt "
            "para abrirlo, haz una con age-keygen -o key.txt, y pon aquí en "
            "PETITION_AGE_RECIPIENTS la pública que muestra (age1…)."
        )
    return parse_recipients(settings.age_recipients)
