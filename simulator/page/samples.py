"""Generated photos for people on the page to send."""

import io
from functools import lru_cache

from PIL import Image, ImageOps

_SIZE = (960, 640)
_SKIES = (("#223a70", "#f6b07a"), ("#145c74", "#cee8d0"), ("#4a2c62", "#f28e84"))


@lru_cache(maxsize=len(_SKIES))
def sample_photo(number: int = 0) -> bytes:
    """Returns an evening sky as a JPEG; the number varies the colours."""
    above, below = _SKIES[number % len(_SKIES)]
    light = Image.linear_gradient("L").resize(_SIZE)
    written = io.BytesIO()
    ImageOps.colorize(light, above, below).save(written, "JPEG")
    return written.getvalue()
