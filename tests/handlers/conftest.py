"""Fixtures of the handler tests: a scene with people."""

from tests.features.conftest import scene

__all__ = ["scene"]
