"""Fixtures of the feature tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.features.scene import Scene, a_scene
from tests.features.studio import Studio, a_studio


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """A petition that has just been opened; at the end no call of the bot was refused."""
    async with a_scene(tmp_path) as scene:
        yield scene
    refused = [f"{call.method}: {call.error}" for call in scene.simulator.refused]
    assert refused == []


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    """A campaigner with three signers; no call is refused but those that a test expects."""
    async with a_studio(tmp_path) as studio:
        yield studio
    assert studio.refused == []
