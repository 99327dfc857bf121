import json
from email.parser import BytesParser
from urllib.parse import parse_qsl, urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.transport.form_encoding import Upload, encode, form

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@settings(max_examples=30)
@given(st.dictionaries(TEXTS, TEXTS))
def test_a_form_is_what_the_standard_library_would_write(fields: dict[str, str]) -> None:
    assert form(fields) == urlencode(fields).encode()


def test_what_is_no_text_travels_as_json() -> None:
    fields = {"chat_id": -100, "silent": True, "reply": {"keyboard": ["ñ & %"]}, "no": None}
    written = dict(parse_qsl(form(fields).decode()))
    assert {name: json.loads(value) for name, value in written.items()} == fields


def test_files_travel_in_parts_whatever_their_names_and_contents_are() -> None:
    files = {"photo": Upload('a"\r\n.png', b"\r\n--x\r\n", "image/png"), "other": Upload("ñ", b"")}
    body = encode({"chat_id": 7, **files, "caption": "ñ & %"})
    head = b"MIME-Version: 1.0\r\nContent-Type: %b\r\n\r\n" % body.kind
    _, *parts = BytesParser().parsebytes(head + body.content).walk()
    assert [part.get_payload(decode=True) for part in parts] == [
        *(b"7", b"\r\n--x\r\n", b"", "ñ & %".encode())
    ]
    assert parts[1].get_filename() == "a%22%0D%0A.png"
    assert [part.get_content_type() for part in parts[1:3]] == [
        *("image/png", "application/octet-stream")
    ]
