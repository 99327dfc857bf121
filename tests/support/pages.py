"""Screens written down whole, so that no sentence, number or button of them changes unseen."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from handlers.screens.buttons import Button
from handlers.screens.screen import Screen

# The random name of a draft, and a broadcast's.
_NAME = re.compile(r"\b(?:[0-9a-f]{8}|[0-9a-f]{32})\b(?=[. \]])")


def check_written(pages: Mapping[str, Screen], file: Path) -> None:
    """Compares screens with how they are written down; a file that was removed is written anew."""
    now = "".join(f"=== {name}\n{page}\n" for name, page in _different(pages).items())
    if not file.exists():
        file.write_text(now, encoding="utf-8")
        pytest.fail(f"{file.name} is written anew: read it.")
    assert now == file.read_text(encoding="utf-8")


def _different(pages: Mapping[str, Screen]) -> dict[str, str]:
    """Leaves out screens that are as one before them."""
    seen: dict[str, str] = {}
    for name, page in pages.items():
        rows = [" ".join(map(_button, row)) for row in page.rows]
        lines = [line for line in (*page.text.split("\n"), *rows) if line]
        seen.setdefault(_NAME.sub("…", "\n".join(lines)), name)
    return {name: page for page, name in seen.items()}


def _button(button: Button) -> str:
    does = button.url or button.copied or f"{button.action}:{button.argument}"
    return f"[{button.label} → {does}{f' ({button.style})' if button.style else ''}]"
