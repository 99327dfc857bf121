"""The tests that a page names as what shows a sentence to be true."""

import ast
import re
from functools import cache
from pathlib import Path

_TESTS = Path(__file__).parent.parent
# A file below `tests/`, perhaps a class, and a test.
NAMED = re.compile(r"`([\w/]+\.py)::((?:\w+::)?\w+)`")


def missing_tests(text: str) -> list[str]:
    """Returns the tests that a text names and that do not exist."""
    named = NAMED.findall(text)
    return [f"{path}::{name}" for path, name in named if name not in _tests_of(path)]


@cache
def _tests_of(path: str) -> frozenset[str]:
    file = _TESTS / path
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
