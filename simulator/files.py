"""The files that were sent, by their identifiers, and the checks of a photo."""

import io
import mimetypes
import warnings
from dataclasses import dataclass

from PIL import Image

from simulator.chats import Media, Shape
from simulator.errors import Refused, bad_request
from simulator.media_kinds import FILE_KINDS, SAMPLES, SKIES, sample_photo
from simulator.parameters import UploadedFile

_MB = 1024 * 1024
_PHOTO_BYTES = 10 * _MB
_UPLOAD_BYTES = 50 * _MB
_PHOTO_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
_SIDES = (90, 320, 800, 1280)
_ID_LENGTH = 56


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file on the server."""

    media: Media
    content: bytes


class Files:
    """All files that the bot has sent or received."""

    def __init__(self) -> None:
        self._by_id: dict[str, StoredFile] = {}
        self._count = 0

    def find(self, file_id: str) -> StoredFile | None:
        """Returns the file with this identifier."""
        return self._by_id.get(file_id)

    def media(self, kind: str, source: str | UploadedFile) -> Media:
        """Returns the media of a message with this source, as this kind; refuses a wrong one."""
        if isinstance(source, UploadedFile):
            return self.add(kind, source)
        if source.startswith(("http://", "https://")):
            raise bad_request("failed to get HTTP URL content")  # the simulator fetches nothing
        found = self.find(source)
        if found is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        there = found.media.kind
        if there != kind:
            raise bad_request(f"can't use file of type {there.title()} as {kind.title()}")
        return found.media

    def add(self, kind: str, upload: UploadedFile) -> Media:
        """Stores an upload."""
        if not upload.content:
            raise bad_request("file must be non-empty")
        if len(upload.content) > _UPLOAD_BYTES:
            raise Refused(413, "Request Entity Too Large")
        if kind == "photo":
            return self._add_photo(upload)
        return self._add_file(kind, upload)

    def sample(self, kind: str) -> Media:
        """Returns a sample of this kind of content; stores it if it is a file."""
        if kind in SAMPLES:
            return Media(kind, SAMPLES[kind])
        if kind == "photo":
            sky = sample_photo(self._count % len(SKIES))
            return self.add(kind, UploadedFile("photo.jpg", sky))
        return self.add(kind, UploadedFile(f"sample{FILE_KINDS[kind].suffix}", b"Hola.\n"))

    def _add_photo(self, upload: UploadedFile) -> Media:
        width, height = _checked_photo(upload.content)
        longest = max(width, height)
        self._count += 1
        sizes: list[Shape] = []
        for side in dict.fromkeys(min(side, longest) for side in _SIDES):
            sizes.append(
                _identifiers("photo", self._count, side)
                | {
                    "file_size": len(upload.content),
                    "width": max(1, width * side // longest),
                    "height": max(1, height * side // longest),
                }
            )
        media = Media("photo", sizes, str(sizes[-1]["file_id"]), upload.name)
        stored = StoredFile(media, upload.content)
        self._by_id |= {size["file_id"]: stored for size in sizes}
        return media

    def _add_file(self, kind: str, upload: UploadedFile) -> Media:
        made = FILE_KINDS[kind]
        self._count += 1
        kind_of_content = mimetypes.guess_type(upload.name)[0] or "application/octet-stream"
        described = {"file_name": upload.name, "mime_type": kind_of_content}
        shape: Shape = {
            **_identifiers(kind, self._count, 0),
            "file_size": len(upload.content),
            **made.fields,
            **{name: described[name] for name in made.described},
        }
        media = Media(kind, shape, shape["file_id"], upload.name)
        self._by_id[shape["file_id"]] = StoredFile(media, upload.content)
        return media


def _checked_photo(content: bytes) -> tuple[int, int]:
    if len(content) > _PHOTO_BYTES:
        raise bad_request(
            f"file of size {len(content)} bytes is too big for a photo;"
            f" the maximum size is {_PHOTO_BYTES} bytes"
        )
    width, height = _image_size(content)
    if max(width, height) > 20 * min(width, height) or width + height > 10_000:
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return width, height


def _image_size(content: bytes) -> tuple[int, int]:
    """Returns width and height from the header; the picture itself is not decoded."""
    try:
        with (
            warnings.catch_warnings(action="error"),
            Image.open(io.BytesIO(content), formats=_PHOTO_FORMATS) as image,
        ):
            return image.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise bad_request("PHOTO_INVALID_DIMENSIONS") from error
    except (OSError, SyntaxError) as error:  # SyntaxError is what some broken headers raise
        raise bad_request("IMAGE_PROCESS_FAILED") from error


def _identifiers(kind: str, serial: int, side: int) -> Shape:
    unique = f"{kind}-{serial:06}-{side:04}"
    return {"file_id": unique.ljust(_ID_LENGTH, "A"), "file_unique_id": unique}
