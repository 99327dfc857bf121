"""Reads a petition's folder and checks it: what its files say, and what is wrong with them.

Each value is checked by its type in the model, with all else that one file cannot have. What texts
need together, in one message or by law, and what a translation lacks, is checked here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.petition_folder.field_types import FolderContext
from bot.petition_folder.files import PETITION_FILE, Table, language_of, read_tables
from bot.petition_folder.law_check import law_problems
from bot.petition_folder.markup_check import markup_problems, screen_problems
from bot.petition_folder.placeholders import STAND_INS, placeholder_values
from bot.petition_folder.schema import PetitionFile, Texts
from bot.petition_folder.schema_errors import file_problems
from bot.text.problems import Problem, Sentence

_SOURCE = "es"


@dataclass(frozen=True, slots=True)
class Folder:
    """A petition's folder, read and checked.

    Attributes:
        tables: the files that could be read, as they are written, by name.
        petition, texts: what they say, the texts by language; of a file with problems, what is
            wrong is None.
        values: what fills the placeholders of the texts, by language.
        problems: every reason why the bot would not run on it, in the order of files and keys.
    """

    path: Path
    tables: dict[str, Table]
    petition: PetitionFile
    texts: dict[str, Texts]
    values: dict[str, dict[str, str]]
    problems: list[Problem]

    @property
    def source_language(self) -> str:
        """The language that the others are compared with."""
        return self.petition.source_language or _SOURCE

    @property
    def languages(self) -> tuple[str, ...]:
        """Every language with a file, the source first."""
        return _languages(self.tables, self.source_language)


def _languages(files: Iterable[str], source: str) -> tuple[str, ...]:
    found = filter(None, map(language_of, files))
    return tuple(sorted(found, key=lambda language: (language != source, language)))


def read_folder(path: Path) -> Folder:
    """Reads `petition.toml` and every language file beside it, and checks all of them."""
    if not path.is_dir():
        nothing, _ = PetitionFile.read({}, FolderContext(path, ()))
        return Folder(path, {}, nothing, {}, {}, [_no_folder(path)])
    tables, found = read_tables(path)
    context = FolderContext(path, _languages(tables, _SOURCE))
    petition, errors = PetitionFile.read(tables.get(PETITION_FILE, {}), context)
    if PETITION_FILE in tables:
        found += file_problems(PETITION_FILE, PetitionFile, errors)
    read = Folder(path, tables, petition, {}, {}, [])
    source = read.source_language
    if f"{source}.toml" not in {*tables, *(each.file for each in found)}:
        found.append(_without_source(source, read.languages))
    # Where only the picture is wrong, all else is known.
    wrong = {each.file for each in found if not each.key.startswith("image")}
    is_whole = PETITION_FILE in tables.keys() - wrong
    for language in read.languages:
        file, original = f"{language}.toml", f"{source}.toml" if language != source else ""
        texts, errors = Texts.read(tables[file], context)
        found += file_problems(file, Texts, errors, original)
        values = placeholder_values(petition, language) if is_whole else STAND_INS
        read.texts[language], read.values[language] = texts, values
        found += markup_problems(file, texts, values, read.texts.get(source))
        found += screen_problems(file, texts, values)
    found += law_problems(petition, read.texts)
    read.problems.extend(sorted(set(found)))
    return read


def _without_source(source: str, languages: Sequence[str]) -> Problem:
    if languages and language_of(f"{source}.toml") is None:
        return Sentence(
            "escribe el código del idioma, que es el nombre de su archivo: {like}",
            like=f'"{languages[0]}"',
        ).about(PETITION_FILE, "source_language")
    return Sentence(
        "falta este archivo: lleva los textos en el idioma de origen, que dice source_language"
    ).about(f"{source}.toml", "")


def _no_folder(path: Path) -> Problem:
    return Sentence(
        "esto es un archivo: escribe la carpeta en la que está, {folder}"
        if path.is_file()
        else "no existe esta carpeta: escribe la ruta de la carpeta de la petición",
        folder=str(path.parent),
    ).about(str(path), "")
