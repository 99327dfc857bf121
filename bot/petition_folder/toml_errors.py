"""Says what is wrong with a file that is not TOML, and how its line has to be written.

`tomllib` stops at the first mistake, in words for programmers. Most mistakes of people can be put
right without doubt, such as curly quotation marks around a text: then reading goes on behind it,
so that all of them are named at once.
"""

import re
import tomllib
from collections.abc import Iterator
from operator import itemgetter
from typing import Any, NamedTuple

from bot.petition_folder.toml_lines import (
    BEFORE,
    BEGINS_ENTRY,
    COMMA,
    CURLY,
    ENTRY,
    LINES,
    QUOTES,
    STRAIGHT,
    Stop,
    closed,
    is_between,
)
from bot.text.problems import Sentence
from bot.text.translations import mark

_MOST = 60  # mistakes looked for in one file
_SEVERAL = 3  # that are the same are named one by one
_LONGEST_SHOWN = 70
_STOPPED_AT = re.compile(r"\(at line (\d+), column (\d+)\)")
_NAMED = re.compile(r"\s*(?:(\[\[?)\s*([\w.-]+)\s*\]|([\w.-]+)\s*=)")


class _Mistake(NamedTuple):
    """What is wrong in which line, counted from 0.

    `mended` is the whole text without it; None if that is not known without doubt.
    """

    line: int
    sentence: Sentence
    mended: str | None = None


def read_toml(text: str, inner: str = "«»") -> tuple[dict[str, Any] | None, list[Sentence]]:
    """Reads a file's text; returns its table, if it can be made out, and what is wrong with it.

    `inner` is the pair of quotation marks that its language writes inside a text.
    """
    found: list[tuple[int, Sentence]] = []
    while len(found) < _MOST:
        try:
            return tomllib.loads(text), _together(found)
        except tomllib.TOMLDecodeError as error:
            line, sentence, mended = _mistake(_stop(str(error), text, inner))
        except (ValueError, RecursionError):  # a number or a nesting that Python does not read
            return None, [*_together(found), _TOO_LONG]
        if (line, sentence) in found:
            break
        found.append((line, sentence))
        if mended is None:
            break
        text = mended
    return None, _together(found)


def in_line(line: int, what: Sentence) -> Sentence:
    """Returns a sentence that begins with the line it is about, which counts from 0."""
    return Sentence("línea {line}: {what}", line=str(line + 1), what=what)


def _together(found: list[tuple[int, Sentence]]) -> list[Sentence]:
    """Returns one sentence for the many lines whose quotation marks an editor has curled."""
    curly = sorted(
        ((line, each) for line, each in found if each.source == STRAIGHT), key=itemgetter(0)
    )
    if len(curly) <= _SEVERAL:
        return [in_line(*each) for each in found]
    (first, straight), *others = curly
    sentence = Sentence(
        "{straight}. Lo mismo pasa en las líneas {lines}: tu editor las cambia solo, así que usa "
        "uno de texto sin formato, como el Bloc de notas",
        straight=straight,
        lines=tuple(str(line + 1) for line, _ in others),
    )
    rest = [in_line(*each) for each in found if each not in curly]
    return [in_line(first, sentence), *rest]


_TOO_LONG = Sentence(
    "no se entiende, porque un valor es larguísimo: mira dónde faltan unas comillas, una coma o "
    "el signo ="
)


def _stop(error: str, text: str, inner: str) -> Stop:
    lines = text.split("\n")
    place = _STOPPED_AT.search(error)
    line, column = (int(place[1]) - 1, int(place[2]) - 1) if place else (len(lines), 0)
    return Stop(error, lines, line, column, inner)


def _mistake(stop: Stop) -> _Mistake:
    for rule in _FIRST:
        if found := rule(stop):
            return found
    for write, message in LINES:
        written = write(stop)
        if written is not None and _goes_on(stop, stop.with_line(stop.line, written)):
            return _instead(stop, stop.line, message, written)
    for rule in _LAST:
        if found := rule(stop):
            return found
    sentence = Sentence(
        "desde la columna {column} no se entiende, quizá porque faltan unas comillas, una coma o "
        "el signo =: {written}",
        column=str(stop.column + 1),
        written=shown(stop.text),
    )
    return _Mistake(min(stop.line, len(stop.lines) - 1), sentence)


def _goes_on(stop: Stop, mended: str) -> bool:
    """Returns whether the parser gets beyond this line, once it is written like that."""
    try:
        tomllib.loads(mended)
    except tomllib.TOMLDecodeError as error:
        again = _stop(str(error), mended, stop.inner)
        return again.line > stop.line
    except (ValueError, RecursionError):
        return False
    return True


