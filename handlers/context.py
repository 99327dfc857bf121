"""What every handler may use: the bot that calls Telegram, and the services beside it."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import telegram

from bot.back_off import BackOff, Retries
from bot.broadcast.confirmation import most_for_one_admin
from bot.broadcast.open_claims import OpenClaims
from bot.intake.dispatcher import ordering_key
from bot.petition.petition import Petition
from bot.text.translations import Catalogs, Words
from bot.transport.client import TelegramClient
from bot.transport.send_gate import Gate
from handlers.delayed_replies import DelayedReplies
from handlers.requests_per_person import Budgets
from handlers.screens.screen import Screen
from storage import Storage
from storage.broadcast_types import Kind
from storage.conversations import conversation_of
from storage.errors import StorageError
from storage.keyring import Keyring
from storage.process_lock import PetitionLease
from storage.returning_supporters import mark_reachable
from storage.seen_updates import SeenUpdate

if TYPE_CHECKING:
    from handlers.admin_notices import Send

# Between the tries to tell an admin who cannot be reached, in seconds.
_NOTICE_BACK_OFF = BackOff(20.0, longest=900.0)


class Bot(telegram.Bot):
    """PTB's bot, whose most frequent calls leave without PTB's objects, which cost more."""

    def __init__(self, api_url: str, token: str, client: TelegramClient) -> None:
        super().__init__(token, f"{api_url}/bot", request=client, get_updates_request=client)
        self._client = client

    @property
    def client(self) -> TelegramClient:
        """What makes its calls."""
        return self._client

    async def call(self, method: str, **fields: object) -> Any:
        """Makes a call with fields of JSON or `Upload`s; returns its result as parsed JSON.

        Raises:
            TelegramError: as PTB's methods do.
        """
        return await self._client.call(method, fields)


@dataclass(slots=True)
class Services:
    """Everything a handler may use: configuration, storage, and the links to the worker.

    Attributes:
        petition, catalogs: replaced when the petition folder has changed (`petition_texts`).
        wake_broadcast: tells the broadcast worker that there is work in the database.
        open_claims: deliveries the worker is about to send; they can still be voided.
        broadcast_rate: messages per second.
        approval_above: a broadcast to more people than this needs a second admin; None: never.
        monotonic: seconds from any moment on.
        budgets: how often each person has used a limited command in the last minute.
        delayed_replies: sends the replies to updates, and repeats the ones that failed.
        gate: through which every call leaves, and who is in the middle of signing goes first.
        lease: whether this process is the one that sends; another one does in its place, if not.
        taken_by: what this process takes updates as; empty where they are fetched.
        is_rehearsal: whether nothing of it is the petition's own; see `rehearsal_marks`.
        refused_albums: the last album of which an element was refused, by the admin's chat; after
            a restart its next element is refused once more.
        progress_locks: held while a broadcast's progress message is drawn, by its id.
        progress_shown: which message that is, and what was last drawn into it.
        owed_notices, notice_retries, notices_came: what sends the notices that `admin_notices` has
            yet to tell, by kind and what they are about, with which admins it has to tell, when it
            tries again, and whether there are new ones.
    """

    bot: Bot
    petition: Petition
    catalogs: Catalogs
    storage: Storage
    keyring: Keyring
    admins: frozenset[int]
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    wake_broadcast: Callable[[], None]
    open_claims: OpenClaims
    broadcast_rate: float
    paid_broadcast: bool
    approval_above: int | None
    budgets: Budgets
    delayed_replies: DelayedReplies
    gate: Gate
    lease: PetitionLease
    date_is_right: Callable[[], bool]
    taken_by: str = ""
    is_rehearsal: bool = False
    refused_albums: dict[int, str | None] = field(default_factory=dict)
    progress_locks: defaultdict[bytes, asyncio.Lock] = field(
        default_factory=lambda: defaultdict(asyncio.Lock)
    )
    progress_shown: dict[bytes, tuple[tuple[int, int], Screen]] = field(default_factory=dict)
    owed_notices: "dict[tuple[str, str], tuple[Send, set[int]]]" = field(default_factory=dict)
    notice_retries: Retries = field(default_factory=lambda: Retries(_NOTICE_BACK_OFF))
    notices_came: asyncio.Event = field(default_factory=asyncio.Event)

    def most_for_one_admin(self, kind: Kind) -> int | None:
        """Returns to how many people one admin may write alone; None: to any number.

        Where there is one admin, the notice of a breach waits for nobody: people were promised it.
        """
        if kind is Kind.BREACH and len(self.admins) == 1:
            return None
        return most_for_one_admin(kind, self.approval_above)

    @property
    def today(self) -> date:
        """The day in the petition's time zone."""
        return self.clock().astimezone(self.petition.zone).date()

    def words(self, language: str | None) -> Words:
        """Returns the words of a language, or of the petition's own for one that it lacks."""
        return self.catalogs.words(self.petition.language_for(language))

    async def words_for(self, chat: int, spoken: str | None = None) -> Words:
        """Returns the words of the language that the person of this private chat reads.

        That is the one they chose, or else the one they speak. Where the database fails it is
        the latter too, so that what is said about that still goes out.
        """
        known = None
        with suppress(StorageError):
            known = await self.storage.read(conversation_of, self.reference(chat))
        return self.words((known and known.language) or spoken)

    def reference(self, number: int) -> bytes:
        """Returns the keyed reference under which a person or group is stored."""
        return self.keyring.reference(self.petition.slug, number)

    def seen_update(self, raw: Mapping[str, Any]) -> SeenUpdate | None:
        """Returns an update by what orders it, as handled now.

        None without a chat, and where no other process can handle it meanwhile.
        Each bot numbers its own. By webhook Telegram keeps the order of each kind of update alone,
        and in a group that of each person's taps.
        """
        if not (self.taken_by or self.storage.database.is_shared):
            return None
        chat, bot = ordering_key(raw), f"{self.petition.slug}/{self.bot.id}"
        if not isinstance(chat, int):
            return None
        if self.taken_by:
            kind, content = next(each for each in raw.items() if each[0] != "update_id")
            bot += f"/{kind}/{content.get('from', {}).get('id')}"
        sequence = self.keyring.reference(bot, chat)
        return SeenUpdate(sequence, raw["update_id"], self.clock(), self.taken_by)

    async def mark_reachable(self, supporter: bytes) -> None:
        """Marks a supporter reachable; the closing update may still be due to them."""
        if await self.storage.write(mark_reachable, supporter, self.clock()):
            self.wake_broadcast()
