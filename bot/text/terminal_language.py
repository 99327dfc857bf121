"""The language of the terminal: a person reads a command's answers in it."""

import os
from functools import cache
from typing import Self

from bot.text.translations import Catalogs, Words, is_spoken

# In the order in which POSIX gives them precedence; the first that is set decides.
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
_OTHERWISE = "en"


def terminal_words() -> Words:
    """Returns the bot's words in the language of the terminal: Spanish or English."""
    return _words_in(terminal_language())


@cache
def _words_in(language: str) -> Words:
    # A command asks for them a hundred times before it begins.
    return Catalogs.load().words(language)


def label(source: str, /, **values: object) -> str:
    """Says a message in the language of the terminal."""
    return terminal_words().label(source, **values)


def plural_label(one: str, many: str, n: int, /, **values: object) -> str:
    """Says a message that depends on a number, shown by `{n}`, in the language of the terminal."""
    return terminal_words().plural_label(one, many, n, **values)


class TerminalError(Exception):
    """An error whose message a person reads in the terminal, in its language."""

    @classmethod
    def because(cls, source: str, /, **values: object) -> Self:
        """Returns one that says a message of the bot's."""
        return cls(label(source, **values))


def terminal_language() -> str:
    """Returns the language that the environment names, if the bot speaks it, and else English.

    `C` and `POSIX`, which a bare server has, are no language: what stands in the guides, and the
    help of the command line, is in English there too.
    """
    named = next((value for name in _VARIABLES if (value := os.environ.get(name))), "")
    code = named.partition(".")[0].partition("@")[0].replace("_", "-").lower()
    return code if code not in ("", "c", "posix") and is_spoken(code) else _OTHERWISE