def _instead(stop: Stop, line: int, message: str, written: str) -> _Mistake:
    """Returns that a line has to be written otherwise."""
    return _Mistake(line, Sentence(message, written=shown(written)), stop.with_line(line, written))


def shown(line: str) -> str:
    """Returns a line to show; of a long one, its beginning and its end, where mistakes are."""
    line = line.strip()
    return line if len(line) <= _LONGEST_SHOWN else f"{line[:45]} … {line[-20:]}"


def _long_texts(lines: list[str]) -> Iterator[tuple[int, int | None, str]]:
    """Yields each text between triple quotation marks: its first line, its last one, the marks."""
    begun, marks = None, ""
    for number, line in enumerate(lines):
        if begun is None and line.lstrip().startswith("#"):
            continue
        for found in re.finditer("\"\"\"|'''", line):
            if begun is None:
                begun, marks = number, found[0]
            elif found[0] == marks:
                yield begun, number, marks
                begun = None
    if begun is not None:
        yield begun, None, marks


def _said_twice(stop: Stop) -> _Mistake | None:
    if not re.search("overwrite|twice|mutate|redefine", stop.reason):
        return None
    texts = _long_texts(stop.lines)
    inside = {n for begun, end, _ in texts for n in range(begun + 1, (end or begun) + 1)}
    section, known, values = "", dict[str, int](), set[str]()
    for number, line in enumerate(stop.lines):
        found = None if number in inside else _NAMED.match(line)
        if found is None:
            continue
        brackets, above, name = found.groups()
        if brackets == "[[":
            section = f"{above}.{number}."
            continue
        whole = above or section + name
        section = f"{above}." if above else section
        for other, first in known.items():
            below = other in values and whole.startswith(f"{other}.")
            if other == whole or below or (name and other.startswith(f"{whole}.")):
                sentence = Sentence(
                    "{name} ya está en la línea {first}: deja solo una de las dos",
                    name=above or name,
                    first=str(first + 1),
                )
                return _Mistake(number, sentence)
        known[whole] = number
        values |= {whole} if name else set()
    return None


def _unclosed_text(stop: Stop) -> _Mistake | None:
    """A text between triple quotation marks goes on over the entries that follow it."""
    for begun, ended, marks in _long_texts(stop.lines):
        inside = range(begun + 1, len(stop.lines) if ended is None else ended + 1)
        entry = next((n for n in inside if BEGINS_ENTRY.match(stop.lines[n])), None)
        if entry is None and ended is not None:
            continue
        following = len(stop.lines) if entry is None else entry
        for number in range(begun + 1, following):
            line = stop.lines[number].strip()
            if re.fullmatch(rf"[{QUOTES}]{{2,3}},?", line) and not line.startswith(marks):
                written = marks + line.lstrip(QUOTES)
                return _instead(stop, number, STRAIGHT, written)
        last = stop.end_of(begun, following)
        if stop.lines[last - 1].strip() == "]" and stop.lines[begun].strip() == marks:
            last -= 1  # the last page of a list
        sentence = Sentence(
            "a este texto le faltan las comillas del final: escribe {marks} en una línea nueva, "
            "después de la línea {last}",
            marks=marks,
            last=str(last),
        )
        return _Mistake(begun, sentence, stop.with_end(last - 1, marks))
    return None


def _unclosed_page(stop: Stop) -> _Mistake | None:
    """The quotation marks that begin the next page of a list have ended the one before."""
    if "Unclosed array" not in stop.reason or stop.rest[:1] in ("", "=", "]", *QUOTES):
        return None
    for begun, ended, marks in _long_texts(stop.lines):
        if ended not in (stop.line, stop.line - 1) or stop.lines[ended].strip() != marks:
            continue
        sentence = Sentence(
            "a esta página le faltan las comillas del final: escribe {written} en una línea "
            "nueva, antes de la línea {next}",
            written=f"{marks},",
            next=str(ended + 1),
        )
        return _Mistake(begun, sentence, stop.with_end(ended - 1, f"{marks},"))
    return None


def _curly_long_text(stop: Stop) -> _Mistake | None:
    """Triple quotation marks are curly."""
    begun = re.fullmatch(rf"{BEFORE}[{QUOTES}]{{2,3}}\s*", stop.text)
    if begun is None or not set(stop.text) & set(CURLY):
        return None
    return _instead(stop, stop.line, STRAIGHT, f'{begun[1]}"""')


