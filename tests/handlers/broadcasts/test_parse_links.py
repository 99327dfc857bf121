"""Lines are parsed into buttons that Telegram accepts, or the first wrong line is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.broadcasts.draft import Link
from handlers.broadcasts.parse_links import (
    MOST_BUTTONS,
    LinkFault,
    WrongLine,
    is_address,
    parse_links,
)


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
        ("Bot - tg://resolve?domain=x", "Bot", "tg://resolve?domain=x"),
        ("Sí - HTTP://ejemplo.org", "Sí", "HTTP://ejemplo.org"),
    ],
)
def test_a_line_is_a_button(line: str, text: str, url: str) -> None:
    assert parse_links(line) == ((Link(text=text, url=url),),)


def test_each_line_is_a_row_and_empty_ones_are_nothing() -> None:
    found = parse_links("A - https://a.org\n\n  B - https://b.org  \n")
    assert found == (
        (Link(text="A", url="https://a.org"),),
        (Link(text="B", url="https://b.org"),),
    )


@pytest.mark.parametrize(
    ("text", "fault", "line"),
    [
        ("", LinkFault.NOTHING, ""),
        (" \n ", LinkFault.NOTHING, ""),
        ("Leer más", LinkFault.NO_ADDRESS, "Leer más"),
        ("A - https://a.org\nB", LinkFault.NO_ADDRESS, "B"),
        ("a.org", LinkFault.NO_ADDRESS, "a.org"),
        ("a.org/x", LinkFault.NO_TEXT, "a.org/x"),
        ("https://a.org", LinkFault.NO_TEXT, "https://a.org"),
        ("- https://a.org", LinkFault.NO_TEXT, "- https://a.org"),
        ("A - ftp://a.org", LinkFault.NOT_AN_ADDRESS, "A - ftp://a.org"),
        ("A - javascript:alert(1)", LinkFault.NOT_AN_ADDRESS, "A - javascript:alert(1)"),
        ("A - http://localhost", LinkFault.NOT_AN_ADDRESS, "A - http://localhost"),
        ("A - https://u:p@a.org", LinkFault.NOT_AN_ADDRESS, "A - https://u:p@a.org"),
        ("A - https://a.org:x/", LinkFault.NOT_AN_ADDRESS, "A - https://a.org:x/"),
        (f"{'a' * 61} - https://a.org", LinkFault.TEXT_TOO_LONG, "a" * 60 + "…"),
        ("A - https://a.org\n" * (MOST_BUTTONS + 1), LinkFault.TOO_MANY, ""),
    ],
)
def test_the_first_line_that_is_wrong_is_named(text: str, fault: LinkFault, line: str) -> None:
    assert parse_links(text) == WrongLine(fault, line)


def test_the_most_buttons_are_as_many_as_the_sentence_says() -> None:
    assert MOST_BUTTONS == 10
    assert not isinstance(parse_links("A - https://a.org\n" * 10), WrongLine)
    assert "caben diez." in LinkFault.TOO_MANY.value


@given(st.text(max_size=200))
def test_nothing_anybody_writes_breaks_it(text: str) -> None:
    found = parse_links(text)
    if not isinstance(found, WrongLine):
        assert all(link.text and is_address(link.url) for row in found for link in row)


@pytest.mark.parametrize("line", ["-" * 4096, "a" + "-" * 2000 + " " * 2000 + "b", "a-" * 2048])
def test_a_long_row_of_dashes_is_read_like_any_line(line: str) -> None:
    # What tried every way to divide it took minutes, in which the bot answered nobody.
    assert isinstance(parse_links(line), WrongLine)
