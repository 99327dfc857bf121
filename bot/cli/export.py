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
    confirms,
    in_sentences,
    interruptible,
    progress_bar,
    run_to_end,
    say,
    signatures,
)
from bot.export import ListFormat
from bot.export.json_list import write_json
from bot.export.signature_list import SignatureListHeader
from bot.export.xlsx_list import write_xlsx
from bot.logs import configure_logging
from bot.petition.petition import BUNDLED, load_petition
from bot.settings import PetitionSettings, load_petition_settings
from bot.text.terminal_language import label, plural_label, terminal_words
from bot.text.translations import mark
from storage import ExportedList, NamedSignature, SignatureList, output_file

if TYPE_CHECKING:
    from rich.progress import Progress

# So many numbers of damaged signatures are named.
_NAMED_AT_MOST = 20

_NO_RECIPIENT = mark(
    "Falta la clave para la que se cifra la lista. En el ordenador donde se vaya a abrir, "
    "ejecuta: age-keygen -o key.txt\nMuestra una clave pública, age1…: ponla aquí en "
    "PETITION_AGE_RECIPIENTS, y guarda allí key.txt."
)

Pages = AsyncIterator[list[NamedSignature]]
Writer = Callable[[BinaryIO, SignatureListHeader, Pages], Awaitable[None]]


_WRITERS: dict[ListFormat, Writer] = {
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
    output: Annotated[
        Path,
        typer.Option(help="El archivo que se escribe.", metavar="ARCHIVO", show_default=False),
    ],
    format_: Annotated[
        ListFormat, typer.Option("--format", help="json es la que lee petition-bot dossier.")
    ] = ListFormat.JSON,
    plaintext: Annotated[
        bool, typer.Option("--plaintext", help="Sin cifrar; pregunta dos veces.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Sustituye el archivo, si ya existe.")
    ] = False,
) -> None:
    """Writes the list of signatures, encrypted to PETITION_AGE_RECIPIENTS."""
    settings = load_petition_settings()
    configure_logging("WARNING")
    recipients = () if plaintext else settings.age_recipients
    if not recipients and not plaintext:
        raise CannotDo.because(_NO_RECIPIENT)
    # Asked outside an event loop, in which Ctrl-C would not end the question.
    if plaintext and not _wants_plaintext(output, load_petition(settings.folder or BUNDLED).slug):
        say(label("No se ha escrito nada."))
        return
    if output.is_file() and not force and _in_terminal():
        force = confirms(label("{path} ya existe. ¿Lo sustituyo?", path=output))
    order = ExportOrder(format_, output, recipients, force)
    with interruptible(label("Interrumpido: no se ha escrito nada.")):
        written = run_to_end(_written(settings, order))
    say(*_result(order, written))


def _wants_plaintext(file: Path, slug: str) -> bool:
    """Asks twice whether everybody may read the list; nothing answers in place of a person."""
    if file.suffix == ".age":
        raise CannotDo.because(
            "{path} no iría cifrado: dale un nombre que no acabe en .age.", path=file
        )
    if not _in_terminal():
        raise CannotDo.because(
            "--plaintext pregunta dos veces, y aquí no hay quien conteste. No se ha escrito nada."
        )
    question = label(
        "{path} no irá cifrado: quien lo tenga leerá el nombre de cada persona que firmó. "
        "¿Lo escribo?",
        path=file,
    )
    again = label("Para confirmarlo, escribe el nombre corto de la petición ({slug})", slug=slug)
    return confirms(question) and typer.prompt(again) == slug


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
        raise CannotDo.because(
            "Se restauró una copia sin el diario entero, que dice quién se retiró desde "
            "entonces: esas personas pueden haber vuelto, con su nombre. No se escribe "
            "ninguna lista hasta que lo mire alguien que administra; el bot se lo pide en el "
            "chat."
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
        raise CannotDo.because("No hay ninguna firma que cuente: no hay nada que escribir.")
    return header


class _Checked:
    """Counts what is written, and shows it, so that no signature is lost unseen."""

    def __init__(self, header: SignatureListHeader, bar: Progress) -> None:
        self._total = header.with_name
        self._bar = bar
        self._task = bar.add_task(label("Escribiendo"), total=self._total)
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
            raise CannotDo.because(
                "No se ha escrito nada: la base de datos está dañada. Cuenta {said} firmas "
                "con nombre, y tiene {found}.",
                said=self._total,
                found=self._passed,
            )


def _damaged(numbers: list[int]) -> str:
    some = ", ".join(map(str, numbers[:_NAMED_AT_MOST]))
    return label(
        "No se ha escrito nada: los nombres de estas firmas no se pueden descifrar: {numbers}. Si "
        "son todas, el archivo de clave no es el suyo. Si no, petition-bot person NÚMERO correct "
        "le da su nombre a una, y restrict la cuenta sin él.",
        numbers=some + (" …" if numbers[_NAMED_AT_MOST:] else ""),
    )


@contextmanager
def _encrypted(file: BinaryIO, recipients: tuple[str, ...]) -> Iterator[BinaryIO]:
    if not recipients:
        yield file
        return
    with encrypting_writer(file, parse_recipients(recipients)) as target:
        yield target


def _result(order: ExportOrder, written: WrittenList) -> Iterator[str]:
    header, counts, words = written.header, written.header.counts, terminal_words()
    yield label(
        "{signatures}: {named} con su nombre y {unnamed} sin él.",
        signatures=signatures(header.counted),
        named=words.number(header.with_name),
        unnamed=words.number(header.without_name),
    )
    if counts.at_closing is not None:
        yield label(
            "{closing} al cierre; desde entonces, {withdrawn} retiradas y {invalidated} anuladas.",
            closing=words.number(counts.at_closing),
            withdrawn=words.number(header.withdrawn_since),
            invalidated=words.number(counts.invalidated_since),
        )
    if counts.closed_at is None:
        yield label(
            "La petición está abierta: la lista que se entrega se escribe después del cierre, con "
            "quienes firmen hasta entonces."
        )
    yield label(
        "Lista {id}: {size} en {seconds} s.",
        id=header.export.id.hex(),
        size=_size(written.size),
        seconds=round(written.seconds),
    )
    if written.changed:
        yield plural_label(
            "Mientras se escribía, {n} ha cambiado o se ha retirado. Escríbela otra vez, para que "
            "no esté en ella.",
            "Mientras se escribía, {n} han cambiado o se han retirado. Escríbela otra vez, para "
            "que no estén en ella.",
            written.changed,
        )
    if not order.recipients:
        yield label("{path} no está cifrado: quien lo tenga lee cada nombre.", path=order.file)
        return
    file = order.file.name
    opened = file.removesuffix(".age") if file.endswith(".age") else f"opened.{order.format}"
    command = shlex.join(["age", "--decrypt", "-i", "key.txt", "-o", opened, file])
    yield label("{path} está cifrado. Ábrelo en el ordenador que tiene la clave:", path=order.file)
    yield f"    {command}"


def _size(size: int) -> str:
    words = terminal_words()
    return f"{words.speed(size / 1e6)} MB" if size >= 1e5 else f"{words.speed(size / 1e3)} kB"
