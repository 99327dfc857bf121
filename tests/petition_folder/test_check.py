"""Tests that the check lists all problems at once, in sentences that say what to do."""

import re
from pathlib import Path

import pytest

from bot.petition.petition import BUNDLED
from bot.petition_folder.field_types import PICTURE_BYTES
from bot.petition_folder.markup_check import rooms, screen_problems
from bot.petition_folder.read import read_folder
from bot.petition_folder.unready import unready_problems
from bot.petition_folder.warnings import find_warnings
from bot.text import text_limits
from bot.text.problems import PetitionInvalid
from bot.text.translations import Catalogs
from tests.petition_folder.conftest import Attempt, Change, HalfPastMidnight

BROKEN = Path(__file__).parent / "broken"

EVERYTHING_WRONG = """\
English.toml: a text file is named after its language
ca.toml: appeal: this has to be a list
ca.toml: closing_update: {count} is missing, and it is needed because the source
ca.toml: consent: people who sign without a name agree to this too: take {name} out
ca.toml: consent: it does not say how old
ca.toml: description: this is missing: translate it from es.toml
ca.toml: privacy_short: something is missing that has to be read without
ca.toml: thanks: the bot does not fill in {number} here
ca.toml: thanks: {people} is missing, and it is needed because a signer is told one number
en.toml: line 2: this is written above already
es.toml: appeal, page 2: it is empty
es.toml: appeal, page 3: Telegram would refuse it at <h1>Mal</h1>: a heading is written in bold
es.toml: appeal, page 4: nothing of this would be seen
es.toml: appeal, page 5: the bot does not fill in {name} here
es.toml: appeal, page 5: the bot does not fill in {quien} here
es.toml: closed: there is a stray brace
es.toml: closed: {people} is missing, and it is needed because this tells people ho
es.toml: closing_update: htp:/mal is not a web addr
es.toml: consent: it does not say how old
es.toml: description: the bot does not fill in {count}: write this text without braces
es.toml: name_consent: {name} is missing, and it is needed
es.toml: news: the bot does not fill in {{
es.toml: privacy: it is empty: write it
es.toml: privacy_short: this has to be a text between straight quotation marks
es.toml: share: this is shown without formatting
es.toml: short_description: it has 121 characters, and the limit is 120: shorten it by 1
es.toml: sumary: there is no such entry: did you mean summary?
es.toml: summary: this is missing: add it
es.toml: title: Telegram would refuse it: <b> is opened and never closed
petition.toml: addressee: this is missing: add it
petition.toml: adressee: there is no such entry: did you mean addressee?
petition.toml: controller.fax: there is no such entry: remove it
petition.toml: controller.web_form: write the whole web address, with https: "https://example.org/firma"
petition.toml: demands.ca: this is missing: the petition has ca.toml
petition.toml: demands.es, number 2: it is empty
petition.toml: demands.fr: the petition has no fr.toml
petition.toml: goals, number 2: write a whole number, without quotation marks: 250
petition.toml: image.credit.ca: this is missing
petition.toml: image.credit.es: this appears in the texts as it is: write it without braces
petition.toml: image.file: picture.png is not a PNG or JPEG picture: save it again
petition.toml: retention: months_at_most cannot be less than months_after_delivery
petition.toml: slug: use 2 to 40 lowercase letters, digits and hyphens
petition.toml: time_zone: no time zone is called Mars/Olympus
petition.toml: version: write the date as year-month-day
"""


def sentences(folder: Path) -> list[str]:
    return [str(problem) for problem in read_folder(folder).problems]


def warnings(folder: Path) -> list[str]:
    return [str(warning) for warning in find_warnings(read_folder(folder))]


def test_everything_wrong_is_named_at_once_and_nothing_else() -> None:
    said, expected = sentences(BROKEN), EVERYTHING_WRONG.splitlines()
    beginnings = [whole[: len(start)] for whole, start in zip(said, expected, strict=False)]
    assert beginnings == expected
    assert len(said) == len(expected)
    assert warnings(BROKEN) != []  # which are found whatever else is wrong
    # No sentence speaks of the machinery.
    assert not re.search("pydantic|str_type|dict|tuple|none", " ".join(said).lower())


