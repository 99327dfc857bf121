"""`petition-bot notices`: of what the addressee has to be told since (GDPR art. 19)."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bot.age_encryption import encrypting_writer
from bot.cli.context import CliContext, Plan, confirmed, required_recipients
from bot.console import Yes
from bot.export.xlsx_list import Workbook, cell, heading, number, row
from bot.settings import load_petition_settings
from bot.text.terminal_language import label
from bot.text.translations import mark
from storage.exports import Change, exported_lists
from storage.handovers import (
    ChangeOwed,
    Handover,
    active_handover,
    mark_changes_told,
    owed_changes,
)
from storage.private_files import output_file

_TO_DO = {
    Change.WITHDRAWN: mark("borrarla: se ha retirado la firma"),
    Change.ERASED: mark("borrarla: lo ha pedido la persona"),
    Change.NAME_REMOVED: mark("borrar el nombre, y contar la firma sin él"),
    Change.OBJECTED: mark("no usarla más: la persona se opone"),
    Change.RESTRICTED: mark("guardarla y no usarla más: su uso está limitado"),
    Change.CORRECTED: mark("cambiar el nombre"),
}


def notices(
    output: Annotated[
        Path | None, typer.Option(metavar="ARCHIVO", help="Los escribe en una hoja xlsx, cifrada.")
    ] = None,
    told: Annotated[bool, typer.Option("--told", help="Anota que ya se ha comunicado.")] = False,
    yes: Yes = False,
) -> None:
    """Lists the signatures that changed after they were handed over (GDPR art. 19)."""
    confirmed(partial(prepare_notices, output=output, told=told), yes=yes)


async def prepare_notices(
    context: CliContext, output: Path | None = None, *, told: bool = False
) -> Plan:
    """Returns what the addressee has to be told; writes it to a file. `told`: they were."""
    handover, owed = await context.storage.read(active_handover), list[ChangeOwed]()
    if handover is None:
        lines = _before_the_handover(context)
    else:
        owed = await context.storage.read(owed_changes, handover)
        lines = _since_the_handover(context, handover, owed)
    said = [each async for each in lines]
    if owed and output is not None:
        said.append(_write(context, owed, output))
    if owed and not told:
        said.append(label("Cuando se haya comunicado: petition-bot notices --told"))
    question = label("¿Se ha comunicado todo esto a quien recibió la petición?")

    async def mark_told(context: CliContext) -> str:
        await context.storage.write(mark_changes_told, owed, at=context.clock())
        return label("Queda anotado que se ha comunicado.")

    return Plan("\n".join(said), question if owed and told else "", mark_told)


async def _since_the_handover(
    context: CliContext, handover: Handover, owed: Sequence[ChangeOwed]
) -> AsyncIterator[str]:
    words, day = context.words, context.words.date(handover.handed_over_on)
    if not owed:
        yield label("De lo que se entregó el {day} no hay nada que comunicar.", day=day)
        return
    yield label("Esto ha cambiado en lo que se entregó el {day}, y hay que comunicarlo:", day=day)
    for each in owed:
        yield f"  {words.number(each.number)}  {words.date(each.changed_at)}  {_to_do(each)}"
    if any(each.corrected_name is not None for each in owed):
        yield label("Los nombres corregidos van cifrados a un archivo: --output ARCHIVO")


async def _before_the_handover(context: CliContext) -> AsyncIterator[str]:
    """Says what to do about the newest list, from which people may have taken their name since."""
    yield label("No hay ninguna entrega anotada, así que no hay nada que comunicar.")
    for newest in (await context.storage.read(exported_lists))[:1]:
        yield label("Hay listas: si se entregó una, anótalo con petition-bot delivered.")
        if changed := await context.storage.read(owed_changes, newest):
            yield label(
                "Desde que se escribió la más reciente hubo cambios en {n} de sus firmas: "
                "escríbela otra vez con petition-bot export antes de entregarla.",
                n=context.words.number(len(changed)),
            )


def _to_do(owed: ChangeOwed) -> str:
    parts = [label(_TO_DO[owed.change])]
    if owed.corrected_name is not None and owed.change is not Change.CORRECTED:
        parts.append(label(_TO_DO[Change.CORRECTED]))
    return "; ".join(parts)


def _write(context: CliContext, owed: Sequence[ChangeOwed], file: Path) -> str:
    """Writes a workbook with the corrected names, encrypted; returns that as a sentence."""
    recipients, zone = required_recipients(load_petition_settings()), context.words.zone
    with (
        output_file(file) as target,
        encrypting_writer(target, recipients) as encrypted,
        Workbook(encrypted, context.clock()) as workbook,
    ):
        workbook.add_parts([label("Cambios")])
        workbook.begin_worksheet(first_width=12)
        headings = label("Número"), label("Cambió el"), label("Qué hay que hacer")
        workbook.add_rows([heading(*headings, label("Nombre corregido"))])
        for each in owed:
            day = each.changed_at.astimezone(zone).date().isoformat()
            cells = cell(day), cell(_to_do(each)), cell(each.corrected_name or "")
            workbook.add_rows([row(number(each.number), *cells)])
    return label("Están en {path}, con los nombres corregidos: una hoja xlsx, cifrada.", path=file)
