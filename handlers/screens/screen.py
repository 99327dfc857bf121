"""A screen as text and rows of buttons, independent of python-telegram-bot's types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import orjson

from bot.petition.stages import Stage
from handlers.screens.buttons import Button
from telegram_text.markup import Html

Absent = Literal[False, 0] | None
"""What a condition or a count is where what depends on it is not there."""

Part = str | Absent
"""A piece of a text."""

Lines = Sequence[Button | Sequence[Button | Absent] | Absent]
"""Buttons as a screen lists them: one or several in a row."""


def kept_mark(stage: Stage) -> bytes:
    """Returns what `Screen.drawn` returns for a screen that stays in the chat."""
    return f"kept {stage}".encode()


@dataclass(frozen=True)
class Screen:
    """What a message shows. The texts are Telegram HTML.

    Attributes:
        body: what is read first.
        question: what the buttons, or the person's next message, answer; None if the body says it.
        kept: the stage of a screen that stays in the chat, so that the next one comes as a message
            below it; None for all others.
    """

    body: Html
    lines: Lines = ()
    question: Html | None = None
    kept: Stage | None = None

    @classmethod
    def of(
        cls,
        *parts: Part,
        question: Html | None = None,
        buttons: Lines = (),
        kept: Stage | None = None,
    ) -> Screen:
        """Returns the screen of these paragraphs and buttons, of those that are there."""
        return cls(paragraphs(*parts), buttons, question, kept)

    @cached_property
    def text(self) -> Html:
        """The whole text, the question last."""
        return paragraphs(self.body, self.question)

    @cached_property
    def rows(self) -> tuple[tuple[Button, ...], ...]:
        """The buttons that are there, row by row."""
        rows = ((line,) if isinstance(line, Button) else line or () for line in self.lines)
        present = (tuple(button for button in row if button) for row in rows)
        return tuple(row for row in present if row)

    def with_notice(self, notice: Html | None) -> Screen:
        """Returns the screen with a notice right above its question and buttons.

        A phone shows the end of a new message: above a long text nobody would see the notice.
        """
        return self if notice is None else replace(self, body=paragraphs(self.body, notice))

    def drawn(self, version: int) -> bytes:
        """Returns bytes that are equal only for the same screen with the same version.

        They can contain a person's name, so only a keyed digest of them may be stored. They are
        the same for all kept screens of a stage, which are never edited into another one.
        """
        if self.kept is not None:
            return kept_mark(self.kept)
        return orjson.dumps((version, self.text, self.rows))


def paragraphs(*parts: Part) -> Html:
    """Joins the parts that are non-empty strings, with a blank line between them."""
    return _joined("\n\n", parts)


def lines(*parts: Part) -> Html:
    """Joins the parts that are non-empty strings, one per line."""
    return _joined("\n", parts)


def sentences(*parts: Part) -> Html:
    """Joins the parts that are non-empty strings, in one line."""
    return _joined(" ", parts)


def _joined(separator: str, parts: Iterable[Part]) -> Html:
    return Html(separator.join(part for part in parts if part))
