"""The soak tests run only when they are asked for."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _only_when_asked_for(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--soak"):
        pytest.skip("long; run make soak")
