"""Updates and checks the translation catalogs: `python -m tests.text.catalogs`.

A message is its own key, in Spanish. An update adds messages that the source uses and the catalog
lacks, filled in for Spanish and empty for the other languages, and drops those no longer used. The
files have no dates and no line numbers, so they change only when a message does.

Python's parser reads the source, so a message inside an f-string, inside another call or over
several lines is found like any other. In a script of the page, it is the text in `t("…")`.
"""

import ast
import errno
import io
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.pofile import read_po, write_po

from bot.text.problems import Problem, Sentence
from bot.text.translations import LANGUAGES, LOCALES, SOURCE_LANGUAGE, catalog_file
from storage import errors
from telegram_text.markup import MarkupError, fill, parse, placeholders

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

_SPEAKERS = ("bot", "handlers", "storage")
_ERRORS_FILE = "storage/errors.py"
_PLURALS = frozenset({"plural", "plural_label"})
# The last three are what a check of an installation finds.
_METHODS = frozenset({"text", "label", "because", "button", "fine", "mend", "broken"}) | _PLURALS
_MARK = "mark"
# A label in the terminal's language; a label with its values, which is said in a language later;
# and an exception with one.
_FUNCTIONS = frozenset({_MARK, "Sentence", "Refused", "refused", "label", "plural_label", "tell"})
# What the form of a petition says of a field: its name here, and what it is for below it.
_FIELD = ".field"
_IN_SCRIPT = re.compile(r'\bt\(\s*("(?:[^"\\]|\\.)*")')


def _kinds_of_errors() -> list[type[errors.StorageError]]:
    found = (each for each in vars(errors).values() if isinstance(each, type))
    return [each for each in found if issubclass(each, errors.StorageError)]


# What the system says of a file stands in a sentence, with its path.
_OF_THE_SYSTEM = "said_of"
# Messages of the storage are in English, as in the log; the shell says them in its language.
_ERRORS = frozenset(
    {"CannotDecrypt", "KeyNotTakenUp", "NotDerivable", _OF_THE_SYSTEM}
    | {kind.__name__ for kind in _kinds_of_errors()}
)
# What the system says of a file or a port, which people read in their language.
_BY_THE_SYSTEM = (
    *(errno.ENOENT, errno.EACCES, errno.EPERM, errno.EEXIST, errno.ENOSPC, errno.EISDIR),
    *(errno.ENOTDIR, errno.EROFS, errno.EADDRINUSE, errno.EADDRNOTAVAIL),
)
# What help says of a command and of its options.
_HELP = frozenset({"help", "metavar", "rich_help_panel"})


@dataclass(frozen=True, slots=True)
class Use:
    """One place in the source that uses a message.

    Attributes:
        file: the source file, relative to the project's folder.
        line: the line number there.
        is_markup: whether it is surely Telegram HTML, which a label or a marked message is not.
        forms: the message, or its singular and plural.
        values: the names of the values it is given; None if the source does not show them.
    """

    file: str
    line: int
    is_markup: bool
    forms: tuple[str, ...]
    values: frozenset[str] | None

    @property
    def one(self) -> str:
        """The message; of a plural, its singular."""
        return self.forms[0]


def english(text: str) -> Sentence:
    """Returns a sentence for developers, which is not translated."""
    return Sentence("{text}", text=text)


Sources = tuple[list[Use], list[Problem]]
"""Every use of a message, and what is wrong with one."""


def read_sources(project: Path) -> Sources:
    """Returns every use of a message by the bot, in the order of files and lines."""
    uses: list[Use] = []
    problems: list[Problem] = []
    if (project / _ERRORS_FILE).is_file():
        uses += [Use(_ERRORS_FILE, 0, False, (said,), None) for said in _of_errors()]
    for folder in _SPEAKERS:
        for file in sorted((project / folder).rglob("*.py")):
            name = file.relative_to(project).as_posix()
            for found in _uses(name, ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(found, Use):
                    uses.append(found)
                else:
                    problems.append(found)
        for file in sorted((project / folder).rglob("*.js")):
            name, script = file.relative_to(project).as_posix(), file.read_text(encoding="utf-8")
            said = _IN_SCRIPT.findall(script)
            uses += [Use(name, 0, False, (json.loads(each),), None) for each in said]
    return uses, problems


def _of_errors() -> Iterator[str]:
    """Yields what is said of an error without a message of its own, and why."""
    for kind in _kinds_of_errors():
        yield " ".join((kind.__doc__ or kind.__name__).partition("\n\n")[0].split())
    yield from map(os.strerror, _BY_THE_SYSTEM)


def _uses(file: str, tree: ast.Module) -> Iterator[Use | Problem]:
    nodes = list(ast.walk(tree))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        kind = _kind(call)
        # SQLAlchemy has a `text` too.
        if kind is not None and (kind in _ERRORS or not file.startswith("storage/")):
            yield from _use(file, call, kind)
        for said in (each.value for each in call.keywords if each.arg in _HELP):
            if isinstance(said, ast.Constant) and isinstance(said.value, str):
                yield Use(file, said.lineno, False, (said.value,), None)
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            yield from _fields(file, node)


def _fields(file: str, model: ast.ClassDef) -> Iterator[Use]:
    """Yields what a form says of the fields of a model."""
    for line, below in pairwise(model.body):
        call = line.value if isinstance(line, ast.AnnAssign) else None
        is_field = isinstance(call, ast.Call) and ast.unparse(call.func).endswith(_FIELD)
        if isinstance(call, ast.Call) and is_field and isinstance(below, ast.Expr):
            for said in (call.args[0], below.value):
                text = " ".join(str(ast.literal_eval(said)).split())
                yield Use(file, said.lineno, False, (text,), None)


def _kind(call: ast.Call) -> str | None:
    if isinstance(call.func, ast.Attribute) and call.func.attr in _METHODS:
        return call.func.attr
    if isinstance(call.func, ast.Name) and call.func.id in _FUNCTIONS | _ERRORS:
        return call.func.id
    return None


def _use(file: str, call: ast.Call, kind: str) -> Iterator[Use | Problem]:
    wanted = 2 if kind in _PLURALS else 1
    for given in zip(*map(_choices, call.args[:wanted]), strict=False):
        if any(isinstance(argument, ast.JoinedStr | ast.BinOp) for argument in given):
            sentence = "a message is one literal text; put what changes into {placeholders}"
            yield Problem(file, f"line {call.lineno}", english(sentence))
            return
        values = (argument.value for argument in given if isinstance(argument, ast.Constant))
        forms = tuple(value for value in values if isinstance(value, str))
        if len(forms) == wanted:
            is_markup = kind in ("text", "plural")
            yield Use(file, call.lineno, is_markup, forms, _values(call, kind))


def _choices(argument: ast.expr) -> Iterator[ast.expr]:
    """Yields what conditions choose between; an argument without any is the only choice."""
    if isinstance(argument, ast.IfExp):
        yield from _choices(argument.body)
        yield from _choices(argument.orelse)
    else:
        yield argument


def _values(call: ast.Call, kind: str) -> frozenset[str] | None:
    if kind in (_MARK, _OF_THE_SYSTEM) or any(keyword.arg is None for keyword in call.keywords):
        return None
    named = {keyword.arg for keyword in call.keywords if keyword.arg not in (None, "style")}
    return frozenset(named | {"n"} if kind in _PLURALS else named)


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
