"""Tests of what a machine that runs the bot installs: the wheel, and what is locked for it."""

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "handlers", "simulator", "storage", "telegram_text")
LOCKS = ("live", "postgres", "pdf", "build")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]


def test_the_wheel_has_every_file_of_the_bot_and_nothing_else() -> None:
    built = WheelBuilder(str(ROOT)).recurse_included_files()
    files = {
        str(file.relative_to(ROOT))
        for package in PACKAGES
        for file in (ROOT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert {file.distribution_path for file in built} == files


@cache
def locked(name: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Returns the version and the hashes of each package of a lock."""
    text = (ROOT / name).read_text("utf-8")
    return {
        found["name"]: (found["version"], frozenset(re.findall(r"sha256:\w{64}", found["rest"])))
        for found in re.finditer(
            r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?P<rest>.*(?:\n .*)*)", text, re.MULTILINE
        )
    }


@pytest.mark.parametrize("name", LOCKS)
def test_what_a_live_machine_installs_is_what_the_tests_ran_with(name: str) -> None:
    live, tested = locked(f"deploy/{name}.lock"), locked("requirements.lock")
    assert live
    assert all(hashes for _, hashes in live.values())
    assert live.items() <= tested.items(), "run make lock"


def test_a_live_machine_has_what_is_locked_for_it_and_nothing_of_the_extras() -> None:
    needed = {_name(each) for each in PYPROJECT["build-system"]["requires"]}
    assert needed <= set(locked("deploy/build.lock"))
    extras = PROJECT["optional-dependencies"].values()
    others = {_name(each) for extra in extras for each in extra}
    assert {"hypothesis", "aiogram", "asyncpg", "typst"} <= others
    assert others & set(locked("deploy/live.lock")) == set()


def test_whatever_the_bot_imports_is_installed_with_it_or_with_an_extra() -> None:
    installed = {
        name for lock in LOCKS if lock != "build" for name in locked(f"deploy/{lock}.lock")
    }
    distributions = packages_distributions()
    missing = {
        module
        for package in PACKAGES
        for file in (ROOT / package).rglob("*.py")
        for module in _imported(ast.parse(file.read_bytes()))
        if module not in sys.stdlib_module_names and module not in PACKAGES
        if not {_canonical(each) for each in distributions[module]} & installed
    }
    assert missing == set()


def _imported(tree: ast.AST) -> set[str]:
    nodes = list(ast.walk(tree))
    named = [a.name for each in nodes if isinstance(each, ast.Import) for a in each.names]
    named += [each.module or "" for each in nodes if isinstance(each, ast.ImportFrom)]
    return {each.partition(".")[0] for each in named}


def _name(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    assert found is not None
    return _canonical(found[0])


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
