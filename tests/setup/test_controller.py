"""Tests that name and contacts are put into a petition's file."""

import tomllib

from bot.petition.petition import BUNDLED
from bot.petition_folder.read import read_folder
from bot.petition_folder.template import TEMPLATE
from bot.setup.controller import ControllerAnswers, quoted_contacts, with_controller


def test_the_notes_of_the_file_stay() -> None:
    before = (BUNDLED / "petition.toml").read_text("utf-8")
    names = {"es": "la asociación Río", "en": "the River association"}
    after = with_controller(
        before, ControllerAnswers(names, email="", web_form="https://rio.org/x", address="Sol 1")
    )
    assert tomllib.loads(after)["controller"] == {
        "name": names,
        "web_form": "https://rio.org/x",
        "address": "Sol 1",
        "data_protection_officer": "dpd@example.org",
    }
    notes = [line for line in before.splitlines() if line.startswith("#")]
    assert [line for line in after.splitlines() if line.startswith("#")] == notes
    assert after.index("Sol 1") < after.index("# How long signatures are kept")


def test_a_section_that_is_not_there_is_made() -> None:
    after = with_controller('slug = "rio"\n', ControllerAnswers({"es": "R", "en": "R"}, "a@b.org"))
    assert tomllib.loads(after)["controller"] == {"name": "R", "email": "a@b.org"}


def test_a_contact_that_the_texts_give_cannot_be_left_out() -> None:
    texts = [{"privacy": ["Escribe a {email}.", "O a {web_form}"], "title": "{address"}]
    assert quoted_contacts(texts) == {"email", "web_form"}
    assert quoted_contacts(read_folder(TEMPLATE).texts.values()) >= {"email"}
