"""What a screen is: a text and rows of buttons, before Telegram's types come into it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.petition.stages import Action
from bot.text.markup import Html


@dataclass(frozen=True, slots=True)
class Button:
    """A label, and either what a tap asks for or the address it opens."""

    label: str
    action: Action | None = None
    argument: str = ""
    url: str | None = None


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Screen:
    """One view of the living message. `text` is Telegram HTML."""

    text: Html
    rows: Rows = ()

    def under(self, notice: Html | None) -> Screen:
        """The same screen with a line above it that is said once."""
        if notice is None:
            return self
        return Screen(Html(f"{notice}\n\n{self.text}"), self.rows)

    def drawn(self, version: int) -> bytes:
        """Returns what tells this screen, with the buttons of this version, from every other.

        A name can stand in it, so it is kept as a digest under the key and in no other form.
        """
        return repr((version, str(self.text), self.rows)).encode()


def paragraphs(*parts: str | None) -> Html:
    """Joins the parts that are there with an empty line between them."""
    return Html("\n\n".join(part for part in parts if part))


def rows(*lines: tuple[Button | None, ...]) -> Rows:
    """Drops the buttons that do not apply, and the rows that are left empty."""
    kept = (tuple(button for button in line if button is not None) for line in lines)
    return tuple(line for line in kept if line)
