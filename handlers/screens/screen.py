"""A screen as text and rows of buttons, independent of Telegram's types."""

from __future__ import annotations

from dataclasses import dataclass

from bot.petition.stages import Action
from bot.text.markup import Html


@dataclass(frozen=True, slots=True)
class Button:
    """A button: a label, and either the action of a tap or the address it opens."""

    label: str
    action: Action | None = None
    argument: str = ""
    url: str | None = None


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Screen:
    """What the conversation message shows. `text` is Telegram HTML."""

    text: Html
    rows: Rows = ()

    def under(self, notice: Html | None) -> Screen:
        """Returns the screen with a notice above it; the screen itself if that is None."""
        if notice is None:
            return self
        return Screen(Html(f"{notice}\n\n{self.text}"), self.rows)

    def drawn(self, version: int) -> bytes:
        """Returns bytes that are equal only for the same screen with the same version.

        They can contain a person's name, so only a keyed digest of them may be stored.
        """
        return repr((version, str(self.text), self.rows)).encode()


def paragraphs(*parts: str | None) -> Html:
    """Joins the non-empty parts with a blank line between them."""
    return Html("\n\n".join(part for part in parts if part))


def rows(*lines: tuple[Button | None, ...]) -> Rows:
    """Drops buttons that are None, and rows without buttons."""
    kept = (tuple(button for button in line if button is not None) for line in lines)
    return tuple(line for line in kept if line)
