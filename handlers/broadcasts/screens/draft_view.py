"""`DraftView`, which the screens of a draft are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.broadcast.confirmation import (
    ConfirmationTerms,
    confirmation,
    most_recipients,
)
from bot.text.translations import Words
from handlers.broadcasts.draft import Draft
from handlers.broadcasts.screens.labels import audience_name
from handlers.screens.buttons import AdminAction, Button, DraftStep, DraftTap
from handlers.screens.screen import Part
from storage.broadcast_types import Kind
from telegram_text.markup import Html

MESSAGES_A_STAR = 10
LEAST_BALANCE = 10_000
"""Stars that a bot must have before Telegram lets it pay for a broadcast:
https://core.telegram.org/bots/api#paid-broadcasts"""
MANY = 100
"""From this number of recipients, the admin is asked to confirm twice."""


@dataclass(frozen=True, slots=True)
class RecipientCounts:
    """The numbers that a draft's screen shows; 0 where it shows none.

    Attributes:
        people: by language, who can be chosen, or once the draft was previewed, its recipients.
        not_chosen: who can be written to, and did not choose messages of this kind.
        had_all: who has had as many messages about the petition as they chose.
        unreachable: signers who cannot be written to.
        muted: signers who asked not to be written to.
        unsigned: people who wrote a name and did not sign, for the notice of a breach.
    """

    people: Mapping[str, int] = field(default_factory=dict)
    not_chosen: int = 0
    had_all: int = 0
    unreachable: int = 0
    muted: int = 0
    unsigned: int = 0


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft with everything that its screens show.

    Attributes:
        languages: the codes of the petition's languages, the source language first.
        rate: most messages per second.
        free_rate: most messages per second that cost nothing.
        may_pay: whether the operator allows paying to exceed Telegram's free rate.
        approval_above: a broadcast to more people needs a second admin; None: never.
        is_first: whether the admin has sent no broadcast yet.
        written_to: people that the admin wrote to within a day without another's approval.
        balance: the bot's Stars; None when not asked for, or when Telegram did not answer.
        content: what would be sent; empty before the preview.
        terms: what a confirmation is bound to; None before the preview.
    """

    words: Words
    draft: Draft
    languages: tuple[str, ...]
    numbers: RecipientCounts
    now: datetime
    rate: float
    free_rate: float
    may_pay: bool = False
    approval_above: int | None = None
    is_first: bool = False
    written_to: int = 0
    balance: int | None = None
    content: Mapping[str, object] = field(default_factory=dict)
    terms: ConfirmationTerms | None = None

    @property
    def token(self) -> str:
        """The confirmation token of what the screen shows; empty before the preview."""
        return (
            "" if self.terms is None else confirmation(self.terms, self.recipients, now=self.now)
        )

    @property
    def recipients(self) -> int:
        """How many people the draft would go to."""
        return sum(self.numbers.people.values())

    @property
    def is_confirmed_twice(self) -> bool:
        """Whether it matters so much that no single tap sends it."""
        return self.is_first or self.recipients >= MANY or self.is_breach_alone

    @property
    def is_breach_alone(self) -> bool:
        """Whether it is the notice of a breach, and there is nobody else to approve it."""
        return self.draft.kind is Kind.BREACH and not self.needs_approval

    @property
    def needs_approval(self) -> bool:
        """Whether another admin has to approve it."""
        return self.must_be_approved(self.recipients)

    def must_be_approved(self, recipients: int) -> bool:
        """Whether another admin has to approve a broadcast to this number of people."""
        alone = self.most_alone
        return alone is not None and recipients > alone

    @property
    def most_alone(self) -> int | None:
        """To how many people the admin may still write alone; None: to any number."""
        return None if self.approval_above is None else self.approval_above - self.written_to

    def most_recipients(self, shown: int) -> int:
        """Returns the most recipients that a confirmation of `shown` recipients still covers.

        If the broadcast is paid, it must not cost more than the price that was shown either.
        """
        most = most_recipients(shown, approval_above=self.most_alone)
        return min(most, MESSAGES_A_STAR * _stars(shown)) if self.is_paid else most

    @property
    def audience(self) -> Html:
        """The audience in words."""
        draft = self.draft
        rest = draft.topic is not None
        return audience_name(self.words, draft.kind, draft.audience_language, rest=rest)

    @property
    def messages(self) -> int:
        """How many messages it is in all; each element of an album counts."""
        return self.recipients * self.draft.elements

    @property
    def can_be_paid(self) -> bool:
        """Whether paying is allowed and would make it faster."""
        return self.may_pay and self.draft.elements == 1 and self.rate > self.free_rate

    @property
    def is_paid(self) -> bool:
        """Whether it would be paid."""
        return self.draft.paid and self.can_be_paid

    @property
    def price(self) -> int:
        """The most that it can cost, in Stars."""
        return _stars(self.messages)

    @property
    def is_affordable(self) -> bool:
        """Whether it is free, or the bot is known to have enough Stars."""
        needed = max(self.price, LEAST_BALANCE)
        return not self.is_paid or (self.balance is not None and self.balance >= needed)

    @property
    def seconds(self) -> float:
        """How long the sending would take, in seconds."""
        free = min(self.rate, self.free_rate) if self.may_pay else self.rate
        return self.messages / (self.rate if self.is_paid else free)

    def language_name(self, code: str) -> str:
        """Returns a language's name as the admin calls it, for the beginning of a line."""
        name = self.words.language_name(code)
        return name[:1].upper() + name[1:]

    def button(self, label: str, step: DraftStep, value: str = "") -> Button:
        """Returns a button that carries out a step in this version of the draft."""
        tap = DraftTap(self.draft.key, self.draft.version, step, value)
        return Button(label, AdminAction.DRAFT, str(tap))

    def ways_out(self, *, back: bool) -> list[Button]:
        """Returns the button that goes back, if there is a way, and the one that discards it."""
        before = self.button(self.words.label("Volver"), DraftStep.BACK)
        return [before, self.discard] if back else [self.discard]

    @property
    def discard(self) -> Button:
        """The button that discards the draft."""
        return self.button(self.words.label("Descartar"), DraftStep.CANCEL)


def _stars(messages: int) -> int:
    """Returns what this number of paid messages costs, in Stars, rounded up."""
    return -(-messages // MESSAGES_A_STAR)


def left_out_by_choice(view: DraftView) -> tuple[Part, ...]:
    """Says how many signers did not choose messages of this kind, or have had all they chose."""
    words, numbers = view.words, view.numbers
    is_news = view.draft.kind is Kind.NEWS
    return (
        numbers.not_chosen
        and words.plural(
            "{n} persona más firmó y no espera otras noticias."
            if is_news
            else "{n} persona más firmó y no espera novedades, solo el mensaje final.",
            "{n} personas más firmaron y no esperan otras noticias."
            if is_news
            else "{n} personas más firmaron y no esperan novedades, solo el mensaje final.",
            numbers.not_chosen,
        ),
        numbers.had_all
        and words.plural(
            "{n} persona más ya ha recibido todas las novedades que eligió.",
            "{n} personas más ya han recibido todas las novedades que eligieron.",
            numbers.had_all,
        ),
    )
