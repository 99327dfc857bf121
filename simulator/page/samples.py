"""Generated photos for people on the page to send."""

import io
from functools import lru_cache

from PIL import Image, ImageDraw

_SIZE = (960, 640)
_SKIES = (
    ((34, 58, 112), (246, 176, 122)),
    ((20, 92, 116), (206, 232, 208)),
    ((74, 44, 98), (242, 142, 132)),
    ((40, 78, 140), (214, 226, 246)),
)
_HILLS = ((0.62, 0.10, 0.70), (0.74, 0.07, 0.45), (0.86, 0.05, 0.25))


@lru_cache(maxsize=8)
def sample_photo(number: int = 0) -> bytes:
    """Returns a drawn landscape as a JPEG; the number varies the colours and the shapes."""
    above, below = _SKIES[number % len(_SKIES)]
    width, height = _SIZE
    strip = Image.new("RGB", (1, height))
    strip.putdata([_between(above, below, row / height) for row in range(height)])
    image = strip.resize(_SIZE)
    draw = ImageDraw.Draw(image)
    x, y = width * (3 + 2 * (number % 3)) // 10, height * 2 // 5
    draw.ellipse((x - 46, y - 46, x + 46, y + 46), fill=(255, 246, 222))
    for place, (level, swing, light) in enumerate(_HILLS):
        draw.polygon(
            _hill(level, swing, place + number), fill=_between((10, 18, 30), above, light)
        )
    written = io.BytesIO()
    image.save(written, "JPEG", quality=86)
    return written.getvalue()


def _hill(level: float, swing: float, shift: int) -> list[tuple[float, float]]:
    width, height = _SIZE
    ridge: list[tuple[float, float]] = []
    for x in range(0, width + 1, 8):
        phase = (x / width * 2 + shift * 0.37) % 2
        bend = 1 - abs(1 - phase)  # up and down again
        ridge.append((x, height * (level - swing * (3 * bend**2 - 2 * bend**3))))
    return [*ridge, (width, height), (0, height)]


def _between(one: tuple[int, ...], other: tuple[int, ...], share: float) -> tuple[int, int, int]:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
