"""Parses link buttons from an admin's message: one per line, «Texto - dirección».

Pure. What Telegram would refuse is refused here, naming the first wrong line.
"""

import re
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from bot.text.translations import mark
from handlers.broadcasts.draft import Link, LinkRows

MOST_BUTTONS = 10
LONGEST_TEXT = 60
LONGEST_ADDRESS = 1024

_SCHEMES = frozenset({"http", "https", "tg"})
# Characters that may separate the text from the address.
_BETWEEN = "-–—:|→"
_FULL = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.I)
_BARE = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}(?:[/?#]\S*)?", re.I)
_HOST = re.compile(r"(?:[\w-]+\.)+[^\W\d_][\w-]+\.?", re.UNICODE)


class LinkFault(Enum):
    """What is wrong with a line. The values are sentences for admins."""

    NO_ADDRESS = mark(
        "En «{line}» falta la dirección. Escribe el texto, un guion y la dirección, como "
        "«Leer más - https://ejemplo.org»."
    )
    NO_TEXT = mark("En «{line}» falta el texto del botón, delante de la dirección.")
    TEXT_TOO_LONG = mark(
        "En «{line}» el texto es demasiado largo para un botón: caben {longest} caracteres."
    )
    NOT_AN_ADDRESS = mark(
        "En «{line}» la dirección no vale. Tiene que empezar por https://, http:// o tg:// y "
        "estar completa."
    )
    TOO_MANY = mark("Son demasiados botones: caben diez.")
    NOTHING = mark(
        "No he encontrado ningún enlace. Escribe una línea por botón, como "
        "«Leer más - https://ejemplo.org»."
    )


@dataclass(frozen=True, slots=True)
class WrongLine:
    """The first line that is not a valid button, and why."""

    fault: LinkFault
    line: str = ""


def parse_links(text: str) -> LinkRows | WrongLine:
    """Returns one button per line, each in its own row, or the first wrong line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return WrongLine(LinkFault.NOTHING)
    if len(lines) > MOST_BUTTONS:
        return WrongLine(LinkFault.TOO_MANY)
    rows: list[tuple[Link, ...]] = []
    for line in lines:
        link = _link(line)
        if isinstance(link, LinkFault):
            return WrongLine(link, shortened(line))
        rows.append((link,))
    return tuple(rows)


def is_address(url: str) -> bool:
    """Returns whether Telegram accepts the address for a button."""
    if len(url) > LONGEST_ADDRESS or any(character.isspace() for character in url):
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme.lower() == "tg":
        return bool(parts.netloc or parts.path)
    if parts.scheme.lower() not in _SCHEMES or not host or parts.username is not None:
        return False
    return _HOST.fullmatch(host) is not None


def _link(line: str) -> Link | LinkFault:
    found = _parted(line)
    if found is None:
        bare = is_address(line) or (is_address(f"https://{line}") and "/" in line)
        return LinkFault.NO_TEXT if bare else LinkFault.NO_ADDRESS
    text, url = found
    if ":" not in url.partition("/")[0]:
        url = f"https://{url}"
    if not text:
        return LinkFault.NO_TEXT
    if len(text) > LONGEST_TEXT:
        return LinkFault.TEXT_TOO_LONG
    return Link(text=text, url=url) if is_address(url) else LinkFault.NOT_AN_ADDRESS


def _parted(line: str) -> tuple[str, str] | None:
    """Returns the text and the address after it; None if the line does not end with one.

    Looks for the start of the address in a loop: a single regular expression would backtrack for
    minutes on a long row of dashes.
    """
    last = line.split()[-1]
    before = len(line) - len(last)
    begins = [at for at in range(1, len(last)) if last[at - 1] in _BETWEEN]
    for form in (_FULL, _BARE):
        after_text = line[:before].rstrip()
        may_be_whole = bool(after_text) and (form is _FULL or after_text[-1] in _BETWEEN)
        for at in ([0] if may_be_whole else []) + begins:
            if last[at] not in _BETWEEN and form.fullmatch(last, at):
                text = line[: before + at].rstrip().rstrip(_BETWEEN).strip()
                return text, last[at:]
    return None


def shortened(line: str) -> str:
    """Returns a text cut to what fits on a button."""
    return line if len(line) <= LONGEST_TEXT else f"{line[:LONGEST_TEXT]}…"