def test_the_bundled_petition_has_no_problem_and_reminds_that_its_contacts_are_examples() -> None:
    assert sentences(BUNDLED) == []
    assert {problem.key for problem in unready_problems(read_folder(BUNDLED))} == {
        "controller.data_protection_officer",
        "controller.email",
        "controller.web_form",
    }
    assert warnings(BUNDLED) == []


def test_where_there_is_no_petition_it_is_said_what_is_missing(tmp_path: Path) -> None:
    (only,) = sentences(tmp_path / "nowhere")
    assert only.endswith("there is no such folder: give the path of the petition's folder")
    assert warnings(tmp_path / "nowhere") == []
    assert sentences(tmp_path) == [
        "es.toml: this file is missing: it has the texts in the source language, which "
        "source_language names",
        "petition.toml: this file is missing: every petition has one",
    ]


def test_each_mistake_is_told_alone_and_nothing_else(attempt: Attempt) -> None:
    """In the file: what stands in a petition's file, what somebody writes, and what is told."""
    for block in Path(__file__).with_name("one_mistake.txt").read_text("utf-8").split("\n\n"):
        lines = [line.replace("\\n", "\n") for line in block.strip("\n").split("\n")]
        told = [line.removeprefix("> ") for line in lines if line.startswith("> ")]
        changed = lines[: len(lines) - len(told)]
        there = [line.partition(": ") for line in changed[::2]]
        written = [line.removeprefix("to:").removeprefix(" ") for line in changed[1::2]]
        found = attempt(
            *((file, old, new) for (file, _, old), new in zip(there, written, strict=True))
        )
        assert found == told, block


def test_texts_are_measured_after_markup_with_everything_at_its_longest(attempt: Attempt) -> None:
    # 90 links of one visible letter: 4,600 characters in the file, and next to none on a screen.
    links = '<a href=\\"https://example.org/a/long/way\\">a</a>' * 90
    assert attempt(("es.toml", "<b>Andry</b>\n", f"{links}\n")) == []
    page = "ñ" * text_limits.MESSAGE + "\n"
    assert attempt(("es.toml", "<b>Lo que exigimos</b>\n", page)) == [
        "es.toml: appeal, page 4: it has 4,488 characters, and the limit is 4,096: shorten it by "
        "392"
    ]
    # These fit alone, and not together.
    closed = "<b>Esta acción ha terminado. Gracias por tu interés.</b>\n"
    (only,) = attempt(("es.toml", closed, "ñ" * 2400 + "\n"))
    assert only == (
        "es.toml: closed: the screen “closed” would have 4,232 characters: this, together with "
        "title, closing_update, addressee, and 600 for the bot's own words. Telegram's limit is "
        "4,096: shorten it by 136"
    )
    consent = "Tengo 14 años o más.\n"
    (only,) = attempt(("es.toml", consent, consent + "ñ" * 3300 + "\n"))
    assert "es.toml: consent: the screen “consent” would have" in only
    assert "this, together with privacy_short, name_consent, news, and 600 for the" in only
    # Who signs without a name reads the notice above the consent; with one, the words about it.
    for key, beginning in (("privacy_short", "<b>Responsable:</b>"), ("name_consent", "Yo, ")):
        (only,) = attempt(("es.toml", beginning, beginning + "ñ" * 2400))
        assert f"es.toml: {key}: the screen “consent” would have" in only
    # With a short name it would fit: of what is added, the name's 200 units are the last straw.
    (only,) = attempt(("es.toml", "{name}</b>, cons", "{name}</b>, " + "ñ" * 3700 + " cons"))
    assert "es.toml: name_consent: it has 4,151 characters, and the limit is 4,096" in only
    (only,) = attempt(("petition.toml", 'en = "Whoever', f'en = "{"x" * 400}Whoever'))
    assert "changed.en: it has 624 characters, and the limit is 400: shorten it by 224" in only
    # Telegram counts a dove twice, and would not show the picture.
    (only,) = attempt(("petition.toml", 'credit.es = "', f'credit.es = "{"🕊" * 520}'))
    assert "image.credit.es: it has 1,081 characters, and the limit is 1,024" in only


