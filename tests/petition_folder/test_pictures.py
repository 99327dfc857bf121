"""Tests that a picture is judged by its content, not its name, and by Telegram's limits."""

import io
import zlib
from pathlib import Path
from typing import Any

from PIL import Image

from bot.petition_folder.field_types import picture_problem


def png(width: int, height: int) -> bytes:
    return _drawn(width, height, "PNG")


def jpeg(width: int, height: int) -> bytes:
    return _drawn(width, height, "JPEG")


def progressive(width: int, height: int) -> bytes:
    """As a camera writes it: with what it says of itself before the size."""
    exif = b"Exif\0\0" + b"\xff\xc0" * 300
    return _drawn(width, height, "JPEG", progressive=True, exif=exif)


def _drawn(width: int, height: int, kind: str, **options: Any) -> bytes:
    data = io.BytesIO()
    Image.new("L", (width, height)).save(data, kind, **options)
    return data.getvalue()


def fault_of(folder: Path, data: bytes) -> str:
    (folder / "picture").write_bytes(data)
    return str(picture_problem(folder, "picture") or "")


def test_a_picture_passes_unless_it_is_too_large_or_too_long(tmp_path: Path) -> None:
    for draw in (png, jpeg, progressive):
        assert fault_of(tmp_path, draw(1200, 630)) == ""
        assert "9000 × 1001" in fault_of(tmp_path, draw(9000, 1001))
        assert "20 times longer" in fault_of(tmp_path, draw(2101, 100))


def test_a_picture_that_would_not_fit_into_memory_is_judged_by_its_header(tmp_path: Path) -> None:
    start = png(1, 1)
    for side in (12_000, 30_000):
        header = b"IHDR" + side.to_bytes(4, "big") * 2 + start[24:29]
        data = start[:12] + header + zlib.crc32(header).to_bytes(4, "big") + start[33:]
        assert "can add up to 10,000" in fault_of(tmp_path, data)


def test_anything_else_is_no_picture(tmp_path: Path) -> None:
    for data in (
        b"",
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"\xff\xd8" + b"\xff" * 99,
        b"<svg/>",
    ):
        assert "not a PNG or JPEG" in fault_of(tmp_path, data)
