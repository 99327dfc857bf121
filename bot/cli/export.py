"""What `petition-bot export` does: it writes the list of signatures for the addressee."""

from __future__ import annotations

import asyncio
import shlex
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from bot.age_encryption import encrypting_writer, parse_recipients
from bot.cli.context import CliContext, open_cli_context
from bot.console import (
    CannotDo,
    counted,
    in_sentences,
    interruptible,
    progress_bar,
    run_to_end,
    say,
)
from bot.export import ListFormat
from bot.export.csv_list import write_csv
from bot.export.json_list import write_json
from bot.export.signature_list import SignatureListHeader
from bot.export.xlsx_list import write_xlsx
from bot.logs import configure_logging
from bot.petition.petition import BUNDLED, load_petition
from bot.settings import PetitionSettings, load_petition_settings
from storage import ExportedList, NamedSignature, SignatureList, output_file

if TYPE_CHECKING:
    from rich.progress import Progress

# So many numbers of damaged signatures are named.
_NAMED_AT_MOST = 20

_NO_RECIPIENT = (
    "There is nobody to encrypt the list to. On the computer where it is to be opened, run:"
    " age-keygen -o key.txt\nIt prints a public key, age1…; put that into PETITION_AGE_RECIPIENTS"
    " here, and keep key.txt there."
)

Pages = AsyncIterator[list[NamedSignature]]
Writer = Callable[[BinaryIO, SignatureListHeader, Pages], Awaitable[None]]


_WRITERS: dict[ListFormat, Writer] = {
    ListFormat.CSV: write_csv,
    ListFormat.XLSX: write_xlsx,
    ListFormat.JSON: write_json,
}


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """What is to be written where; without recipients anybody can read it."""

    format: ListFormat
    file: Path
    recipients: tuple[str, ...]
    replaces: bool


@dataclass(frozen=True, slots=True)
class WrittenList:
    """What was written: its size in bytes, and how many signatures changed meanwhile."""

    header: SignatureListHeader
    size: int
    seconds: float
    changed: int


@in_sentences
def export(
    output: Annotated[Path, typer.Option(help="The file to write.", show_default=False)],
    format_: Annotated[
        ListFormat, typer.Option("--format", help="json is what `petition-bot dossier` reads.")
    ] = ListFormat.JSON,
    plaintext: Annotated[
        bool, typer.Option("--plaintext", help="Do not encrypt it; asks twice, in a terminal.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the file if it is there already.")
    ] = False,
) -> None:
    """Write the list of signatures, encrypted to PETITION_AGE_RECIPIENTS."""
    settings = load_petition_settings()
    configure_logging("WARNING")
    recipients = () if plaintext else settings.age_recipients
    if not recipients and not plaintext:
        raise CannotDo(_NO_RECIPIENT)
    # Asked outside an event loop, in which Ctrl-C would not end the question.
    if plaintext and not _wants_plaintext(output, load_petition(settings.folder or BUNDLED).slug):
        say("Nothing was written.")
        return
    if output.is_file() and not force and _in_terminal():
        force = typer.confirm(f"{output} exists already. Replace it?")
    order = ExportOrder(format_, output, recipients, force)
    with interruptible("Interrupted; nothing was written."):
        written = run_to_end(_written(settings, order))
    say(*_result(order, written))


def _wants_plaintext(file: Path, slug: str) -> bool:
    """Asks twice whether everybody may read the list; nothing answers in place of a person."""
    if file.suffix == ".age":
        raise CannotDo(f"{file} would not be encrypted; give it a name that does not end in .age.")
    if not _in_terminal():
        raise CannotDo("--plaintext asks twice, so it needs a terminal. Nothing was written.")
    sure = typer.confirm(
        f"{file} will not be encrypted: whoever gets it reads the name of everyone who signed."
        " Write it?"
    )
    return sure and typer.prompt(f"To confirm, type the petition's short name ({slug})") == slug


def _in_terminal() -> bool:
    return sys.stdin.isatty()


async def _written(settings: PetitionSettings, order: ExportOrder) -> WrittenList:
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None  # noqa: S101 - inside a coroutine there is one
    # As with Ctrl-C, nothing is left when the connection to the server is lost.
    for each in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(each, task.cancel)
    async with open_cli_context(settings) as context:
        with progress_bar() as bar:
            return await write_list(context, order, bar)


