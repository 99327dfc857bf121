"""Warnings: what works, but should be checked before people are asked to sign."""

import html
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.petition_folder.files import PETITION_FILE
from bot.petition_folder.law_check import FOLDED, are_names_protected, takes_names
from bot.petition_folder.links import link_fault, with_scheme
from bot.petition_folder.markup_check import HREF, PAGED, PLAIN, passages
from bot.petition_folder.placeholders import fill_placeholders
from bot.petition_folder.read import Folder
from bot.petition_folder.schema import PetitionFile, Texts, months_later
from bot.petition_folder.schema_fields import EVERY_LANGUAGE, key_of, texts_in
from bot.petition_folder.toml_errors import shown
from bot.text.problems import Problem, Sentence
from bot.text.text_limits import SCREENFUL
from bot.text.translations import is_spoken
from telegram_text.markup import length, link, seen

# What stands unfolded above the question for the name: more would push the question off a phone.
_NOTICE = 600
# The longest consent that is read on a phone: with a name of two words, and the labels of both
# choices (11 words at most).
MOST_CONSENT_WORDS = 98
CHOICE_WORDS = 11
_TYPICAL_NAME = "Ana García"
# Who shares a text that says this tells a whole chat what they signed.
_SIGNED_BY_ME = {
    "es": re.compile(r"\b(yo|he firmado|firmé)\b", re.IGNORECASE),
    "en": re.compile(r"\bI\b"),
}
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
_SHARED_BY_A_SIGNER = Sentence(
    "quien comparta esto dice que ha firmado, y eso puede ser peligroso: que hable solo de la "
    "petición"
)
_SPANISH_BUTTONS = Sentence(
    "las palabras del bot no están traducidas a este idioma: sus botones y respuestas saldrán en "
    "español"
)


def find_warnings(read: Folder) -> list[Problem]:
    """Returns what works, but should be looked at, in the order of files and keys.

    What is still to be written is not among it: see `unready`.
    """
    return sorted(set(_warnings(read)))


def _warnings(read: Folder) -> Iterator[Problem]:
    yield from _dates(read.petition)
    yield from _undecided(read.petition)
    languages = {EVERY_LANGUAGE, *read.languages}
    for place, text in texts_in(read.petition):
        # What people read is said by language, as is which picture they see.
        if languages & {*place} and place[:2] != ("image", "file"):
            for sentence in (*_tags(text), *_as_typed(text, True), *_blanks(text)):
                yield sentence.about(PETITION_FILE, key_of(place))
    source = read.texts.get(read.source_language)
    for language, texts in read.texts.items():
        file = f"{language}.toml"
        for passage in passages(texts):
            is_draft = passage.key == "closing_update" and read.petition.closing_is_draft
            for sentence in text_faults(passage.text, passage.key in PLAIN, is_draft=is_draft):
                yield sentence.about(file, passage.entry)
            size = length(seen(passage.text)) if passage.key in PAGED else 0
            if size > SCREENFUL:
                yield Sentence(
                    "{n} caracteres son más de lo que cabe en la pantalla de un teléfono: haz dos "
                    "páginas",
                    n=size,
                ).about(file, passage.entry)
        yield from _notice_above_the_name(file, texts)
        yield from _about_the_name(file, texts, read.values[language], takes_names(read.petition))
        says = _SIGNED_BY_ME.get(language)
        if says is not None and says.search(texts.share or ""):
            yield Problem(file, "share", _SHARED_BY_A_SIGNER)
        if not is_spoken(language):
            yield Problem(file, "", _SPANISH_BUTTONS)
        if source is not None and texts is not source:
            yield from _unfinished(file, texts, source, f"{read.source_language}.toml")


