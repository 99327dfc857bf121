"""What makes a petition not ready for real people: examples, and words of another petition.

Nobody can answer for such a petition, so `petition-bot run` refuses it, unless it is a rehearsal.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from bot.petition_folder.read import Folder, read_folder
from bot.petition_folder.schema import PETITION_FILE
from bot.petition_folder.schema_fields import key_of, texts_in
from bot.text.problems import Problem, Sentence

# Domains reserved for examples (RFC 2606 and RFC 6761): nobody can be reached there.
EXAMPLE = re.compile(
    r"(^|[@./])(example\.(com|net|org|edu)|[a-z0-9-]+\.(example|invalid|test|localhost))\b",
    re.IGNORECASE,
)
# The template's marks, whole or in pieces that somebody left.
MARK = re.compile(r"\[\[.*?\]\]|\[\[|\]\]|ESCRIBE AQUÍ|WRITE HERE", re.DOTALL)
TEMPLATE = Path(__file__).parent.parent / "bundled_petitions" / "template"
TEMPLATE_LANGUAGES = ("es", "en")
_BUNDLED = TEMPLATE.with_name("andry")
_read_once = cache(read_folder)
_NAME = re.compile(r"\bAndry\b|\bHernández Romero\b")
# Of the bundled petition's texts those that are of its case; the others can serve anybody.
_OF_ITS_CASE = (
    *("title", "summary", "appeal", "privacy_short", "share", "closing_update"),
    *("addressee", "demands"),
)


def unready_problems(read: Folder) -> Iterator[Problem]:
    """Yields what a petition has that real people must not read or be asked to trust."""
    for place, value in texts_in(read.facts.controller, ("controller",)):
        if EXAMPLE.search(value):
            sentence = Sentence(
                "{value} es un ejemplo: pon el de tu organización antes de empezar", value=value
            )
            yield Problem(PETITION_FILE, key_of(place), sentence)
    if read.facts.slug == TEMPLATE.name:
        yield Problem(PETITION_FILE, "slug", Sentence("es el de la plantilla: pon uno propio"))
    for file, key, text in _texts(read):
        if found := MARK.search(text):
            yield Problem(
                file, key, Sentence("queda una marca de la plantilla: {text}", text=found[0])
            )
    yield from _of_the_bundled_one(read)


def entries_of(problems: Iterable[Problem]) -> set[tuple[str, str]]:
    """Returns what problems are about, each once: a list of texts is one thing to write."""
    return {(each.file, re.sub(r"\.\d+$", "", each.key)) for each in problems}


def _of_the_bundled_one(read: Folder) -> Iterator[Problem]:
    """Yields what is left of the bundled petition in one that was made from a copy of it."""
    if read.petition is None:
        return  # it could not be read, so that it may be the bundled petition itself
    bundled = _read_once(_BUNDLED)
    titles, its_titles = (
        {texts.title or "" for texts in each.said.values()} for each in (read, bundled)
    )
    has_its_slug = read.facts.slug == bundled.facts.slug
    if has_its_slug and (titles <= its_titles or read.facts.demands == bundled.facts.demands):
        return  # it is the bundled petition itself
    left = Sentence("es de la petición que viene de ejemplo: escribe lo tuyo")
    if has_its_slug:
        yield Problem(PETITION_FILE, "slug", left)
    is_about_him = any(map(_NAME.search, titles - its_titles))
    its_texts = {text.strip() for _, key, text in _texts(bundled) if _is_of_its_case(key, text)}
    for file, key, text in _texts(read):
        is_its = text.strip() in its_texts and _is_of_its_case(key, text)
        if is_its or (not is_about_him and _NAME.search(text)):
            yield Problem(file, key, left)


def _is_of_its_case(key: str, text: str) -> bool:
    return key.partition(".")[0] in _OF_ITS_CASE and "{demands}" not in text


def _texts(read: Folder) -> Iterator[tuple[str, str, str]]:
    """Yields every text that people can read: its file, its key, and what it says."""
    files = {PETITION_FILE: read.facts} | {f"{each}.toml": read.said[each] for each in read.said}
    for file, content in files.items():
        for place, text in texts_in(content):
            if not (read.facts.closing_is_draft and place == ("closing_update",)):
                yield file, key_of(place), text
