"""Pictures for tests."""

import io

from PIL import Image


def tiny_png(width: int = 64, height: int = 48) -> bytes:
    """Returns a valid PNG of one colour; the sides are in pixels."""
    written = io.BytesIO()
    Image.new("L", (width, height), 192).save(written, "PNG")
    return written.getvalue()
