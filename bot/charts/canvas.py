"""A small layer over Pillow for the charts: text that fits, boxes, PNG output."""

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

FONTS = Path(__file__).parent / "fonts"
_SMALLEST_TEXT = 26


class Box(NamedTuple):
    """A rectangle, in pixels from the top left corner; right and bottom are exclusive."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass
class Canvas:
    """A picture to draw on. Colours are `#rrggbb`.

    `labels` collects the lines of text that were drawn, each with the box around its ink.
    """

    width: int
    height: int
    paper: str
    labels: list[tuple[str, Box]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._image = Image.new("RGB", (self.width, self.height), self.paper)
        self._draw = ImageDraw.Draw(self._image)
        # Not shared between pictures: a font must not be used in two threads at once.
        self._fonts: dict[tuple[float, bool], ImageFont.FreeTypeFont] = {}

    def text(
        self, text: str, at: tuple[float, float], size: float, colour: str, *, bold: bool = False,
        anchor: str = "ls", room: float | None = None,
    ) -> None:  # fmt: skip
        """Draws a line of text; one wider than `room` is made smaller and cut to fit.

        `anchor` is Pillow's, of the place in the text that is `at` this point: l, m or r, and s
        for the base line.
        """
        font = self._font(size, bold=bold)
        while room is not None and size > _SMALLEST_TEXT and font.getlength(text) > room:
            size -= 1
            font = self._font(size, bold=bold)
        if room is not None:
            text = _cut(text, font, room)
        self._draw.text(at, text, fill=colour, font=font, anchor=anchor)
        self.labels.append((text, Box(*self._draw.textbbox(at, text, font, anchor))))

    def box(self, box: Box, colour: str) -> None:
        """Fills a rectangle, at least two pixels wide, so that it is visible."""
        corners = (box.left, box.top, max(box.right, box.left + 2), box.bottom)
        left, top, right, bottom = (round(edge) for edge in corners)
        self._draw.rectangle((left, top, right - 1, bottom - 1), fill=colour)

    def text_width(self, text: str, size: float) -> float:
        """Returns how wide a line of text would be, in pixels."""
        return self._font(size, bold=False).getlength(text)

    def png(self) -> bytes:
        """Returns the picture as a PNG file."""
        written = io.BytesIO()
        self._image.save(written, "PNG", compress_level=1)  # in half the time, a third larger
        return written.getvalue()

    def _font(self, size: float, *, bold: bool) -> ImageFont.FreeTypeFont:
        known = self._fonts.get((size, bold))
        if known is None:
            # Pillow's own font has no accents.
            file = FONTS / ("NotoSans-Bold.ttf" if bold else "NotoSans-Regular.ttf")
            # The basic layout is the same on every machine.
            known = ImageFont.truetype(file, size, layout_engine=ImageFont.Layout.BASIC)
            self._fonts[size, bold] = known
        return known


def _cut(text: str, font: ImageFont.FreeTypeFont, room: float) -> str:
    if font.getlength(text) <= room:
        return text
    while text and font.getlength(f"{text}…") > room:
        text = text[:-1]
    return f"{text.rstrip()}…"
