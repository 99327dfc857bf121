"""Tests that a dossier says of a list what the list says, field by field."""

from datetime import date
from typing import Any

from bot.dossier.contents import Edition, Volume, dossier, volume, volume_title
from bot.dossier.opened_list import ListedSignature, ListHead
from bot.dossier.telegram_text import blocks
from bot.text.translations import Catalogs

CATALOGS = Catalogs.load()
VOLUMES = (Volume("a - volume 1 of 2.pdf", 1, 3, 9, "0f" * 32), Volume("b.pdf", 9, 11, 22, "1f"))


def head(**changes: Any) -> ListHead:
    """A list of fifteen signatures, closed and written shortly before midnight in UTC."""
    counts = {
        "at_closing": 20,
        "withdrawn_since": 3,
        "invalidated_since": 2,
        "counted": 15,
        "with_name": 10,
        "without_name": 5,
    }
    petition = {
        "slug": "andry",
        "version": "2026-02-01",
        "time_zone": "Europe/Madrid",
        "source_language": "es",
        "closed_at": "2026-03-01T23:30:00Z",
        "title": {"es": "Libertad", "en": "Freedom"},
        "addressee": {"es": "Embajada", "en": "Embassy"},
        "demands": {"es": ["Uno", "Dos"], "en": ["One", "Two"]},
        "appeal": {"es": ["<b>Hola</b>"], "en": ["Hello\n\n• again"]},
        "earlier_versions": [
            {"date": "2026-01-01", "changed": {"es": "Lo primero", "en": "The first"}}
        ],
        "controller": {
            "name": {"es": "la organización", "en": "the organisation"},
            "email": "data@example.org",
            "web_form": None,
            "data_protection_officer": None,
            "address": "Calle Mayor 1",
        },
    }
    return ListHead.model_validate(
        {
            "format": "petition-bot list 1",
            "id": "0" * 32,
            "exported_at": "2026-03-03T23:30:00Z",
            "petition": petition | changes.pop("petition", {}),
            "counts": counts | changes.pop("counts", {}),
            "by_version": [
                {"version": "2026-01-01", "signatures": 4},
                {"version": "2026-02-01", "signatures": 6},
                {"version": None, "signatures": 5},
            ],
            **changes,
        }
    )


def edition(language: str = "en", *, public: bool = False) -> Edition:
    words = CATALOGS.words(language)
    return Edition(words, date(2026, 3, 9), "REF/7", "Lucía Prado", public=public)


def test_the_dossier_says_what_the_list_says() -> None:
    said = dossier(head(), edition(), VOLUMES)
    assert (said["title"], said["addressee"]) == ("Freedom", "Embassy")
    assert (said["organisation"], said["words"]["on-behalf"]) == (
        "The organisation",
        "For the organisation",
    )
    assert (said["head"], said["reference"]) == ("REF/7", "REF/7")
    assert (said["day"], said["date"]) == ("9 March 2026", [2026, 3, 9])
    assert said["contacts"] == ["Calle Mayor 1", "data@example.org"]
    assert said["demands"] == ["One", "Two"]
    assert said["letter"]["before"] == [
        "We present to you the petition “Freedom”, which has 15 signatures.",
        "The petition demands:",
    ]
    assert len(said["letter"]["after"]) == 1
    assert said["letter"]["contact"].endswith("Contact: Lucía Prado")
    assert said["words"]["signatures"] == "15 signatures"
    assert said["enclosures"] == [
        "the exact count, and the appeal as it was signed",
        "the list of signatures with a name, in 2 volumes",
        "the file manifest.txt, with the SHA-256 hash of each document",
    ]
    assert said["volumes"] == [
        {
            "file": "a - volume 1 of 2.pdf",
            "names": "1 name",
            "numbers": "From number 3 to 9",
            "sha256": "0f" * 32,
        },
        {"file": "b.pdf", "names": "9 names", "numbers": "From number 11 to 22", "sha256": "1f"},
    ]


def account(**changes: Any) -> list[tuple[str, str, str]]:
    rows = dossier(head(**changes), edition(), ())["sum"]
    return [(each["sign"], each["label"], each["number"]) for each in rows]


COUNTED = [
    ("=", "Signatures counted", "15"),
    ("", "handed over with the name", "10"),
    ("", "counted without the name", "5"),
]


def test_the_count_is_accounted_for_from_the_closing_on() -> None:
    withdrawn = ("−", "Withdrawn since by those who signed", "3")
    assert account() == [
        ("", "Signatures at the closing", "20"),
        withdrawn,
        ("−", "Invalidated since", "2"),
        *COUNTED,
    ]
    none = account(counts={"at_closing": 18, "invalidated_since": 0})
    assert none[2] == ("−", "Invalidated since", "0")
    back = account(counts={"at_closing": 16, "invalidated_since": -2})
    assert back[1:3] == [withdrawn, ("+", "Counted again", "2")]
    assert account(counts={"at_closing": None}) == COUNTED
    noted = dossier(head(), edition(), ())["count_note"]
    assert noted == "The petition closed on 2 March 2026. This is the count of 4 March 2026."
    still_open = dossier(head(petition={"closed_at": None}), edition(), ())["count_note"]
    assert still_open == "The petition is still open. This is the count of 4 March 2026."
    rows = [tuple(each.values()) for each in dossier(head(), edition(), ())["versions"]]
    assert rows == [
        ("1 February 2026", "", "6"),
        ("1 January 2026", "The first", "4"),
        ("others", "", "5"),
    ]
    only = head(petition={"earlier_versions": []}, by_version=[])
    assert dossier(only, edition(), ())["versions"] == []


