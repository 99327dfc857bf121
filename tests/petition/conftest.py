"""Fixtures: a petition's folder to load."""

from tests.petition_folder.conftest import change, folder

__all__ = ["change", "folder"]
