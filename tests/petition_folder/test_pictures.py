"""Tests that a picture is judged by its content, not its name, and by Telegram's limits."""

import io
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from bot.petition_folder.pictures import picture_problem

Draw = Callable[[int, int], bytes]


def png(width: int, height: int) -> bytes:
    return _drawn(width, height, "PNG")


def jpeg(width: int, height: int) -> bytes:
    return _drawn(width, height, "JPEG")


def _drawn(width: int, height: int, kind: str) -> bytes:
    data = io.BytesIO()
    Image.new("L", (width, height)).save(data, kind)
    return data.getvalue()


def fault_of(folder: Path, data: bytes) -> str:
    (folder / "picture").write_bytes(data)
    return str(picture_problem(folder, "picture") or "")


@pytest.mark.parametrize("draw", [png, jpeg])
def test_a_picture_of_either_kind_passes(tmp_path: Path, draw: Draw) -> None:
    assert fault_of(tmp_path, draw(1200, 630)) == ""


@pytest.mark.parametrize("draw", [png, jpeg])
def test_a_picture_too_large_or_too_long_is_told_with_its_size(tmp_path: Path, draw: Draw) -> None:
    assert "6000 × 4001" in fault_of(tmp_path, draw(6000, 4001))
    assert "20 times longer" in fault_of(tmp_path, draw(2101, 100))


@pytest.mark.parametrize("side", [12_000, 30_000])
def test_a_picture_that_would_not_fit_into_memory_is_judged_by_its_header(
    tmp_path: Path, side: int
) -> None:
    start = png(1, 1)
    size = side.to_bytes(4, "big") * 2
    header = b"IHDR" + size + start[24:29]
    data = start[:12] + header + zlib.crc32(header).to_bytes(4, "big") + start[33:]
    assert "can add up to 10,000" in fault_of(tmp_path, data)


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"<svg/>"]
)
def test_anything_else_is_no_picture(tmp_path: Path, data: bytes) -> None:
    assert "not a PNG or JPEG" in fault_of(tmp_path, data)