@pytest.mark.parametrize(
    "key",
    [
        *("title", "summary", "appeal", "privacy_short", "consent", "name_consent", "thanks"),
        "closing_update",
    ],
)
def test_a_text_can_fill_the_room_that_the_preview_shows_for_it_and_no_more(key: str) -> None:
    bundled = read_folder(BUNDLED).texts["es"]
    values = {"addressee": "a" * 80, "controller": "b" * 50}
    room = rooms(bundled, values)[key]
    for size, fits in ((room, True), (room + 1, False)):
        text = "ñ" * size
        texts = bundled.model_copy(update={key: (text,) if key == "appeal" else text})
        assert (list(screen_problems("es.toml", texts, values)) == []) == fits


def test_dates_are_warned_of_by_the_day_where_the_petition_is(
    change: Change, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.petition_folder.warnings.datetime", HalfPastMidnight)
    change("petition.toml", "goals = [", "closes_on = 2026-11-29\ngoals = [")
    for day, zone, told in (
        ("2026-11-29", "Europe/Madrid", "2026-11-29 has passed: a petition that starts with this"),
        ("2026-11-29", "America/Bogota", None),
        ("2026-11-30", "Europe/Madrid", None),
        ("2028-08-29", "Europe/Madrid", None),
        (
            "2028-08-30",
            "Europe/Madrid",
            "who signs today is erased on 2028-08-30, before the petition",
        ),
        (
            "2028-08-29",
            "America/Bogota",
            "who signs today is erased on 2028-08-29, before the petition",
        ),
    ):
        text = (folder / "petition.toml").read_text(encoding="utf-8")
        text = re.sub("closes_on = .*", f"closes_on = {day}", text)
        text = re.sub("time_zone = .*", f'time_zone = "{zone}"', text)
        (folder / "petition.toml").write_text(text, encoding="utf-8")
        found = [each for each in warnings(folder) if "closes_on:" in each]
        assert (told in " ".join(found), len(found)) == (True, 1) if told else found == []
    change("petition.toml", "months_at_most = 21", "months_at_most = 22")
    assert warnings(folder) == []


WARNED_OF = """\
en.toml: appeal, page 2: 1,288 characters are more than a phone shows at once: make two pages
en.toml: name_consent: this is missing, so people who give their name will agree to words of
en.toml: privacy_short: there are 695 characters above what is asked: fold the
en.toml: share: sharing this says that one has signed, which can be dangerous: let it speak
es.toml: consent: these are 101 words with the choices, and nobody reads that many before
es.toml: share: sharing this says that one has signed, which can be dangerous: let it speak
petition.toml: closing_is_draft: closing_update is neither shown nor sent while it is a draft:
petition.toml: handed_over: nobody will be able to sign without giving a name: if somebody
"""


def test_what_works_and_should_be_looked_at_is_warned_of(change: Change, folder: Path) -> None:
    """Each of these once, in the words of people who are told what to do instead."""
    for each in (
        ("petition.toml", 'handed_over = "ask"', 'handed_over = "with_name"'),
        ("petition.toml", 'names_go_to = "US"', 'names_go_to = "ES"'),
        ("petition.toml", "closing_is_draft = false", "closing_is_draft = true"),
        ("es.toml", "Aquí puedes leer el caso y firmar la petición.", "Yo ya he firmado. ¿Y tú?"),
        ("en.toml", "Read the case and sign the petition here.", "I have signed. Will you?"),
        ("en.toml", "<b>He was not the only one: more than 200 people</b>\n", "x" * 800 + "\n"),
        ("es.toml", "Tengo 14 años o más.", "Tengo 14 años o más, y así es, sin la menor duda."),
        ("en.toml", "name_consent = ", "share_more = "),
        ("en.toml", "{controller}.\n<b>Purpose", "{controller}. " + "a" * 400 + "\n<b>Purpose"),
    ):
        change(*each)
    found, expected = warnings(folder), WARNED_OF.splitlines()
    assert [whole[: len(begun)] for whole, begun in zip(found, expected, strict=True)] == expected


def test_how_a_file_was_saved_is_told_where_it_matters(folder: Path) -> None:
    file, picture = folder / "es.toml", folder / "card.es.png"
    text = file.read_text(encoding="utf-8")
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())  # as word processors do
    assert sentences(folder) == []
    picture.write_bytes(picture.read_bytes().ljust(PICTURE_BYTES + 1, b"\0"))
    (heavy,) = sentences(folder)
    assert heavy.endswith("card.es.png is larger than 10 MB, Telegram's limit: save it smaller")
    file.write_bytes(text.encode("cp1252", errors="replace"))
    only, _ = sentences(folder)
    assert only == (
        "es.toml: line 1: the file is not saved as UTF-8 (# Los textos de la petición en español, "
        "el idioma de origen.). Open it, choose Save as and, under Encoding, UTF-8"
    )
    file.write_bytes(b"\xff\xfe")  # an empty text, as Notepad can save it
    assert "es.toml: line 1: the file is not saved as UTF-8" in " ".join(sentences(folder))


