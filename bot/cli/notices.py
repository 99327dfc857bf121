"""`petition-bot notices`: of what the addressee has to be told since (GDPR art. 19)."""

import io
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.age_encryption import encrypting_writer, parse_recipients
from bot.cli.context import CliContext, run_with_context
from bot.console import CannotDo, Yes, agrees, in_sentences, out, say
from bot.export.xlsx_list import Workbook, cell, heading, number, row
from bot.settings import load_petition_settings
from bot.text.terminal_language import label, plural_label
from bot.text.translations import mark
from storage import Change, ChangeOwed, output_file

_TO_DO: Mapping[Change, str] = MappingProxyType(
    {
        Change.WITHDRAWN: mark("borrarla: se ha retirado la firma"),
        Change.ERASED: mark("borrarla: lo ha pedido la persona"),
        Change.NAME_REMOVED: mark("borrar el nombre, y contar la firma sin él"),
        Change.OBJECTED: mark("no usarla más: la persona se opone"),
        Change.RESTRICTED: mark("guardarla y no usarla más: su uso está limitado"),
        Change.CORRECTED: mark("cambiar el nombre"),
    }
)


@in_sentences
def notices(
    names: Annotated[
        bool, typer.Option("--names", help="Muestra los nombres corregidos; solo en pantalla.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="ARCHIVO",
            help="Los escribe en una hoja de cálculo (xlsx), con los nombres corregidos, cifrada.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Sustituye el archivo, si ya existe.")
    ] = False,
    told: Annotated[bool, typer.Option("--told", help="Anota que ya se ha comunicado.")] = False,
    yes: Yes = False,
) -> None:
    """Lists the signatures that changed after they were handed over (GDPR art. 19)."""
    recipients = load_petition_settings().age_recipients

    async def work(context: CliContext) -> list[ChangeOwed]:
        owed = await list_notices(context, out, names=names, told=told)
        if output is not None and owed:
            say(write_notices(context, owed, output, recipients, replaces=force))
        return owed

    listed = run_with_context(work)
    if not (told and listed):
        return
    question = plural_label(
        "¿Se ha comunicado este cambio a quien recibió la petición?",
        "¿Se han comunicado estos {n} cambios a quien recibió la petición?",
        len(listed),
    )
    if agrees(question, yes=yes):
        say(run_with_context(lambda context: mark_told(context, listed)))


async def list_notices(
    context: CliContext, console: Console, *, names: bool = False, told: bool = False
) -> list[ChangeOwed]:
    """Prints what the addressee has to be told, unless they were `told`, and returns it.

    Names are shown only on a screen.
    """
    if names and not console.is_terminal:
        raise CannotDo.because(
            "Los nombres solo se muestran en pantalla; a un archivo van cifrados, con "
            "--output ARCHIVO."
        )
    storage, words, tell = context.storage, context.words, partial(say, console=console)
    handover = await storage.handovers.active()
    if handover is None:
        tell(
            label("No hay ninguna entrega anotada, así que no hay nada que comunicar."),
            *await _before_the_handover(context),
        )
        return []
    owed = await storage.changes_after_export.owed(handover)
    day = words.date(handover.handed_over_on)
    if invalidated := await storage.handovers.invalidated_since(handover):
        tell(
            label(
                "De las {all} firmas que se entregaron, {n} se han anulado desde entonces. "
                "Comunica también ese número.",
                all=words.number(handover.signatures),
                n=words.number(invalidated),
            )
        )
    if not owed:
        tell(label("De lo que se entregó el {day} no hay nada que comunicar.", day=day))
        return []
    tell(
        plural_label(
            "De lo que se entregó el {day}, {n} firma ha cambiado desde que se escribió la lista. "
            "Hay que comunicarlo a quien la recibió:",
            "De lo que se entregó el {day}, {n} firmas han cambiado desde que se escribió la "
            "lista. Hay que comunicarlo a quien la recibió:",
            len(owed),
            day=day,
        )
    )
    console.print(_table(context, owed, names=names))
    if any(each.is_corrected for each in owed) and not names:
        tell(
            label(
                "Los nombres corregidos: petition-bot notices --names, solo en pantalla, o "
                "--output ARCHIVO, cifrados."
            )
        )
    if not told:
        tell(label("Cuando se haya comunicado: petition-bot notices --told"))
    return owed


