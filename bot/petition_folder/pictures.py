"""Checks that Telegram accepts a picture, from the file's header."""

import io
import warnings
from pathlib import Path

# Telegram's limits of a photo: https://core.telegram.org/bots/api#sendphoto
PICTURE_BYTES = 10 * 1024 * 1024
PICTURE_SIDES = 10_000  # pixels, the sum of width and height
_LONGEST_RATIO = 20


def picture_problem(folder: Path, name: str) -> str | None:
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
    if len(data) > PICTURE_BYTES:
        return f'"{name}" is {len(data) / 1024 / 1024:.1f} MB; Telegram takes pictures up to 10 MB'
    size = _size(data)
    if size is None:
        return f'"{name}" is not a PNG or JPEG picture; save it again as one of the two'
    width, height = size
    if min(size) == 0 or max(size) > _LONGEST_RATIO * min(size):
        return f'"{name}" is {width} × {height}; no side may be 20 times longer than the other'
    if width + height > PICTURE_SIDES:
        return f'"{name}" is {width} × {height}; width and height together may be 10,000 pixels'
    return None


def _size(data: bytes) -> tuple[int, int] | None:
    """Returns width and height, read without decoding; None if it is neither PNG nor JPEG."""
    # Imported here: most commands look at no picture.
    from PIL import Image

    try:
        with warnings.catch_warnings():
            # It warns of a picture that would take much memory when it is decoded.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
                return image.size
    except (OSError, SyntaxError):  # SyntaxError is what it raises at some broken headers
        return None
    except Image.DecompressionBombError:
        return PICTURE_SIDES, PICTURE_SIDES
