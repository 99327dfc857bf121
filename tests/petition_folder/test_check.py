"""Tests that the check lists all problems at once, in sentences that say what to do."""

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.petition.petition import BUNDLED
from bot.petition_folder.check import find_problems, find_warnings
from bot.petition_folder.pictures import PICTURE_BYTES
from bot.petition_folder.schema import months_later
from bot.text import text_limits
from bot.text.problems import PetitionInvalid
from bot.text.translations import Catalogs
from tests.petition_folder.conftest import Change

BROKEN = Path(__file__).parent / "broken"

EVERYTHING_WRONG = """\
English.toml: a text file is named after its language
ca.toml: appeal: this has to be a list
ca.toml: closing_update: {count} is missing, and it is needed because the source
ca.toml: consent: it does not say how old
ca.toml: description: this is missing: translate it from es.toml
ca.toml: privacy_short: something is missing that has to be read without
ca.toml: thanks: the bot does not fill in {number} here
ca.toml: thanks: {people} is missing, and it is needed because a signer is told one number
en.toml: line 2: Cannot overwrite a value
es.toml: appeal, page 2: it is empty
es.toml: appeal, page 3: Telegram would refuse it at <h1>Mal</h1>: a heading is written in bold
es.toml: appeal, page 4: nothing of this would be seen
es.toml: appeal, page 5: the bot does not fill in {name} here
es.toml: appeal, page 5: the bot does not fill in {quien} here
es.toml: closed: there is a stray brace
es.toml: closed: {people} is missing, and it is needed because this tells people ho
es.toml: closing_update: htp:/mal is not a web addr
es.toml: consent: {name} is missing
es.toml: consent: it does not say how old
es.toml: description: the bot does not fill in {count}: write this text without braces
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
petition.toml: image.file: picture.png is not a PNG or JPEG picture
petition.toml: retention: months_at_most cannot be less than months_after_delivery
petition.toml: slug: use 2 to 40 lowercase letters, digits and hyphens
petition.toml: time_zone: no time zone is called Mars/Olympus
petition.toml: version: write the date as year-month-day
"""


def sentences(folder: Path) -> list[str]:
    return [str(problem) for problem in find_problems(folder)]


def test_everything_wrong_is_named_at_once_and_nothing_else() -> None:
    said, expected = sentences(BROKEN), EVERYTHING_WRONG.splitlines()
    beginnings = [whole[: len(start)] for whole, start in zip(said, expected, strict=False)]
    assert beginnings == expected
    assert len(said) == len(expected)


def test_no_sentence_speaks_of_the_machinery() -> None:
    told = " ".join(sentences(BROKEN)).lower()
    assert [
        word for word in ("pydantic", "str_type", "dict", "tuple", "none") if word in told
    ] == []


def test_the_bundled_petition_has_no_problem() -> None:
    assert sentences(BUNDLED) == []


def test_the_bundled_petition_only_reminds_that_its_contacts_are_examples() -> None:
    assert {warning.key for warning in find_warnings(BUNDLED)} == {
        "controller.data_protection_officer",
        "controller.email",
        "controller.web_form",
    }
    assert all("is an example" in str(warning.sentence) for warning in find_warnings(BUNDLED))


def test_a_folder_that_is_not_there_is_said_in_one_sentence(tmp_path: Path) -> None:
    (only,) = sentences(tmp_path / "nowhere")
    assert only.endswith("there is no such folder: give the path of the petition's folder")
    assert find_warnings(tmp_path / "nowhere") == []


def test_an_empty_folder_lacks_its_two_files(tmp_path: Path) -> None:
    assert sentences(tmp_path) == [
        "es.toml: this file is missing: it has the texts in the source language, which "
        "source_language names",
        "petition.toml: this file is missing: every petition has one",
    ]


def test_a_file_in_another_encoding_is_said(folder: Path) -> None:
    text = (folder / "es.toml").read_text(encoding="utf-8")
    (folder / "es.toml").write_bytes(text.encode("cp1252", errors="replace"))
    (only,) = sentences(folder)
    assert only == (
        "es.toml: line 1: the file is not saved as UTF-8 (# Los textos de la petición en español, "
        "el idioma de origen.). Open it, choose Save as and, under Encoding, UTF-8"
    )