def _dates(facts: PetitionFile) -> Iterator[Problem]:
    # Of a place that is not known it is reported as a problem.
    today = datetime.now(ZoneInfo(facts.time_zone or "UTC")).date()
    if facts.closes_on and facts.closes_on < today.isoformat():
        yield Sentence(
            "{day} ya ha pasado: una petición que empiece con esa fecha se cierra al momento",
            day=facts.closes_on,
        ).about(PETITION_FILE, "closes_on")
    if facts.version and facts.version > str(today + timedelta(days=1)):
        # Tomorrow is the latest day that it is somewhere: in Auckland it has begun already.
        yield Sentence(
            "{day} aún no ha llegado: pon el día en que cambiaste los textos", day=facts.version
        ).about(PETITION_FILE, "version")
    if facts.closes_on is None or facts.retention is None:
        return
    # Who signs today is erased before the closing: nothing is kept for that long.
    last = months_later(today, facts.retention.months_at_most)
    if last <= date.fromisoformat(facts.closes_on):
        yield Sentence(
            "la firma de quien firme hoy se borra el {last}, antes de que la petición se cierre y "
            "se pueda entregar: ciérrala antes, o sube retention.months_at_most, que es {months}",
            last=str(last),
            months=facts.retention.months_at_most,
        ).about(PETITION_FILE, "closes_on")


def _undecided(facts: PetitionFile) -> Iterator[Problem]:
    if facts.closing_is_draft:
        yield Sentence(
            "closing_update ni se muestra ni se envía mientras sea un borrador: pon false cuando "
            "sea definitivo, o publica uno con /closing"
        ).about(PETITION_FILE, "closing_is_draft")
    if facts.handed_over == "with_name" and are_names_protected(facts):
        yield Sentence(
            "nadie podrá firmar sin dar su nombre: si alguien puede correr un riesgo por firmar, "
            'pon "ask"'
        ).about(PETITION_FILE, "handed_over")


def _notice_above_the_name(file: str, texts: Texts) -> Iterator[Problem]:
    """Yields that the short privacy notice is too long."""
    size = length(seen(FOLDED.sub("", texts.privacy_short or "")))
    if size > _NOTICE:
        yield Sentence(
            "hay {n} caracteres por encima de lo que se pregunta: pliega la base jurídica y lo "
            "demás, así: <blockquote expandable>…</blockquote>",
            n=size,
        ).about(file, "privacy_short")


def _about_the_name(
    file: str, texts: Texts, values: Mapping[str, str], takes_names: bool
) -> Iterator[Problem]:
    """Yields that the consent is too long, or does not say what it means to give one's name."""
    about_name = (texts.name_consent or "") if takes_names else ""
    said = " ".join((about_name, texts.consent or "", texts.news or ""))
    words = seen(fill_placeholders(said, dict(values)).replace("{name}", _TYPICAL_NAME)).split()
    count = sum(any(map(str.isalnum, word)) for word in words) + CHOICE_WORDS
    if count > MOST_CONSENT_WORDS:
        yield Sentence(
            "son {n} palabras con las opciones, y nadie lee tantas antes de firmar: déjalo en "
            "{most} como mucho",
            n=count,
            most=MOST_CONSENT_WORDS,
        ).about(file, "consent")
    if takes_names and not texts.name_consent:
        yield Sentence(
            "falta, así que quien dé su nombre aceptará unas palabras del bot que no dicen qué "
            "arriesga: escríbela"
        ).about(file, "name_consent")


def _unfinished(file: str, texts: Texts, source: Texts, source_file: str) -> Iterator[Problem]:
    for key in PAGED:
        mine, theirs = (len(getattr(each, key) or ()) for each in (texts, source))
        if mine and theirs and mine != theirs:
            yield Sentence(
                "aquí el número de páginas es {mine}, y en {file} es {theirs}: ¿falta alguna?",
                mine=mine,
                theirs=theirs,
                file=source_file,
            ).about(file, key)
    original = {passage.entry: passage.text.strip() for passage in passages(source)}
    for passage in passages(texts):
        text = passage.text.strip()
        if text and text == original.get(passage.entry) and re.search(r"\w", text):
            same = Sentence("es igual que en {file}: tradúcela", file=source_file)
            yield same.about(file, passage.entry)


def text_faults(text: str, is_plain: bool, *, is_draft: bool = False) -> Iterator[Sentence]:
    """Yields what would be read otherwise than it is meant; a draft may have blanks."""
    yield from _as_typed(text, is_plain)
    yield from _links(text)
    if not is_draft:
        yield from _blanks(text)


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
