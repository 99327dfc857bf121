"""What `petition-bot check` prints: the problems of a petition and of the bot's own texts."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bot.petition.petition import load_petition
from bot.petition_folder.check import find_problems, find_warnings
from bot.text.catalogs import find_word_problems
from bot.text.problems import Problem
from bot.text.terminal_language import terminal_words
from bot.text.translations import Words


def report(out: Console, folder: Path, *, words: bool) -> str | None:
    """Prints problems and warnings, and a summary; returns the slug if there are no problems."""
    said_in = terminal_words()
    problems = find_problems(folder) + (find_word_problems() if words else [])
    warnings = find_warnings(folder)
    print_problems(out, problems, warnings, said_in)
    if problems:
        out.print(_summary(folder, problems, warnings, said_in), markup=False, soft_wrap=True)
        return None
    petition = load_petition(folder)
    languages = ", ".join(said_in.language_name(each) for each in petition.languages)
    fine = said_in.label(
        "{slug}: sin problemas ({languages}).", slug=petition.slug, languages=languages
    )
    if warnings:
        fine = f"{fine} {_counted_warnings(len(warnings), said_in)}"
    out.print(fine, markup=False, soft_wrap=True)
    return petition.slug


def print_problems(
    out: Console, problems: Sequence[Problem], warnings: Sequence[Problem], words: Words
) -> None:
    """Prints one line for each, the problems first."""
    for problem in problems:
        _print(out, words.label("problema"), "red", problem.said(words))
    for warning in warnings:
        _print(out, words.label("aviso"), "yellow", warning.said(words))


def _print(out: Console, kind: str, style: str, said: str) -> None:
    out.print(Text.assemble((f"{kind}  ", style), said), soft_wrap=True)


def _summary(
    folder: Path, problems: Sequence[Problem], warnings: Sequence[Problem], words: Words
) -> str:
    said = words.plural_label(
        "{n} problema en {folder}. El bot no puede usar esta petición hasta que esté resuelto.",
        "{n} problemas en {folder}. El bot no puede usar esta petición hasta que estén resueltos.",
        len(problems),
        folder=folder,
    )
    return f"{said} {_counted_warnings(len(warnings), words)}" if warnings else said


def _counted_warnings(count: int, words: Words) -> str:
    return words.plural_label(
        "Hay {n} aviso: funciona, pero míralo antes de empezar.",
        "Hay {n} avisos: funciona, pero míralos antes de empezar.",
        count,
    )
