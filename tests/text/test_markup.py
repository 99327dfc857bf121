from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegram_text.entities import Entity
from telegram_text.markup import (
    Html,
    MarkupError,
    escape,
    fill,
    length,
    link,
    parse,
    placeholders,
    time_tag,
)

TEMPLATE = '<b>¡{a}</b> {b} <i>{c}!</i> <a href="https://example.org/">¿{d}</a> <code>{a}.</code>'
VALUES = st.text(max_size=40)
TAGS = ("b", "i", "pre", "code", "blockquote")
PIECES = [
    *(f"<{tag}>" for tag in TAGS),
    *(f"</{tag}>" for tag in TAGS),
    *("<a href='x.org'>", "</a>", "a", " ", "\n", "😀", "\u202e", "&lt;"),
]


def shapes(html: str) -> list[tuple[str, str | None]]:
    return [(entity.type, entity.url) for entity in parse(html).entities]


@given(a=VALUES, b=VALUES, c=VALUES, d=VALUES)
def test_the_entities_are_always_the_templates(a: str, b: str, c: str, d: str) -> None:
    assert shapes(fill(TEMPLATE, a=a, b=b, c=c, d=d)) == shapes(
        fill(TEMPLATE, a="x", b="x", c="x", d="x")
    )


@given(VALUES)
def test_a_value_in_an_attribute_stays_in_it(value: str) -> None:
    html = fill('<a href="https://example.org/?q={q}">enlace</a>', q=value)
    assert parse(html).text == "enlace"


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cf", "Mn")), min_size=1))
def test_escaped_text_is_read_back_as_it_was(text: str) -> None:
    assert parse(f".{escape(text)}.").text == f".{text}."


