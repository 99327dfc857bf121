"""Everything that is wrong with a petition's folder, at once, each with its file and its key."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from bot.petition import limits
from bot.petition.filling import LENT, lent_values
from bot.petition.fitting import screen_problems
from bot.petition.markup import length
from bot.petition.pictures import picture_fault
from bot.petition.problems import Problem
from bot.petition.reading import Folder, read_folder
from bot.petition.reminders import reminders_of
from bot.petition.schema import PETITION_FILE, PetitionFile
from bot.petition.shapes import by_language, said_in, shape_problems
from bot.petition.wording import wording_problems

# While petition.toml itself is not in order, texts are measured with a value of this length.
_STAND_IN = "…" * 60


def find_problems(folder: Path) -> list[Problem]:
    """Name every reason why the bot would not run on this petition, or should not."""
    return problems_of(read_folder(folder))


def find_warnings(folder: Path) -> list[Problem]:
    """Name what works but a careful campaigner would put right before going live."""
    read = read_folder(folder)
    return sorted(set(reminders_of(read))) if read.path.is_dir() else []


def problems_of(read: Folder) -> list[Problem]:
    """The problems of a folder that has been read already, in the order of files and keys."""
    if not read.path.is_dir():
        return list(read.problems)
    found = [*read.problems, *shape_problems(read), *_picture_problems(read)]
    source = read.texts.get(read.source_language, {})
    for language, table in read.texts.items():
        file, lent = f"{language}.toml", _lent(read, language)
        found += wording_problems(file, table, lent, source)
        found += screen_problems(file, table, lent)
    return sorted(set(found))


def _lent(read: Folder, language: str) -> Mapping[str, str]:
    try:
        return lent_values(PetitionFile.model_validate(read.petition), language)
    except ValidationError:
        return dict.fromkeys(LENT, _STAND_IN)


def _picture_problems(read: Folder) -> Iterator[Problem]:
    for key, value in by_language(read.petition or {}):
        for entry, said in said_in(key, value):
            if key == "image.file" and isinstance(said, str):
                fault = picture_fault(read.path, said)
                if fault:
                    yield Problem(PETITION_FILE, entry, fault)
            if key == "image.credit" and isinstance(said, str) and length(said) > limits.CAPTION:
                sentence = (
                    f"a credit stands under the picture: {limits.CAPTION:,} characters at most"
                )
                yield Problem(PETITION_FILE, entry, sentence)
