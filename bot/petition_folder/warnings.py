"""Warnings: what works, but should be checked before people are asked to sign."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

from bot.petition_folder.markup_check import passages
from bot.petition_folder.placeholders import fill_placeholders
from bot.petition_folder.read import Folder, Table
from bot.petition_folder.schema import PETITION_FILE, RetentionTable, months_later
from bot.petition_folder.text_warnings import text_warnings
from bot.petition_folder.unready import unready_problems
from bot.text.markup import MarkupError, length, parse
from bot.text.problems import Problem, Sentence
from bot.text.translations import Catalogs, is_spoken

_SCREENFUL = 1200
# What stands unfolded above the question for the name: more would push the question off a phone.
_NOTICE = 600
_FOLDED = re.compile(r"<blockquote expandable>.*?</blockquote>", re.DOTALL)
_PAGED = ("appeal", "privacy")
# Of the whole consent with a name of two words and the labels of all choices, which have fifteen:
# more is not read on a phone. Where names leave the EEA, that takes ten of them (GDPR art. 49).
MOST_CONSENT_WORDS = 85
CHOICE_WORDS = 15
_TYPICAL_NAME = "Ana García"
# Who shares a text that says this tells a whole chat what they signed.
_SIGNED_BY_ME = {
    "es": re.compile(r"\b(yo|he firmado|firmé)\b", re.IGNORECASE),
    "en": re.compile(r"\bI\b"),
}
_SPANISH_BUTTONS = Sentence(
    "las palabras del bot no están traducidas a este idioma: sus botones y respuestas saldrán en "
    "español"
)


def folder_warnings(
    read: Folder, values: Mapping[str, Mapping[str, str]] = MappingProxyType({})
) -> Iterator[Problem]:
    """Yields what works and should be looked at before people are asked to sign.

    Args:
        read: the folder.
        values: by language, what `petition.toml` fills into the texts.
    """
    yield from unready_problems(read)
    yield from text_warnings(read)
    yield from _dates(read.petition or {})
    yield from _erased_before_it_closes(read.petition or {})
    yield from _draft_of_the_end(read.petition or {})
    yield from _name_chosen_beforehand(read.petition or {})
    source = read.texts.get(read.source_language, {})
    for language, table in read.texts.items():
        file = f"{language}.toml"
        yield from _long_pages(file, table)
        yield from _notice_above_the_name(file, table)
        yield from _long_consent(file, table, values.get(language, {}))
        yield from _name_given_unwarned(file, table, language)
        yield from _shared_by_a_signer(file, table, language)
        if not is_spoken(language):
            yield Problem(file, "", _SPANISH_BUTTONS)
        if language != read.source_language:
            yield from _unfinished(file, table, source, f"{read.source_language}.toml")


def _dates(petition: Table) -> Iterator[Problem]:
    day = str(petition.get("closes_on", ""))
    today = datetime.now(UTC).date()
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", day) and day < today.isoformat():
        sentence = Sentence(
            "{day} ya ha pasado: una petición que empiece con esa fecha se cierra al momento",
            day=day,
        )
        yield Problem(PETITION_FILE, "closes_on", sentence)
    version = str(petition.get("version", ""))
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", version) and version > _tomorrow(today):
        sentence = Sentence(
            "{day} aún no ha llegado: pon el día en que cambiaste los textos", day=version
        )
        yield Problem(PETITION_FILE, "version", sentence)


def _tomorrow(today: date) -> str:
    """Returns the latest day that it is somewhere: in Auckland it is tomorrow already."""
    return (today + timedelta(days=1)).isoformat()


def _erased_before_it_closes(petition: Table) -> Iterator[Problem]:
    """Yields that who signs today is erased before the closing: nothing is kept for that long."""
    try:
        closes_on = date.fromisoformat(str(petition.get("closes_on", "")))
        retention = RetentionTable.model_validate(petition.get("retention", {}))
    except ValueError:
        return  # there is no date, or it is reported as a problem
    last = months_later(datetime.now(UTC).date(), retention.months_at_most)
    if last <= closes_on:
        sentence = Sentence(
            "la firma de quien firme hoy se borra el {last}, antes de que la petición se cierre y "
            "se pueda entregar: ciérrala antes, o sube retention.months_at_most, que es {months}",
            last=str(last),
            months=retention.months_at_most,
        )
        yield Problem(PETITION_FILE, "closes_on", sentence)


def _draft_of_the_end(petition: Table) -> Iterator[Problem]:
    if petition.get("closing_is_draft") is True:
        sentence = Sentence(
            "closing_update ni se muestra ni se envía mientras sea un borrador: pon false cuando "
            "sea definitivo, o publica uno con /closing"
        )
        yield Problem(PETITION_FILE, "closing_is_draft", sentence)


def _name_chosen_beforehand(petition: Table) -> Iterator[Problem]:
    if petition.get("handed_over") == "with_name":
        sentence = Sentence(
            "entregar el nombre está elegido antes de que nadie lea el consentimiento: pregunta "
            'en asesoría jurídica si eso es bastante explícito (RGPD, art. 9), o pon "ask"'
        )
        yield Problem(PETITION_FILE, "handed_over", sentence)


def _name_given_unwarned(file: str, table: Table, language: str) -> Iterator[Problem]:
    """Yields that a text does not say what it means that the name is handed over."""
    label = Catalogs.load().words(language).label("Con mi nombre")
    if label not in str(table.get("consent", label)):
        sentence = Sentence(
            "debajo va un botón «{label}», y de eso no dice nada: di quién sabrá el nombre, en "
            "qué país, y qué puede suponer",
            label=label,
        )
        yield Problem(file, "consent", sentence)
    if not table.get("name_consent"):
        sentence = Sentence(
            "falta, así que quien después quiera entregar su nombre aceptará unas palabras del "
            "bot que no dicen qué arriesga: escríbela"
        )
        yield Problem(file, "name_consent", sentence)


def _long_pages(file: str, table: Table) -> Iterator[Problem]:
    for passage in passages(table):
        if passage.key not in _PAGED:
            continue
        try:
            shown = length(parse(passage.text).text)
        except MarkupError:
            continue  # reported as a problem
        if shown > _SCREENFUL:
            sentence = Sentence(
                "{n} caracteres son más de lo que cabe en la pantalla de un teléfono: haz dos "
                "páginas",
                n=shown,
            )
            yield Problem(file, passage.entry, sentence)


def _notice_above_the_name(file: str, table: Table) -> Iterator[Problem]:
    """Yields that the short privacy notice is too long, or folds who is the controller."""
    text = table.get("privacy_short")
    if not isinstance(text, str):
        return  # reported as a problem
    visible = _FOLDED.sub("", text)
    if "{controller}" in text and "{controller}" not in visible:
        sentence = Sentence(
            "{{controller}} queda plegado, y la ley pide que se lea sin tocar nada: sácalo de ahí"
        )
        yield Problem(file, "privacy_short", sentence)
    try:
        shown = length(parse(visible).text)
    except MarkupError:
        return  # reported as a problem
    if shown > _NOTICE:
        sentence = Sentence(
            "hay {n} caracteres antes de preguntar el nombre: pliega la base jurídica y lo demás, "
            "así: <blockquote expandable>…</blockquote>",
            n=shown,
        )
        yield Problem(file, "privacy_short", sentence)


def _long_consent(file: str, table: Table, values: Mapping[str, str]) -> Iterator[Problem]:
    text = fill_placeholders(f"{table.get('consent')} {table.get('news')}", dict(values))
    try:
        seen = parse(text.replace("{name}", _TYPICAL_NAME)).text
    except MarkupError:
        return  # reported as a problem
    count = sum(any(map(str.isalnum, word)) for word in seen.split()) + CHOICE_WORDS
    if count > MOST_CONSENT_WORDS:
        sentence = Sentence(
            "son {n} palabras con las opciones, y nadie lee tantas antes de firmar: déjalo en "
            "{most} como mucho",
            n=count,
            most=MOST_CONSENT_WORDS,
        )
        yield Problem(file, "consent", sentence)


def _shared_by_a_signer(file: str, table: Table, language: str) -> Iterator[Problem]:
    says = _SIGNED_BY_ME.get(language)
    if says is not None and says.search(str(table.get("share", ""))):
        sentence = Sentence(
            "quien comparta esto dice que ha firmado, y eso puede ser peligroso: que hable solo "
            "de la petición"
        )
        yield Problem(file, "share", sentence)


def _unfinished(file: str, table: Table, source: Table, source_file: str) -> Iterator[Problem]:
    for key in _PAGED:
        mine, theirs = table.get(key), source.get(key)
        if isinstance(mine, list) and isinstance(theirs, list) and len(mine) != len(theirs):
            sentence = Sentence(
                "aquí el número de páginas es {mine}, y en {file} es {theirs}: ¿falta alguna?",
                mine=len(mine),
                theirs=len(theirs),
                file=source_file,
            )
            yield Problem(file, key, sentence)
    original = {passage.entry: passage.text.strip() for passage in passages(source)}
    for passage in passages(table):
        text = passage.text.strip()
        if text and text == original.get(passage.entry) and re.search(r"\w", text):
            sentence = Sentence("es igual que en {file}: tradúcela", file=source_file)
            yield Problem(file, passage.entry, sentence)