async def _before_the_handover(context: CliContext) -> Iterator[str]:
    """Says what to do about the newest list, from which people may have taken their name since."""
    lists = await context.storage.handovers.exports()
    if not lists:
        return iter(())
    said = [label("Hay listas: si se entregó una, anótalo con petition-bot delivered.")]
    if changed := len(await context.storage.changes_after_export.owed(lists[0])):
        said.append(
            plural_label(
                "Desde que se escribió la más reciente ha cambiado {n} firma que está en ella: "
                "escríbela otra vez con petition-bot export antes de entregarla.",
                "Desde que se escribió la más reciente han cambiado {n} firmas que están en ella: "
                "escríbela otra vez con petition-bot export antes de entregarla.",
                changed,
            )
        )
    return iter(said)


def write_notices(
    context: CliContext,
    owed: Sequence[ChangeOwed],
    file: Path,
    recipients: Sequence[str],
    *,
    replaces: bool,
) -> str:
    """Writes them as a workbook with the corrected names, encrypted; says so in a sentence."""
    if not recipients:
        raise CannotDo.because(
            "Falta la clave para la que se cifran los nombres: pon una clave pública en "
            "PETITION_AGE_RECIPIENTS, como para petition-bot export."
        )
    content = _workbook(context, owed)
    with (
        output_file(file, replaces=replaces) as target,
        encrypting_writer(target, parse_recipients(recipients)) as encrypted,
    ):
        encrypted.write(content)
    return label("Están en {path}, con los nombres corregidos: una hoja xlsx, cifrada.", path=file)


async def mark_told(context: CliContext, told: Sequence[ChangeOwed]) -> str:
    """Records that the addressee was told of what was shown; returns that as a sentence."""
    await context.storage.changes_after_export.mark_told(told, at=context.clock())
    return plural_label(
        "Queda anotado que se ha comunicado {n} cambio.",
        "Queda anotado que se han comunicado {n} cambios.",
        len(told),
    )


def _columns() -> tuple[str, str, str]:
    return label("Número"), label("Cambió el"), label("Qué hay que hacer")


def _table(context: CliContext, owed: Sequence[ChangeOwed], *, names: bool) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in _columns():
        table.add_column(column, justify="right" if not table.columns else "left")
    for each in owed:
        # Text, since a name must not become markup of the terminal.
        table.add_row(
            context.words.number(each.number),
            context.words.date(each.changed_at),
            Text(_to_do(each, names=names)),
        )
    return table


def _to_do(owed: ChangeOwed, *, names: bool) -> str:
    parts = [label(_TO_DO[owed.change])]
    if owed.is_corrected and owed.change is not Change.CORRECTED:
        parts.append(label(_TO_DO[Change.CORRECTED]))
    said = "; ".join(parts)
    if not (names and owed.is_corrected):
        return said
    name = owed.corrected_name or label("(aquí no se puede leer)")
    return label("{to_do} por: {name}", to_do=said, name=name)


def _workbook(context: CliContext, owed: Sequence[ChangeOwed]) -> bytes:
    written = io.BytesIO()
    with Workbook(written, context.clock()) as workbook:
        workbook.add_parts([label("Cambios")])
        workbook.begin_worksheet(first_width=12)
        workbook.add_rows([heading(*_columns(), label("Nombre corregido"))])
        for each in owed:
            name = (each.corrected_name or "") if each.is_corrected else ""
            day = each.changed_at.astimezone(context.words.zone).date().isoformat()
            to_do = _to_do(each, names=False)
            workbook.add_rows([row(number(each.number), cell(day), cell(to_do), cell(name))])
    return written.getvalue()
