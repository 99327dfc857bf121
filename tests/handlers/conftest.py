"""Fixtures of the handler tests: a scene with people, delayed replies and a clock."""

import pytest

from handlers.delayed_replies import DelayedReplies
from tests.features.conftest import scene
from tests.handlers.chats import Clock

__all__ = ["clock", "replies", "scene"]


@pytest.fixture
def clock() -> Clock:
    """Time that passes when it is told to."""
    return Clock()


@pytest.fixture
def replies(clock: Clock) -> DelayedReplies:
    """What is replies, while no update is in anybody's way."""
    return DelayedReplies(clock.sleep, clock, in_the_way=lambda: False)
