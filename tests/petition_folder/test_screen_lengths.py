"""The room that the preview's page shows for a text is what the check leaves it."""

import tomllib

import pytest

from bot.petition.petition import BUNDLED
from bot.petition_folder.screen_lengths import rooms, screen_problems

TABLE = tomllib.loads((BUNDLED / "es.toml").read_text())
VALUES = {"addressee": "a" * 80, "controller": "b" * 50}


@pytest.mark.parametrize(
    "key",
    [
        *("title", "summary", "appeal", "privacy_short", "consent", "name_consent", "thanks"),
        "closing_update",
    ],
)
def test_a_text_can_fill_its_room_and_no_more(key: str) -> None:
    room = rooms(TABLE, VALUES)[key]
    for size, fits in ((room, True), (room + 1, False)):
        text = "ñ" * size
        table = TABLE | {key: [text] if key == "appeal" else text}
        assert (list(screen_problems("es.toml", table, VALUES)) == []) == fits
