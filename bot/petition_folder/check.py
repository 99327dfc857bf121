"""Finds all problems of a petition's folder at once, each with its file and its key."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.petition_folder.law_check import law_problems
from bot.petition_folder.markup_check import markup_problems
from bot.petition_folder.pictures import picture_problem
from bot.petition_folder.placeholders import PETITION_PLACEHOLDERS, values_in
from bot.petition_folder.read import Folder, read_folder
from bot.petition_folder.schema import PETITION_FILE
from bot.petition_folder.schema_fields import key_of, texts_in
from bot.petition_folder.screen_lengths import screen_problems
from bot.petition_folder.warnings import folder_warnings
from bot.text.problems import Problem

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
    found = [*read.problems, *_picture_problems(read), *law_problems(read)]
    source = read.said.get(read.source_language)
    for language, texts in read.said.items():
        file, values = f"{language}.toml", _values(read, language)
        found += markup_problems(file, texts, values, source)
        found += screen_problems(file, texts, values)
    return sorted(set(found))


def _picture_problems(read: Folder) -> Iterator[Problem]:
    files = read.facts.image and read.facts.image.file
    for place, name in texts_in(files, ("image", "file")):
        if fault := picture_problem(read.path, name):
            yield Problem(PETITION_FILE, key_of(place), fault)


def _values(read: Folder, language: str) -> Mapping[str, str]:
    values = values_in(read, language)
    # Where one of these is missing in a language, that is a problem of `petition.toml` already.
    by_language = ("addressee", "demands", "controller")
    return dict.fromkeys(by_language if values else PETITION_PLACEHOLDERS, _STAND_IN) | values
