"""Says what is wrong with a file that is not TOML, and how its line has to be written.

`tomllib` says it in words for programmers. The mistakes that people make most are known here: the
line is shown as it has to be. Of any other, the parser's own words are shown above the place.
"""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.text.problems import Sentence
from bot.text.translations import mark

_LONGEST_SHOWN = 70
_STOPPED_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)")
_CURLY = "“”„‟«»‹›″〝〞＂‘’"
_QUOTES = f"\"'{_CURLY}"
_ENTRY = re.compile(r"(\s*[A-Za-z][\w.-]*\s*=\s*)(.*?)\s*")
# What stands before and after a text on its line: its entry, a bracket, a comma.
_BEFORE, _AFTER = r"(\s*(?:[\w.-]+\s*=\s*)?\[?\s*)", r"(\s*\]?\s*,?\s*)"
_BEGINS_ENTRY = re.compile(rf"[a-z_]+(\.[a-z-]+)?\s*=\s*[\[\d{_QUOTES}]|\[\[?[a-z_]+\]\]?\s*$")


@dataclass(frozen=True, slots=True)
class _Stop:
    """Why and where the parser stopped, from 0; at the end, `line` is behind the last one."""

    reason: str
    lines: list[str]
    line: int
    column: int

    @property
    def text(self) -> str:
        return self.lines[self.line] if self.line < len(self.lines) else ""

    def above(self, line: int) -> int:
        """Returns the nearest line above this one that is neither empty nor a note."""
        numbers = range(line - 1, 0, -1)
        return next((n for n in numbers if self.lines[n].split("#")[0].strip()), 0)


def read_toml(text: str) -> dict[str, Any] | Sentence:
    """Reads a file's text; returns its table, or what is wrong in the first line that is."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        stop = _stop(error, text)
    for rule, message in _RULES:
        if (written := rule(stop)) and _leads_on(stop, *written):
            number, line = written
            return in_line(number, Sentence(message, written=shown(line)))
    return _in_its_words(stop)


def _leads_on(stop: _Stop, number: int, line: str) -> bool:
    """Returns whether the parser gets beyond a line that is written so."""
    text = "\n".join([*stop.lines[:number], line, *stop.lines[number + 1 :]])
    try:
        tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        again = _stop(error, text)
        return again.line > number and (again.line, again.column) != (stop.line, stop.column)
    return True


def in_line(line: int, what: Sentence) -> Sentence:
    """Returns a sentence that begins with the line it is about, which counts from 0."""
    return Sentence("línea {line}: {what}", line=str(line + 1), what=what)


def shown(line: str) -> str:
    """Returns a line to show; of a long one, its beginning and its end, where mistakes are."""
    line = line.strip()
    return line if len(line) <= _LONGEST_SHOWN else f"{line[:45]} … {line[-20:]}"


def _stop(error: Exception, text: str) -> _Stop:
    lines, place = text.split("\n"), _STOPPED_AT.search(str(error))
    line, column = (len(lines), 0)
    if place and place[1]:
        line, column = int(place[1]) - 1, int(place[2]) - 1
    return _Stop(_STOPPED_AT.sub("", str(error)), lines, line, column)


def _in_its_words(stop: _Stop) -> Sentence:
    number = min(stop.line, len(stop.lines) - 1)
    begun = max(0, stop.column - _LONGEST_SHOWN // 2)
    sentence = Sentence(
        "{reason}\n{written}\n{caret}\nCorrígelo en el archivo, o escríbelo en la página de "
        "«petition-bot preview».",
        reason=stop.reason,
        written=stop.lines[number][begun : begun + _LONGEST_SHOWN].replace("\t", " "),
        caret=f"{'':{stop.column - begun}}^",
    )
    return in_line(number, sentence)


_Written = tuple[int, str] | None
"""The number of a line, and how it has to be written."""


def _straight(stop: _Stop) -> _Written:
    if not set(stop.text) & set(_CURLY):
        return None
    if begun := re.fullmatch(rf"{_BEFORE}[{_QUOTES}]{{2,3}}\s*(,?)\s*", stop.text):
        return stop.line, f'{begun[1]}"""{begun[2]}'
    text = re.fullmatch(rf"{_BEFORE}[{_QUOTES}]+(.+?)[{_QUOTES}]+{_AFTER}", stop.text)
    return (stop.line, f'{text[1]}"{text[2]}"{text[3]}') if text else None


