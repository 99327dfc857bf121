"""The command `petition-bot dossier`."""

from pathlib import Path
from typing import Annotated

import typer

from bot.console import in_sentences, read_day

dossier = typer.Typer()

_List = Annotated[
    Path,
    typer.Argument(
        metavar="LIST",
        show_default=False,
        help="The list of petition-bot export --format json, decrypted.",
    ),
]


@dossier.command("dossier")
@in_sentences
def make(
    list_file: _List,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FOLDER", help="Where the files go: a folder that is new."
        ),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(
            "--language",
            metavar="LANGUAGE",
            help="The addressee's language, like en; if left out, the petition's own.",
        ),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option("--reference", metavar="TEXT", help="Your reference, for the answer."),
    ] = None,
    contact: Annotated[
        str | None,
        typer.Option("--contact", metavar="TEXT", help="Where the answer is to go."),
    ] = None,
    day: Annotated[
        str | None,
        typer.Option(
            "--date",
            metavar="DATE",
            help="The date of the letter, like 2026-11-24; if left out, today.",
        ),
    ] = None,
    public: Annotated[
        bool,
        typer.Option("--public", help="Make the edition without names, for press and public."),
    ] = False,
    fonts: Annotated[
        Path | None,
        typer.Option(
            "--fonts",
            metavar="FOLDER",
            exists=True,
            file_okay=False,
            help="A folder with fonts for letters that no other font has.",
        ),
    ] = None,
) -> None:
    """Set an opened list as the PDF files that are handed to the addressee.

    It needs no settings, no database, no key and no network.
    """
    from bot.cli.dossier_files import DossierOptions, make_files

    options = DossierOptions(
        output=output,
        language=language,
        reference=reference,
        contact=contact,
        day=read_day(day) if day else None,
        public=public,
        fonts=fonts,
    )
    make_files(list_file, options)
