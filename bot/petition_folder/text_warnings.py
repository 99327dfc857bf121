"""Warnings about the words of the texts: what is read as it was typed, links, and blanks."""

import html
import re
from collections.abc import Iterator

from bot.petition_folder.links import link_fault, with_scheme
from bot.petition_folder.markup_check import HREF, PLAIN, passages
from bot.petition_folder.read import Folder
from bot.petition_folder.schema import PETITION_FILE
from bot.petition_folder.schema_check import by_language, said_in
from bot.petition_folder.toml_errors import shown
from bot.text.markup import link
from bot.text.problems import Problem, Sentence

# Markdown, and what Telegram wants instead. What has a space inside its signs is none, as in
# 2 * 3; nor has what touches a letter outside, as in snake_case and in a note*.
_MARKDOWN = tuple(
    (re.compile(pattern, re.MULTILINE), instead)
    for pattern, instead in (
        (r"\*\*(?=[^\s*])([^*\n]+?)(?<=\S)\*\*", r"<b>\1</b>"),
        (r"(?<!\w)__(?=[^\s_])([^\n]+?)(?<=[^\s_])__(?!\w)", r"<b>\1</b>"),
        (r"(?<![\w*])\*(?=[^\s*)])([^*\n]+?)(?<=[^\s*(])\*(?![\w*])", r"<b>\1</b>"),
        (r"(?<![\w/@.-])_(?=[^\s_])([^_\n]+?)(?<=[^\s_])_(?!\w)", r"<i>\1</i>"),
        (r"~~(?=\S)([^~\n]+?)(?<=\S)~~", r"<s>\1</s>"),
        (r"^#{1,6} +(\S[^\n]*)", r"<b>\1</b>"),
        (r"`([^`\n]+)`", r"<code>\1</code>"),
        (r"^> ?(\S[^\n]*)", r"<blockquote>\1</blockquote>"),
    )
)
_MARKDOWN_LINK = re.compile(r"\[([^\]\n]+)\]\(\s*([^)\s]+\.[^)\s]+)\s*\)")
# What is no running text: the content of code, tags, addresses.
_NO_WORDS = re.compile(r"<(code|pre)\b.*?</\1>|</?[a-z][^>]*>|https?:\S+|\S+@\S+", re.DOTALL)
_TAG = re.compile(r"</?(?:a|b|i|u|s|strong|em|code|pre|br|p|blockquote)\b[^>]*>", re.IGNORECASE)
_REFERENCE = re.compile(r"&(?!(?:lt|gt|amp|quot);)[a-zA-Z]{2,8};")
_ANY_REFERENCE = re.compile(r"&(?:#\d+|[a-zA-Z]{2,8});")
_ADDRESS = re.compile(r"\b(?:https?|htps?|htt?p?s?)[:;/]+/[^\s<>\"«»“”]+", re.IGNORECASE)
# Letters that were lost, or read in another encoding, when a file was saved.
_SPOILT = re.compile(r"\S*(?:\ufffd|[ÃÂ][\u0080-\u00bf\u2018-\u2122]|â€)\S*")
_BRACKETED = (
    r"escrib\w+|rellen\w+|complet\w+|insert\w*|añad\w+|pon|aquí|fecha|nombre|número|cifra|lugar"
    r"|ciudad|resultado|enlace|write|here|fill|date|name|number|place|city|result|link|[xX]+"
)
_BLANK = re.compile(
    rf"""
    _{{3,}} | \.{{5,}} | …{{2,}} | \?{{3,}} | lorem\ ipsum
    | ^\s*(?:…|\.\.\.)\s*$ | (?<!\S)(?:…|\.\.\.)(?=\s(?:de|of)\s)
    | (?<!\[)\[\s*(?:…|\.\.\.)?\s*\](?![(\]])
    | (?<!\[)\[[^][\n]*\b(?:{_BRACKETED})\b[^][\n]*\](?![(\]])
    | \bX{{4}}\b | \bx{{2,4}}\b | \b[xX]{{2,4}}[/.-][xX]{{2,4}}\b
    | (?<!siglo\ )\bX{{2,3}}(?=\ (?:de|personas|firmas|people|signatures)\b|\ ?[%€])
    | \b(?:TODO|PENDING):
    | \b(?:TBD|TBC|FIXME|PENDIENTE|RELLENAR|COMPLETAR)\b
    | \bpor\ (?:rellenar|completar|confirmar)\b
    """,
    re.VERBOSE | re.MULTILINE,
)


