"""The room that the preview's page shows for a text is what the check leaves it."""

import pytest

from bot.petition.petition import BUNDLED
from bot.petition_folder.markup_check import rooms, screen_problems
from bot.petition_folder.read import read_folder

TEXTS = read_folder(BUNDLED).texts["es"]
VALUES = {"addressee": "a" * 80, "controller": "b" * 50}


@pytest.mark.parametrize(
    "key",
    [
        *("title", "summary", "appeal", "privacy_short", "consent", "name_consent", "thanks"),
        "closing_update",
    ],
)
def test_a_text_can_fill_its_room_and_no_more(key: str) -> None:
    room = rooms(TEXTS, VALUES)[key]
    for size, fits in ((room, True), (room + 1, False)):
        text = "ñ" * size
        texts = TEXTS.model_copy(update={key: (text,) if key == "appeal" else text})
        assert (list(screen_problems("es.toml", texts, VALUES)) == []) == fits
