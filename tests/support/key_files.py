"""The key of all tests of a process: making and guarding one takes longer than writing it."""

from pathlib import Path

from storage.keyring import Keyring

_made: list[str] = []


def write_key(path: Path) -> Keyring:
    """Writes the key file, which the first test of the process made, and reads it."""
    if not _made:
        keyring = Keyring.generate(path)
        _made.append(path.read_text())
        return keyring
    path.touch(0o600, exist_ok=False)
    path.write_text(_made[0])
    return Keyring.load(path)