def test_the_appeal_comes_with_the_original_and_in_which_languages_it_was() -> None:
    said = dossier(head(), edition(), ())
    parts = [(each["language"], each["heading"]) for each in said["appeal"]]
    assert parts == [("en", None), ("es", "The original, in Spanish")]
    translated, original = (each["blocks"] for each in said["appeal"])
    assert [each["runs"][0]["text"] for each in translated] == ["Hello", "again"]
    assert original[0]["runs"] == [{"text": "Hola", "bold": True}]
    assert said["appeal_note"] == (
        "The text that people read when they signed, in the version of 1 February 2026. It could "
        "be read in these languages: Spanish, English."
    )
    alone = head(petition={"appeal": {"es": ["Hola"]}})
    said = dossier(alone, edition("es"), ())
    assert [each["heading"] for each in said["appeal"]] == [None]
    assert "idiomas" not in said["appeal_note"]


def test_where_nobody_gives_a_name_the_letter_says_so_and_of_names_nothing() -> None:
    plain = "We present to you the petition “Freedom”, which has 15 signatures."
    named = dossier(head(counts={"with_name": 15, "without_name": 0}), edition(), ())
    assert (named["letter"]["before"][0], len(named["letter"]["after"])) == (plain, 1)
    nobody = head(counts={"with_name": 0, "without_name": 15})
    unnamed = dossier(nobody, edition(), ())
    no_name = "No name is handed over: the signatures are only counted."
    assert unnamed["letter"]["before"][:2] == [plain, no_name]
    assert no_name not in named["letter"]["before"]
    assert unnamed["letter"]["after"] == []
    public = dossier(nobody, edition(public=True), ())["words"]["without-names"]
    assert public == no_name
    assert len(unnamed["enclosures"]) == 2, "no list"


def test_the_public_edition_has_no_reference_on_its_pages_and_no_volume() -> None:
    said = dossier(head(), edition("es", public=True), VOLUMES)
    assert (said["head"], said["public"], said["volumes"]) == ("", True, [])
    assert "Calle Mayor 1" in said["contacts"]


def test_a_volume_writes_each_name_as_it_is_read() -> None:
    names = ("A" * 30, "محمد Ana", "דוד", "山田 たろう", "김민준", "Łukasz")
    signatures = [
        ListedSignature(1234 + n, name, date(2026, 2, 27)) for n, name in enumerate(names)
    ]
    said = volume(head(), edition(), "list of signatures", signatures, {"Ł"})
    assert said["head"] == "List of signatures"
    assert "[U+0041]" in said["list_note"]
    assert "[U+0041]" not in volume(head(), edition(), "list", signatures)["list_note"]
    assert [tuple(each.values()) for each in said["names"]] == [
        ("1,234", f"{'A' * 24}\u200b{'A' * 6}", "27/02/2026", False, None),
        ("1,235", "محمد Ana", "27/02/2026", True, None),
        ("1,236", "דוד", "27/02/2026", True, None),
        ("1,237", "山田 たろう", "27/02/2026", False, "JP"),
        ("1,238", "김민준", "27/02/2026", False, "KR"),
        ("1,239", "[U+0141]ukasz", "27/02/2026", False, None),
    ]
    words = edition().words
    assert [volume_title(n, 12, words) for n in (2, 12)] == ["volume 02 of 12", "volume 12 of 12"]
    assert volume_title(1, 1, words) == "list of signatures"


def test_each_line_is_a_block_with_its_styles() -> None:
    html = (
        "<b>Andry</b>\n\nEs <i>maquillador</i> &amp; <a href='https://example.org/a'>más</a>.\n"
        "• uno\n2. <u>dos</u>\n<blockquote>dijo 👩‍🎨 <code>#panic()</code></blockquote>"
    )
    title, text, one, two, quote = blocks(html)
    assert (title["bold"], title["apart"]) == (True, True)
    assert text["runs"] == [
        {"text": "Es "},
        {"text": "maquillador", "italic": True},
        {"text": " & "},
        {"text": "más", "url": "https://example.org/a"},
        {"text": "."},
    ]
    assert (one["item"], one["runs"]) == ("•", [{"text": "uno"}])
    assert (two["item"], two["runs"]) == ("2.", [{"text": "dos", "underline": True}])
    assert quote["quote"]
    assert quote["runs"] == [{"text": "dijo 👩‍🎨 "}, {"text": "#panic()", "code": True}]


def test_what_goes_over_several_lines_has_its_style_in_each_and_its_address_once() -> None:
    html = (
        "Antes\n  <b>uno</b> <b>dos</b>\n\n<a href='https://example.org/a'>tres\ncuatro</a>\n"
        "<blockquote expandable>cinco\nseis</blockquote>\nsiete"
    )
    link = {"url": "https://example.org/a"}
    found = blocks(html)
    assert [each["runs"] for each in found] == [
        [{"text": "Antes"}],
        [
            {"text": "  "},
            {"text": "uno", "bold": True},
            {"text": " "},
            {"text": "dos", "bold": True},
        ],
        [{"text": "tres"}],
        [{"text": "cuatro", **link}],
        *([{"text": text}] for text in ("cinco", "seis", "siete")),
    ]
    flags = ["".join(name[0] for name in ("quote", "bold", "apart") if b[name]) for b in found]
    assert flags == ["a", "b", "a", "", "q", "q", ""]
