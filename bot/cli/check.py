"""What `petition-bot check` prints: the problems of a petition and of the bot's own texts."""

from pathlib import Path

from rich.console import Console
from rich.text import Text

from bot.petition.petition import load_petition
from bot.petition_folder.check import find_problems, find_warnings
from bot.text.catalogs import find_word_problems
from bot.text.problems import Problem


def report(out: Console, folder: Path, *, words: bool) -> str | None:
    """Prints problems, or else warnings; returns the slug if there are no problems."""
    problems = find_problems(folder) + (find_word_problems() if words else [])
    for problem in problems:
        _print(out, "problem", "red", problem)
    if problems:
        return None
    for warning in find_warnings(folder):
        _print(out, "warning", "yellow", warning)
    petition = load_petition(folder)
    out.print(f"{petition.slug}: no problems, in {', '.join(petition.languages)}.", markup=False)
    return petition.slug


def _print(out: Console, kind: str, style: str, problem: Problem) -> None:
    line = Text.assemble((f"{kind}  ", style), str(problem))
    out.print(line, soft_wrap=True)
