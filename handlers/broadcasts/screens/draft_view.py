"""Everything that a page about a draft is drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.broadcast.confirmation import (
    ConfirmationTerms,
    confirmation,
    expected_seconds,
    most_recipients,
)
from bot.text.markup import Html
from bot.text.translations import Words

from ...admin_context import Choice
from ..draft import Draft
from ..recipient_counts import Numbers
from ..steps import Step, choice
from .labels import audience_name

MESSAGES_A_STAR: Final = 10
LEAST_BALANCE: Final = 10_000
"""Stars that Telegram wants a bot to have before it may pay for a broadcast at all:
https://core.telegram.org/bots/api#paid-broadcasts"""
MANY: Final = 1_000
"""From so many people on, the admin is asked twice."""

# Languages that write their own name with a capital, wherever it stands.
_WRITTEN_LARGE: Final = frozenset({"en", "de"})


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft and what surrounds it.

    Attributes:
        languages: the petition's, each by its own name; the first is the source.
        zone: the name of the petition's time zone.
        rate: messages a second that are sent at most.
        free_rate: messages a second that cost nothing.
        is_closed: whether nobody can sign any more.
        may_pay: whether the operator allows to pay for more than Telegram's free rate.
        approval_above: to more people only with a second admin; None when that is not asked.
        balance: the bot's Stars, when they were asked for and Telegram said.
        content: what would be sent, once it was shown.
        terms: what a confirmation of the page is bound to.
    """

    words: Words
    draft: Draft
    languages: Mapping[str, str]
    numbers: Numbers
    now: datetime
    zone: str
    rate: float
    free_rate: float
    is_closed: bool = False
    may_pay: bool = False
    approval_above: int | None = None
    balance: int | None = None
    content: Mapping[str, object] = field(default_factory=dict)
    terms: ConfirmationTerms | None = None

    @property
    def token(self) -> str:
        """The confirmation of what the page shows."""
        return (
            "" if self.terms is None else confirmation(self.terms, self.recipients, now=self.now)
        )

    @property
    def recipients(self) -> int:
        """How many people it would go to."""
        return self.numbers.recipients

    @property
    def needs_approval(self) -> bool:
        """Whether another admin has to agree."""
        return self.must_be_approved(self.recipients)

    def must_be_approved(self, recipients: int) -> bool:
        """Whether another admin has to agree to so many people."""
        return self.approval_above is not None and recipients > self.approval_above

    def most_recipients(self, shown: int) -> int:
        """Up to how many a confirmation holds whose page named `shown` of them, and a price."""
        most = most_recipients(shown, approval_above=self.approval_above)
        return min(most, MESSAGES_A_STAR * _stars(shown)) if self.is_paid else most

    @property
    def audience(self) -> Html:
        """To whom it would go, in words."""
        draft = self.draft
        rest = draft.topic is not None
        return audience_name(self.words, draft.kind, draft.audience, self.languages, rest=rest)

    @property
    def messages(self) -> int:
        """How many messages that makes: an album is one for each of its elements."""
        return self.recipients * self.draft.elements

    @property
    def can_be_paid(self) -> bool:
        """Whether paying would make it faster."""
        return self.may_pay and self.draft.elements == 1 and self.rate > self.free_rate

    @property
    def is_paid(self) -> bool:
        """Whether it would be paid for."""
        return self.draft.paid and self.can_be_paid

    @property
    def price(self) -> int:
        """Stars, at most."""
        return _stars(self.messages)

    @property
    def is_affordable(self) -> bool:
        """Whether the bot has the Stars for it, if it is to be paid."""
        needed = max(self.price, LEAST_BALANCE)
        return not self.is_paid or (self.balance is not None and self.balance >= needed)

    @property
    def seconds(self) -> float:
        """How long it would take."""
        free = min(self.rate, self.free_rate) if self.may_pay else self.rate
        return expected_seconds(self.messages, self.rate if self.is_paid else free)

    def language(self, code: str) -> str:
        """A language's own name, at the beginning of a line."""
        return self.languages.get(code, code)

    def tongue(self, code: str) -> str:
        """A language's own name inside a sentence: español, English."""
        name = self.language(code)
        return name if code.partition("-")[0] in _WRITTEN_LARGE else name[:1].lower() + name[1:]


def _stars(messages: int) -> int:
    """What so many paid messages cost at most."""
    return -(-messages // MESSAGES_A_STAR)


def ways_out(sheet: DraftView, *, back: bool = False) -> list[Choice]:
    """The buttons that lead out of whatever is asked."""
    words, draft = sheet.words, sheet.draft
    cancel = choice(words.label("Cancelar"), draft, Step.CANCEL)
    return [choice(words.label("Volver"), draft, Step.BACK), cancel] if back else [cancel]
