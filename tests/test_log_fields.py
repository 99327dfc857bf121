"""Tests that every logged field is allowed, and that every allowed field is logged.

A field that is not allowed is left out of the line, and operators who look for it find nothing.
One that is allowed but never logged is a needless risk.
"""

import ast
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest

from bot.intake.dispatcher import Counts
from bot.logs import ALLOWED, EVENT
from storage.broadcast_types import Tally

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("bot", "handlers", "storage")
SPEAKING = {"debug", "info", "warning", "error", "exception", "critical", "bind"}
# What the form of a line adds by itself when there is an exception.
OF_AN_ERROR = {"kind", "place", "trace"}
# What is spread into a line: `**asdict(counts)`.
SPREAD = {"asdict": asdict(Counts()).keys() | asdict(Tally(0)).keys()}


@dataclass
class Spoken:
    """What the log calls of some source say."""

    fields: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=set)


def spoken_in(source: str) -> Spoken:
    tree, said = ast.parse(source), Spoken()
    loggers = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and _makes_a_logger(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and _speaks(call, loggers):
            said.fields |= {each.arg for each in call.keywords if each.arg} - {"exc_info"}
            said.events |= {
                each.value
                for each in call.args[:1]
                if isinstance(each, ast.Constant) and isinstance(each.value, str)
            }
            for spread in (each.value for each in call.keywords if each.arg is None):
                assert isinstance(spread, ast.Call), ast.unparse(call)
                said.fields |= SPREAD[ast.unparse(spread.func).rpartition(".")[2]]
    return said


def _makes_a_logger(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
        ("get_logger", "getLogger")
    )


def _speaks(call: ast.Call, loggers: set[str]) -> bool:
    if isinstance(call.func, ast.Name) and call.func.id.endswith("_contextvars"):
        return True
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in SPEAKING:
        return False
    whose = call.func.value
    return _makes_a_logger(whose) or (isinstance(whose, ast.Name) and whose.id in loggers)


def files() -> Iterator[Path]:
    for room in ROOMS:
        yield from (ROOT / room).rglob("*.py")


@pytest.fixture(scope="module")
def spoken() -> dict[str, Spoken]:
    sources = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in files()}
    return {
        path: spoken_in(source)
        for path, source in sources.items()
        if "get_logger" in source or "getLogger" in source
    }


def test_what_is_logged_may_be_and_what_may_be_is(spoken: dict[str, Spoken]) -> None:
    withheld = {path: said.fields - ALLOWED for path, said in spoken.items()}
    assert {path: names for path, names in withheld.items() if names} == {}
    logged = set[str]().union(*(said.fields for said in spoken.values()))
    assert ALLOWED - logged - OF_AN_ERROR == set()
    events = set[str]().union(*(said.events for said in spoken.values()))
    assert {event for event in events if not EVENT.fullmatch(event)} == set()
    assert len(events) > 30  # or the loggers are not found any more


def test_no_field_is_for_a_persons_id_name_or_words() -> None:
    about_people = ("user", "chat", "name", "text", "admin", "actor", "supporter", "message")
    assert {field for field in ALLOWED if any(word in field for word in about_people)} == set()
