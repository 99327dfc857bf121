import json
from urllib.parse import parse_qsl, urlencode

from hypothesis import given
from hypothesis import strategies as st

from bot.transport.form_encoding import form

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(TEXTS, TEXTS))
def test_a_form_is_what_the_standard_library_would_write(fields: dict[str, str]) -> None:
    assert form(fields) == urlencode(fields).encode()


def test_what_is_no_text_travels_as_json() -> None:
    fields = {"chat_id": -100, "silent": True, "reply": {"keyboard": ["ñ & %"]}, "no": None}
    written = dict(parse_qsl(form(fields).decode()))
    assert {name: json.loads(value) for name, value in written.items()} == fields