def test_a_file_saved_by_a_word_processor_with_a_byte_order_mark_is_read(folder: Path) -> None:
    file = folder / "es.toml"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert sentences(folder) == []


def test_a_date_without_quotation_marks_is_as_good(change: Change, folder: Path) -> None:
    change("petition.toml", 'version = "2026-11-26"', "version = 2026-11-26")
    assert sentences(folder) == []


@pytest.mark.parametrize(
    ("goals", "sentence"),
    [
        ("[]", "give at least one goal"),
        ("[0, 100]", "the first goal is at least 1"),
        ("[100, 500, 500]", "each goal is higher than the one before, and 500 follows 500"),
        ("[1.5]", "write a whole number, without a point or decimals: 1000"),
        ('"100"', "this has to be a list"),
    ],
)
def test_goals_climb(change: Change, folder: Path, goals: str, sentence: str) -> None:
    change("petition.toml", "goals = [100, 250, 500, 1000, 2000, 5000]", f"goals = {goals}")
    (only,) = find_problems(folder)
    assert str(only.sentence).startswith(sentence)


def test_whoever_copied_last_years_date_is_warned(change: Change, folder: Path) -> None:
    change("petition.toml", "goals = [", 'closes_on = "2025-07-18"\ngoals = [')
    past = "2025-07-18 has passed: a petition that starts with this date closes at once"
    assert past in [str(warning.sentence) for warning in find_warnings(folder)]
    assert find_problems(folder) == []
    change("petition.toml", '"2025-07-18"', "2999-07-18")
    assert past not in [str(warning.sentence) for warning in find_warnings(folder)]


def test_a_date_before_which_who_signs_today_is_erased_is_a_warning(
    change: Change, folder: Path
) -> None:
    today = datetime.now(UTC).date()
    last = months_later(today, 21)
    erased = f"who signs today is erased on {last}, before the petition closes"
    day = last - timedelta(days=1)
    change("petition.toml", "goals = [", f"closes_on = {day}\ngoals = [")
    said = [str(warning.sentence) for warning in find_warnings(folder)]
    assert not any("who signs today" in sentence for sentence in said)
    change("petition.toml", f"closes_on = {day}", f"closes_on = {last}")
    said = [str(warning.sentence) for warning in find_warnings(folder)]
    assert any(erased in sentence for sentence in said)
    change("petition.toml", "months_at_most = 21", "months_at_most = 22")
    said = [str(warning.sentence) for warning in find_warnings(folder)]
    assert not any("who signs today" in sentence for sentence in said)


def test_a_closing_update_that_is_only_a_draft_is_a_warning(change: Change, folder: Path) -> None:
    known = find_warnings(folder)
    change("petition.toml", "closing_is_draft = false", "closing_is_draft = true")
    (only,) = [warning for warning in find_warnings(folder) if warning not in known]
    assert "publish one with /closing" in str(only.sentence)
    change("petition.toml", "closing_is_draft = true", 'closing_is_draft = "si"')
    assert [problem.key for problem in find_problems(folder)] == ["closing_is_draft"]


def test_what_it_means_to_hand_over_the_name_is_said_before_it_is_chosen(
    change: Change, folder: Path
) -> None:
    known = find_warnings(folder)
    change("petition.toml", 'handed_over = "ask"', 'handed_over = "with_name"')
    change("petition.toml", 'names_go_to = "US"', 'names_go_to = "ES"')
    change("es.toml", "• si elijo «Con mi nombre», se", "• se")
    change("en.toml", "name_consent = ", "share_more = ")
    said = [(each.file, each.key) for each in find_warnings(folder) if each not in known]
    assert said == [
        ("en.toml", "name_consent"),
        ("es.toml", "consent"),
        ("petition.toml", "handed_over"),
    ]


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ('"without_name"', None),
        ('"sin nombre"', 'write one of these: "with_name", "without_name", "ask"'),
        ("true", 'write one of these: "with_name", "without_name", "ask"'),
    ],
)
def test_how_signatures_are_handed_over_is_one_of_three(
    change: Change, folder: Path, written: str, sentence: str | None
) -> None:
    change("petition.toml", 'handed_over = "ask"', f"handed_over = {written}")
    assert [str(each.sentence) for each in find_problems(folder)] == (
        [sentence] if sentence else []
    )


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


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ('asks_again_since = "2026-11-25"', "no version of the petition is from that day"),
        ('asks_again_since = "2026-11-24"', "no earlier version says it"),
        ('asks_again_since = "2026-11-26"', None),
    ],
)
def test_people_are_asked_again_about_a_version_of_which_they_are_told_what_changed(
    change: Change, folder: Path, written: str, sentence: str | None
) -> None:
    change("petition.toml", '# asks_again_since = "2026-11-26"', written)
    found = [str(problem) for problem in find_problems(folder)]
    assert found == [] if sentence is None else sentence in " ".join(found)


