"""The files of a petition's folder: which there are, what each is called, and what is in it."""

import codecs
import errno
import os
import re
from pathlib import Path
from typing import Any

from bot.petition_folder.toml_errors import in_line, read_toml, shown
from bot.text.problems import Problem, Sentence

PETITION_FILE = "petition.toml"

FolderState = frozenset[tuple[str, int, int]]
"""Each file's name, time of its last change in nanoseconds, and length in bytes."""

Table = dict[str, Any]
"""The content of a file, as it was read."""

NOT_A_FILE = Sentence("esto no es un archivo corriente: sácalo de la carpeta")
_NOT_A_LANGUAGE = Sentence(
    "un archivo de textos se llama como su idioma, en minúsculas: es.toml o pt-br.toml. Cámbiale "
    "el nombre, o saca este archivo de la carpeta"
)
_LARGEST_TEXT = 4 * 1024 * 1024  # bytes; a long petition has fifty thousand
_TEXTS = re.compile(r"([a-z]{2,3}(?:-[a-z0-9]{2,8})*)\.toml")


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


def language_of(file_name: str) -> str | None:
    """Returns the language of a text file like `pt-br.toml`, or None for another file."""
    found = _TEXTS.fullmatch(file_name)
    return found[1] if found else None


def read_tables(folder: Path) -> tuple[dict[str, Table], list[Problem]]:
    """Returns the content of each file that can be read, under the name that it should have.

    And what is wrong with the names of the files, and with each as a file.
    """
    tables: dict[str, Table] = {}
    problems: list[Problem] = []
    for meant, name in ({PETITION_FILE: PETITION_FILE} | _files(folder, problems)).items():
        table, faults = _content(folder / name)
        problems += [Problem(meant, "", each) for each in faults]
        if table is not None:
            tables[meant] = table
    return tables, problems


def _files(folder: Path, problems: list[Problem]) -> dict[str, str]:
    """Returns the petition's files by the name that each should have, and is read under."""
    named = sorted(file.name for file in folder.glob("*") if _is_of_a_petition(file))
    files = {name: name for name in named if _meant(name) == name}
    for name in named:
        meant = _meant(name)
        if name in files:
            continue
        if meant is not None and meant not in files:
            files[meant] = name
            problems.append(Problem(name, "", _misnamed(name, meant)))
        elif name.endswith(".toml"):
            problems.append(Problem(name, "", _NOT_A_LANGUAGE))
    return files


def _meant(name: str) -> str | None:
    """Returns how a file should be called: "es.toml" for "ES.toml" and "es.toml.txt"."""
    meant = name.lower().removesuffix(".txt").replace("_", "-")
    return meant if language_of(meant) or meant == PETITION_FILE else None


def _misnamed(name: str, meant: str) -> Sentence:
    return Sentence(
        "el editor le ha añadido .txt al guardarlo: cambia su nombre a {meant}. Si no ves el "
        ".txt en Windows, marca Ver, Mostrar, Extensiones de nombre de archivo"
        if name.lower().endswith(".txt")
        else "cambia el nombre de este archivo a {meant}, en minúsculas",
        meant=meant,
    )


def read_file(file: Path, most: int = _LARGEST_TEXT) -> bytes | None:
    """Returns the content of a file of `most` bytes; None if it is a pipe, a device or a folder.

    Reading a stranger's folder must not wait for a pipe that nobody writes to.
    """
    if file.exists() and not file.is_file():
        return None
    if file.stat().st_size > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return file.read_bytes()


def _content(file: Path) -> tuple[Table | None, list[Sentence]]:
    """Returns the table of a file, if it can be made out, and what is wrong with the file."""
    try:
        data = read_file(file)
    except FileNotFoundError:
        return None, [Sentence("falta este archivo: toda petición tiene uno")]
    except OSError as error:
        reason = Sentence(error.strerror or "The system refused")
        return None, [Sentence("el archivo no se puede leer: {reason}", reason=reason)]
    if data is None:
        return None, [NOT_A_FILE]
    faults: list[Sentence] = []
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        is_utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = data.decode("utf-16" if is_utf_16 else "cp1252", errors="replace")
        line = 0 if is_utf_16 else data[: error.start].count(b"\n")
        sentence = Sentence(
            "el archivo no está guardado en UTF-8 ({shown}). Ábrelo, elige Guardar como y, en "
            "Codificación, UTF-8",
            shown=shown(text.split("\n")[line]),
        )
        faults = [in_line(line, sentence)]
    table = read_toml(text.replace("\r\n", "\n").replace("\r", "\n"))
    return (None, [*faults, table]) if isinstance(table, Sentence) else (table, faults)
