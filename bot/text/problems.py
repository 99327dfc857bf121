"""Problems of a petition's files or of the bot's own texts, in sentences for people."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to correct: the file, the key in it, and what to do about it."""

    file: str
    key: str
    sentence: str

    def __str__(self) -> str:
        place = f"{self.file}: {self.key}" if self.key else self.file
        return f"{place}: {self.sentence}"


class PetitionInvalid(Exception):
    """The petition's folder has problems; `problems` names every one of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems) or self.__doc__)
        self.problems = tuple(problems)
