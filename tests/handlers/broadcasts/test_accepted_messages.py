"""Messages that can be copied and lines with a link are accepted; others are refused, and why."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Message

from bot.text.problems import Refused
from handlers.broadcasts.accepted_messages import (
    LONGEST_NOTICE,
    MOST_BUTTONS,
    is_address,
    parse_links,
    read_message,
    read_text,
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
    ("content", "why"),
    [
        ({"text": "\u2800\u200b \u3164"}, "no se ve nada escrito"),
        ({"dice": {"emoji": "🎲", "value": 4}}, "Un dado"),
        ({"location": {**PLACE, "live_period": 60}}, "en tiempo real"),
        ({"paid_media": {"star_count": 1, "paid_media": []}}, "contenido de pago"),
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
            "contenido de pago",
        ),
        (
            {"giveaway": {"chats": [CHAT], "winners_selection_date": 0, "winner_count": 1}},
            "contenido de pago",
        ),
        ({"story": {"chat": CHAT, "id": 1}}, "ese tipo de mensaje"),
        (
            {
                "game": {
                    "title": "t",
                    "description": "d",
                    "photo": [{**FILE, "width": 1, "height": 1}],
                }
            },
            "ese tipo de mensaje",
        ),
        ({}, "ese tipo de mensaje"),
    ],
)
def test_what_cannot_be_copied_is_refused_with_its_reason(
    content: dict[str, Any], why: str
) -> None:
    with pytest.raises(Refused, match=why):
        read_message(message(**content))


def test_the_notice_of_a_breach_is_a_text_that_can_be_seen_and_fits() -> None:
    # Each of these counts as two of Telegram's characters.
    longest = "😀" * (LONGEST_NOTICE // 2)
    for content, why in (
        ({"photo": [{**FILE, "width": 1, "height": 1}], "caption": "Aviso"}, "va en texto"),
        ({"text": "\u2800\u200b"}, "no se ve nada escrito"),
        ({"text": f"{longest}."}, "demasiado largo"),
    ):
        with pytest.raises(Refused, match=why):
            read_text(message(**content))
    assert read_text(message(text=longest)) == Version(messages=(17,), kind="text", html=longest)


@pytest.mark.parametrize(
    ("line", "text", "url"),
    [
        ("Leer más - https://ejemplo.org/x?y=1#z", "Leer más", "https://ejemplo.org/x?y=1#z"),
        ("Leer más — https://ejemplo.org", "Leer más", "https://ejemplo.org"),
        ("Leer más: https://ejemplo.org", "Leer más", "https://ejemplo.org"),
        ("Leer más https://ejemplo.org", "Leer más", "https://ejemplo.org"),
        ("Opción A-B - https://ejemplo.org/a-b", "Opción A-B", "https://ejemplo.org/a-b"),
        ("De 3 - 5 € - https://ejemplo.org", "De 3 - 5 €", "https://ejemplo.org"),
        ("Canal - t.me/andry", "Canal", "https://t.me/andry"),
        ("Web - www.ejemplo.org", "Web", "https://www.ejemplo.org"),
        ("Leer - ejemplo.org/wiki/Especial:X", "Leer", "https://ejemplo.org/wiki/Especial:X"),
        ("Bot - tg://resolve?domain=x", "Bot", "tg://resolve?domain=x"),
        ("Sí - HTTP://ejemplo.org", "Sí", "HTTP://ejemplo.org"),
    ],
)
def test_a_line_is_a_button(line: str, text: str, url: str) -> None:
    assert parse_links(line) == ((Link(text=text, url=url),),)


def test_each_line_is_a_row_and_ten_are_the_most() -> None:
    found = parse_links("A - https://a.org\n\n  B - https://b.org  \n")
    assert found == (
        (Link(text="A", url="https://a.org"),),
        (Link(text="B", url="https://b.org"),),
    )
    assert MOST_BUTTONS == 10
    assert len(parse_links("A - https://a.org\n" * 10)) == 10


@pytest.mark.parametrize(
    ("text", "fault", "line"),
    [
        ("", "ningún enlace", ""),
        (" \n ", "ningún enlace", ""),
        *(
            (wrong, "No entiendo", wrong.splitlines()[-1])
            for wrong in (
                "Leer más",
                "Gracias a todos.Nos",
                "A - https://a.org\nB",
                "https://a.org",
                "- https://a.org",
                "A - ftp://a.org",
                "A - javascript:alert(1)",
                "A - http://localhost",
                "A - https://u:p@a.org",
                "A - https://a.org:x/",
            )
        ),
        (f"{'a' * 61} - https://a.org", "demasiado largo", "a" * 60 + "…"),
        ("A - https://a.org\n" * (MOST_BUTTONS + 1), "caben diez.", ""),
    ],
)
def test_the_first_line_that_is_wrong_is_named(text: str, fault: str, line: str) -> None:
    with pytest.raises(Refused, match=fault) as refused:
        parse_links(text)
    assert dict(refused.value.why.values).get("line", "") == line


@given(st.text(max_size=200))
def test_nothing_anybody_writes_breaks_it(text: str) -> None:
    with suppress(Refused):
        found = parse_links(text)
        assert all(link.text and is_address(link.url) for row in found for link in row)
