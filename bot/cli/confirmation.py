"""Shows what a command would do, asks, and does it: the way of every command that changes data."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.cli.context import CliContext, run_with_context
from bot.console import agrees, say


@dataclass(frozen=True, slots=True)
class Plan:
    """What a command would do, to be shown and asked before it does.

    `carry_out` does it and returns the result in sentences. Without a question nothing is to be
    done. Where `number` is given, a person confirms by typing it. `declined` is said after a no.
    """

    shown: str
    question: str
    carry_out: Callable[[CliContext], Awaitable[str]]
    number: int | None = None
    declined: str = ""


def confirmed(prepare: Callable[[CliContext], Awaitable[Plan]], *, yes: bool = False) -> None:
    """Shows the plan that `prepare` returns, asks unless it was answered already, and does it.

    The petition's data is not open meanwhile: Ctrl-C ends a question only outside an event loop.
    """
    plan = run_with_context(prepare)
    if plan.shown:
        say(plan.shown)
    if plan.question and agrees(
        plan.question, yes=yes, number=plan.number, otherwise=plan.declined
    ):
        say(run_with_context(plan.carry_out))
