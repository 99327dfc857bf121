"""Fixtures of the feature tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.admin_scene import AdminScene, an_admin_scene
from tests.support.approval_scene import lucy, pau, three_admins
from tests.support.scene import ADMIN, Scene, a_scene

__all__ = ["lucy", "pau", "three_admins"]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """A petition that has just been opened; at the end no call of the bot was refused."""
    async with a_scene(tmp_path) as scene:
        yield scene
    # A tap and the worker may draw the same progress into an admin's message at one moment.
    refused = [
        f"{call.method}: {call.error}"
        for call in scene.simulator.refused
        if not (call.chat_id == ADMIN and "is not modified" in (call.error or ""))
    ]
    assert refused == []


@pytest.fixture
async def admin(tmp_path: Path) -> AsyncIterator[AdminScene]:
    """A campaigner with three signers; no call is refused but those that a test expects."""
    async with an_admin_scene(tmp_path) as admin:
        yield admin
    assert admin.refused == []
