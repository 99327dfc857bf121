"""`petition-bot dossier`: asks what is missing, makes the files, says what is next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.console import CannotDo, in_terminal, progress, read_day, say
from bot.text.terminal_language import label
from bot.text.translations import Catalogs, is_spoken

if TYPE_CHECKING:
    from bot.dossier.make import Dossier
    from bot.dossier.opened_list import ListHead


def dossier(
    list_file: Annotated[
        Path, typer.Argument(metavar="LISTA", help="La lista de petition-bot export, descifrada.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Dónde van: una carpeta nueva.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="El de quien la recibe, como en; si no, el de la petición.")
    ] = None,
    reference: Annotated[str | None, typer.Option(help="Vuestra referencia.")] = None,
    day: Annotated[
        str | None, typer.Option("--date", help="La fecha de la carta: 2026-11-24; si no, hoy.")
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="La edición sin nombres, para la prensa y el público.")
    ] = False,
) -> None:
    """Set an opened list as the PDF files that are handed to the addressee.

    It needs no settings, no database, no key and no network.
    """
    try:
        # These need the extra, which a server does not have.
        from bot.dossier.contents import Edition, dossier_title
        from bot.dossier.make import make_dossier
        from bot.dossier.opened_list import open_list
    except ModuleNotFoundError as error:
        raise CannotDo.because(
            "Para hacer los PDF falta {name}, que es del extra pdf. Se instala con: {command}",
            name=error.name,
            command="make live EXTRAS=pdf",
        ) from error
    opened = open_list(list_file)
    petition = opened.petition
    language = _spoken((language or petition.source_language).lower(), petition.title)
    words = Catalogs.load(time_zone=petition.time_zone).words(language)
    controller = petition.controller
    edition = Edition(
        words=words,
        day=read_day(day) if day else datetime.now(words.zone).date(),
        reference="" if public else _reference(reference),
        contact=controller.email or controller.web_form or controller.address or "",
        public=public,
    )
    folder = output or Path(f"{petition.slug} {dossier_title(edition)} {language}")
    stopped = label("Interrumpido: no se ha hecho ningún archivo.")
    with progress(label("Componiendo nombres"), stopped, opened.counts.with_name) as done:
        made = make_dossier(opened, edition, folder, done)
    say(*_result(made, opened, public=public))


def _result(made: Dossier, head: ListHead, *, public: bool) -> Iterator[str]:
    yield from (f"{made.folder}:", *(f"  {name}" for name in made.files), "")
    if public:
        yield label("No tiene nombres, y se puede publicar.")
        return
    if made.without_font:
        yield label("En la lista, esas letras van con su número en Unicode.")
        yield made.without_font
    yield label("SHA-256 del manifiesto: {hash}", hash=made.manifest_sha256)
    if head.counts.with_name:
        yield label("Tiene nombres de personas: dáselo solo a quien recibe la petición.")
    if head.petition.closed_at is None:
        yield label(
            "La petición estaba abierta cuando se escribió esta lista. Solo se puede anotar "
            "la entrega de una lista escrita después del cierre."
        )
        return
    yield label("Cuando lo hayas entregado, anótalo en el ordenador del bot, con el día:")
    yield (
        f"petition-bot delivered --on {label('AAAA-MM-DD')} --export {head.id} "
        f"--manifest {made.manifest_sha256}"
    )


def _spoken(language: str, languages: Iterable[str]) -> str:
    """Returns the dossier's language: one of the petition's that the bot has words for too."""
    spoken = [each for each in languages if is_spoken(each)]
    if language in spoken:
        return language
    raise CannotDo.because(
        "No hay expediente en {language}. Puede estar en los idiomas que tienen la petición y los "
        "textos del bot, con --language: {languages}",
        language=language,
        languages=", ".join(spoken) or "—",
    )


def _reference(typed: str | None) -> str:
    """Returns the organisation's own reference, which is asked for if it was not typed."""
    if typed is None and not in_terminal():
        raise CannotDo.because("Da la referencia que lleva la carta: --reference TEXTO")
    asked = label("Vuestra referencia, para que la respuesta la cite")
    return (typed or str(typer.prompt(asked))).strip()
