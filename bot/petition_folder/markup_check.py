"""Checks that Telegram accepts the texts, alone and together on the screens that have several.

They are filled in with the longest names and numbers.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from types import MappingProxyType

from bot.petition_folder.field_types import too_long
from bot.petition_folder.files import PETITION_FILE
from bot.petition_folder.links import link_fault
from bot.petition_folder.placeholders import PETITION_PLACEHOLDERS
from bot.petition_folder.schema import PetitionFile, Texts
from bot.petition_folder.schema_fields import fields_of, key_of, texts_in
from bot.text import text_limits
from bot.text.problems import Key, Problem, Sentence
from bot.text.translations import is_spoken, mark
from telegram_text.markup import Html, MarkupError, fill, length, link, parse, placeholders

Values = Mapping[str, str]

_FIELDS = {each.name: each for each in fields_of(Texts, "")}
PLAIN = frozenset(key for key, field in _FIELDS.items() if field.kind in ("plain", "line"))
PAGED = tuple(key for key, field in _FIELDS.items() if field.kind == "pages")
_NAME = {"name": mark("Nombre de quien firma")}
HOW_MANY = {"count": mark("Firmas: 1.530"), "people": mark("Firmas: 1.530 personas")}
# What the bot fills into a text beside the values of `petition.toml`, and how the editor names it.
_OWN: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "name_consent": _NAME,
        "thanks": HOW_MANY,
        "closed": HOW_MANY,
        "closing_update": HOW_MANY,
    }
)
_NEEDED = MappingProxyType(
    {
        "name_consent": ("name", Sentence("la declaración dice quién consiente")),
        "thanks": (
            "people",
            Sentence(
                "a quien firma se le dice un solo número, cuántas personas han firmado, como en "
                "las demás pantallas"
            ),
        ),
        "closed": ("people", Sentence("aquí se dice cuántas personas firmaron")),
    }
)
# A character above U+FFFF counts as two of Telegram's units: no name is longer than this.
LONGEST = MappingProxyType(
    {
        "name": "\U00020bb7" * text_limits.NAME,
        "count": f"{text_limits.LARGEST_NUMBER:,}",
        # Longer than "people" is in any language.
        "people": f"{text_limits.LARGEST_NUMBER:,} {'n' * 20}",
    }
)
_BRACED = re.compile(r"\{+[^{}\n]{1,40}\}+")
_OFFSET = re.compile(r" at byte offset (\d+)")
HREF = re.compile(r"""<a\s[^>]*?href\s*=\s*["']([^"'>]*)["']""", re.IGNORECASE)


_IN_THE_SOURCE = Sentence("el idioma de origen lo dice")
_NO_NAME = Sentence(
    "esto lo acepta también quien firma sin dar su nombre: quita {{name}}, y pon en name_consent "
    "lo que se acepta sobre el nombre"
)
_NOT_IN_WORDS = Sentence(
    "las palabras del bot no están traducidas a este idioma, así que {{people}} saldría en "
    "español: escribe {{count}} y la palabra que significa personas"
)


@dataclass(frozen=True, slots=True)
class Passage:
    """One text of a language file, or one page of it, whose `entry` is like `appeal.2`."""

    key: str
    entry: str
    text: str


def passages(texts: Texts) -> Iterator[Passage]:
    """Yields every text of a language file."""
    for place, text in texts_in(texts):
        yield Passage(str(place[0]), key_of(place), text)


def markup_problems(
    file: str, texts: Texts, values: Values, source: Texts | None
) -> Iterator[Problem]:
    """Yields the problems in the texts of one language file, which are compared with the source's.

    `values` are those that `petition.toml` fills in.
    """
    in_words = is_spoken(file.removesuffix(".toml"))
    for passage in passages(texts):
        for sentence in _faults(passage, values):
            yield Problem(file, passage.entry, sentence)
        if "people" in placeholders(passage.text) and not in_words:
            yield Problem(file, passage.entry, _NOT_IN_WORDS)
    for key, name, why in _missing_placeholders(texts, source):
        yield Sentence(
            "no aparece {placeholder}, y hace falta, porque {why}: ponlo",
            placeholder=f"{{{name}}}",
            why=why,
        ).about(file, key)


def _faults(passage: Passage, values: Values) -> Iterator[Sentence]:
    if not passage.text.strip():
        yield Sentence("está vacía: escríbela")
        return
    unfillable = list(_placeholder_faults(passage, values))
    yield from unfillable
    if unfillable:
        return
    if passage.key in PLAIN:
        yield from _plain_faults(passage)
        return
    html = filled(passage.text, values)
    try:
        measured = length_of(html)
    except MarkupError as refused:
        yield refusal_sentence(str(refused), html)
        return
    if measured == 0:
        yield Sentence("de esto no se vería nada: escribe un texto entre las etiquetas")
    if measured > text_limits.MESSAGE:
        yield too_long(measured, text_limits.MESSAGE)
    yield from _dropped_links(html)


def fillable(key: str) -> dict[str, str]:
    """Returns the placeholders that can stand in a text, its own ones first, and their names."""
    if key not in _FIELDS or _FIELDS[key].kind not in ("html", "pages"):
        return {}
    return {**_OWN.get(key, {}), **PETITION_PLACEHOLDERS}


def _placeholder_faults(passage: Passage, values: Values) -> Iterator[Sentence]:
    allowed = fillable(passage.key)
    fits = tuple(f"{{{one}}}" for one in allowed)
    for braced in dict.fromkeys(_BRACED.findall(passage.text)):
        if passage.key == "consent" and braced == "{name}":
            yield _NO_NAME
        elif braced[1:-1] not in allowed:
            meant = _meant(braced, allowed)
            yield Sentence(
                "el bot no rellena {written}: escribe este texto sin llaves"
                if not fits
                else "el bot no rellena {written}: escribe {meant}, tal cual"
                if meant is not None
                else "el bot no rellena {written} aquí; en este texto pueden ir {fits}",
                written=braced,
                meant=f"{{{meant}}}",
                fits=fits,
            )
    without = _BRACED.sub("", passage.text)
    if "{" in without or "}" in without:
        yield Sentence(
            "hay una llave suelta: entre llaves solo va lo que rellena el bot, como {{count}}"
        )
    used = placeholders(passage.text) & PETITION_PLACEHOLDERS.keys()
    for name in sorted(used.intersection(allowed) - set(values)):
        yield Sentence(
            "{placeholder} se rellena con lo que dice {file}, y ahí falta: añádelo ahí",
            placeholder=f"{{{name}}}",
            file=PETITION_FILE,
        )


def _meant(braced: str, allowed: Mapping[str, str]) -> str | None:
    """Returns the placeholder that somebody meant: with spaces, capitals, or a slip."""
    written = re.sub(r"[\s-]+", "_", braced.strip("{} \t\n").lower())
    if written in allowed:
        return written
    return next(iter(get_close_matches(written, sorted(allowed), n=1, cutoff=0.75)), None)


def _plain_faults(passage: Passage) -> Iterator[Sentence]:
    text = passage.text.strip()
    if re.search(r"</?[a-zA-Z]|&[a-z]+;|&#", text):
        yield Sentence(
            "esto se muestra sin formato: escríbelo sin etiquetas, y los signos & y < tal cual"
        )
    most = _FIELDS[passage.key].schema.get("limit")
    if most is not None and length(text) > most:
        yield too_long(length(text), most)


def _missing_placeholders(
    texts: Texts, source: Texts | None
) -> Iterator[tuple[str, str, Sentence]]:
    said, meant = _names_by_key(texts), _names_by_key(source) if source else {}
    for key, names in said.items():
        needed, why = _NEEDED.get(key, ("", _IN_THE_SOURCE))
        if needed and not names & _alike(needed):
            yield key, needed, why
        for name in sorted(meant.get(key, frozenset()) - _alike(needed)):
            if names & _alike(name):
                continue
            yield key, name, _IN_THE_SOURCE


def _alike(name: str) -> frozenset[str]:
    """Returns the placeholders that say the same; a translation can have any of them."""
    return frozenset(HOW_MANY if name in HOW_MANY else {name})


def _names_by_key(texts: Texts) -> dict[str, frozenset[str]]:
    names: dict[str, frozenset[str]] = {}
    for passage in passages(texts):
        allowed = fillable(passage.key)
        # One that is written wrong is reported where it stands.
        meant = (_meant(braced, allowed) for braced in _BRACED.findall(passage.text))
        known = {name for name in meant if name is not None}
        names[passage.key] = names.get(passage.key, frozenset()) | known
    return names


def filled(text: str, values: Values) -> str:
    """Returns the text with the longest value in each placeholder."""
    known = {name: Html(value) for name, value in values.items()}
    return fill(text, **{**LONGEST, **known})


@lru_cache(maxsize=256)  # a text is measured alone and with those of its screen
def length_of(html: str) -> int:
    """Returns the length as Telegram counts it; raises MarkupError if it would refuse the text."""
    return length(parse(html).text)


def refusal_sentence(refusal: str, html: str) -> Sentence:
    """Returns why Telegram refuses a text, as `MarkupError` says, and what to write instead."""
    place = _OFFSET.search(refusal)
    near = ""
    if place:
        near = html.encode()[int(place[1]) :][:24].decode(errors="ignore").split("\n")[0]
    reason = next(
        Sentence(message, **found.groupdict())
        for pattern, message in _REFUSALS
        if (found := re.search(pattern, refusal))
    )
    return Sentence(
        "Telegram lo rechazaría en {near}: {reason}"
        if near
        else "Telegram lo rechazaría: {reason}",
        near=near,
        reason=reason,
    )


# How `telegram_text.markup` refuses, in Telegram's words, and what to write instead.
_REFUSALS = (
    (
        'Can\'t find end tag corresponding to start tag "(?P<tag>.*)"',
        mark("<{tag}> se abre y no se cierra: escribe </{tag}> donde termine"),
    ),
    (
        'Unsupported start tag "/?(?:br|p|div)/?"',
        mark("para saltar de línea, salta de línea en el archivo, sin etiquetas"),
    ),
    (
        'Unsupported start tag "(?:ul|ol|li)"',
        mark("en una lista, cada punto empieza con • en una línea propia"),
    ),
    (r'Unsupported start tag "h\d"', mark("un título se escribe en negrita: <b>…</b>")),
    ('Unsupported start tag ""', mark("un signo < suelto se escribe &lt;")),
    (
        'Unsupported start tag "(?P<tag>.*)"',
        mark(
            'no conoce <{tag}>. Conoce <b>, <i>, <u>, <s>, <a href="…">, <code>, <pre>, '
            "<blockquote> y <tg-spoiler>; un signo < suelto se escribe &lt;"
        ),
    ),
    (
        'Unmatched end tag.*expected "(?P<wanted>.*)", found "(?P<found>.*)"',
        mark("aquí va {wanted}, y no {found}: se cierra primero lo último que se abrió"),
    ),
    ("Unexpected end tag", mark("cierra algo que no está abierto: quítalo, o ábrelo antes")),
    ("Unclosed (?:start|end) tag", mark("a esta etiqueta le falta el signo > del final")),
    (
        "Unexpected end of name token|Expected equal sign|Empty attribute name",
        mark(
            'dentro de una etiqueta sobra o falta algo. Un enlace se escribe <a href="https://…">'
            "así</a>, con comillas rectas"
        ),
    ),
    ("", mark("aquí hay un formato que no entiende")),
)


def _dropped_links(html: str) -> Iterator[Sentence]:
    for address in HREF.findall(html):
        if link(address) is None and address.strip():
            yield link_fault(address) or Sentence(
                "{address} no es una dirección web, y Telegram la quita: escríbela con https:// "
                "al principio",
                address=address,
            )


_EMPTY_LINE = 2
# The keys of the texts on each screen, beside which the bot's own words stand.
_SCREENS: dict[str, list[str]] = {}
for _field in (*fields_of(Texts, ""), *fields_of(PetitionFile, PETITION_FILE)):
    for _screen in _field.schema.get("screens", ()):
        _SCREENS.setdefault(_screen, []).append(_field.name)


def screen_problems(file: str, texts: Texts, values: Mapping[str, str]) -> Iterator[Problem]:
    """Yields the screens that are too long, each at its longest text."""
    longest = _longest(texts, values)
    for screen, keys in _SCREENS.items():
        parts = [longest[key] for key in keys if key in longest]
        is_alone = len(parts) < 2 and screen not in ("name", "privacy", "thanks")
        # One that is too long by itself is reported already.
        if not is_alone and all(size <= text_limits.MESSAGE for _, size in parts):
            yield from _overflow(file, screen, parts)


def rooms(texts: Texts, values: Mapping[str, str]) -> dict[str, int]:
    """Returns by key how long a text, or each of its pages, can be beside those it is shown with.

    Measured as `screen_problems` does. A text that Telegram shows alone, and without markup, has
    a limit of its own in the schema.
    """
    longest = _longest(texts, values)
    found: dict[str, int] = {}
    for keys in _SCREENS.values():
        sizes = {key: longest.get(key, ("", 0))[1] + _EMPTY_LINE for key in keys}
        room = text_limits.MESSAGE - text_limits.BOT_WORDS - sum(sizes.values())
        for key in keys:
            its_room = room + sizes[key] - _EMPTY_LINE
            found[key] = max(0, min(its_room, found.get(key, its_room)))
    return found


def _longest(texts: Texts, values: Mapping[str, str]) -> dict[str, tuple[str, int]]:
    """Returns the entry and length of the longest page of every key, and of the addressee."""
    found = {"addressee": ("addressee", length(values.get("addressee", "")))}
    for passage in passages(texts):
        try:
            size = length_of(filled(passage.text, values))
        except MarkupError:
            size = 0  # reported already
        if size > found.get(passage.key, ("", -1))[1]:
            found[passage.key] = (passage.entry, size)
    return found


def _overflow(file: str, screen: str, parts: list[tuple[str, int]]) -> Iterator[Problem]:
    total = sum(size + _EMPTY_LINE for _, size in parts) + text_limits.BOT_WORDS
    if total <= text_limits.MESSAGE:
        return
    entry, _ = max(parts, key=lambda part: part[1])
    others = tuple(Key(other) for other, _ in parts if other != entry)
    yield Sentence(
        "la pantalla «{screen}» tendría {total} caracteres: esto, junto con {others}, y {own} "
        "para las palabras del bot. En Telegram caben {most}: acórtalo en {over}"
        if others
        else "la pantalla «{screen}» tendría {total} caracteres: esto, y {own} para las palabras "
        "del bot. En Telegram caben {most}: acórtalo en {over}",
        screen=screen,
        total=total,
        others=others,
        own=text_limits.BOT_WORDS,
        most=text_limits.MESSAGE,
        over=total - text_limits.MESSAGE,
    ).about(file, entry)
