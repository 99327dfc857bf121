"""The soak tests run only when they are asked for, and say what they went through."""

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
    """A run this long should say what it went through, also when all went well."""

    def say(sentence: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{sentence}\n")
            sys.stdout.flush()

    return say


@pytest.fixture
async def api() -> AsyncIterator[CountingApi]:
    """The other side."""
    async with a_counting_api() as api:
        yield api