@pytest.mark.parametrize("day", ["2026-11-26", "2026-12-24"])
def test_earlier_versions_go_back_in_time_and_say_in_a_sentence_what_changed(
    change: Change, folder: Path, day: str
) -> None:
    change("petition.toml", 'date = "2026-11-24"', f'date = "{day}"')
    change("petition.toml", 'changed.en = "Whoever', f'changed.en = "{"x" * 400}Whoever')
    found = " ".join(str(problem) for problem in find_problems(folder))
    assert "number 1, date: write the newest first" in found
    assert "number 1, changed.en: say it in 400 characters at most; it has" in found


def test_a_contact_is_needed(change: Change, folder: Path) -> None:
    for line in ('email = "datos@example.org"', 'web_form = "https://example.org/firma"'):
        change("petition.toml", line, "")
    said = sentences(folder)
    assert (
        "petition.toml: controller: give at least one contact: email, web_form or address" in said
    )


def test_a_text_does_not_name_a_contact_that_is_not_given(change: Change, folder: Path) -> None:
    change("petition.toml", 'web_form = "https://example.org/firma"', "")
    assert (
        "es.toml: privacy_short: {web_form} is filled in from petition.toml, "
        "where it is missing: add it there"
    ) in sentences(folder)


def test_a_text_is_measured_after_markup_and_with_everything_at_its_longest(
    change: Change, folder: Path
) -> None:
    # 90 links of one visible letter: 4,600 characters in the file, and next to none on a screen.
    links = '<a href=\\"https://example.org/a/long/way\\">a</a>' * 90
    change("es.toml", "<b>Andry</b>\n", f"{links}\n")
    assert sentences(folder) == []


def test_a_page_longer_than_a_message_is_told_by_how_much(change: Change, folder: Path) -> None:
    change("es.toml", "<b>Lo que exigimos</b>\n", "ñ" * text_limits.MESSAGE + "\n")
    (only,) = sentences(folder)
    assert only.startswith("es.toml: appeal, page 4: it has 4,")
    assert "the limit is 4,096: shorten it by " in only


def test_texts_that_fit_alone_and_not_together_are_told(change: Change, folder: Path) -> None:
    change(
        "es.toml",
        "<b>Esta acción ha terminado. Gracias por tu interés.</b>\n",
        "ñ" * 2400 + "\n",
    )
    (only,) = sentences(folder)
    assert only.startswith("es.toml: closed: the screen “closed” would have 4,")
    assert "together with title, closing_update" in only


def test_a_consent_is_measured_with_the_longest_name(change: Change, folder: Path) -> None:
    # With a short name it would fit: of what is added, the name's 200 units are the last straw.
    change("es.toml", "Yo, <b>{name}</b>, firmo", "Yo, <b>{name}</b>, " + "ñ" * 2900 + " firmo")
    (only,) = sentences(folder)
    assert only.startswith("es.toml: consent: the screen “consent”")


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("missing.png", "there is no file missing.png in this folder: put it there"),
        ("Card.es.PNG", "there is no file Card.es.PNG in this folder: did you mean card.es.png?"),
        ("../card.png", "give the name of a file in this folder alone"),
        ("", "it names no file"),
        ("es.toml", "es.toml is not a PNG or JPEG picture"),
    ],
)
def test_a_picture_is_there_and_is_one(
    change: Change, folder: Path, value: str, sentence: str
) -> None:
    change("petition.toml", 'file.es = "card.es.png"', f'file.es = "{value}"')
    told = [problem for problem in find_problems(folder) if problem.key == "image.file.es"]
    assert any(str(problem.sentence).startswith(sentence) for problem in told)


