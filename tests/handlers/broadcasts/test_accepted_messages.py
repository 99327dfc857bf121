"""Messages that can be copied are accepted; others are refused with the reason."""

from typing import Any

import pytest
from telegram import Message

from handlers.broadcasts.accepted_messages import (
    UnsupportedMessage,
    read_message,
)
from handlers.broadcasts.draft import Link, Version

CHAT = {"id": 1, "type": "private"}
FILE = {"file_id": "f", "file_unique_id": "u"}
PLACE = {"latitude": 40.4, "longitude": -3.7}


def message(**content: Any) -> Message:
    raw = {"message_id": 17, "date": 0, "chat": CHAT, **content}
    return Message.de_json(raw, None)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"text": "Hola"}, "text"),
        ({"photo": [{**FILE, "width": 1, "height": 1}], "caption": "Hola"}, "photo"),
        ({"document": FILE}, "document"),
        # An animation comes with a document beside it, for old clients.
        (
            {"animation": {**FILE, "width": 1, "height": 1, "duration": 1}, "document": FILE},
            "animation",
        ),
        ({"location": PLACE}, "location"),
        # A venue comes with its location beside it.
        ({"venue": {"location": PLACE, "title": "t", "address": "a"}, "location": PLACE}, "venue"),
    ],
)
def test_a_message_is_what_it_holds(content: dict[str, Any], kind: str) -> None:
    words = content.get("text") or content.get("caption", "")
    assert read_message(message(**content)) == Version(messages=(17,), kind=kind, words=words)


@pytest.mark.parametrize(
    ("content", "unfit"),
    [
        ({"dice": {"emoji": "🎲", "value": 4}}, UnsupportedMessage.DICE),
        ({"location": {**PLACE, "live_period": 60}}, UnsupportedMessage.LIVE_LOCATION),
        ({"paid_media": {"star_count": 1, "paid_media": []}}, UnsupportedMessage.PAID),
        (
            {
                "invoice": {
                    "title": "t",
                    "description": "d",
                    "start_parameter": "",
                    "currency": "XTR",
                    "total_amount": 1,
                }
            },
            UnsupportedMessage.PAID,
        ),
        (
            {"giveaway": {"chats": [CHAT], "winners_selection_date": 0, "winner_count": 1}},
            UnsupportedMessage.PAID,
        ),
        ({"story": {"chat": CHAT, "id": 1}}, UnsupportedMessage.OTHER),
        (
            {
                "game": {
                    "title": "t",
                    "description": "d",
                    "photo": [{**FILE, "width": 1, "height": 1}],
                }
            },
            UnsupportedMessage.OTHER,
        ),
        ({}, UnsupportedMessage.OTHER),
    ],
)
def test_what_cannot_be_copied_is_refused_with_its_reason(
    content: dict[str, Any], unfit: UnsupportedMessage
) -> None:
    assert read_message(message(**content)) is unfit


def keyboard(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "b", **button}] for button in buttons]}


def test_only_buttons_that_open_an_address_are_kept() -> None:
    found = read_message(
        message(
            text="Hola",
            reply_markup=keyboard({"url": "https://example.org/"}, {"callback_data": "x"}),
        )
    )
    assert found == Version(
        messages=(17,),
        kind="text",
        links=((Link(text="b", url="https://example.org/"),),),
        lost_buttons=True,
        words="Hola",
    )


def test_nothing_is_lost_of_link_buttons_alone() -> None:
    found = read_message(message(text="Hola", reply_markup=keyboard({"url": "https://a.org"})))
    assert isinstance(found, Version)
    assert not found.lost_buttons


def test_an_album_has_no_buttons() -> None:
    found = read_message(
        message(document=FILE, media_group_id="g", reply_markup=keyboard({"url": "https://a.org"}))
    )
    assert found == Version(messages=(17,), kind="document", group="g")
