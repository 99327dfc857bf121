"""The extras, heavy parts that are installed only where they are used, and how to add one."""

import shlex
import sys
from importlib.metadata import requires
from importlib.util import find_spec
from pathlib import Path

_PACKAGE = "petition-bot"


def install_command(extra: str) -> str:
    """Returns the command that adds an extra's packages to where this program is installed.

    It names the packages themselves, as no registry is known to have this one under its name.
    """
    ending = f"extra == '{extra}'"
    packages = [
        requirement.partition(";")[0].strip()
        for requirement in requires(_PACKAGE) or ()
        if requirement.endswith(ending)
    ]
    return shlex.join([*_installer(), *packages])


def _installer() -> list[str]:
    # What pip adds to an environment of pipx is lost with the next upgrade.
    if "pipx" in Path(sys.prefix).parts:
        return ["pipx", "inject", _PACKAGE]
    if find_spec("pip"):
        return [sys.executable, "-m", "pip", "install"]
    return ["uv", "pip", "install", "--python", sys.executable]
