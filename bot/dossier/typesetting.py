"""Sets documents with typst: which fonts there are, what they lack, and one document as bytes.

Everything that people wrote enters a template as data (`sys.inputs`), never as markup. Documents
are PDF/A, for which typst refuses a sign that no font has: a box is never set in its place.
"""

import json
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import manimgx_fonts
import manimgx_fonts_cjk
import typst

from bot.dossier.opened_list import JOINERS, DossierError

TEMPLATES = Path(__file__).parent / "templates"
_PACKAGED = tuple(Path(package.__path__[0]) for package in (manimgx_fonts, manimgx_fonts_cjk))
# Tagged, for those who have a document read to them.
_ACCESSIBLE: list[Any] = ["a-2a", "ua-1"]
# Every sign can be searched for and copied.
_SEARCHABLE: list[Any] = ["a-2u"]


@cache
def fonts(*, of_machine: bool) -> typst.Fonts:
    """Returns the fonts to set with: those of the extra, then the machine's own if wanted."""
    folders = [str(folder) for folder in _PACKAGED]
    return typst.Fonts(include_system_fonts=of_machine, font_paths=folders)


def set_pdf(
    template: str, data: object, of_machine: bool, *, at: datetime, accessible: bool
) -> bytes:
    """Returns a document as PDF/A; the same data and fonts give the same bytes.

    `template` is the name of a file in `templates`; the time has a fixed offset from UTC. One
    that is accessible is tagged (PDF/UA); tags make a long list seventeen times larger.

    Raises:
        DossierError: typst refuses it; the message has typst's reason.
    """
    try:
        return typst.compile(
            str(TEMPLATES / template),
            root=str(TEMPLATES),
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            font_paths=fonts(of_machine=of_machine),
            ignore_system_fonts=not of_machine,
            format="pdf",
            timestamp=int(at.timestamp()),
            pdf_standards=_ACCESSIBLE if accessible else _SEARCHABLE,
            pdf_tags=accessible,
        )
    except typst.TypstError as error:
        raise DossierError.because(
            "typst no ha podido componer un documento: {said}", said=error.message
        ) from error


def letters(text: str) -> set[str]:
    """Returns the letters of a text but those of ASCII, as `in_letters` has them."""
    return {letter for letter in in_letters(text) if not letter.isascii()}


def in_letters(text: str) -> list[str]:
    """Returns a text in its letters, each with the marks that stand on it and what it joins."""
    if text.isascii():
        return [text]
    found: list[str] = []
    for sign in text:
        joined = sign in JOINERS or unicodedata.category(sign)[0] == "M"
        if found and (joined or found[-1][-1] in JOINERS):
            found[-1] += sign
        else:
            found.append(sign)
    return found


def spelt_out(text: str, lacking: Collection[str]) -> str:
    """Returns a text with the code points of the letters that no font has in their place."""
    if not lacking:
        return text
    return "".join(
        "".join(f"[U+{ord(sign):04X}]" for sign in letter) if letter in lacking else letter
        for letter in in_letters(text)
    )


def unreadable(found: Iterable[str], *, of_machine: bool) -> list[str]:
    """Returns the letters that no font has, in order."""
    compiler = typst.Compiler(
        str(TEMPLATES / "letters.typ"),
        root=str(TEMPLATES),
        font_paths=fonts(of_machine=of_machine),
        ignore_system_fonts=not of_machine,
    )

    def lacking(some: Sequence[str]) -> list[str]:
        if not some or _can_be_set(compiler, some):
            return []
        if len(some) == 1:
            return list(some)
        half = len(some) // 2
        return lacking(some[:half]) + lacking(some[half:])

    return lacking(sorted(found, key=lambda letter: (script(letter), letter)))


def _can_be_set(compiler: typst.Compiler, some: Sequence[str]) -> bool:
    try:
        compiler.compile(
            sys_inputs={"letters": json.dumps(list(some), ensure_ascii=False)},
            format="pdf",
            pdf_standards=_SEARCHABLE,
            timestamp=0,
        )
    except typst.TypstError:
        return False
    return True


def script(letter: str) -> str:
    """Returns the name of a letter's script, from its name in Unicode: Tifinagh, Cjk, Thai."""
    return unicodedata.name(letter[0], "unknown").split()[0].capitalize()