def _unclosed_list(stop: Stop) -> _Mistake | None:
    if not re.search("Unclosed array|Invalid value", stop.reason):
        return None
    if stop.text[: stop.column].strip() or not stop.lines[: stop.line]:
        return None
    if stop.line < len(stop.lines) and not BEGINS_ENTRY.match(stop.text):
        return None
    above = range(min(stop.line, len(stop.lines)) - 1, -1, -1)
    begun = next((n for n in above if re.match(r"\s*[\w.-]+\s*=\s*\[", stop.lines[n])), None)
    if begun is None:
        return None
    last = stop.end_of(begun, above.start + 1)
    sentence = Sentence(
        "a esta lista le falta el corchete del final: escribe ] en una línea nueva, después de "
        "la línea {last}",
        last=str(last),
    )
    return _Mistake(begun, sentence, stop.with_end(last - 1, "]"))


def _comma_above(stop: Stop) -> _Mistake | None:
    """A part of a list stands on a line of its own, and the one above it has no comma."""
    if "Unclosed array" not in stop.reason or stop.rest[:1] not in ('"', "'"):
        return None
    if stop.text[: stop.column].strip():
        return None
    number = next(n for n in range(stop.line - 1, -1, -1) if not is_between(stop.lines[n]))
    return _instead(stop, number, COMMA, f"{stop.lines[number].rstrip()},")


def _page_without_beginning(stop: Stop) -> _Mistake | None:
    if "Invalid value" not in stop.reason or stop.text[: stop.column].strip():
        return None
    if ENTRY.fullmatch(stop.text) or stop.rest[:1] in ("", ",", *QUOTES):
        return None
    sentence = Sentence(
        'faltan las comillas del principio: escribe """ en una línea nueva, antes de esta'
    )
    return _Mistake(stop.line, sentence, stop.with_line(stop.line, f'"""{stop.text}'))


def _several_lines(stop: Stop) -> _Mistake | None:
    """A text goes on over several lines, and only one quotation mark begins it."""
    entry = ENTRY.fullmatch(stop.text)
    if entry is None or "Illegal character '\\n'" not in stop.reason or closed(stop):
        return None
    written = f'{entry[1]} = """' + entry[2].lstrip('"')
    message = mark(
        'un texto de varias líneas va entre tres comillas: escribe {written} y acábalo con """'
    )
    mistake = _instead(stop, stop.line, message, written)
    for line in stop.lines[stop.line + 1 :]:
        if line.strip() == '"""':
            return mistake
        if BEGINS_ENTRY.match(line):
            break
    return mistake._replace(mended=None)


def _without_value(stop: Stop) -> _Mistake | None:
    for number in range(min(stop.line + 1, len(stop.lines)) - 1, -1, -1):
        entry = re.fullmatch(r"\s*([\w.-]+)\s*=\s*(#.*)?", stop.lines[number])
        if entry and "Invalid value" in stop.reason:
            sentence = Sentence(
                'detrás de {name} = falta algo. Un texto se escribe así: {name} = "…"',
                name=entry[1],
            )
            return _Mistake(number, sentence)
        if not is_between(stop.lines[number]):
            break
    return None


def _odd_sign(stop: Stop) -> _Mistake | None:
    """The sign at the stop is a number's that no comma precedes, or one that nobody sees."""
    is_number = "Unclosed array" in stop.reason and re.match(r"[.\d]", stop.rest)
    if not is_number and "Illegal character" not in stop.reason and stop.rest[:1].isprintable():
        return None
    sentence = Sentence(
        "entre los números van comas, y dentro de un número no hay puntos ni espacios: "
        "goals = [100, 500, 1000]"
        if is_number
        else "hay un carácter que no se ve, quizá pegado de otro sitio: borra la línea y vuelve a "
        "escribirla"
    )
    return _Mistake(stop.line, sentence)


def _outside(stop: Stop) -> _Mistake | None:
    """Words that stand between two entries, or a name that is none."""
    if not re.search("Invalid|Expected '='", stop.reason):
        return None
    number = min(stop.line, len(stop.lines) - 1)
    while number > 0 and not stop.lines[number].strip():
        number -= 1
    line = stop.lines[number]
    if name := re.match(r"\s*(\w*[^\W\d_a-zA-Z]\w*)\s*=", line):
        sentence = Sentence(
            "ninguna entrada se llama {name}: sus nombres no se traducen ni llevan tildes",
            name=name[1],
        )
        return _Mistake(number, sentence)
    if ENTRY.fullmatch(line):
        return None
    sentence = Sentence(
        "esto queda fuera de las comillas (ponlo dentro, o escribe # delante si es una nota): "
        "{written}",
        written=shown(line),
    )
    return _Mistake(number, sentence)


_FIRST = (
    _said_twice,
    _several_lines,
    _curly_long_text,
    _unclosed_page,
    _unclosed_list,
    _page_without_beginning,
    _unclosed_text,
    _comma_above,
)
_LAST = (_without_value, _odd_sign, _outside)
