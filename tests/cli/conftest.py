"""Fixtures: a petition in a database, and the command line on it."""

from pathlib import Path

import pyrage
import pytest

from storage import Keyring
from tests.cli.petition_database import PetitionDatabase


@pytest.fixture
def petition(
    database_url: str,
    keyring: Keyring,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> PetitionDatabase:
    """A closed petition that six people signed, and settings without the bot's token."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PETITION_BOT_TOKEN", raising=False)
    monkeypatch.setenv("PETITION_DATABASE_URL", database_url)
    monkeypatch.setenv("PETITION_KEY_FILE", str(tmp_path / "petition.key"))
    petition = PetitionDatabase(database_url, keyring)
    petition.open()
    return petition


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The age key of the organisation; the settings have its public half."""
    identity = pyrage.x25519.Identity.generate()
    path = tmp_path / "age.txt"
    path.write_text(f"{identity}\n")
    monkeypatch.setenv("PETITION_AGE_RECIPIENTS", str(identity.to_public()))
    return path