def test_problems_are_in_the_order_of_pages_also_of_ten(folder: Path, change: Change) -> None:
    change("es.toml", "appeal = [", "appeal = [" + '"<x>", ' * 11)
    found = [each.key for each in read_folder(folder).problems]
    assert found == [f"appeal.{page}" for page in range(1, 12)]


def test_a_count_is_written_as_a_number_or_in_words(change: Change, folder: Path) -> None:
    for file, noun in (("es.toml", "personas"), ("en.toml", "people")):
        text = (folder / file).read_text(encoding="utf-8")
        assert "{people}" in text
        (folder / file).write_text(text.replace("{people}", f"{{count}} {noun}"), "utf-8")
        assert sentences(folder) == []  # one language may say it in words, and another not


def test_a_count_in_words_needs_a_language_that_the_bot_speaks(folder: Path) -> None:
    text = (folder / "es.toml").read_text(encoding="utf-8")
    (folder / "fr.toml").write_text(text, encoding="utf-8")
    said = [line for line in sentences(folder) if "{people}" in line]
    assert [line.partition(": the bot")[0] for line in said] == [
        "fr.toml: closed",
        "fr.toml: closing_update",
    ]
    (folder / "fr.toml").rename(folder / "en-us.toml")
    assert not [line for line in sentences(folder) if "{people}" in line]


def test_an_unfinished_translation_is_a_warning(change: Change, folder: Path) -> None:
    change("en.toml", 'short_description = "Bring back', 'short_description = "')
    spanish = (folder / "es.toml").read_text(encoding="utf-8")
    (folder / "gl.toml").write_text(spanish, encoding="utf-8")
    told = warnings(folder)
    assert "gl.toml: closed: this is the same as in es.toml: translate it" in told
    assert any(line.startswith("gl.toml: the bot's own words are not translated") for line in told)


def test_what_a_strangers_folder_says_is_not_obeyed_by_the_terminal(tmp_path: Path) -> None:
    """Such as to clear the screen, or to write over what was said before."""
    (tmp_path / "\x1b[2J.toml").write_text("")
    (tmp_path / "es.toml").write_text('"evil\\u001b]0;title\\u0007" = "x"\n')
    (tmp_path / "petition.toml").write_text('time_zone = "Mars\\u009b2J\\u202e"\n')
    said = PetitionInvalid(read_folder(tmp_path).problems).said(Catalogs.load().words("en"))
    assert not set(said) & set("\x1b\x07\x9b\u202e")
    assert "evil\\u001b]0;title\\u0007" in said
