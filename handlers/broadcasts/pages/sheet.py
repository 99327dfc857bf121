"""Everything that a page about a draft is drawn from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.broadcast.audience import expected_seconds
from bot.petition.words import Words

from ...panel import Choice
from ..draft import Draft
from ..numbers import Numbers
from ..steps import Step, choice

FREE_RATE: Final = 30.0
"""Messages a second that Telegram lets through for nothing."""
STARS_A_MESSAGE: Final = 0.1
MANY: Final = 1_000
"""From so many people on, the admin is asked twice."""

# Languages that write their own name with a capital, wherever it stands.
_WRITTEN_LARGE: Final = frozenset({"en", "de"})


@dataclass(frozen=True, slots=True)
class Sheet:
    """A draft and what surrounds it.

    Attributes:
        languages: the petition's, each by its own name; the first is the source.
        zone: the name of the petition's time zone.
        rate: messages a second that are sent at most.
        may_pay: whether the operator allows to pay for more than Telegram's free rate.
        balance: the bot's Stars, when they were asked for and Telegram said.
        token: the confirmation of what the page shows.
    """

    words: Words
    draft: Draft
    languages: Mapping[str, str]
    numbers: Numbers
    now: datetime
    zone: str
    rate: float
    may_pay: bool = False
    balance: int | None = None
    token: str = ""

    @property
    def recipients(self) -> int:
        """How many people it would go to."""
        return self.numbers.recipients

    @property
    def messages(self) -> int:
        """How many messages that makes: an album is one for each of its elements."""
        return self.recipients * self.draft.elements

    @property
    def can_be_paid(self) -> bool:
        """Whether paying would make it faster."""
        return self.may_pay and not self.draft.is_album and self.rate > FREE_RATE

    @property
    def is_paid(self) -> bool:
        """Whether it would be paid for."""
        return self.draft.paid and self.can_be_paid

    @property
    def price(self) -> int:
        """Stars, at most."""
        return math.ceil(self.messages * STARS_A_MESSAGE)

    @property
    def seconds(self) -> float:
        """How long it would take."""
        rate = self.rate if self.is_paid else min(self.rate, FREE_RATE)
        return expected_seconds(self.messages, rate)

    def language(self, code: str) -> str:
        """A language's own name, at the beginning of a line."""
        return self.languages.get(code, code)

    def tongue(self, code: str) -> str:
        """A language's own name inside a sentence: español, English."""
        name = self.language(code)
        return name if code.partition("-")[0] in _WRITTEN_LARGE else name[:1].lower() + name[1:]


def ways_out(sheet: Sheet, *, back: bool = False) -> list[Choice]:
    """The buttons that lead out of whatever is asked."""
    words, draft = sheet.words, sheet.draft
    cancel = choice(words.label("Cancelar"), draft, Step.CANCEL)
    return [choice(words.label("Volver"), draft, Step.BACK), cancel] if back else [cancel]
