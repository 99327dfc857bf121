"""Extracts the bot's messages from its source: each text, its place, and the values it gets.

Python's parser reads the files, so a message inside an f-string, inside another call or over
several lines is found like any other.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.text.problems import Problem, english

_PLURALS = frozenset({"plural", "plural_label"})
_METHODS = frozenset({"text", "label"}) | _PLURALS
_MARK = "mark"
# `bot.text.problems.Sentence`: a label with its values, which is said in a language later.
_SENTENCE = "Sentence"


@dataclass(frozen=True, slots=True)
class Use:
    """One place in the source that uses a message.

    Attributes:
        file: the source file, relative to the project's folder.
        line: the line number there.
        kind: the method of `Words` that is called, `mark` or `Sentence`.
        one: the message; of a plural, its singular.
        many: the plural, else None.
        values: the names of the values it is given; None if the source does not show them.
    """

    file: str
    line: int
    kind: str
    one: str
    many: str | None
    values: frozenset[str] | None

    @property
    def forms(self) -> tuple[str, ...]:
        """The message, or its singular and plural."""
        return (self.one,) if self.many is None else (self.one, self.many)

    @property
    def is_markup(self) -> bool:
        """Whether it is known to be Telegram HTML; False for a label and for a marked message."""
        return self.kind in ("text", "plural")


def read_sources(
    project: Path, folders: Sequence[str], *, without: Sequence[str] = ()
) -> tuple[list[Use], list[Problem]]:
    """Returns every use of a message in the folders, in the order of files and lines.

    Args:
        project: the folder that contains them all.
        folders: the folders to read, relative to it.
        without: folders among them to skip.
    """
    uses: list[Use] = []
    problems: list[Problem] = []
    for folder in folders:
        for file in sorted((project / folder).rglob("*.py")):
            name = file.relative_to(project).as_posix()
            if name.startswith(tuple(f"{silent}/" for silent in without)):
                continue
            for found in _uses(name, ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(found, Use):
                    uses.append(found)
                else:
                    problems.append(found)
    return uses, problems


def _uses(file: str, tree: ast.Module) -> Iterator[Use | Problem]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        kind = _kind(call)
        if kind is not None:
            yield from _use(file, call, kind)


def _kind(call: ast.Call) -> str | None:
    if isinstance(call.func, ast.Attribute) and call.func.attr in _METHODS:
        return call.func.attr
    if isinstance(call.func, ast.Name) and call.func.id in (_MARK, _SENTENCE):
        return call.func.id
    return None


def _use(file: str, call: ast.Call, kind: str) -> Iterator[Use | Problem]:
    wanted = 2 if kind in _PLURALS else 1
    for given in zip(*map(_choices, call.args[:wanted]), strict=False):
        if any(isinstance(argument, ast.JoinedStr | ast.BinOp) for argument in given):
            sentence = "a message is one literal text; put what changes into {placeholders}"
            yield Problem(file, f"line {call.lineno}", english(sentence))
            return
        forms = [argument.value for argument in given if isinstance(argument, ast.Constant)]
        texts = [form for form in forms if isinstance(form, str)]
        if len(texts) == wanted:
            many = texts[1] if wanted == 2 else None
            yield Use(file, call.lineno, kind, texts[0], many, _values(call, kind))


def _choices(argument: ast.expr) -> Iterator[ast.expr]:
    """Yields what conditions choose between; an argument without any is the only choice."""
    if isinstance(argument, ast.IfExp):
        yield from _choices(argument.body)
        yield from _choices(argument.orelse)
    else:
        yield argument


def _values(call: ast.Call, kind: str) -> frozenset[str] | None:
    if kind == _MARK or any(keyword.arg is None for keyword in call.keywords):
        return None
    named = {keyword.arg for keyword in call.keywords if keyword.arg is not None}
    return frozenset(named | {"n"} if kind in _PLURALS else named)
