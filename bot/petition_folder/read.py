"""Reads a petition's folder: the table of each file, and problems with reading them."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.petition_folder.schema import PETITION_FILE
from bot.text.problems import Problem

Table = dict[str, Any]

FolderState = frozenset[tuple[str, int, int]]
"""Each file's name, time of its last change in nanoseconds, and length in bytes."""

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class Folder:
    """The content of the files, unchecked; `petition` is None if that file could not be read."""

    path: Path
    petition: Table | None
    texts: dict[str, Table]
    problems: tuple[Problem, ...]

    @property
    def source_language(self) -> str:
        """The language that the others are compared with."""
        named = (self.petition or {}).get("source_language", "es")
        return named if isinstance(named, str) else "es"

    @property
    def languages(self) -> tuple[str, ...]:
        """Every language with a file, the source first."""
        source = self.source_language
        return tuple(sorted(self.texts, key=lambda language: (language != source, language)))


def folder_state(folder: Path) -> FolderState:
    """Returns what identifies a state of a folder; empty if there is no such folder."""
    try:
        files = [(file.name, file.stat()) for file in folder.iterdir() if _is_of_a_petition(file)]
    except OSError:  # there is no folder, or a file was removed meanwhile
        return frozenset()
    return frozenset((name, stat.st_mtime_ns, stat.st_size) for name, stat in files)


def _is_of_a_petition(file: Path) -> bool:
    """Returns whether a file belongs to the petition, and is not an editor's temporary one."""
    return file.is_file() and not file.name.startswith((".", "#")) and not file.name.endswith("~")


def read_folder(path: Path) -> Folder:
    """Reads `petition.toml` and every language file beside it."""
    if not path.is_dir():
        missing = Problem(str(path), "", "there is no such folder; give the petition's folder")
        return Folder(path, None, {}, (missing,))
    problems: list[Problem] = []
    petition = _read(path / PETITION_FILE, problems)
    texts: dict[str, Table] = {}
    for file in sorted(path.glob("*.toml")):
        if file.name == PETITION_FILE:
            continue
        if not _LANGUAGE.fullmatch(file.stem):
            problems.append(Problem(file.name, "", _NOT_A_LANGUAGE))
        elif (table := _read(file, problems)) is not None:
            texts[file.stem] = table
    return Folder(path, petition, texts, tuple(problems))


_NOT_A_LANGUAGE = (
    "name a text file after its language in small letters, like es.toml or pt-br.toml; "
    "keep other files out of this folder"
)


_LOOK_THERE = "look there for a missing quotation mark, comma or equals sign"


def _read(file: Path, problems: list[Problem]) -> Table | None:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        sentence = "this file is missing; every petition has one"
    except UnicodeDecodeError:
        sentence = "the file is not UTF-8; save it again with the encoding UTF-8"
    except tomllib.TOMLDecodeError as error:
        sentence = f"this is not correct TOML: {error}; {_LOOK_THERE}"
    except OSError as error:
        sentence = f"the file cannot be read: {error.strerror or error}"
    except (ValueError, RecursionError):  # a number or a nesting that Python does not read
        sentence = f"this is not correct TOML: a value in it is far too long; {_LOOK_THERE}"
    problems.append(Problem(file.name, "", sentence))
    return None
