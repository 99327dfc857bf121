"""A plain model of broadcasts: what each person is sent by the rules, in sets and dictionaries."""

import copy
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from storage.broadcast_types import Kind, Tally

MONTH, TWO_DAYS = timedelta(days=30), timedelta(days=2)
ARRIVED = ("delivered", "unconfirmed", "sending")
ACTIVE = ("running", "paused")
OVER = ("finished", "cancelled")


@dataclass
class Phones:
    """What Telegram does, by chat.

    Attributes:
        blocked: who has blocked the bot.
        lost: how many of the next messages to a chat arrive while their answer is lost.
        copies: how often each broadcast arrived in each chat.
    """

    blocked: set[int] = field(default_factory=set)
    lost: Counter[int] = field(default_factory=Counter)
    copies: Counter[tuple[bytes, int]] = field(default_factory=Counter)


@dataclass
class Signer:
    """A signature, and what its owner or the operator has said since."""

    number: int
    chat: int
    updates: int
    said: set[str] = field(default_factory=set)
    invalidation: int | None = None


@dataclass
class Row:
    """One recipient of one broadcast; `is_gone` once the signature is erased."""

    state: str = "pending"
    attempts: int = 0
    recalled: str = ""
    sent_at: datetime | None = None
    is_gone: bool = False


@dataclass
class Told:
    """One broadcast; `listed` is the number of the last signature that was given a row."""

    id: bytes
    kind: Kind
    topic: str
    began_at: datetime
    last: int
    state: str = "running"
    listed: int = 0
    recall: str = ""
    rows: dict[int, Row] = field(default_factory=dict)
    erased: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def tells(self) -> bool:
        return self.kind is not Kind.CLOSING or not self.recall

    def tally(self) -> Tally:
        """What its report says."""
        ends = Counter((row.state, row.recalled) for row in self.rows.values()) + self.erased
        states: Counter[str] = Counter()
        for (state, _), people in ends.items():
            states[state] += people
        if not self.recall:
            return Tally(states.total(), **states)
        failed = ends["delivered", "failed"] + self.erased["delivered", ""]
        recalled = ends["delivered", "deleted"]
        return Tally(states.total(), **states, recalled=recalled, unrecallable=failed)

    def erase(self, number: int, state: str) -> None:
        self.erased[state, self.rows.pop(number).recalled] += 1


def _waits(told: Told, row: Row) -> bool:
    return row.state == "pending" and told.state in ACTIVE


def _is_an_update(told: Told, row: Row) -> bool:
    """Whether it counts as one of the messages that somebody chose."""
    was_in_doubt = row.attempts > (1 if row.state == "unreachable" else 0)
    counts = row.state in ARRIVED or _waits(told, row) or was_in_doubt
    return counts and told.kind is Kind.UPDATE


