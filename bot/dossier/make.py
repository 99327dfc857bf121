"""Makes a dossier: checks the fonts, sets the volumes and the main document, writes the manifest.

Each volume is set by a process of its own, one after the other: typst keeps what it has laid out,
and one process would grow with every volume.
"""

import hashlib
import json
import multiprocessing
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from importlib.metadata import version
from pathlib import Path

from bot.dossier import contents
from bot.dossier.contents import Data, Edition, Volume
from bot.dossier.opened_list import DossierError, OpenedList
from bot.dossier.typesetting import letters, script, set_pdf, unreadable
from bot.text.terminal_language import label, plural_label

VOLUME = 5_000
"""How many signatures a volume has at most."""

MANIFEST = "manifest.txt"

_PACKAGES = ("petition-bot", "typst", "manimgx-fonts", "manimgx-fonts-cjk")
_FONTS = "Noto Sans (fonts.google.com/noto), BabelStone Han (babelstone.co.uk)"
_NUMBERS_LISTED = 10


@dataclass(frozen=True, slots=True)
class Dossier:
    """A dossier that has been made: where it is, and the hash that stands for all of it.

    `without_font` says whose letters are in no font and were spelt out; it may be empty.
    """

    folder: Path
    files: tuple[str, ...]
    manifest_sha256: str
    without_font: str


def make_dossier(
    opened: OpenedList,
    edition: Edition,
    folder: Path,
    set_so_far: Callable[[int], None] = lambda _: None,
) -> Dossier:
    """Makes all files of a dossier in a new folder; on any failure there is no folder.

    The machine's own fonts are added only where those of the extra lack a letter. A letter of a
    name that is in none is spelt out: nobody's name keeps the others from being delivered.
    `set_so_far` is told how many signatures have been set.

    Raises:
        DossierError: the petition's texts have a letter that is in no font, or the folder exists.
        OSError: it cannot be written.
    """
    if folder.exists():
        raise DossierError.because(
            "{path} ya existe, y se queda como está: elige otra carpeta.", path=folder
        )
    of_machine, lacking = _with_every_letter(opened, edition)
    with _whole_folder(folder) as unfinished:
        volumes, hashes = [], {}
        if not edition.public:
            for volume in _volumes(opened, edition, of_machine, lacking, unfinished):
                volumes.append(volume)
                hashes[volume.file] = volume.sha256
                set_so_far(sum(each.names for each in volumes))
        main = contents.dossier(opened, edition, volumes)
        pdf = set_pdf("dossier.typ", main, of_machine, at=_noon(edition), accessible=True)
        name = f"{opened.petition.slug} - {contents.dossier_title(edition)}.pdf"
        hashes = {name: _write(unfinished / name, pdf), **hashes}
        manifest = _manifest(opened, edition, of_machine, lacking, hashes)
        sha256 = _write(unfinished / MANIFEST, manifest.encode())
    without_font = _no_font(opened, edition, lacking) if lacking else ""
    return Dossier(folder, (*hashes, MANIFEST), sha256, without_font)


@contextmanager
def _whole_folder(folder: Path) -> Iterator[Path]:
    """Yields a folder only its owner can read, which gets its name when all of it is written."""
    # Not hidden: after a kill it has people's names, and somebody has to see and delete it.
    unfinished = folder.absolute().with_name(f"{folder.name}.partial")
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    try:
        unfinished.mkdir(mode=0o700)
    except FileExistsError as error:
        raise DossierError.because(
            "Existe {path}: otra orden la está escribiendo, o una se cortó. Si no hay "
            "ninguna, bórrala, porque puede tener nombres, y prueba otra vez.",
            path=unfinished,
        ) from error
    try:
        yield unfinished
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _write(file: Path, content: bytes) -> str:
    file.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def _noon(edition: Edition) -> datetime:
    return datetime.combine(edition.day, time(12), UTC)


