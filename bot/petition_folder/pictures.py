"""Checks that Telegram accepts a picture, from the file's header."""

import errno
import io
import warnings
from pathlib import Path

from bot.petition_folder.read import NOT_A_FILE, read_file
from bot.text.problems import Sentence

# Telegram's limits of a photo: https://core.telegram.org/bots/api#sendphoto
PICTURE_BYTES = 10 * 1024 * 1024
PICTURE_SIDES = 10_000  # pixels, the sum of width and height
_LONGEST_RATIO = 20
_ENDINGS = (".png", ".jpg", ".jpeg")


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
