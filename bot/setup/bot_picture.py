"""Draws a picture for a bot's profile: a speech bubble, which says nothing of the cause."""

import io

from PIL import Image, ImageDraw

SIDE = 640
_FINER = 4  # drawn larger and made smaller, for smooth edges
_GROUND, _PAPER = (46, 94, 110), (246, 244, 238)


def draw_picture() -> bytes:
    """Returns the picture, a square JPEG; Telegram cuts a circle out of it."""
    side = SIDE * _FINER

    def at(*shares: float) -> list[float]:
        return [share * side for share in shares]

    image = Image.new("RGB", (side, side), _GROUND)
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle(at(0.24, 0.28, 0.76, 0.64), radius=0.09 * side, fill=_PAPER)
    draw.polygon(at(0.34, 0.60, 0.34, 0.76, 0.50, 0.62), fill=_PAPER)
    for middle in (0.38, 0.50, 0.62):
        draw.ellipse(at(middle - 0.032, 0.428, middle + 0.032, 0.492), fill=_GROUND)
    made = io.BytesIO()
    image.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(made, "JPEG", quality=92)
    return made.getvalue()