@dataclass
class PlainModel:
    """A petition: who signed, and what was sent; each method is one thing that happens."""

    signers: dict[int, Signer] = field(default_factory=dict)
    broadcasts: list[Told] = field(default_factory=list)
    closed_at: datetime | None = None
    last: int = 0

    @property
    def active(self) -> Told | None:
        return next((each for each in self.broadcasts if each.state in ACTIVE), None)

    def sign(self, chat: int, updates: int) -> None:
        if self.closed_at is None and chat not in self.signers:
            self.last += 1
            self.signers[chat] = Signer(self.last, chat, updates)

    def withdraw(self, chat: int) -> None:
        signer = self.signers.pop(chat, None)
        number = 0 if signer is None else signer.number
        for each in self.broadcasts:
            if signer and each.listed < number <= each.last and self.is_recipient(signer, each):
                each.rows[number] = Row()
        for each in self.broadcasts:
            row = each.rows.get(number)
            if row is not None and row.state == "sending":
                row.is_gone = True
            elif row is not None:
                each.erase(number, "withdrawn" if row.state == "pending" else row.state)

    def come_back(self, chat: int, now: datetime) -> bool:
        """Somebody can be reached again; returns whether a message waits for them."""
        signer = self.signers.get(chat)
        if signer is None:
            return False
        signer.said.discard("unreachable")
        since = now if self.closed_at is None else self.closed_at
        closings = [each for each in self.broadcasts if each.kind is Kind.CLOSING]
        owed = [each for each in reversed(closings) if now - MONTH < since <= each.began_at]
        waits = any(self._is_sent(each, signer, is_owed=True) for each in owed)
        for each in self.broadcasts:
            if each.kind is Kind.BREACH:
                waits |= self._is_sent(each, signer, is_owed=True)
        if self.active is not None:
            waits |= self._is_sent(self.active, signer, is_owed=False)
        return waits

    def _is_sent(self, told: Told, signer: Signer, *, is_owed: bool) -> bool:
        if told.state == "cancelled" or told.recall or not self.is_recipient(signer, told):
            return False
        row = told.rows.get(signer.number)
        if row is None:
            is_late = is_owed and signer.number <= told.listed
            if is_late:
                told.rows[signer.number] = Row()
            return is_late
        if row.state == "withdrawn" or (is_owed and row.state == "unreachable"):
            row.state = "pending"
            row.attempts = 0 if is_owed else row.attempts
            return True
        return row.state == "pending"

    def is_recipient(self, signer: Signer, told: Told) -> bool:
        """Whether somebody is to be sent a broadcast now."""
        others = [each for each in self.broadcasts if each is not told]
        sent = [(each, each.rows[signer.number]) for each in others if signer.number in each.rows]
        on_topic = [(each, row) for each, row in sent if each.topic == told.topic and each.tells]
        if any(row.state in ARRIVED or _waits(each, row) for each, row in on_topic):
            return False
        if told.kind is Kind.BREACH:
            return "unreachable" not in signer.said
        if told.kind is Kind.UPDATE:
            had = sum(_is_an_update(each, row) for each, row in sent)
            if had >= signer.updates:
                return False
        return not signer.said and signer.invalidation is None

    def can_be_recalled(self, told: Told, now: datetime) -> bool:
        fresh = [each for each in told.rows.values() if each.state == "delivered"]
        is_first = told.state in OVER and not told.recall
        return is_first and any(each.sent_at and each.sent_at > now - TWO_DAYS for each in fresh)

    def send(self, phones: Phones, now: datetime) -> None:
        """A worker does all that is due: recalls, then what is under way, then what is left."""
        for told in self.broadcasts:
            if told.recall == "begun":
                self._recall(told, phones, now)
        for told in self.broadcasts:
            if told.state == "running":
                self._list(told)
                self._deliver(told, phones, now)
                told.state = "finished"
        for told in self.broadcasts:
            if told.state == "finished" and not told.recall:
                self._deliver(told, phones, now)
            if told.state == "cancelled":
                self._settle(told)

    def after_sending(self, phones: Phones, now: datetime) -> "tuple[PlainModel, Phones]":
        """Returns what would be, if a worker did all that is due."""
        then, heard = copy.deepcopy((self, phones))
        then.send(heard, now)
        return then, heard

    def _list(self, told: Told) -> None:
        for signer in self.signers.values():
            is_next = told.listed < signer.number <= told.last
            if is_next and self.is_recipient(signer, told):
                told.rows[signer.number] = Row()
        told.listed = max(told.last, told.listed)

    def _deliver(self, told: Told, phones: Phones, now: datetime) -> None:
        by_number = {each.number: each for each in self.signers.values()}
        for number, row in sorted(told.rows.items()):
            if row.state == "sending":  # claimed by a worker that was killed
                row.state, row.attempts = "pending", row.attempts - 1
            if row.is_gone:
                told.erase(number, "withdrawn")
                continue
            signer = by_number.get(number)
            while signer is not None and row.state == "pending":
                if not self.is_recipient(signer, told):
                    is_lost = "unreachable" in signer.said
                    row.state = "unreachable" if is_lost else "withdrawn"
                    continue
                row.attempts += 1
                self._arrive(told, signer, row, phones)
                row.sent_at = now

    def _arrive(self, told: Told, signer: Signer, row: Row, phones: Phones) -> None:
        if signer.chat in phones.blocked:
            row.state = "unreachable"
            signer.said.add("unreachable")
            return
        phones.copies[told.id, signer.chat] += 1
        if phones.lost[signer.chat]:
            phones.lost[signer.chat] -= 1
            row.state = "pending" if row.attempts < 2 else "unconfirmed"
        else:
            row.state = "delivered"

    def _settle(self, told: Told) -> None:
        """Nobody knows what became of what a worker was sending when it was killed."""
        for number, row in list(told.rows.items()):
            if row.state == "sending":
                row.state = "unconfirmed"
                if row.is_gone:
                    told.erase(number, row.state)

    def _recall(self, told: Told, phones: Phones, now: datetime) -> None:
        self._settle(told)
        chats = {each.number: each.chat for each in self.signers.values()}
        for number, row in told.rows.items():
            if row.state == "delivered" and not row.recalled:
                is_fresh = row.sent_at is not None and row.sent_at > now - TWO_DAYS
                is_there = chats[number] not in phones.blocked
                row.recalled = "deleted" if is_fresh and is_there else "failed"
                if is_fresh and is_there:
                    phones.lost[chats[number]] = 0
        told.recall = "over"
