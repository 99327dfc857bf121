"""Problems of a petition's files or of the bot's own texts, in sentences for people."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Union

from bot.text.translations import Catalogs, Words, mark
from storage.errors import StorageError
from telegram_text.markup import Html, escape

Value = Union[str, int, "Sentence", tuple["Value", ...]]
"""What a sentence can name: a text, a number, another sentence, or several, which are listed."""

# The entries whose parts are pages; the parts of any other are only counted.
_PAGED = ("appeal", "privacy")
_PAGE, _NUMBER = mark("página {n}"), mark("número {n}")
_ENTRY = re.compile(r"[\w-]+(\.[\w-]+)*")
# What a terminal obeys, and what turns the writing round; tabs and line breaks are harmless.
_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True, init=False)
class Sentence:
    """A message of the catalogs with its values, which is said in a language later."""

    source: str
    values: tuple[tuple[str, Value], ...]

    def __init__(self, source: str, /, **values: Value) -> None:
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "values", tuple(values.items()))

    @classmethod
    def of_storage(cls, error: StorageError) -> "Sentence":
        """Returns why the storage refused something."""
        values: dict[str, Value] = {}
        for name, value in error.values.items():
            if isinstance(value, StorageError):
                values[name] = cls.of_storage(value)
            else:
                values[name] = value if isinstance(value, int) else str(value)
        return cls(error.source, **values)

    def said(self, words: Words) -> str:
        """Returns it in a language."""
        values = {name: _said(value, words) for name, value in self.values}
        return words.label(self.source, **values)

    def html(self, words: Words) -> Html:
        """Returns it in a language, as Telegram HTML."""
        return escape(self.said(words))

    def __str__(self) -> str:
        return self.said(_english())

    def about(self, file: str, key: str) -> "Problem":
        """Returns the problem that it says of an entry."""
        return Problem(file, key, self)


class Refused(Exception):
    """What somebody wrote is not taken; `why` says what is wrong with it."""

    def __init__(self, source: str, /, **values: Value) -> None:
        super().__init__(source)
        self.why = Sentence(source, **values)


class Key(str):
    """An entry of a file, its parts with a dot between: `image.file.es`, `appeal.2`."""

    __slots__ = ()

    def said(self, words: Words) -> str:
        """Returns it as people read it: "image.file.es", "appeal, page 2"."""
        if not _ENTRY.fullmatch(self):
            return str(self)
        name, *parts = self.split(".")
        said, after_number = name, False
        for part in parts:
            if part.isdecimal():
                counted = _PAGE if name in _PAGED else _NUMBER
                said += f", {words.label(counted, n=part)}"
            else:
                said += f"{', ' if after_number else '.'}{part}"
            after_number = part.isdecimal()
        return said


def with_controls_shown(text: str) -> str:
    """Returns a text in which control characters are written out, like \\u001b.

    What is quoted of a petition's files may be a stranger's, and a terminal would obey it.
    """
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to correct: the file, the key in it (see `Key`), and what to do about it."""

    file: str
    key: str
    sentence: Sentence

    def said(self, words: Words) -> str:
        """Returns place and sentence in a language."""
        key = Key(self.key).said(words)
        place = f"{self.file}: {key}" if key else self.file
        return with_controls_shown(f"{place}: {self.sentence.said(words)}")

    def __str__(self) -> str:
        return self.said(_english())

    @property
    def line(self) -> int:
        """The number of the line that it names, or 0."""
        line = dict(self.sentence.values).get("line")
        return int(line) if isinstance(line, str) else 0

    def __lt__(self, other: "Problem") -> bool:
        return self._order() < other._order()

    def _order(self) -> tuple[str, str, int, str]:
        key = re.sub(r"\d+", lambda number: number[0].zfill(9), self.key)  # page 10 after page 9
        return self.file, key, self.line, repr(self.sentence)


class PetitionInvalid(Exception):
    """The petition's folder has problems; `problems` names every one of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems) or self.__doc__)
        self.problems = tuple(problems)

    def said(self, words: Words) -> str:
        """Returns all of them in a language, one on a line."""
        return "\n".join(problem.said(words) for problem in self.problems)


def _english() -> Words:
    """Returns the language of the log, and of errors that people read before they chose one."""
    return Catalogs.load().words("en")


def _said(value: Value, words: Words) -> str:
    if isinstance(value, Sentence | Key):
        return value.said(words)
    if isinstance(value, tuple):
        return ", ".join(_said(each, words) for each in value)
    return words.number(value) if isinstance(value, int) else value
