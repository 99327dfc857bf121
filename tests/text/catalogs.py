"""Updates and checks the translation catalogs: `python -m tests.text.catalogs`.

A message is its own key, in Spanish. An update adds messages that the source uses and the catalog
lacks, filled in for Spanish and empty for the other languages, and drops those no longer used. The
files have no dates and no line numbers, so they change only when a message does.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.pofile import read_po, write_po

from bot.text.problems import Problem
from bot.text.translations import LANGUAGES, LOCALES, SOURCE_LANGUAGE, catalog_file
from telegram_text.markup import MarkupError, fill, parse, placeholders
from tests.text.message_extraction import Sources, Use, english, read_sources

PROJECT = Path(__file__).parent.parent.parent

_HEADER = """\
# The bot's own words. Write the translation of each msgid into its msgstr; keep what stands in
# braces and the <b> marks as they are. `python -m tests.text.catalogs` adds new messages,
# drops those no longer said, and names what is missing.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Plural-Forms: {plural_forms}\\n"

"""

# A message has one form for one and one for all other numbers.
_TWO_FORMS = "nplurals=2; plural=(n != 1);"


def find_word_problems(sources: Sources, locales: Path = LOCALES) -> list[Problem]:
    """Returns everything that is missing, stale or wrong in the messages of each language."""
    uses, found = sources[0], list(sources[1])
    found.extend(problem for use in uses for problem in _misuse(use))
    for language in LANGUAGES:
        found.extend(_catalog_problems(language, catalog_file(language, locales), uses))
    return sorted(set(found))


def update_catalogs(sources: Sources, locales: Path = LOCALES) -> None:
    """Rewrites each catalog with exactly the messages in use; keeps the translations."""
    uses, _ = sources
    for language in LANGUAGES:
        file = catalog_file(language, locales)
        known = _read(file) if file.exists() else _empty(language, _TWO_FORMS)
        renewed = _renewed(language, known, uses)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(renewed, encoding="utf-8", newline="\n")


def _renewed(language: str, known: Catalog, uses: list[Use]) -> str:
    renewed = _empty(language, known.plural_forms)
    for use in uses:
        key = use.forms if len(use.forms) > 1 else use.one
        before = known.get(use.one)
        string = before.string if before is not None and before.id == key else None
        if not _is_said(string):
            string = key if language == SOURCE_LANGUAGE else None
        fuzzy = {"fuzzy"} if before is not None and before.fuzzy else set[str]()
        renewed.add(key, string, locations=[(use.file, 0)], flags=fuzzy)
    for message in renewed:
        # Without line numbers, two uses in one file would list it twice.
        message.locations = sorted(set(message.locations))
    body = io.BytesIO()
    write_po(body, renewed, omit_header=True, sort_by_file=True, include_lineno=False, width=96)
    header = _HEADER.format(language=language, plural_forms=known.plural_forms)
    return header + body.getvalue().decode().strip() + "\n"


def _misuse(use: Use) -> Iterator[Problem]:
    """Yields placeholders of a message that get no value, and would fail when it is sent."""
    if use.values is None:
        return
    for name in sorted({name for form in use.forms for name in placeholders(form)} - use.values):
        sentence = f'"{use.one}" names {{{name}}}, and it is not given here'
        yield Problem(use.file, f"line {use.line}", english(sentence))


def _catalog_problems(language: str, file: Path, uses: list[Use]) -> Iterator[Problem]:
    name = f"{language}/{file.name}"
    if not file.exists():
        yield Problem(name, "", english("there is no such catalog; python -m tests.text.catalogs"))
        return
    catalog = _read(file)
    said = {use.one: use for use in uses}
    for one, use in said.items():
        message = catalog.get(one)
        if message is None or message.pluralizable != (len(use.forms) > 1):
            unlisted = "this is said and not listed here; update the catalogs"
            yield Problem(name, one, english(unlisted))
            continue
        yield from (Problem(name, one, english(sentence)) for sentence in _faults(message, use))
    for message in catalog:
        one = message.id if isinstance(message.id, str) else message.id[0]
        if one and one not in said:
            unsaid = "this is not said any more; update the catalogs"
            yield Problem(name, one, english(unsaid))


def _faults(message: Message, use: Use) -> Iterator[str]:
    if message.fuzzy:
        yield "this is marked fuzzy: see that the translation is right, and take the mark away"
    if not _is_said(message.string):
        yield "this is not translated"
        return
    wanted = {name for form in use.forms for name in placeholders(form)}
    said = message.string or ""
    for form in (said,) if isinstance(said, str) else said:
        used = placeholders(form)
        for name in sorted(used - wanted):
            yield f"the translation names {{{name}}}, which the message does not have"
        # For one, a language may say "one person" and leave the number out.
        for name in sorted(wanted - used - ({"n"} if len(use.forms) > 1 else set())):
            yield f"the translation leaves out {{{name}}}"
        if used <= wanted and use.is_markup:
            try:
                parse(fill(form, **dict.fromkeys(wanted, "x")))
            except MarkupError as refused:
                yield f"Telegram would refuse it: {refused}"


def _is_said(string: object) -> bool:
    if isinstance(string, list | tuple):
        return bool(string) and all(string)
    return bool(string)


def _empty(language: str, plural_forms: str) -> Catalog:
    """Returns a catalog with these plural forms, as Babel's own differ from release to release."""
    head = _HEADER.format(language=language, plural_forms=plural_forms)
    return read_po(io.BytesIO(head.encode()), locale=language, abort_invalid=True)


def _read(file: Path) -> Catalog:
    with file.open("rb") as po:
        return read_po(po, abort_invalid=True)


def main() -> int:
    """Updates the catalogs, unless they are only to be checked, and prints what is left to do.

    Returns 1 if there is anything.
    """
    sources = read_sources(PROJECT)
    if sys.argv[1:] != ["--check"]:
        update_catalogs(sources)
    problems = find_word_problems(sources)
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
