"""`DraftView`, which the screens of a draft are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.broadcast.confirmation import (
    LEAST_BALANCE,
    ConfirmationTerms,
    confirmation,
    content_sha256,
    most_recipients,
    price,
)
from bot.text.translations import Words, mark
from handlers.broadcasts.draft import Draft
from handlers.broadcasts.screens.labels import audience_name, unsigned_left_out
from handlers.screens.buttons import AdminAction, Button, DraftStep, DraftTap
from handlers.screens.screen import lines
from storage.broadcast_types import Kind
from storage.broadcasts import SignerCounts
from telegram_text.markup import Html


@dataclass(frozen=True, slots=True)
class RecipientCounts:
    """The numbers that a draft's screen shows; 0 where it shows none.

    Attributes:
        people: by language, who can be chosen, or once the draft was previewed, its recipients.
        unsigned: people who wrote a name and did not sign, for the notice of a breach.
    """

    people: Mapping[str, int] = field(default_factory=dict)
    signers: SignerCounts = field(default_factory=SignerCounts)
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
        revision: the petition's; None before the preview, and if something else would be sent now.
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
    revision: int | None = None

    @property
    def terms(self) -> ConfirmationTerms | None:
        """What a confirmation is bound to; None before the preview."""
        if self.revision is None:
            return None
        draft = self.draft
        return {
            "content_sha256": content_sha256(draft.content or {}),
            "kind": draft.kind,
            "language": draft.audience_language,
            "revision": self.revision,
            "starts_at": draft.starts_at,
            "paid": self.is_paid,
            "topic": draft.topic,
            "last_signature_number": draft.last_signature_number,
        }

    @property
    def token(self) -> str:
        """The confirmation token of what the screen shows; empty before the preview."""
        terms = self.terms
        return "" if terms is None else confirmation(terms, self.recipients, now=self.now)

    @property
    def recipients(self) -> int:
        """How many people the draft would go to."""
        return sum(self.numbers.people.values())

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
        """Returns the most recipients that a confirmation of `shown` recipients still covers."""
        return most_recipients(shown, approval_above=self.most_alone, is_paid=self.is_paid)

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
        return price(self.messages)

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

    def button(self, label: str, step: DraftStep, value: str = "", **values: object) -> Button:
        """Returns a button that carries out a step in this version of the draft.

        `label` is a source sentence, `values` what it names.
        """
        tap = DraftTap(self.draft.key, self.draft.version, step, value)
        return Button(self.words.label(label, **values), AdminAction.DRAFT, str(tap))

    @property
    def discard(self) -> Button:
        """The button that discards the draft."""
        return self.button("Descartar", DraftStep.CANCEL)


def left_out(view: DraftView) -> Html:
    """Says how many more have signed and will not get it, and why; empty if there are none."""
    words, kind = view.words, view.draft.kind
    signers, unsigned = view.numbers.signers, view.numbers.unsigned
    not_chosen = (
        mark("No esperan otras noticias: {n}")
        if kind is Kind.NEWS
        else mark("No esperan novedades, solo el mensaje final: {n}")
    )
    why = {
        not_chosen: signers.not_chosen,
        mark("Ya han recibido todas las novedades que eligieron: {n}"): signers.had_all,
        mark("Han bloqueado el bot o han dejado Telegram: {n}"): signers.unreachable,
        mark("Pidieron que no se les escribiera: {n}"): kind is not Kind.BREACH and signers.muted,
    }
    listed = [words.text(reason, n=words.number(n)) for reason, n in why.items() if n]
    heading = words.text("También firmaron, pero no les llega:")
    return lines(
        lines(heading, *listed) if listed else None,
        unsigned and unsigned_left_out(words, unsigned),
    )