def _volumes(
    opened: OpenedList, edition: Edition, of_machine: bool, lacking: set[str], folder: Path
) -> Iterator[Volume]:
    """Sets each volume, writes it, and yields what it is."""
    of = -(-len(opened.signatures) // VOLUME)
    for number in range(1, of + 1):
        some = opened.signatures[(number - 1) * VOLUME : number * VOLUME]
        title = contents.volume_title(number, of, edition.words)
        data = contents.volume(opened, edition, title, some, lacking)
        pdf = _set_volume(data, of_machine, _noon(edition), alone=of == 1)
        name = f"{opened.petition.slug} - {title}.pdf"
        yield Volume(name, len(some), some[0].number, some[-1].number, _write(folder / name, pdf))


def _set_volume(data: Data, of_machine: bool, at: datetime, *, alone: bool) -> bytes:
    if alone:
        return set_pdf("volume.typ", data, of_machine, at=at, accessible=False)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as process:
        task = process.submit(set_pdf, "volume.typ", data, of_machine, at=at, accessible=False)
        try:
            return task.result()
        except BrokenProcessPool as error:
            raise DossierError.because(
                "El proceso que compone un tomo se ha cortado, quizá por falta de memoria "
                "(necesita hasta 500 MB). No se ha hecho ningún expediente."
            ) from error


def _with_every_letter(opened: OpenedList, edition: Edition) -> tuple[bool, set[str]]:
    """Returns whether the fonts of the machine are needed too, and which letters none has.

    Raises:
        DossierError: the petition's own texts have a letter without any font.
    """
    texts = contents.dossier(opened, edition, [])
    of_texts = letters(json.dumps(texts, ensure_ascii=False))
    names = () if edition.public else (each.name for each in opened.signatures)
    found = of_texts.union(*map(letters, names))
    if not (lacking := unreadable(found, of_machine=False)):
        return False, set()
    lacking = unreadable(lacking, of_machine=True)
    if not of_texts.isdisjoint(lacking):
        raise DossierError(_no_font(opened, edition, of_texts.intersection(lacking)))
    return True, set(lacking)


def _no_font(opened: OpenedList, edition: Edition, lacking: set[str]) -> str:
    """Returns the sentences that say whose letters have no font, and which to install."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for signature in () if edition.public else opened.signatures:
        for name in {script(each) for each in letters(signature.name) & lacking}:
            numbers[name].append(signature.number)
    scripts = sorted({script(letter) for letter in lacking})
    lines = [
        label("Ninguna fuente de este ordenador tiene algunas letras:"),
        *(f"  {name}: {_whose(numbers[name])}" for name in scripts),
        label("Instala una fuente que las tenga, y haz otra vez el expediente:"),
        "  Debian, Ubuntu: sudo apt install fonts-noto-core fonts-noto-extra fonts-babelstone-han",
        label("  Windows, macOS: descarga {fonts}, ábrela y elige «Instalar»", fonts=_FONTS),
    ]
    return "\n".join(lines)


def _whose(numbers: list[int]) -> str:
    if not numbers:
        return label("en los textos de la petición")
    listed = ", ".join(str(number) for number in numbers[:_NUMBERS_LISTED])
    more = " …" if len(numbers) > _NUMBERS_LISTED else ""
    names = plural_label("{n} nombre, firma número", "{n} nombres, firmas número", len(numbers))
    return f"{names} {listed}{more}"


def _manifest(
    opened: OpenedList,
    edition: Edition,
    of_machine: bool,
    lacking: set[str],
    hashes: dict[str, str],
) -> str:
    """Returns the manifest, which `sha256sum --check` reads: it skips lines that begin with #."""
    made_with = [f"{package} {version(package)}" for package in _PACKAGES]
    made_with += ["fonts of this machine"] if of_machine else []
    about = {
        "petition": opened.petition.slug,
        "edition": "public, without names" if edition.public else "for the addressee",
        "language": edition.words.language,
        "date": edition.day.isoformat(),
        "made with": ", ".join(made_with),
    }
    if not edition.public:
        counts = opened.counts
        about |= {
            "reference": edition.reference,
            "contact": edition.contact,
            "export": opened.id,
            "exported at": opened.exported_at.isoformat(),
            "SHA-256 of the list": opened.sha256,
            "signatures": f"{counts.counted}, {counts.with_name} of them with a name",
        }
    if lacking:
        about["letters without a font"] = f"{len(lacking)}, written as their code points"
    lines = [
        "# petition-bot dossier 1",
        *(f"# {key}: {' '.join(value.split())}" for key, value in about.items()),
        *(f"{sha256}  {name}" for name, sha256 in hashes.items()),
    ]
    return "\n".join(lines) + "\n"
