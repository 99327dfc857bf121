"""What every handler is given, typed: the services, and nothing by string key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telegram import Update
from telegram.ext import Application, CallbackContext, ExtBot

from bot.broadcast import OpenClaims
from bot.petition.petition import Campaign
from bot.text.translations import Catalogues
from storage import Keyring, Storage

from .delayed_replies import DelayedReplies
from .request_budget import Budgets, Ration


@dataclass(frozen=True, slots=True)
class Services:
    """Everything the handlers stand on.

    Attributes:
        wake_broadcast: tells the worker that rows wait.
        open_claims: what the worker is about to send, to be kept from who says no.
        broadcast_rate: messages a second.
        approval_above: a broadcast to more people needs a second admin; None when none does.
        budgets: how often each person has asked for what costs something.
        afterwards: gives the answers to what is stored.
        mark_first: notes apart from the database that somebody has signed.
    """

    campaign: Campaign
    catalogues: Catalogues
    storage: Storage
    keyring: Keyring
    admins: frozenset[int]
    clock: Callable[[], datetime]
    wake_broadcast: Callable[[], None]
    open_claims: OpenClaims
    broadcast_rate: float
    paid_broadcast: bool
    approval_above: int | None
    budgets: Budgets
    afterwards: DelayedReplies
    mark_first: Callable[[], Awaitable[None]]

    def spend(self, number: int, what: str, update: Update) -> Ration:
        """What is left of the budget of a person, or of a group, for what an update asks for."""
        return self.budgets.spend(self._reference(number), what, update.update_id)

    def would_answer(self, number: int, what: str) -> bool:
        """Whether the next update that asks for it will be shown anything."""
        return self.budgets.would_answer(self._reference(number), what)

    def _reference(self, number: int) -> bytes:
        return self.keyring.reference(self.campaign.slug, number)


Bot = ExtBot[None]


class PetitionApplication(
    Application[Bot, "Context", dict[Any, Any], dict[Any, Any], dict[Any, Any], None]
):
    """PTB's application with typed services, and with errors that reach the intake.

    PTB would hand an exception to its own error handlers and go on as if all were well; the
    update would then be acknowledged though nothing was stored. Here it propagates, and the
    intake decides whether the update is tried again or passed over.
    """

    def __init__(self, *, services: Services, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.services = services

    async def process_error(
        self, update: object | None, error: Exception, job: Any = None, coroutine: Any = None
    ) -> bool:
        """Raises `error` again."""
        raise error


class Context(CallbackContext[Bot, dict[Any, Any], dict[Any, Any], dict[Any, Any]]):
    """The callback context of this bot."""

    @property
    def services(self) -> Services:
        """The services of the running process."""
        if not isinstance(self.application, PetitionApplication):
            raise TypeError("The context belongs to another application.")
        return self.application.services
