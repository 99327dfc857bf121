"""Checks that Telegram accepts a picture, from the file's header."""

import errno
from pathlib import Path

from bot.petition_folder.files import NOT_A_FILE, read_file
from bot.text.problems import Sentence

# Telegram's limits of a photo: https://core.telegram.org/bots/api#sendphoto
PICTURE_BYTES = 10 * 1024 * 1024
PICTURE_SIDES = 10_000  # pixels, the sum of width and height
_LONGEST_RATIO = 20
_ENDINGS = (".png", ".jpg", ".jpeg")
# Read here, as Pillow takes 3 MB, which a running bot does without until it draws a chart.
_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
# The markers before which a JPEG says its size: SOF0 to SOF15 but for three that are no frames.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def picture_problem(folder: Path, name: str) -> Sentence | None:
    """Returns why Telegram would not show this file as a photo, or None if it would."""
    if Path(name).name != name or "\\" in name:
        return Sentence(
            "pon solo el nombre de un archivo que esté en esta carpeta, y no {name}", name=name
        )
    try:
        data = read_file(folder / name, PICTURE_BYTES)
    except FileNotFoundError:
        stem = Path(name).stem.lower()
        pictures = (each for each in sorted(folder.glob("*")) if each.suffix.lower() in _ENDINGS)
        near = next((each.name for each in pictures if each.stem.lower() == stem), None)
        return Sentence(
            "en esta carpeta no hay ningún archivo {name}: ¿querías escribir {near}?"
            if near
            else "en esta carpeta no hay ningún archivo {name}: ponlo ahí, o quita la sección "
            "[image] entera",
            name=name,
            near=near or "",
        )
    except OSError as error:
        reason = Sentence(error.strerror or "The system refused")
        return Sentence(
            "{name} pesa más de 10 MB, y Telegram no admite más: guárdala más pequeña"
            if error.errno == errno.EFBIG
            else "el archivo {name} no se puede leer: {reason}",
            name=name,
            reason=reason,
        )
    return NOT_A_FILE if data is None else _content_fault(name, data)


def _content_fault(name: str, data: bytes) -> Sentence | None:
    size = _size(data)
    if size is None:
        return Sentence(
            "{name} no es una imagen PNG ni JPEG: guárdala otra vez en uno de esos formatos",
            name=name,
        )
    width, height = size
    is_long = min(size) == 0 or max(size) > _LONGEST_RATIO * min(size)
    if is_long or width + height > PICTURE_SIDES:
        return Sentence(
            "{name} mide {width} × {height}: ningún lado puede ser más de 20 veces más largo que "
            "el otro"
            if is_long
            else "{name} mide {width} × {height}: anchura y altura pueden sumar {most} píxeles "
            "como mucho",
            name=name,
            width=str(width),
            height=str(height),
            most=PICTURE_SIDES,
        )
    return None


def _size(data: bytes) -> tuple[int, int] | None:
    """Returns width and height as the header says them; None if it is neither PNG nor JPEG."""
    if data.startswith(_PNG) and len(data) >= 24:
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    place = 2 if data.startswith(b"\xff\xd8") else len(data)
    while place + 9 <= len(data) and data[place] == 0xFF:
        kind = data[place + 1]
        if kind in _JPEG_FRAMES:
            height, width = (int.from_bytes(data[place + n : place + n + 2]) for n in (5, 7))
            return width, height
        # Any number of 0xFF may stand before a marker; what follows one has its length first.
        place += 1 if kind == 0xFF else 2 + int.from_bytes(data[place + 2 : place + 4])
    return None
