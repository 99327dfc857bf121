import io
import zlib

import pytest
from PIL import Image

from simulator.errors import Refused
from simulator.files import Files
from simulator.parameters import UploadedFile
from tests.support.pictures import tiny_png


def refusal(kind: str, source: str | UploadedFile) -> tuple[int, str]:
    with pytest.raises(Refused) as refused:
        Files().media(kind, source)
    return refused.value.code, refused.value.description


def test_a_photo_telegram_would_not_take() -> None:
    for content, reason in (
        (b"", "file must be non-empty"),
        (b"not an image", "IMAGE_PROCESS_FAILED"),
        (tiny_png()[:20], "IMAGE_PROCESS_FAILED"),
        (tiny_png(2100, 100), "PHOTO_INVALID_DIMENSIONS"),
        (tiny_png(9000, 1001), "PHOTO_INVALID_DIMENSIONS"),
        (
            tiny_png() + b"0" * (10 * 1024 * 1024),
            f"file of size {len(tiny_png()) + 10485760} bytes is too big for a photo;"
            " the maximum size is 10485760 bytes",
        ),
    ):
        assert refusal("photo", UploadedFile("a.png", content)) == (400, f"Bad Request: {reason}")


def test_a_file_is_at_most_fifty_megabytes() -> None:
    assert refusal("document", UploadedFile("a", b"0" * (50 * 1024 * 1024 + 1))) == (
        413,
        "Request Entity Too Large",
    )


def test_an_unknown_identifier_is_refused() -> None:
    wrong = (400, "Bad Request: wrong file identifier/HTTP URL specified")

    assert refusal("photo", "AgACAgQAAxkBAAIB") == wrong


def test_this_telegram_fetches_no_addresses() -> None:
    assert refusal("photo", "https://example.org/a.png") == (
        400,
        "Bad Request: failed to get HTTP URL content",
    )


def test_an_identifier_works_for_its_own_kind_only() -> None:
    files = Files()
    photo = files.add("photo", UploadedFile("a.png", tiny_png()))
    assert photo.file_id is not None
    assert files.media("photo", photo.file_id) == photo
    with pytest.raises(Refused, match="can't use file of type Photo as Document"):
        files.media("document", photo.file_id)


def picture(kind: str, **options: bool) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (640, 480)).save(written, kind, **options)
    return written.getvalue()


def test_the_size_of_a_photo_is_read_from_its_header() -> None:
    for content in (
        picture("PNG"),
        picture("GIF"),
        picture("JPEG"),
        picture("WEBP"),
        picture("WEBP", lossless=True),
        picture("PNG")[:50],
    ):
        sizes = Files().add("photo", UploadedFile("a", content)).payload
        assert (sizes[-1]["width"], sizes[-1]["height"]) == (640, 480)


def test_a_photo_of_too_many_pixels_is_refused_unread() -> None:
    header = b"IHDR" + (20_000).to_bytes(4, "big") * 2 + tiny_png()[24:29]
    huge = tiny_png()[:12] + header + zlib.crc32(header).to_bytes(4, "big") + tiny_png()[33:]
    refused = (400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    assert refusal("photo", UploadedFile("a.png", huge)) == refused
