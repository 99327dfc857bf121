"""Virtual environments for the peers, made from lock files when first needed.

The peers are not dependencies of the project, and some of their versions would conflict.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent
_FOLDER = _ROOT / ".venv-peers"
# The reason is at the end of what pip or uv writes to standard error.
_REASON_CHARACTERS = 200


class NoEnvironment(Exception):
    """An environment could not be made; the text says why."""


async def python_of(name: str) -> Path:
    """Returns the interpreter of the environment for `<name>.lock`; makes it if necessary.

    Raises:
        NoEnvironment: it cannot be made, for example without a network.
    """
    lock, folder = _HERE / f"{name}.lock", _FOLDER / name
    python, ready = folder / "bin" / "python", folder / "ready.lock"
    if ready.exists() and ready.read_bytes() == lock.read_bytes():
        return python
    for command in _commands(folder, python, lock):
        await _run(command)
    shutil.copyfile(lock, ready)
    return python


def _commands(folder: Path, python: Path, lock: Path) -> list[list[str]]:
    required = ["--require-hashes", "-r", str(lock)]
    if uv := shutil.which("uv"):
        return [
            [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", str(python), *required],
        ]
    return [
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", *required],
    ]


async def _run(command: list[str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, complained = await process.communicate()
    if process.returncode != 0:
        reason = " ".join(complained.decode(errors="replace").split())
        raise NoEnvironment(reason[-_REASON_CHARACTERS:])
