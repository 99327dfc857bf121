"""Finds all problems of a petition's folder at once, each with its file and its key."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.petition_folder.law_check import law_problems
from bot.petition_folder.markup_check import markup_problems
from bot.petition_folder.pictures import picture_problem
from bot.petition_folder.placeholders import PETITION_PLACEHOLDERS, values_in
from bot.petition_folder.read import Folder, read_folder
from bot.petition_folder.schema import PETITION_FILE
from bot.petition_folder.schema_check import schema_problems
from bot.petition_folder.schema_fields import texts_in
from bot.petition_folder.screen_lengths import screen_problems
from bot.petition_folder.warnings import folder_warnings
from bot.text import text_limits
from bot.text.problems import Problem, Sentence
from telegram_text.markup import length

# If petition.toml itself has problems, texts are measured with this in each placeholder.
_STAND_IN = "…" * 60


def find_problems(folder: Path) -> list[Problem]:
    """Returns every reason why the bot would not run on this petition, or should not."""
    return problems_of(read_folder(folder))


def find_warnings(folder: Path) -> list[Problem]:
    """Returns what works, but should be corrected before the petition is opened."""
    return warnings_of(read_folder(folder))


def warnings_of(read: Folder) -> list[Problem]:
    """Returns the warnings of a folder that has been read, in the order of files and keys."""
    values = {language: _values(read, language) for language in read.languages}
    return sorted(set(folder_warnings(read, values))) if read.path.is_dir() else []


def problems_of(read: Folder) -> list[Problem]:
    """Returns the problems of a folder that has been read, in the order of files and keys."""
    if not read.path.is_dir():
        return list(read.problems)
    found = [*read.problems, *schema_problems(read), *_picture_problems(read), *law_problems(read)]
    source = read.texts.get(read.source_language, {})
    for language, table in read.texts.items():
        file, values = f"{language}.toml", _values(read, language)
        found += markup_problems(file, table, values, source)
        found += screen_problems(file, table, values)
    return sorted(set(found))


def _values(read: Folder, language: str) -> Mapping[str, str]:
    values = values_in(read.petition, language)
    # Where one of these is missing in a language, that is a problem of `petition.toml` already.
    by_language = ("addressee", "demands", "controller")
    return dict.fromkeys(by_language if values else PETITION_PLACEHOLDERS, _STAND_IN) | values


def _picture_problems(read: Folder) -> Iterator[Problem]:
    image = (read.petition or {}).get("image")
    if not isinstance(image, dict):
        return
    for entry, name in texts_in(image.get("file"), "image.file"):
        if fault := picture_problem(read.path, name):
            yield Problem(PETITION_FILE, entry, fault)
    for entry, credit in texts_in(image.get("credit"), "image.credit"):
        if length(credit) > text_limits.CAPTION:
            sentence = Sentence(
                "la autoría va debajo de la imagen y caben {most} caracteres: acórtala",
                most=text_limits.CAPTION,
            )
            yield Problem(PETITION_FILE, entry, sentence)
