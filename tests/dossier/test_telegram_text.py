"""Tests of turning the appeal into blocks: all styles are data, and no markup is left."""

from bot.dossier.telegram_text import blocks


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