def test_a_picture_too_heavy_for_telegram_is_told(folder: Path) -> None:
    picture = folder / "card.es.png"
    picture.write_bytes(picture.read_bytes().ljust(PICTURE_BYTES + 1, b"\0"))
    (only,) = sentences(folder)
    assert only.endswith("card.es.png is larger than 10 MB, Telegram's limit: save it smaller")


def test_an_unfinished_translation_is_a_warning(change: Change, folder: Path) -> None:
    change("en.toml", 'short_description = "Bring back', 'short_description = "')
    spanish = (folder / "es.toml").read_text(encoding="utf-8")
    (folder / "gl.toml").write_text(spanish, encoding="utf-8")
    told = {str(warning) for warning in find_warnings(folder)}
    assert "gl.toml: closed: this is the same as in es.toml: translate it" in told
    assert any(line.startswith("gl.toml: the bot's own words are not translated") for line in told)


@pytest.mark.parametrize(
    ("notice", "told"),
    [
        ("{controller}. " + "a" * 700, "characters before the question for the name"),
        ("{controller}. <blockquote expandable>" + "a" * 700 + "</blockquote>", None),
    ],
)
def test_a_notice_that_hides_the_question_is_a_warning(
    notice: str, told: str | None, change: Change, folder: Path
) -> None:
    before = tomllib.loads((folder / "en.toml").read_text())["privacy_short"]
    change("en.toml", before, notice)
    found = [str(each.sentence) for each in find_warnings(folder) if each.key == "privacy_short"]
    assert len(found) == (1 if told else 0)
    assert all(str(told) in sentence for sentence in found)


def test_a_page_long_for_a_phone_is_a_warning(change: Change, folder: Path) -> None:
    change("en.toml", "<b>He was not the only one: more than 200 people</b>\n", "x" * 800 + "\n")
    told = [warning for warning in find_warnings(folder) if warning.file == "en.toml"]
    (only,) = told
    assert only.key == "appeal.2"
    assert str(only.sentence).endswith("more than a phone shows at once: make two pages")


def test_a_consent_that_nobody_reads_to_its_end_gets_a_warning(
    change: Change, folder: Path
) -> None:
    """The bundled one has none; fifteen words more are too many, the choices' labels included."""
    many = "Tengo 14 años o más, y lo digo de verdad, pues eso y no otra cosa es lo que tengo."
    change("es.toml", "Tengo 14 años o más.", many)
    (said,) = [warning for warning in find_warnings(folder) if warning.key == "consent"]
    assert said.file == "es.toml"
    assert str(said.sentence).startswith("these are 113 words with the choices")


@pytest.mark.parametrize(
    ("file", "ending", "outs"),
    [
        ("es.toml", "Yo ya he firmado. ¿Firmas tú?", True),
        ("es.toml", "Firma tú también.", False),
        ("en.toml", "I have signed. Will you?", True),
        ("en.toml", "Will you sign it?", False),
    ],
)
def test_a_text_to_share_that_outs_who_shares_it_gets_a_warning(
    folder: Path, change: Change, file: str, ending: str, outs: bool
) -> None:
    last = (
        "Aquí puedes leer el caso y firmar la petición."
        if file == "es.toml"
        else ("Read the case and sign the petition here.")
    )
    change(file, last, ending)
    assert ("share" in {warning.key for warning in find_warnings(folder)}) is outs


def test_the_thanks_show_one_number_which_is_how_many_signed(change: Change, folder: Path) -> None:
    change("es.toml", "con la tuya: <b>{count}</b>", "y la tuya es la número <b>{number}</b>")
    faulty, missing = [line for line in sentences(folder) if line.startswith("es.toml: thanks")]
    assert "the bot does not fill in {number} here" in faulty
    assert "a signer is told one number, how many have signed" in missing


def test_what_a_strangers_folder_says_is_not_obeyed_by_the_terminal(tmp_path: Path) -> None:
    """Such as to clear the screen, or to write over what was said before."""
    (tmp_path / "\x1b[2J.toml").write_text("")
    (tmp_path / "es.toml").write_text('"evil\\u001b]0;title\\u0007" = "x"\n')
    (tmp_path / "petition.toml").write_text('time_zone = "Mars\\u009b2J\\u202e"\n')
    said = PetitionInvalid(find_problems(tmp_path)).said(Catalogs.load().words("en"))
    assert not set(said) & set("\x1b\x07\x9b\u202e")
    assert "evil\\u001b]0;title\\u0007" in said