@given(st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_entities_stay_inside_the_text_and_code_holds_nothing(text: str) -> None:
    try:
        rendered = parse(text)
    except MarkupError:
        return
    entities = rendered.entities
    assert all(0 <= each.offset < each.end <= length(rendered.text) for each in entities)
    for code in (each for each in entities if each.type in ("code", "pre")):
        assert [e for e in entities if code.offset <= e.offset and e.end <= code.end] == [code]


def test_a_refusal_is_worded_as_telegram_words_it() -> None:
    for html, reason in (
        ("<x>a", 'Unsupported start tag "x" at byte offset 0'),
        ("é <br/>", 'Unsupported start tag "br/" at byte offset 3'),
        ("a <3", "Unclosed start tag at byte offset 2"),
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("<b>a</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b>a</b", "Unclosed end tag at byte offset 4"),
        ("<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<a href=a/b>x</a>", "Unexpected end of name token at byte offset 8"),
        ('<a href="a', "Unclosed start tag at byte offset 0"),
        ("<b =1>x</b>", 'Empty attribute name in the tag "b" at byte offset 0'),
        (
            "<b x>a</b>",
            'Expected equal sign in declaration of an attribute of the tag "b" at byte offset 0',
        ),
        ("<tg-emoji>x</tg-emoji>", "Invalid custom emoji identifier specified"),
        ("a&#xd800;", "Text contains invalid Unicode characters after decoding HTML entities"),
    ):
        with pytest.raises(MarkupError) as refused:
            parse(html)
        assert str(refused.value) == f"can't parse entities: {reason}"


def test_every_tag_makes_its_entity() -> None:
    for html, entity in (
        ("<b>x</b>", Entity("bold", 0, 1)),
        ("<STRONG>x</strong>", Entity("bold", 0, 1)),
        ("<em>x</>", Entity("italic", 0, 1)),
        ("<ins>x</ins>", Entity("underline", 0, 1)),
        ("<del>x</del>", Entity("strikethrough", 0, 1)),
        ('<span class="tg-spoiler">x</span>', Entity("spoiler", 0, 1)),
        ("<tg-spoiler>x</tg-spoiler>", Entity("spoiler", 0, 1)),
        (
            '<tg-emoji emoji-id="53">👍</tg-emoji>',
            Entity("custom_emoji", 0, 2, custom_emoji_id="53"),
        ),
        (
            '<tg-time unix="1647531900" format="wDT">x</tg-time>',
            Entity("date_time", 0, 1, unix_time=1647531900, date_time_format="wDT"),
        ),
        ("<code>x</code>", Entity("code", 0, 1)),
        ("<code class='language-c'>x</code>", Entity("code", 0, 1)),
        ("<pre>x</pre>", Entity("pre", 0, 1)),
        ("<pre><code class='language-c'>x</code></pre>", Entity("pre", 0, 1, language="c")),
        ("<blockquote>x</blockquote>", Entity("blockquote", 0, 1)),
        ("<blockquote expandable>x</blockquote>", Entity("expandable_blockquote", 0, 1)),
        ('<a href="tg://user?id=7">x</a>', Entity("text_mention", 0, 1, user_id=7)),
        ('<a href="x.org?a=1&amp;b=2">x</a>', Entity("text_link", 0, 1, "http://x.org/?a=1&b=2")),
        ("<a>x.org</a>", Entity("text_link", 0, 5, "http://x.org/")),
    ):
        assert parse(html).entities == (entity,)


def test_a_time_that_no_client_could_show_is_refused() -> None:
    for tag in (
        "<tg-time>",
        '<tg-time unix="0">',
        '<tg-time unix="2147483648">',
        '<tg-time unix="tomorrow">',
        '<tg-time unix="5" format="x">',
        '<tg-time unix="5" format="rt">',
    ):
        with pytest.raises(MarkupError):
            parse(f"{tag}x</tg-time>")


def test_a_time_is_shown_in_the_readers_zone_and_by_older_clients_as_it_is_written() -> None:
    late = datetime(2026, 11, 26, 18, 30, 59, tzinfo=UTC)
    html = time_tag("jueves, 19:30 <&>", late, "wDt")
    rendered = parse(f"El {html}.")
    assert rendered.text == "El jueves, 19:30 <&>."
    assert rendered.entities == (
        Entity("date_time", 3, 17, unix_time=1795717800, date_time_format="wDt"),
    )
    plain = Entity("date_time", 0, 1, unix_time=5)
    assert parse('<tg-time unix="5">x</tg-time>').entities == (plain,)
    assert parse("<tg-time format='' unix='5'>x</tg-time>").entities == (plain,)
    assert time_tag("18:30", late, "t") == time_tag("18:30", late.replace(second=0), "t")
    assert time_tag("18:30", late, "T") != time_tag("18:30", late.replace(second=0), "T")
    # What Telegram cannot hold stays text.
    assert time_tag("nunca", datetime(2126, 1, 1, tzinfo=UTC), "t") == "nunca"
    assert time_tag("<antes>", datetime(1969, 1, 1, tzinfo=UTC), "t") == "&lt;antes&gt;"


def test_a_text_is_read_as_telegram_reads_it() -> None:
    assert parse("😀 <b>😀é</b>").entities == (Entity("bold", 3, 3),), "in units of UTF-16"
    assert length("😀é") == 3
    assert parse("&lt;&gt;&amp;&quot;&nbsp;&#39;&#x41;&#0;& &lt").text == "<>&\"&nbsp;'A&#0;& <"
    assert parse(" \n a <b> b </b> \n").text == "a  b"
    assert parse('<a href="x.org"> </a>a').text == " a", "not before a link"
    assert parse("a\u202eb\rc\t<b>d\u0333</b>").text == "abc d", "what turns or strikes text goes"


def test_a_style_is_cut_around_a_link_and_one_to_nowhere_is_dropped() -> None:
    around = parse('<b>a<a href="x.org">b</a>c</b>').entities
    found = [(each.type, each.offset, each.length) for each in around]
    assert found == [("bold", 0, 1), ("text_link", 1, 1), ("bold", 1, 1), ("bold", 2, 1)]
    rendered = parse('<a href="javascript:alert(1)">x</a> <a href="nowhere">y</a>')
    assert (rendered.text, rendered.entities) == ("x y", ())
    for url in ("ftp://x.org", "http://", "https://x y.org", "mailto:a", "http://["):
        assert link(url) is None


def test_a_template_is_filled_with_what_it_names() -> None:
    assert fill("{a} {b}", a=Html("<b>1</b>"), b="<b>") == "<b>1</b> &lt;b&gt;"
    assert fill("{{{a}}}", a=1) == "{1}"
    assert placeholders("{a} {{b}} {c_1}") == frozenset({"a", "c_1"})
    with pytest.raises(MarkupError, match=r"unknown placeholder \{count\}"):
        fill("{count}", number=1)
    with pytest.raises(MarkupError, match="single"):
        fill("a } b")