def text_warnings(read: Folder) -> Iterator[Problem]:
    """Yields what people would read otherwise than it is meant, in any text of the petition."""
    petition = read.petition or {}
    is_draft = petition.get("closing_is_draft") is True
    for language, table in read.texts.items():
        for passage in passages(table):
            found = [*_as_typed(passage.text, passage.key in PLAIN), *_links(passage.text)]
            if not (is_draft and passage.key == "closing_update"):
                found += _blanks(passage.text)
            for sentence in found:
                yield Problem(f"{language}.toml", passage.entry, sentence)
    for key, value in by_language(petition):
        for entry, said in said_in(key, value):
            if isinstance(said, str) and key != "image.file":
                for sentence in (*_tags(said), *_as_typed(said, True), *_blanks(said)):
                    yield Problem(PETITION_FILE, entry, sentence)


def _as_typed(text: str, is_plain: bool) -> Iterator[Sentence]:
    for found in _MARKDOWN_LINK.finditer(text):
        instead = f"{found[1]}: {found[2]}"
        if not is_plain:
            instead = f'<a href="{with_scheme(found[2])}">{found[1]}</a>'
        yield _literally(found[0], instead)
    words = _NO_WORDS.sub("", _MARKDOWN_LINK.sub("", text))
    for pattern, instead in _MARKDOWN:
        for found in pattern.finditer(words):
            yield _literally(found[0], found[1] if is_plain else found.expand(instead))
    for reference in () if is_plain else _REFERENCE.findall(text):
        sign = html.unescape(reference)
        if sign.isspace():
            yield Sentence("{written} se leería tal cual: escribe un espacio", written=reference)
        elif sign != reference:
            yield _literally(reference, sign)
    if "\\n" in text:
        yield Sentence(
            r"\n se leería tal cual: salta de línea en el archivo, entre comillas triples"
        )
    if spoilt := _SPOILT.search(text):
        yield Sentence(
            "hay letras estropeadas: escríbelas otra vez, y guarda el archivo en UTF-8: {written}",
            written=shown(spoilt[0]),
        )


def _tags(text: str) -> Iterator[Sentence]:
    """Yields what would be read as typed in a value that stands in the texts as it is."""
    for tag in _TAG.findall(text):
        yield Sentence("aquí no hay formato, y {written} se leería tal cual: quítalo", written=tag)
    for reference in _ANY_REFERENCE.findall(text):
        yield _literally(reference, html.unescape(reference))


def _literally(written: str, instead: str) -> Sentence:
    return Sentence(
        "{written} se leería tal cual: escribe {instead}",
        written=shown(written),
        instead=shown(instead),
    )


def _links(text: str) -> Iterator[Sentence]:
    if re.search(r"<a\s*>", text):
        yield Sentence('a un enlace le falta la dirección: escribe <a href="https://…">')
    bare = HREF.sub("", text)
    addresses = [each for each in HREF.findall(text) if link(each) is not None or not each.strip()]
    addresses += [each.rstrip(".,;:!?…»”’)\"'") for each in _ADDRESS.findall(bare)]
    for address in addresses:
        if "{" not in address and (fault := link_fault(html.unescape(address))):
            yield fault


def _blanks(text: str) -> Iterator[Sentence]:
    words = _NO_WORDS.sub("", text)
    for found in _BLANK.finditer(words):
        line = words[: found.start()].rpartition("\n")[2]
        # What a quotation leaves out, or explains, stands in brackets as well.
        is_quoted = line.count("«") > line.count("»") or line.count("“") > line.count("”")
        if not (is_quoted and found[0].startswith("[")):
            yield Sentence("queda un hueco por rellenar: {written}", written=shown(found[0]))
