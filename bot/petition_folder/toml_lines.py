"""Writes a line of TOML as it should have been, for the mistakes that stand in one line."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.text.translations import mark

CURLY = "“”„‟«»‹›″〝〞＂‘’"
QUOTES = f"\"'{CURLY}"
ENTRY = re.compile(r"\s*([A-Za-z][\w.-]*)\s*=\s*(.*?)\s*")
# What stands before and after a text on its line: its entry, a bracket, a comma.
BEFORE, _AFTER = r"(\s*(?:[\w.-]+\s*=\s*)?\[?\s*)", r"(\s*\]?\s*,?\s*)"
BEGINS_ENTRY = re.compile(rf"[a-z_]+(\.[a-z-]+)?\s*=\s*[\[\d{QUOTES}]|\[\[?[a-z_]+\]\]?\s*$")
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff]")
_YES_OR_NO = {"true": "true", "sí": "true", "si": "true", "yes": "true"}
_YES_OR_NO |= {"false": "false", "no": "false"}


@dataclass(frozen=True, slots=True)
class Stop:
    """Where the parser stopped, both counted from 0; `line` is behind the last one at the end.

    `inner` is the pair of quotation marks that the text's language writes inside a text.
    """

    reason: str
    lines: list[str]
    line: int
    column: int
    inner: str

    @property
    def text(self) -> str:
        """The line."""
        return self.lines[self.line] if self.line < len(self.lines) else ""

    @property
    def rest(self) -> str:
        """The line from the place on."""
        return self.text[self.column :]

    def with_line(self, number: int, text: str) -> str:
        """Returns the whole text with another line in this place."""
        return "\n".join([*self.lines[:number], text, *self.lines[number + 1 :]])

    def with_end(self, number: int, text: str) -> str:
        """Returns the whole text with more at the end of this line, so that none is moved."""
        return self.with_line(number, self.lines[number] + text)

    def end_of(self, begun: int, following: int) -> int:
        """Returns the line before the empty ones and the notes that precede another one."""
        while following > begun + 1 and is_between(self.lines[following - 1]):
            following -= 1
        return following


def is_between(line: str) -> bool:
    """Returns whether a line only separates others: an empty one, or a note."""
    return not line.strip() or line.lstrip().startswith("#")


def _comma_before(stop: Stop) -> str | None:
    if "Unclosed array" not in stop.reason or stop.rest[:1] not in ('"', "'"):
        return None
    return f"{stop.text[: stop.column].rstrip()}, {stop.rest}"


def _plain_spaces(stop: Stop) -> str | None:
    return _SPACES.sub(" ", stop.text) if _SPACES.match(stop.rest) else None


def _straight(stop: Stop) -> str | None:
    parts = re.fullmatch(rf"{BEFORE}([{QUOTES}]+)(.+?)([{QUOTES}]+){_AFTER}", stop.text)
    if parts is None or not set(parts[2] + parts[4]) & set(CURLY):
        return None
    return f'{parts[1]}"{_with_inner(parts[3], stop.inner)}"{parts[5]}'


def _with_inner(text: str, inner: str) -> str:
    """Returns a text whose straight quotation marks are those of its language."""
    return re.sub(r'"([^"]*)"', rf"{inner[0]}\1{inner[1]}", text)


def closed(stop: Stop) -> str | None:
    """Returns the line with the quotation mark that ends its text, if the text ends with it."""
    if "Illegal character '\\n'" not in stop.reason:
        return None
    after = next((line for line in stop.lines[stop.line + 1 :] if line.strip()), "#").strip()
    if after[0] not in "#[]\"'" and not BEGINS_ENTRY.match(after):
        return None
    parts = re.fullmatch(rf"(.*?){_AFTER}", stop.text)
    return f'{parts[1]}"{parts[2]}' if parts else None


def _without_ending(stop: Stop) -> str | None:
    ending = re.fullmatch(rf"\s*(?:[,;.]|(?://|--)?\s*([^{QUOTES}]*))\s*", stop.rest)
    if ending is None or "Expected newline" not in stop.reason:
        return None
    if stop.text[: stop.column].rstrip()[-1:] not in ('"', "]"):
        return None
    return stop.text[: stop.column].rstrip() + (f"  # {ending[1]}" if ending[1] else "")


def _note(stop: Stop) -> str | None:
    note = re.fullmatch(r"\s*(?://|/\*|--|;|<!--)\s*(.*)", stop.text)
    return f"# {note[1]}" if note and "Invalid statement" in stop.reason else None


def _with_equals(stop: Stop) -> str | None:
    entry = re.fullmatch(r"(\s*[a-zA-Z_.-]+)\s*:?\s*([\"'\[\d].*|true|false)", stop.text)
    return f"{entry[1]} = {entry[2]}" if entry and "Expected '='" in stop.reason else None


def _with_bracket(stop: Stop) -> str | None:
    section = re.fullmatch(r"\s*(\[\[?)\s*([a-z_]+)\s*\]?\s*", stop.text)
    return section[1] + section[2] + "]" * len(section[1]) if section else None


def _with_backslashes(stop: Stop) -> str | None:
    if "Unescaped" not in stop.reason and "hex value" not in stop.reason:
        return None
    # Of a file on Windows only its name is said, as it has to be in the folder.
    text = re.sub(r"[A-Za-z]:\\[^\"]*\\", "", stop.text)
    return re.sub(r"\\(?![\\\"])", r"\\\\", text)


def _one_comma(stop: Stop) -> str | None:
    if "Invalid value" not in stop.reason or not stop.rest.startswith(","):
        return None
    return stop.text[: stop.column].rstrip() + stop.rest[1:]


def _other_quotes_inside(stop: Stop) -> str | None:
    parts = re.fullmatch(rf'{BEFORE}"(.*)"{_AFTER}', stop.text)
    if parts is None or parts[2].count('"') < 2 or re.search(r'",\s*"|""', stop.text):
        return None
    return f'{parts[1]}"{_with_inner(parts[2], stop.inner)}"{parts[3]}'


def _date(stop: Stop) -> str | None:
    entry = ENTRY.fullmatch(stop.text)
    found = re.fullmatch(r"(\d+)[/.-](\d{1,2})[/.-](\d+)", entry[2]) if entry else None
    if entry is None or found is None:
        return None
    year, month, day = found.groups() if len(found[1]) == 4 else found.groups()[::-1]
    return f'{entry[1]} = "{year}-{int(month):02}-{int(day):02}"'


def _bare(stop: Stop) -> str | None:
    """Returns numbers without brackets as a list, and yes and no as they are written."""
    entry = ENTRY.fullmatch(stop.text)
    if entry is None:
        return None
    if re.fullmatch(r"\d[\d.]*(\s*,\s*\d[\d.]*)+", entry[2]):
        return f"{entry[1]} = [{entry[2].replace('.', '')}]"
    known = _YES_OR_NO.get(entry[2].lower())
    return f"{entry[1]} = {known}" if known else None


def _quoted(stop: Stop) -> str | None:
    entry = ENTRY.fullmatch(stop.text)
    if entry is None:
        return None
    text = entry[2].strip("\"'")
    return None if not text or text[0] in "[{#" or '"' in text else f'{entry[1]} = "{text}"'


STRAIGHT = mark("las comillas tienen que ser las rectas del teclado: escribe {written}")
COMMA = mark("falta una coma entre las partes de la lista: escribe {written}")
# How one line has to be written instead, and what is said of it.
LINES: tuple[tuple[Callable[[Stop], str | None], str], ...] = (
    (
        _plain_spaces,
        mark(
            "hay un espacio que no es el del teclado, copiado de otro sitio: bórralo y escribe "
            "{written}"
        ),
    ),
    (_straight, STRAIGHT),
    (closed, mark("faltan las comillas del final: escribe {written}")),
    (_without_ending, mark("sobra lo que hay al final: escribe {written}")),
    (_note, mark("una nota empieza con #: escribe {written}")),
    (_with_equals, mark("falta el signo =: escribe {written}")),
    (_with_bracket, mark("falta el corchete del final: escribe {written}")),
    (_with_backslashes, mark("la barra \\ no puede ir así: escribe {written}")),
    (_comma_before, COMMA),
    (_one_comma, mark("sobra una coma: escribe {written}")),
    (_other_quotes_inside, mark("dentro de un texto no van comillas rectas: escribe {written}")),
    (_date, mark("una fecha se escribe como año-mes-día: escribe {written}")),
    (_bare, mark("se escribe así: {written}")),
    (_quoted, mark("un texto va entre comillas: escribe {written}")),
)
