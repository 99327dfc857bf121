"""`petition-bot delivered` records a handover after saying what follows, and takes it back.

And `petition-bot notices`: of what the addressee has to be told since (GDPR art. 19).
"""

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bot.age_encryption import encrypting_writer
from bot.cli.context import (
    CliContext,
    Plan,
    confirmed,
    required_recipients,
    run_with_context,
    short_id,
    with_id,
)
from bot.console import CannotDo, Yes, list_counts, read_day, say
from bot.export.xlsx_list import Workbook, cell, heading, number, row
from bot.petition.retention_days import day_of
from bot.petition_folder.schema import months_later
from bot.text.terminal_language import label
from bot.text.translations import mark
from storage.broadcast_types import Kind
from storage.broadcasts import count_audience
from storage.exports import Change, ExportedList, exported_lists
from storage.handovers import (
    ChangeOwed,
    Handover,
    active_handover,
    mark_changes_told,
    owed_changes,
    record_handover,
    undo_handover,
)
from storage.petitions import petition_state
from storage.private_files import output_file

_SHA256 = re.compile(r"[0-9a-f]{64}")


def delivered(
    on: Annotated[
        str | None, typer.Option(metavar="DÍA", help="El día de la entrega, como 2026-11-24.")
    ] = None,
    manifest: Annotated[
        str | None, typer.Option(metavar="HASH", help="El SHA-256 de lo que se entregó.")
    ] = None,
    export: Annotated[
        str | None, typer.Option(metavar="ID", help="El principio del número de la lista.")
    ] = None,
    without_list: Annotated[
        bool, typer.Option("--without-list", help="Solo se entregó cuántas firmas hay.")
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Deshace lo anotado.")] = False,
    yes: Yes = False,
) -> None:
    """Records that the petition was handed over; without options, shows what is recorded."""
    is_empty = not without_list and on is manifest is export is None
    if (undo and not is_empty) or (without_list and export is not None):
        raise CannotDo.because("--undo va sola, o con --yes; y --without-list no va con --export.")
    if undo:
        confirmed(prepare_undo, yes=yes)
    elif is_empty:
        say(run_with_context(_recorded_or_lists))
    else:
        prepare = partial(
            prepare_handover, on=on, manifest=manifest, export=export, without_list=without_list
        )
        confirmed(prepare, yes=yes)


async def prepare_handover(
    context: CliContext,
    *,
    on: str | None,
    manifest: str | None,
    export: str | None,
    without_list: bool = False,
) -> Plan:
    """Returns a handover that is to be recorded, after checks, with all that follows from it."""
    storage = context.storage
    active = await storage.read(active_handover)
    if active is not None:
        raise CannotDo.because(
            "Ya está anotado que se entregó el {day}. Si no es así: petition-bot delivered --undo",
            day=context.words.date(active.handed_over_on),
        )
    state = await storage.read(petition_state)
    if state.closed_at is None:
        raise CannotDo.because(
            "La petición está abierta, y a la lista le faltaría quien firme desde ahora. Ciérrala "
            "con /close, y entrega una escrita después."
        )
    day = _read_day(context, on, day_of(state.closed_at, context.words.zone))
    listed = None if without_list else await _find_list(context, export)
    if listed is not None and (
        listed.exported_at < state.closed_at
        or day_of(listed.exported_at, context.words.zone) > day
    ):
        raise CannotDo.because(
            "La {list} no se escribió entre el cierre ({closed}) y el {day}: no se pudo entregar "
            "ese día, o le falta quien firmó hasta el cierre. Haz otra con petition-bot export.",
            list=_name(context, listed),
            closed=context.words.plain_moment(state.closed_at),
            day=context.words.date(day),
        )
    digest = _read_manifest(manifest, is_optional=without_list)
    described = _described(context, day, digest, listed, state.signatures)
    return Plan(
        "\n".join([*described, await _consequences(context, listed)]),
        label("¿Lo anoto?"),
        partial(_record, day=day, manifest=digest, listed=listed, signatures=state.signatures),
    )


async def _record(
    context: CliContext, day: date, manifest: str, listed: ExportedList | None, signatures: int
) -> str:
    """Records a handover; returns the result as a sentence."""
    recorded = await context.storage.write(
        record_handover,
        day,
        at=context.clock(),
        listed=listed,
        manifest=manifest,
        without_name=signatures,
    )
    if recorded is None:
        raise CannotDo.because(
            "Entretanto se anotó otra entrega, o se abrió la petición. No se ha cambiado nada."
        )
    return label(
        "Queda anotado que la petición se entregó el {day}. El bot se lo dice a quienes "
        "administran, y lo lee quien lo abra. petition-bot delivered --undo lo deshace.",
        day=context.words.date(day),
    )


async def prepare_undo(context: CliContext) -> Plan:
    """Returns the handover that is to be taken back, and says what that means."""
    active = await context.storage.read(active_handover)
    if active is None:
        raise CannotDo.because("No hay ninguna entrega anotada: no hay nada que deshacer.")

    async def undo(context: CliContext) -> str:
        if not await context.storage.write(undo_handover, active, at=context.clock()):
            raise CannotDo.because("Entretanto ya se ha deshecho. No se ha cambiado nada.")
        return label(
            "Deshecho: ya no hay ninguna entrega anotada. El bot se lo dice a quienes administran."
        )

    meaning = label(
        "Si se deshace, el plazo deja de contar desde ese día, el bot ya no dice nada de "
        "la entrega y no hay nada que comunicar. Lo que se ha borrado sigue borrado."
    )
    return Plan(f"{await _recorded(context, active)}\n{meaning}", label("¿Lo deshago?"), undo)


async def _recorded_or_lists(context: CliContext) -> str:
    active = await context.storage.read(active_handover)
    if active is not None:
        return await _recorded(context, active)
    lists = [f"  {_counted(context, each)}" for each in await context.storage.read(exported_lists)]
    lists = lists or [label("No se ha escrito ninguna lista.")]
    return "\n".join([label("No hay ninguna entrega anotada."), *lists])


def _read_day(context: CliContext, typed: str | None, closed_on: date) -> date:
    if typed is None:
        raise CannotDo.because("Di qué día se entregó: --on 2026-11-24")
    day = read_day(typed)
    if not closed_on <= day <= day_of(context.clock(), context.words.zone):
        raise CannotDo.because(
            "El {day} no está entre el cierre, el {closed}, y hoy. Mira el día y el año.",
            closed=context.words.date(closed_on),
            day=context.words.date(day),
        )
    return day


def _read_manifest(typed: str | None, *, is_optional: bool) -> str:
    manifest = (typed or "").strip().lower()
    if not _SHA256.fullmatch(manifest) and (manifest or not is_optional):
        raise CannotDo.because(
            "Di con --manifest qué se entregó: el SHA-256 de su manifest.txt, que son 64 cifras "
            "de 0 a f, como las muestra sha256sum manifest.txt."
        )
    return manifest


async def _find_list(context: CliContext, typed: str | None) -> ExportedList:
    """Returns the list that was handed over, as it was named; none is guessed."""
    if typed is None:
        raise CannotDo.because(
            "Di con --export qué lista se entregó: petition-bot delivered las muestra. Si solo se "
            "entregó cuántas firmas hay, di --without-list."
        )
    exports = await context.storage.read(exported_lists)
    return with_id(typed, exports, "petition-bot delivered")


async def _consequences(context: CliContext, listed: ExportedList | None) -> str:
    storage = context.storage
    untold = sum((await storage.read(count_audience, kind=Kind.CLOSING)).values())
    changed = [] if listed is None else await storage.read(owed_changes, listed)
    said = label(
        "Una vez anotado, nadie podrá cambiar si se entrega su nombre, y /reopen no servirá."
    )
    if changed:
        said += "\n" + label(
            "En {n} de ellas hubo cambios después de escribirse la lista, que no los tiene. Hay "
            "que comunicarlos: petition-bot notices los muestra.",
            n=context.words.number(len(changed)),
        )
    if untold:
        said += "\n" + label(
            "Nadie ha contado a {n} de quienes firmaron cómo terminó la petición. Cuéntaselo con "
            "el mensaje final, /broadcast, antes de que se borre su firma.",
            n=context.words.number(untold),
        )
    return said


async def _recorded(context: CliContext, handover: Handover) -> str:
    lists = await context.storage.read(exported_lists)
    listed = next((each for each in lists if each.id == handover.export_id), None)
    day, manifest = handover.handed_over_on, handover.manifest
    moment = context.words.plain_moment(handover.recorded_at)
    described = _described(context, day, manifest, listed, handover.signatures)
    return "\n".join([*described, label("Se anotó el {moment}.", moment=moment)])


def _described(
    context: CliContext, day: date, manifest: str, listed: ExportedList | None, signatures: int
) -> Iterator[str]:
    """Says what was handed over to whom, and when the signatures are erased."""
    words, addressee = context.words, context.petition.addressee
    yield label(
        "Se entregó el {day}, a {addressee}.",
        day=words.date(day),
        addressee=addressee[context.petition.language_for(words.language)],
    )
    if listed is None:
        said = mark("Solo se entregó cuántas firmas hay: {n}. Ningún nombre.")
        yield label(said, n=words.number(signatures))
    else:
        yield label("Lo que se entregó: {list}", list=_counted(context, listed))
    if manifest:
        yield label("Manifiesto: {hash}", hash=manifest)
    retention = context.petition.retention
    erased = months_later(day, retention.months_after_delivery)
    yield label(
        "Las firmas se borran desde el {day}, o antes si ya tienen {months} meses."
        if erased >= day_of(context.clock(), words.zone)
        else "El plazo de las firmas venció el {day}: el bot las borra un día después de avisar a "
        "quienes administran, y una semana después las de quienes no saben cómo terminó.",
        day=words.date(erased),
        months=retention.months_at_most,
    )


def _counted(context: CliContext, listed: ExportedList) -> str:
    return f"{_name(context, listed)}; {list_counts(listed.with_name, listed.without_name)}"


def _name(context: CliContext, listed: ExportedList) -> str:
    moment = context.words.plain_moment(listed.exported_at)
    return label("lista {id}, escrita el {moment}", id=short_id(listed.id), moment=moment)


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
    recipients, zone = required_recipients(context.settings), context.words.zone
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
