"""`petition-bot dossier`: asks what is missing, makes the files, says what is next."""

import sys
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from bot.console import CannotDo, in_sentences, out, progress_bar, read_day, say
from bot.extras import install_command
from bot.text.translations import Catalogs, is_spoken


@dataclass(frozen=True, slots=True)
class DossierOptions:
    """What was typed; None is chosen or asked for."""

    output: Path | None = None
    language: str | None = None
    reference: str | None = None
    contact: str | None = None
    day: date | None = None
    public: bool = False
    fonts: Path | None = None


@in_sentences
def dossier(
    list_file: Annotated[
        Path,
        typer.Argument(
            metavar="LIST",
            show_default=False,
            help="The list of petition-bot export --format json, decrypted.",
        ),
    ],
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


def make_files(path: Path, options: DossierOptions, *, console: Console = out) -> None:
    """Makes a dossier and prints where it is, its hash, and the command for the delivery."""
    tell = partial(say, console=console)
    try:
        # These need the extra, which a server does not have.
        from bot.dossier.contents import Edition, in_language
        from bot.dossier.make import make_dossier
        from bot.dossier.opened_list import DossierError, open_list
        from bot.dossier.typesetting import Fonts
    except ModuleNotFoundError as error:
        raise CannotDo(
            f"The PDF needs {error.name}, of the extra pdf. Install it with: "
            f"{install_command('pdf')}"
        ) from error
    try:
        opened = open_list(path)
        petition = opened.head.petition
        language = _language(
            (options.language or "").strip().lower() or None,
            petition.source_language,
            tuple(petition.title),
        )
        words = Catalogs.load(time_zone=petition.time_zone).words(language)
        email = petition.controller.email or petition.controller.web_form or ""
        edition = Edition(
            words=words,
            day=options.day or datetime.now(ZoneInfo(petition.time_zone)).date(),
            reference="" if options.public else _asked("reference", options.reference, ""),
            contact=email if options.public else _asked("contact", options.contact, email),
            public=options.public,
        )
        folder = options.output or Path(
            f"{petition.slug} {'public edition' if options.public else 'dossier'} {language}"
        )
        fonts = Fonts((options.fonts,) if options.fonts else ())
        title = in_language(petition.title, language)
        tell(f"{title}, in {Catalogs.load().words('en').language_name(language)}")
        with progress_bar(console=console) as progress:
            task = progress.add_task(
                "Comparing letters with the fonts", total=opened.head.counts.with_name
            )
            if options.public:
                progress.update(task, visible=False)
            made = make_dossier(
                opened,
                edition,
                fonts,
                folder,
                lambda so_far: progress.update(
                    task, completed=so_far, description="Setting names"
                ),
            )
    except DossierError as error:
        raise CannotDo(str(error)) from error
    tell("", f"In {made.folder}:", *(f"  {name}" for name in made.files), "")
    if options.public:
        tell("It has no names, and may be published.")
        return
    tell(f"SHA-256 of the manifest: {made.manifest_sha256}")
    if opened.head.counts.with_name:
        tell("It has people's names: hand it to nobody but the addressee.")
    if petition.closed_at is None:
        tell(
            "The petition was open when this list was written. A delivery can be recorded only of "
            "a list from after the closing.",
        )
        return
    tell(
        "When you have handed it over, record it on the computer of the bot, with the day:",
        f"petition-bot delivered --on DATE --export {opened.head.id} "
        f"--manifest {made.manifest_sha256}",
    )


def _language(chosen: str | None, source: str, languages: tuple[str, ...]) -> str:
    """Returns the dossier's language: one of the petition's that the bot has words for too."""
    spoken = [language for language in languages if is_spoken(language)]
    if chosen is None and source in spoken:
        return source
    if chosen in spoken and chosen is not None:
        return chosen
    if not spoken:
        raise CannotDo(
            f"The petition is in {', '.join(languages)}, and the words of a dossier are not. "
            "CONTRIBUTING.md says how to translate them."
        )
    if chosen is None:
        raise CannotDo(f"Say in which language: --language {' or --language '.join(spoken)}.")
    raise CannotDo(
        f"There is no dossier in {chosen}: it can be in {', '.join(spoken)}, the languages that "
        "both the petition and the bot's own words have."
    )


def _asked(what: str, typed: str | None, default: str) -> str:
    """Returns what was typed, or asks for it at a terminal."""
    if typed is not None and typed.strip():
        return typed.strip()
    if not sys.stdin.isatty():
        if default:
            return default
        raise CannotDo(f"Give the {what} that the letter is to have: --{what} TEXT.")
    questions = {
        "reference": "Your reference, for the answer to name",
        "contact": "Where the answer is to go (a name, an address)",
    }
    return str(typer.prompt(questions[what], default=default or None)).strip()