def _closed_text(stop: _Stop) -> _Written:
    """Closes a text before the next entry: one on its line, or one on several lines."""
    if "Illegal character '\\n'" in stop.reason:
        after = next((each for each in stop.lines[stop.line + 1 :] if each.strip()), "#").strip()
        text = re.fullmatch(rf"(.*?){_AFTER}", stop.text)
        is_last = after[0] in "#[]\"'" or _BEGINS_ENTRY.match(after)
        return (stop.line, f'{text[1]}"{text[2]}') if text and is_last else None
    marks = [n for n, line in enumerate(stop.lines) for _ in range(line.count('"""'))]
    for begun, ended in zip(marks[::2], [*marks[1::2], len(stop.lines)], strict=False):
        inside = range(begun + 1, ended + (ended < len(stop.lines)))
        following = next((n for n in inside if _BEGINS_ENTRY.match(stop.lines[n])), None)
        if following is not None or ended == len(stop.lines):
            last = stop.above(len(stop.lines) if following is None else following)
            return last, f'{stop.lines[last].rstrip()}"""'
    return None


def _with_comma(stop: _Stop) -> _Written:
    rest = stop.text[stop.column :]
    if "Unclosed array" not in stop.reason or rest[:1] not in ('"', "'"):
        return None
    if before := stop.text[: stop.column].rstrip():
        return stop.line, f"{before}, {rest}"
    above = stop.above(stop.line)
    return above, f"{stop.lines[above].rstrip()},"


def _closed_list(stop: _Stop) -> _Written:
    if not re.search("Unclosed array|Invalid value", stop.reason):
        return None
    if stop.line < len(stop.lines) and not _BEGINS_ENTRY.match(stop.text):
        return None
    last = stop.above(stop.line)
    return last, f"{stop.lines[last].rstrip()}]"


def _date(stop: _Stop) -> _Written:
    entry = _ENTRY.fullmatch(stop.text)
    found = re.fullmatch(r"(\d+)[/.-](\d{1,2})[/.-](\d+)", entry[2]) if entry else None
    if entry is None or found is None:
        return None
    year, month, day = found.groups() if len(found[1]) == 4 else found.groups()[::-1]
    return stop.line, f'{entry[1]}"{year}-{int(month):02}-{int(day):02}"'


def _quoted(stop: _Stop) -> _Written:
    entry = _ENTRY.fullmatch(stop.text)
    if entry is None or not entry[2] or entry[2][0] in f"0123456789[{{#{_QUOTES}":
        return None
    text = entry[2].rstrip(_QUOTES)
    return stop.line, f'{entry[1]}"{text}"'


def _once(stop: _Stop) -> _Written:
    """Removes an entry, or a heading, that is there already; the parser is at its end."""
    number = min(stop.line, len(stop.lines) - 1)
    if "overwrite a value" in stop.reason:
        above = range(number, -1, -1)
        return next(((n, "") for n in above if _ENTRY.fullmatch(stop.lines[n])), None)
    return (number, "") if stop.reason.endswith(" twice") else None


_RULES: tuple[tuple[Callable[[_Stop], _Written], str], ...] = (
    (_straight, mark("las comillas tienen que ser las rectas del teclado: escribe {written}")),
    (_closed_text, mark("faltan las comillas del final: escribe {written}")),
    (_with_comma, mark("falta una coma entre las partes de la lista: escribe {written}")),
    (_closed_list, mark("a esta lista le falta el corchete del final: escribe {written}")),
    (_date, mark("una fecha se escribe como año-mes-día: escribe {written}")),
    (_quoted, mark("un texto va entre comillas: escribe {written}")),
    (
        _once,
        mark("esto ya está escrito más arriba, y solo puede estar una vez: borra lo que sobre"),
    ),
)
