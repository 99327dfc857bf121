"""`petition-bot notices`: of what the addressee has to be told since (GDPR art. 19)."""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from bot.age_encryption import encrypting_writer
from bot.cli.context import CliContext, Plan, confirmed, required_recipients
from bot.console import Yes, in_sentences
from bot.export.xlsx_list import Workbook, cell, heading, number, row
from bot.settings import load_petition_settings
from bot.text.terminal_language import label, plural_label
from bot.text.translations import mark
from storage import Change, ChangeOwed, Handover, output_file

_TO_DO = {
    Change.WITHDRAWN: mark("borrarla: se ha retirado la firma"),
    Change.ERASED: mark("borrarla: lo ha pedido la persona"),
    Change.NAME_REMOVED: mark("borrar el nombre, y contar la firma sin él"),
    Change.OBJECTED: mark("no usarla más: la persona se opone"),
    Change.RESTRICTED: mark("guardarla y no usarla más: su uso está limitado"),
    Change.CORRECTED: mark("cambiar el nombre"),
}


@in_sentences
def notices(
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="ARCHIVO",
            help="Los escribe en una hoja de cálculo (xlsx), con los nombres corregidos, cifrada.",
        ),
    ] = None,
    told: Annotated[bool, typer.Option("--told", help="Anota que ya se ha comunicado.")] = False,
    yes: Yes = False,
) -> None:
    """Lists the signatures that changed after they were handed over (GDPR art. 19)."""

    async def prepare(context: CliContext) -> Plan:
        plan = await prepare_notices(context, output)
        if told or not plan.question:
            return plan
        how = label("Cuando se haya comunicado: petition-bot notices --told")
        return replace(plan, shown=f"{plan.shown}\n{how}", question="")

    confirmed(prepare, yes=yes)


async def prepare_notices(context: CliContext, output: Path | None = None) -> Plan:
    """Returns what the addressee has to be told, to be recorded as told; writes it to a file."""
    handover = await context.storage.handovers.active()
    said, owed = [], list[ChangeOwed]()
    if handover is None:
        said.append(label("No hay ninguna entrega anotada, así que no hay nada que comunicar."))
        said += await _before_the_handover(context)
    else:
        owed = await context.storage.changes_after_export.owed(handover)
        said += await _since_the_handover(context, handover, owed)
    if owed and output is not None:
        _write(context, owed, output)
        said.append(
            label(
                "Están en {path}, con los nombres corregidos: una hoja xlsx, cifrada.", path=output
            )
        )
    question = plural_label(
        "¿Se ha comunicado este cambio a quien recibió la petición?",
        "¿Se han comunicado estos {n} cambios a quien recibió la petición?",
        len(owed),
    )

    async def mark_told(context: CliContext) -> str:
        await context.storage.changes_after_export.mark_told(owed, at=context.clock())
        return plural_label(
            "Queda anotado que se ha comunicado {n} cambio.",
            "Queda anotado que se han comunicado {n} cambios.",
            len(owed),
        )

    return Plan("\n".join(said), question if owed else "", mark_told)


async def _since_the_handover(
    context: CliContext, handover: Handover, owed: Sequence[ChangeOwed]
) -> list[str]:
    words, said = context.words, []
    day = words.date(handover.handed_over_on)
    if invalidated := await context.storage.handovers.invalidated_since(handover):
        said.append(
            label(
                "De las {all} firmas que se entregaron, {n} se han anulado desde entonces. "
                "Comunica también ese número.",
                all=words.number(handover.signatures),
                n=words.number(invalidated),
            )
        )
    if not owed:
        said.append(label("De lo que se entregó el {day} no hay nada que comunicar.", day=day))
        return said
    said.append(
        plural_label(
            "De lo que se entregó el {day}, {n} firma ha cambiado desde que se escribió la lista. "
            "Hay que comunicarlo a quien la recibió:",
            "De lo que se entregó el {day}, {n} firmas han cambiado desde que se escribió la "
            "lista. Hay que comunicarlo a quien la recibió:",
            len(owed),
            day=day,
        )
    )
    said += (
        f"  {words.number(each.number)}  {words.date(each.changed_at)}  {_to_do(each)}"
        for each in owed
    )
    if any(each.is_corrected for each in owed):
        said.append(label("Los nombres corregidos van cifrados a un archivo: --output ARCHIVO"))
    return said


async def _before_the_handover(context: CliContext) -> list[str]:
    """Says what to do about the newest list, from which people may have taken their name since."""
    lists = await context.storage.handovers.exports()
    if not lists:
        return []
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
    return said


def _to_do(owed: ChangeOwed) -> str:
    parts = [label(_TO_DO[owed.change])]
    if owed.is_corrected and owed.change is not Change.CORRECTED:
        parts.append(label(_TO_DO[Change.CORRECTED]))
    return "; ".join(parts)


def _write(context: CliContext, owed: Sequence[ChangeOwed], file: Path) -> None:
    """Writes a workbook with the corrected names, encrypted."""
    recipients, zone = required_recipients(load_petition_settings()), context.words.zone
    written = io.BytesIO()
    with Workbook(written, context.clock()) as workbook:
        workbook.add_parts([label("Cambios")])
        workbook.begin_worksheet(first_width=12)
        headings = label("Número"), label("Cambió el"), label("Qué hay que hacer")
        workbook.add_rows([heading(*headings, label("Nombre corregido"))])
        for each in owed:
            name = (each.corrected_name or "") if each.is_corrected else ""
            day = each.changed_at.astimezone(zone).date().isoformat()
            cells = number(each.number), cell(day), cell(_to_do(each)), cell(name)
            workbook.add_rows([row(*cells)])
    with output_file(file) as target, encrypting_writer(target, recipients) as encrypted:
        encrypted.write(written.getvalue())