async def write_list(context: CliContext, order: ExportOrder, bar: Progress) -> WrittenList:
    """Writes the list whole, or leaves nothing of it; raises CannotDo, FileNotWritten."""
    held = await context.storage.restores.held()
    if held is not None and not held.journal_is_whole:
        raise CannotDo(
            "A backup was restored without the whole journal, which says who withdrew since: such"
            " people may be back, with their names. No list is written until an admin has looked,"
            " which the bot asks them for in the chat."
        )
    began = time.monotonic()
    exports, begun = context.storage.exports, None
    try:
        with output_file(order.file, replaces=order.replaces) as file:
            detail = f"{order.format} {'encrypted' if order.recipients else 'plaintext'}"
            begun = await exports.begin(at=context.clock(), detail=detail)
            with _encrypted(file, order.recipients) as target:
                async with exports.read(begun) as signatures:
                    header = await _read_header(context, begun, signatures)
                    pages = _Checked(header, bar)
                    await _WRITERS[order.format](target, header, pages.of(signatures.pages()))
                    pages.require_all()
            changed = await exports.finish(
                begun, with_name=header.with_name, without_name=header.without_name
            )
    except BaseException:  # Ctrl-C too
        if begun is not None:
            await exports.discard(begun, context.clock())
        raise
    return WrittenList(
        header=header,
        size=order.file.stat().st_size,
        seconds=time.monotonic() - began,
        changed=changed,
    )


async def _read_header(
    context: CliContext, begun: ExportedList, signatures: SignatureList
) -> SignatureListHeader:
    header = SignatureListHeader(
        export=begun,
        petition=context.petition,
        counts=await signatures.counts(),
        groups=tuple(await signatures.groups()),
    )
    if not header.counted:
        raise CannotDo("No signature is counted; there is nothing to write.")
    return header


class _Checked:
    """Counts what is written, and shows it, so that no signature is lost unseen."""

    def __init__(self, header: SignatureListHeader, bar: Progress) -> None:
        self._total = header.with_name
        self._bar = bar
        self._task = bar.add_task("Writing", total=self._total)
        self._passed = 0
        self._damaged: list[int] = []

    async def of(self, pages: Pages) -> Pages:
        """Passes pages on."""
        async for page in pages:
            self._damaged.extend(each.number for each in page if each.name is None)
            self._passed += len(page)
            yield page
            self._bar.update(self._task, completed=self._passed)

    def require_all(self) -> None:
        """Raises CannotDo if a signature was not written with its name."""
        if self._damaged:
            raise CannotDo(_damaged(self._damaged))
        if self._passed != self._total:
            raise CannotDo(
                f"Nothing was written: the database is damaged. It counts {self._total:,}"
                f" signatures with a name, and has {self._passed:,}."
            )


def _damaged(numbers: list[int]) -> str:
    some = ", ".join(map(str, numbers[:_NAMED_AT_MOST]))
    more = f" and {len(numbers) - _NAMED_AT_MOST:,} more" if numbers[_NAMED_AT_MOST:] else ""
    return (
        f"Nothing was written: these names cannot be decrypted: {some}{more}. If it is all of"
        " them, the key file is not the right one. Otherwise `petition-bot person NUMBER correct`"
        " gives one its name again, and `restrict` counts it without."
    )


@contextmanager
def _encrypted(file: BinaryIO, recipients: tuple[str, ...]) -> Iterator[BinaryIO]:
    if not recipients:
        yield file
        return
    with encrypting_writer(file, parse_recipients(recipients)) as target:
        yield target


def _result(order: ExportOrder, written: WrittenList) -> Iterator[str]:
    header, counts = written.header, written.header.counts
    yield (
        f"{counted(header.counted, 'signature')}:"
        f" {header.with_name:,} with their name and {header.without_name:,} counted without it."
    )
    if counts.at_closing is not None:
        yield (
            f"{counts.at_closing:,} at the closing, {header.withdrawn_since:,} withdrawn and"
            f" {counts.invalidated_since:,} invalidated since."
        )
    if counts.closed_at is None:
        yield (
            "The petition is open: a list to be handed over is written after the closing, and has"
            " who signs until then."
        )
    yield f"Export {header.export.id.hex()}: {_size(written.size)} in {written.seconds:.0f} s."
    if written.changed:
        yield (
            f"While it was written, {written.changed:,} of them changed or withdrew. Write the"
            " list again, so that it does not have them."
        )
    if not order.recipients:
        yield f"{order.file} is not encrypted: whoever gets it reads every name."
        return
    file = order.file.name
    opened = file.removesuffix(".age") if file.endswith(".age") else f"opened.{order.format}"
    command = shlex.join(["age", "--decrypt", "-i", "key.txt", "-o", opened, file])
    yield f"{order.file} is encrypted. Open it on the computer that has the key:"
    yield f"    {command}"


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.1f} kB"
