"""What `petition-bot export` does: it writes the list of signatures for the addressee."""

import shlex
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.age_encryption import encrypting_writer
from bot.cli.context import CliContext, required_recipients, run_with_context
from bot.console import CannotDo, list_counts, progress, say, tell
from bot.export import ListFormat
from bot.export.json_list import write_json
from bot.export.signature_list import Pages, SignatureListHeader, pages_of
from bot.export.xlsx_list import write_xlsx
from bot.settings import PetitionSettings
from bot.text.terminal_language import label, terminal_words
from storage.errors import BrokenData, StorageError
from storage.exports import begin_export, discard_export, finish_export, signature_totals
from storage.private_files import output_file
from storage.restores import held_restore

_WRITERS = {ListFormat.XLSX: write_xlsx, ListFormat.JSON: write_json}


def export(
    output: Annotated[Path, typer.Option(help="El archivo que se escribe.", metavar="ARCHIVO")],
    format_: Annotated[
        ListFormat, typer.Option("--format", help="json es la que lee petition-bot dossier.")
    ] = ListFormat.JSON,
) -> None:
    """Writes the list of signatures, encrypted to PETITION_AGE_RECIPIENTS."""
    recipients = required_recipients(PetitionSettings.load())
    with progress(label("Escribiendo"), label("Interrumpido: no se ha escrito nada.")) as done:
        write = partial(write_list, format_=format_, file=output, recipients=recipients, done=done)
        header = run_with_context(write)
    state, words = header.state, terminal_words()
    say(list_counts(header.with_name, header.without_name))
    if state.closed_signatures is not None:
        tell(
            "{closing} al cierre; desde entonces, {withdrawn} retiradas y {invalidated} anuladas.",
            closing=words.number(state.closed_signatures),
            withdrawn=words.number(header.withdrawn_since),
            invalidated=words.number(state.invalidated_since),
        )
    else:
        tell("La petición está abierta: la lista que se entrega se escribe después del cierre.")
    tell("Lista {id}.", id=header.export.id.hex())
    named = output.name.removesuffix(".age")
    opened = f"opened.{format_}" if named == output.name else named
    command = shlex.join(["age", "--decrypt", "-i", "key.txt", "-o", opened, output.name])
    tell("{path} está cifrado. Ábrelo en el ordenador que tiene la clave:", path=output)
    say(f"    {command}")


async def write_list(
    context: CliContext,
    file: Path,
    recipients: Sequence[Any],
    *,
    format_: ListFormat = ListFormat.JSON,
    done: Callable[[int, int | None], None] = lambda *_: None,
) -> SignatureListHeader:
    """Writes the list whole, encrypted to pyrage's recipients, or leaves nothing of it.

    Raises:
        CannotDo, StorageError: nothing was written.
    """
    held = await context.storage.read(held_restore)
    if held is not None and not held.journal_is_whole:
        raise CannotDo.because(
            "Se restauró una copia sin el diario entero, y quien se retiró desde entonces puede "
            "haber vuelto, con su nombre. No se escribe ninguna lista hasta que lo mire alguien "
            "que administra; el bot se lo pide en el chat."
        )
    storage = context.storage
    begun = await storage.write(begin_export, at=context.clock(), detail=f"{format_} encrypted")
    try:
        with output_file(file) as target, encrypting_writer(target, [*recipients]) as encrypted:
            async with storage.snapshot() as read:
                totals = await read(signature_totals, begun.last_number)
                header = SignatureListHeader(begun, context.petition, *totals)
                if not header.counted:
                    raise CannotDo.because(
                        "No hay ninguna firma que cuente: no hay nada que escribir."
                    )
                pages = _complete(header, pages_of(begun, read), done)
                await _WRITERS[format_](encrypted, header, pages)
            # Before the file gets its name: no list is out of which nobody knows.
            counts = {"with_name": header.with_name, "without_name": header.without_name}
            await storage.write(finish_export, begun, **counts)
    except BaseException:  # Ctrl-C too
        # With the database away its row stays, as after a kill; what went wrong first is told.
        with suppress(StorageError):
            await storage.write(discard_export, begun, context.clock())
        raise
    return header


async def _complete(
    header: SignatureListHeader, pages: Pages, done: Callable[[int, int | None], None]
) -> Pages:
    """Passes pages on, and refuses the end of a list in which a signature or a name is missing."""
    passed, damaged = 0, list[int]()
    async for page in pages:
        damaged.extend(each.number for each in page if each.name is None)
        passed += len(page)
        yield page
        done(passed, header.with_name)
    if damaged:
        raise CannotDo.because(
            "No se ha escrito nada: los nombres de estas firmas no se pueden descifrar: {numbers}."
            " Si son todas, el archivo de clave no es el suyo. Si no, petition-bot person NÚMERO"
            " correct le da su nombre a una, y restrict la cuenta sin él.",
            numbers=", ".join(map(str, damaged[:20])) + (" …" if damaged[20:] else ""),
        )
    if passed != header.with_name:
        raise BrokenData(
            "The database is damaged: {error}.", error=f"{passed} ≠ {header.with_name}"
        )
