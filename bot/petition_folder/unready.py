"""What makes a petition not ready for real people: examples, and words of another petition.

Nobody can answer for such a petition, so `petition-bot run` refuses it, unless it is a rehearsal.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from bot.petition_folder.files import PETITION_FILE
from bot.petition_folder.links import EXAMPLE
from bot.petition_folder.read import Folder, read_folder
from bot.petition_folder.schema_fields import key_of, texts_in
from bot.text.problems import Problem, Sentence

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


def unready_problems(read: Folder) -> list[Problem]:
    """Returns what a petition has that real people must not read or be asked to trust.

    In the order of files and keys.
    """
    return sorted({*_left_to_write(read), *_of_the_bundled_one(read)})


def _left_to_write(read: Folder) -> Iterator[Problem]:
    for place, value in texts_in(read.petition.controller, ("controller",)):
        if EXAMPLE.search(value):
            yield Sentence(
                "{value} es un ejemplo: pon el de tu organización antes de empezar", value=value
            ).about(PETITION_FILE, key_of(place))
    if read.petition.slug == TEMPLATE.name:
        yield Sentence("es el de la plantilla: pon uno propio").about(PETITION_FILE, "slug")
    for file, key, text in _texts(read):
        if found := MARK.search(text):
            said = Sentence("queda una marca de la plantilla: {text}", text=found[0])
            yield said.about(file, key)


def entries_of(problems: Iterable[Problem]) -> set[tuple[str, str]]:
    """Returns what problems are about, each once: a list of texts is one thing to write."""
    return {(each.file, re.sub(r"\.\d+$", "", each.key)) for each in problems}


def _of_the_bundled_one(read: Folder) -> Iterator[Problem]:
    """Yields what is left of the bundled petition in one that was made from a copy of it."""
    if PETITION_FILE not in read.tables:
        return  # it could not be read, so that it may be the bundled petition itself
    bundled = _read_once(_BUNDLED)
    its = bundled.petition
    titles, its_titles = (
        {texts.title or "" for texts in each.texts.values()} for each in (read, bundled)
    )
    has_its_slug = read.petition.slug == its.slug
    if has_its_slug and (titles <= its_titles or read.petition.demands == its.demands):
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
    files = {PETITION_FILE: read.petition} | {
        f"{each}.toml": read.texts[each] for each in read.texts
    }
    for file, content in files.items():
        for place, text in texts_in(content):
            if not (read.petition.closing_is_draft and place == ("closing_update",)):
                yield file, key_of(place), text
