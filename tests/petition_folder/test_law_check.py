"""What the law asks of a petition's texts, as the check refuses a folder without it."""

from pathlib import Path

from bot.petition_folder.read import read_folder
from bot.petition_folder.warnings import find_warnings
from tests.petition_folder.conftest import Attempt, Change

LEAVES_EUROPE = (
    "petition.toml: handed_over: nobody can choose for somebody else that their name leaves for a "
    "country without the protection of the European Economic Area (GDPR, art. 49): write "
    '"ask" or, if it goes to a country that has it, name it in names_go_to'
)
NO_COUNTRY = (
    'petition.toml: names_go_to: write the two letters of the country, like "ES" or "GB", or "EU" '
    "for a European institution"
)
HOW_OLD = (
    "es.toml: consent: it does not say how old one has to be: write it in figures, from 14 to 18 "
    "years, like “I am 14 or older”"
)
NOT_UNTAPPED = (
    "en.toml: privacy_short: something is missing that has to be read without a tap, each on a "
    "line that begins in bold: who answers for the data ({controller}), what for, to whom and to "
    "which country the name goes, if it can be given, and the rights (/privacy, and /withdraw or "
    "/mydata)"
)


def test_marta_cannot_choose_for_ana_that_her_name_leaves_europe(attempt: Attempt) -> None:
    with_name = ("petition.toml", 'handed_over = "ask"', 'handed_over = "with_name"')
    for country, told in {
        'names_go_to = "US"': [LEAVES_EUROPE],
        "": [LEAVES_EUROPE],
        'names_go_to = "Spain"': [LEAVES_EUROPE, NO_COUNTRY],
        'names_go_to = "UK"': [LEAVES_EUROPE, NO_COUNTRY],
        'names_go_to = "EU"': [],
        'names_go_to = "BR"': [],
    }.items():
        assert attempt(with_name, ("petition.toml", 'names_go_to = "US"', country)) == told


def test_where_nobody_gives_a_name_no_country_is_needed(change: Change, folder: Path) -> None:
    """Nor do those words, which nobody is shown there, make the consent too long."""
    change("petition.toml", 'names_go_to = "US"', "")
    change("es.toml", "Tengo 14 años o más.", f"Tengo 14 años o más{', y más' * 15}.")
    english = (folder / "en.toml").read_text("utf-8")
    before, _, rest = english.partition('name_consent = """')
    (folder / "en.toml").write_text(before + rest.partition('"""')[2], "utf-8")
    assert read_folder(folder).problems == []
    told = {(each.file, each.key) for each in find_warnings(read_folder(folder))}
    about_names = {("es.toml", "consent"), ("en.toml", "name_consent")}
    assert about_names <= told
    change("petition.toml", 'handed_over = "ask"', 'handed_over = "without_name"')
    read = read_folder(folder)
    assert read.problems == []
    assert {(each.file, each.key) for each in find_warnings(read)} == told - about_names


def test_a_former_petition_is_told_where_the_words_stand(attempt: Attempt) -> None:
    assert attempt(("es.toml", "Firmo esta petición y consiento", "Yo, <b>{name}</b>, firmo")) == [
        "es.toml: consent: people who sign without a name agree to this too: take {name} out, "
        "and put what is agreed to about the name into name_consent"
    ]


def test_jordi_who_is_twelve_reads_in_any_consent_how_old_one_has_to_be(attempt: Attempt) -> None:
    for age, told in {
        "Ya puedo firmar.": [HOW_OLD],
        "Tengo 12 años o más.": [HOW_OLD],
        "Tengo 19 años o más.": [HOW_OLD],
        "Somos más de 16.000 en 2014.": [HOW_OLD],
        "Tengo 18 años o más.": [],
        "عمري ١٦ عامًا أو أكثر.": [],
    }.items():
        assert attempt(("es.toml", "Tengo 14 años o más.", age)) == told, age


def test_ana_reads_untapped_who_what_for_where_to_and_her_rights(attempt: Attempt) -> None:
    for there, instead in (
        ("<b>Purpose:</b> to", "To"),
        ("<b>Your name,</b> if you", "If you"),
        ("(/mydata), withdraw (/withdraw) and more (/privacy)", ", and withdraw"),
        ("<b>Controller:</b>", "<blockquote expandable><b>Controller:</b></blockquote>"),
    ):
        assert attempt(("en.toml", there, instead)) == [NOT_UNTAPPED], there
    unnamed = ("petition.toml", 'handed_over = "ask"', 'handed_over = "without_name"')
    assert attempt(unnamed, ("en.toml", "<b>Your name,</b> if you", "If you")) == []
    rights = ("en.toml", "<b>Your rights:</b>", "Your rights:")
    assert attempt(unnamed, rights) == [NOT_UNTAPPED]
    both = (("en.toml", "<b>Your name,</b> if", "If"), ("en.toml", "<b>Purpose:</b> to", "To"))
    assert len(attempt(unnamed, *both)) == 1, "what for is asked of every petition"
    assert attempt(("en.toml", "<b>Controller:</b> {controller}.\n", "")) == [
        NOT_UNTAPPED,
        "en.toml: privacy_short: {controller} is missing, and it is needed because the source "
        "language says it: put it in",
    ]
