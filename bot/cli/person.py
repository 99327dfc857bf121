"""The commands `petition-bot person NUMBER`: what a letter or an e-mail asks for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.with_context import run_with_context
from bot.console import CannotDo, Yes, agrees, in_sentences, say

if TYPE_CHECKING:
    from bot.cli.person_requests import Request

person = typer.Typer(name="person", no_args_is_help=True)

Code = Annotated[
    str | None,
    typer.Option(
        "--code",
        metavar="CODE",
        help="The code in the letter. Left out, it is asked for, and stays out of the shell's "
        "history.",
    ),
]
Otherwise = Annotated[
    str | None,
    typer.Option(
        "--verified-otherwise",
        metavar="REASON",
        help="Without a code: how you know whose signature it is. The audit keeps it: write "
        "nothing personal.",
    ),
]


# Alone, or in groups of three as /mydata shows it in each language.
_NUMBER = re.compile(r"[0-9]{1,18}|[0-9]{1,3}(?:[\s.,'’][0-9]{3}){1,5}")


def read_number(typed: str) -> int:
    """Reads a number as people write it: 1530, 1.530, 1,530."""
    bare = re.sub(r"\D", "", typed)
    if not _NUMBER.fullmatch(typed.strip()) or int(bare) == 0:
        raise typer.BadParameter("give the number of a signature, then what to do: 12 show")
    return int(bare)


@person.callback()
def of(
    ctx: typer.Context,
    number: Annotated[
        int,
        typer.Argument(
            parser=read_number,
            metavar="NUMBER",
            help="The number of the signature, which its owner reads in /mydata.",
        ),
    ],
) -> None:
    """Answer a letter or an e-mail about one signature, beside the bot that runs.

    The letter has the number of the signature and a code, both from /mydata. The person is told
    in the chat what was done.
    """
    ctx.obj = number


@person.command()
@in_sentences
def show(
    ctx: typer.Context,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write a JSON file that only you can read."
        ),
    ] = None,
    code: Code = None,
    verified_otherwise: Otherwise = None,
    yes: Yes = False,
) -> None:
    """Show everything that is stored of the person (GDPR arts 15 and 20)."""
    from bot.cli.person_requests import SHOW

    _answer(ctx, SHOW, code, verified_otherwise, yes=yes, output=output)


@person.command()
@in_sentences
def correct(
    ctx: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="The name. Left out, it is asked for, and stays out of the shell's history.",
            show_default=False,
        ),
    ] = None,
    code: Code = None,
    verified_otherwise: Otherwise = None,
    yes: Yes = False,
) -> None:
    """Give the signature another name (art. 16)."""
    from bot.cli.person_requests import CORRECT

    typed = name if name is not None else typer.prompt("The new name")
    _answer(ctx, CORRECT, code, verified_otherwise, yes=yes, name=typed)


@person.command()
@in_sentences
def erase(
    ctx: typer.Context,
    code: Code = None,
    verified_otherwise: Otherwise = None,
    yes: Yes = False,
) -> None:
    """Erase the signature and all that is stored with it, as /withdraw does (art. 17)."""
    from bot.cli.person_requests import ERASE

    _answer(ctx, ERASE, code, verified_otherwise, yes=yes)


@person.command()
@in_sentences
def restrict(
    ctx: typer.Context,
    code: Code = None,
    verified_otherwise: Otherwise = None,
    yes: Yes = False,
) -> None:
    """Store the signature and count it without its name, and use it for nothing else (art. 18)."""
    from bot.cli.person_requests import RESTRICT

    _answer(ctx, RESTRICT, code, verified_otherwise, yes=yes)


@person.command("object")
@in_sentences
def object_(
    ctx: typer.Context,
    code: Code = None,
    verified_otherwise: Otherwise = None,
    yes: Yes = False,
) -> None:
    """The same as restrict, since the person objects to the use of their data (art. 21)."""
    from bot.cli.person_requests import OBJECT

    _answer(ctx, OBJECT, code, verified_otherwise, yes=yes)


@person.command()
@in_sentences
def lift(
    ctx: typer.Context,
    code: Code = None,
    verified_otherwise: Otherwise = None,
    yes: Yes = False,
) -> None:
    """End a restriction or an objection; tell the person before (art. 18(3))."""
    from bot.cli.person_requests import LIFT

    _answer(ctx, LIFT, code, verified_otherwise, yes=yes)


def _answer(
    ctx: typer.Context,
    request: Request,
    code: str | None,
    reason: str | None,
    *,
    yes: bool,
    name: str | None = None,
    output: Path | None = None,
) -> None:
    from bot.cli.person_requests import carry_out, prepare

    if code is not None and reason is not None:
        raise CannotDo("Give the code or --verified-otherwise, not both.")
    if output is not None and output.exists():
        raise CannotDo(f"{output} is there already, and is left as it is: name another file.")
    typed = code
    if reason is None and typed is None:
        typed = typer.prompt("The code in the letter")
    number: int = ctx.obj
    prepared = run_with_context(
        lambda context: prepare(context, request, number, typed, reason, name)
    )
    say(prepared.whose)
    otherwise = "Nothing was done, and the code can still be used."
    if agrees(prepared.question, yes=yes, otherwise=otherwise):
        say(run_with_context(lambda context: carry_out(context, request, prepared, output)))
