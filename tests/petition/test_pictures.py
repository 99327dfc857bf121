"""Tests that a picture is judged by its content, not its name, and by Telegram's limits."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.petition_folder.pictures import picture_fault

Draw = Callable[[int, int], bytes]


def png(width: int, height: int) -> bytes:
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + size


def jpeg(width: int, height: int) -> bytes:
    comment = b"\xff\xfe\x00\x06note"
    tables = b"\xff\xc4\x00\x04\0\0"  # a marker among those of frames that is none
    size = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return b"\xff\xd8" + comment + tables + b"\xff\xc2\x00\x0b\x08" + size + b"\x01"


def fault_of(folder: Path, data: bytes) -> str | None:
    (folder / "picture").write_bytes(data)
    return picture_fault(folder, "picture")


@pytest.mark.parametrize("draw", [png, jpeg])
def test_a_picture_of_either_kind_passes(tmp_path: Path, draw: Draw) -> None:
    assert fault_of(tmp_path, draw(1200, 630)) is None


@pytest.mark.parametrize("draw", [png, jpeg])
def test_a_picture_too_large_or_too_long_is_told_with_its_size(tmp_path: Path, draw: Draw) -> None:
    assert "6000 × 4001" in (fault_of(tmp_path, draw(6000, 4001)) or "")
    assert "20 times longer" in (fault_of(tmp_path, draw(2101, 100)) or "")
    assert "20 times longer" in (fault_of(tmp_path, draw(0, 0)) or "")


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"<svg/>"]
)
def test_anything_else_is_no_picture(tmp_path: Path, data: bytes) -> None:
    assert "not a PNG or JPEG" in (fault_of(tmp_path, data) or "")
