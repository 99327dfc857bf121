"""Asks one question at a time in the terminal."""

from collections.abc import Callable
from typing import TypeVar

import typer

from bot.console import NO, YES, say
from bot.text.translations import Words

T = TypeVar("T")


class NotAccepted(Exception):
    """An answer that cannot be taken; the message says what is expected."""


def problem_of(check: Callable[[str], object], answer: str) -> str | None:
    """Returns why a check does not take an answer, or None if it does."""
    try:
        check(answer)
    except NotAccepted as error:
        return str(error)
    return None


def read_line(label: str, hidden: bool) -> str:
    """Reads one line from the terminal; raises typer.Abort on Ctrl-C and at the end of input."""
    answer: str = typer.prompt(
        label, default="", show_default=False, hide_input=hidden, prompt_suffix=" "
    )
    return answer.strip()


class Questions:
    """Questions in one language; `read` shows a label and returns what was typed."""

    def __init__(self, words: Words, read: Callable[[str, bool], str] = read_line) -> None:
        self._words = words
        self._read = read

    def ask(
        self,
        label: str,
        check: Callable[[str], T],
        *,
        default: str = "",
        hidden: bool = False,
    ) -> T:
        """Asks until the answer is one that `check` takes; Enter alone answers `default`.

        `check` returns what the answer means, or raises NotAccepted; a hidden one is not shown.
        """
        shown = f"{label} [{default}]:" if default else f"{label}:"
        while True:
            answer = self._read(shown, hidden) or default
            try:
                return check(answer)
            except NotAccepted as error:
                say(str(error), style="yellow")

    def agrees(self, question: str, *, default: bool | None) -> bool:
        """Asks a question for yes or no; without a default one of them has to be typed."""
        yes, no = self._words.label("s"), self._words.label("n")
        choice = {True: f"{yes.upper()}/{no}", False: f"{yes}/{no.upper()}", None: f"{yes}/{no}"}

        def check(answer: str) -> bool:
            if answer.lower() in YES:
                return True
            if answer.lower() in NO:
                return False
            if not answer and default is not None:
                return default
            raise NotAccepted(
                self._words.label("Escribe {yes} para sí o {no} para no.", yes=yes, no=no)
            )

        return self.ask(f"{question} [{choice[default]}]", check)
