import struct

import pytest

from bot.simulator.errors import Refused
from bot.simulator.files import Files
from bot.simulator.image_sizes import image_size
from bot.simulator.parameters import Upload
from bot.simulator.sample_media import tiny_png


def refusal(kind: str, source: str | Upload) -> tuple[int, str]:
    with pytest.raises(Refused) as refused:
        Files().media(kind, source)
    return refused.value.code, refused.value.description


@pytest.mark.parametrize(
    ("content", "reason"),
    [
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
    ],
)
def test_a_photo_telegram_would_not_take(content: bytes, reason: str) -> None:
    assert refusal("photo", Upload("a.png", content)) == (400, f"Bad Request: {reason}")


def test_a_file_is_at_most_fifty_megabytes() -> None:
    assert refusal("document", Upload("a", b"0" * (50 * 1024 * 1024 + 1))) == (
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
    photo = files.add("photo", Upload("a.png", tiny_png()))
    assert photo.file_id is not None
    assert files.media("photo", photo.file_id) == photo
    with pytest.raises(Refused, match="can't use file of type Photo as Document"):
        files.media("document", photo.file_id)


@pytest.mark.parametrize(
    "content",
    [
        tiny_png(640, 480),
        b"GIF89a" + struct.pack("<HH", 640, 480),
        b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08" + struct.pack(">HH", 480, 640),
        b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + b"\x7f\x02\x00\xdf\x01\x00",
        b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 10 + struct.pack("<HH", 640, 480),
        b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + struct.pack("<I", 639 | 479 << 14),
    ],
    ids=["png", "gif", "jpeg", "webp-extended", "webp", "webp-lossless"],
)
def test_the_size_is_read_from_every_kind_of_image(content: bytes) -> None:
    assert image_size(content) == (640, 480)
