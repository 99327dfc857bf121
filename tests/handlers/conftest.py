"""The stage, for handlers that are easier shown with people than with objects."""

from tests.features.conftest import scene

__all__ = ["scene"]
