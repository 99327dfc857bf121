"""Checks that Telegram accepts a picture, from the file's header."""

from pathlib import Path
from typing import Final

from bot.text import text_limits

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
# Start-of-frame markers carry the size; C4, C8 and CC in that range mean other things.
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_LONGEST_RATIO: Final = 20


def picture_fault(folder: Path, name: str) -> str | None:
    """Returns why Telegram would not show this file as a photo, or None if it would."""
    if not name.strip():
        return "the file's name is empty; name the picture, or leave the [image] section out"
    if Path(name).name != name:
        return f'give the name of a file in this folder, without a path, and not "{name}"'
    try:
        data = (folder / name).read_bytes()
    except FileNotFoundError:
        return f'there is no file "{name}" in this folder; put it there, or leave [image] out'
    except OSError as error:
        return f'the file "{name}" cannot be read: {error.strerror or error}'
    return _content_fault(name, data)


def _content_fault(name: str, data: bytes) -> str | None:
    if len(data) > text_limits.PICTURE_BYTES:
        return f'"{name}" is {len(data) / 1024 / 1024:.1f} MB; Telegram takes pictures up to 10 MB'
    size = _size(data)
    if size is None:
        return f'"{name}" is not a PNG or JPEG picture; save it again as one of the two'
    width, height = size
    if min(size) == 0 or max(size) > _LONGEST_RATIO * min(size):
        return f'"{name}" is {width} × {height}; no side may be 20 times longer than the other'
    if width + height > text_limits.PICTURE_SIDES:
        return f'"{name}" is {width} × {height}; width and height together may be 10,000 pixels'
    return None


def _size(data: bytes) -> tuple[int, int] | None:
    if data.startswith(_PNG) and data[12:16] == b"IHDR" and len(data) >= 24:
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    if data.startswith(_JPEG):
        return _jpeg_size(data)
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        if data[place + 1] in _FRAMES:
            height, width = data[place + 5 : place + 7], data[place + 7 : place + 9]
            return int.from_bytes(width), int.from_bytes(height)
        place += 2 + int.from_bytes(data[place + 2 : place + 4])
    return None
