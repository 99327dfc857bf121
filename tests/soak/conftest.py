"""Fixtures of the soak tests, which run only with `--soak` and print what happened."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable

import pytest

from tests.soak.counting import CountingApi, a_counting_api
from tests.storage.conftest import database_url, kind, postgres_server, sqlite_template

__all__ = ["database_url", "kind", "postgres_server", "sqlite_template"]


@pytest.fixture(autouse=True)
def _only_when_asked_for(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--soak"):
        pytest.skip("long; run make soak")


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """A function that prints a sentence about the run, even when the test passes."""

    def say(sentence: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{sentence}\n")
            sys.stdout.flush()

    return say


@pytest.fixture
async def api() -> AsyncIterator[CountingApi]:
    """A running Bot API."""
    async with a_counting_api() as api:
        yield api
