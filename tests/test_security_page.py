"""Tests that every test named in `docs/security.md` exists."""

import ast
import re
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "security.md"
# A file below `tests/`, perhaps a class, and a test.
_NAMED = re.compile(r"`([\w/]+\.py)::((?:\w+::)?\w+)`")


def test_every_test_that_it_names_is_there() -> None:
    named = _NAMED.findall(PAGE.read_text(encoding="utf-8"))
    assert len(named) > 60
    assert [f"{path}::{name}" for path, name in named if name not in _tests_of(path)] == []


def test_every_row_is_shown_or_says_that_it_is_not_built() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if _is_finding(line)]
    assert [row for row in rows if not _NAMED.search(row) and "**Not built yet" not in row] == []


def test_no_threat_is_missing() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if _is_finding(line)]
    numbers = [row.split("|")[1].strip() for row in rows]
    assert [int(number) for number in numbers if number.isdecimal()] == [*range(1, 34)]


def _is_finding(line: str) -> bool:
    return re.match(r"\| [\d.]+ \|", line) is not None


@cache
def _tests_of(path: str) -> frozenset[str]:
    file = TESTS / path
    if not file.is_file():
        return frozenset()
    body = ast.parse(file.read_text(encoding="utf-8")).body
    names = _functions(body)
    for node in body:
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}::{name}" for name in _functions(node.body)}
    return frozenset(names)


def _functions(body: list[ast.stmt]) -> set[str]:
    return {node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
