"""A petition whose broadcasts are really sent, beside the plain model of them."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

import pytest

from bot.back_off import BackOff
from storage import Storage
from storage.broadcast_transitions import change_broadcast, start_broadcast
from storage.broadcast_types import Broadcast, BroadcastAction, Kind
from storage.broadcasts import broadcast_history, tally_of_broadcast
from storage.conversations import conversation_of
from storage.database import Database
from storage.invalidations import take_out_signatures, undo_invalidation
from storage.keyring import Keyring
from storage.person_requests import PersonNoticeKind, carry_out_request
from storage.petitions import close_petition, ensure_petition, petition_state, reopen_petition
from storage.returning_supporters import mark_reachable
from storage.signatures import mark_unreachable, mute_supporter, withdraw_signature
from tests.broadcast.workers import RunningWorker, WorkerHarness, nothing_is_due
from tests.support.accelerated_loop import time_of_day
from tests.support.broadcast_model import Phones, PlainModel, Row, Told
from tests.support.broadcasts import new_broadcast
from tests.support.fake_telegram import ANSWER_LOST, BLOCKED, FakeTelegram
from tests.support.raw_sql import read_sql
from tests.support.supporters import ADMIN, Supporters, a_supporter
from tests.support.waiting import until

PEOPLE = 5
DEEDS = (
    "withdraw", "block", "mute", "restrict", "object", "take_out", "put_back", "close", "reopen",
    "write_again", "pause", "cancel", "recall", "wait", *["tell", "warn", "resume"] * 2,
    *["sign", "come_back", "unmute", "lift", "write", "lose_answer", "send"] * 3,
    *["send_some"] * 5,
)  # fmt: skip

_PROOF = "came to the office"
_ROWS = """
SELECT d.broadcast_id, d.position, d.signature_id, d.state, d.attempts, d.recall_outcome
FROM deliveries d
"""
_ERASED = "SELECT broadcast_id, state, recall_outcome, people FROM erased_deliveries"
_UNREACHABLE = "SELECT number FROM signatures WHERE unreachable_at IS NOT NULL"


class Phone(FakeTelegram):
    """A fake Telegram that does what `Phones` say, and is gone after so many messages."""

    def __init__(self, phones: Phones, left: int = -1) -> None:
        super().__init__()
        self.phones = phones
        self.left = left
        self.over = asyncio.Event()

    def _next(self, chat: int) -> Exception | None:
        if chat in self.phones.blocked:
            return BLOCKED
        if self.phones.lost[chat]:
            self.phones.lost[chat] -= 1
            return ANSWER_LOST
        return None

    def _keep(self, chat: int, given: Any) -> None:
        self.phones.copies[bytes.fromhex(str(given["text"])), chat] += 1
        self.left -= 1
        if self.left == 0:
            self.dead = True
            self.over.set()


@dataclass
class BroadcastLife:
    """Does one deed after the other, in the database and in the model, and compares them.

    The time of day is `ahead`, as days pass in no time.
    """

    harness: WorkerHarness
    keyring: Keyring
    model: PlainModel = field(default_factory=PlainModel)
    phones: Phones = field(default_factory=Phones)
    ahead: timedelta = timedelta()
    _updates: Any = field(default_factory=lambda: cycle((9, 0, 2)))
    _invalidations: list[bytes] = field(default_factory=list)

    @property
    def storage(self) -> Storage:
        return self.harness.storage

    def now(self) -> datetime:
        return time_of_day() + self.ahead

    async def do(self, deed: str, person: int) -> None:
        """Does a deed of a person, or with the person's number where it needs one."""
        self.ahead += timedelta(seconds=1)
        await getattr(self, deed)(person)
        await self.compare()

    async def sign(self, person: int) -> None:
        who, updates = a_supporter(self.keyring, person), next(self._updates)
        known = await self.storage.read(conversation_of, who.supporter)
        was = known.version if known else 0
        purposes = frozenset({"signature", "updates"} if updates else {"signature"})
        of = {"purposes": purposes, "updates_at_most": updates}
        await who.sign(self.storage, was=was, at=self.now(), **of)
        self.model.sign(person, updates)

    async def withdraw(self, person: int) -> None:
        await self.storage.write(withdraw_signature, self.supporter(person), self.now())
        self.model.withdraw(person)

    async def block(self, person: int) -> None:
        """Somebody blocks the bot, which is told of it, or not."""
        self.phones.blocked.add(person)
        if person % 2:
            await self.storage.write(mark_unreachable, self.supporter(person), self.now())
            self.says(person, "unreachable")

    async def come_back(self, person: int) -> None:
        self.phones.blocked.discard(person)
        now = self.now()
        waits = await self.storage.write(mark_reachable, self.supporter(person), now)
        assert waits == self.model.come_back(person, now)

    async def mute(self, person: int) -> None:
        await self.storage.write(mute_supporter, self.supporter(person), self.now())
        self.says(person, "muted")

    async def unmute(self, person: int) -> None:
        await self.storage.write(mute_supporter, self.supporter(person), None)
        self.says_no_more(person, "muted")
        await self.come_back(person)

    async def restrict(self, person: int) -> None:
        await self.ask(PersonNoticeKind.RESTRICTED, person)

    async def object(self, person: int) -> None:
        await self.ask(PersonNoticeKind.OBJECTED, person)

    async def lift(self, person: int) -> None:
        await self.ask(PersonNoticeKind.LIFTED, person)
        self.says_no_more(person, "restricted", "objected")
        await self.come_back(person)

    async def take_out(self, person: int) -> None:
        those = [each for each in self.model.signers.values() if each.number % 3 == person % 3]
        numbers = [each.number for each in those]
        key, _ = await self.storage.write(
            take_out_signatures, numbers, reason="r", condition="c", at=self.now()
        )
        for each in those:
            if each.invalidation is None:
                each.invalidation = len(self._invalidations)
        self._invalidations.append(key)

    async def put_back(self, person: int) -> None:
        which = len(self._invalidations) - 1 - person % 2
        if which < 0:
            return
        await self.storage.write(undo_invalidation, self._invalidations[which], self.now())
        for each in self.model.signers.values():
            each.invalidation = None if each.invalidation == which else each.invalidation

    async def close(self, _: int) -> None:
        revision, now = (await self.storage.read(petition_state)).revision, self.now()
        if await self.storage.write(close_petition, revision=revision, actor=ADMIN, at=now):
            assert self.model.closed_at is None
            self.model.closed_at = now

    async def reopen(self, _: int) -> None:
        revision = (await self.storage.read(petition_state)).revision
        told = self.model.active
        was_closed = self.model.closed_at is not None
        may_open = was_closed and (told is None or told.kind is not Kind.CLOSING)
        found = await self.storage.write(
            reopen_petition, revision=revision, actor=ADMIN, at=self.now()
        )
        assert (found is not None) == may_open
        self.model.closed_at = None if may_open else self.model.closed_at

    async def tell(self, _: int) -> None:
        if self.model.closed_at is not None:
            await self.start(Kind.CLOSING)

    async def write(self, _: int) -> None:
        await self.start(Kind.UPDATE)

    async def write_again(self, person: int) -> None:
        """Sends an earlier update to those whom it did not reach."""
        before = [each for each in self.model.broadcasts if each.kind is Kind.UPDATE]
        if before:
            await self.start(Kind.UPDATE, topic=before[person % len(before)].topic)

    async def warn(self, _: int) -> None:
        await self.start(Kind.BREACH)

    async def pause(self, _: int) -> None:
        await self.order(BroadcastAction.PAUSE, "running", "paused")

    async def resume(self, _: int) -> None:
        await self.order(BroadcastAction.RESUME, "paused", "running")

    async def cancel(self, _: int) -> None:
        told = self.model.active
        if told is not None:
            await self.order(BroadcastAction.CANCEL, told.state, "cancelled")

    async def recall(self, person: int) -> None:
        if not self.model.broadcasts:
            return
        told, now = self.model.broadcasts[-1 - person % len(self.model.broadcasts)], self.now()
        may_recall = self.model.can_be_recalled(told, now)
        told.recall = "begun" if may_recall else told.recall
        await self.storage.write(change_broadcast, BroadcastAction.RECALL, told.id, ADMIN, now)

    async def lose_answer(self, person: int) -> None:
        self.phones.lost[person] += 1 + person % 2

    async def wait(self, _: int) -> None:
        self.ahead += timedelta(days=16)

    async def send(self, _: int) -> None:
        """A worker does all that is due."""
        expected, heard = self.model.after_sending(self.phones, self.now())
        running = self.start_worker(Phone(self.phones))
        await until(lambda: nothing_is_due(self.harness))
        await running.worker.stop(1.0)
        self.model = expected
        assert self.phones.copies == heard.copies
        assert +self.phones.lost == +heard.lost

    async def send_some(self, person: int) -> None:
        """A worker is killed after some messages, if there are as many."""
        then, heard = self.model.after_sending(self.phones, self.now())
        phone = Phone(self.phones, left=person)
        running = self.start_worker(phone)
        over = asyncio.create_task(phone.over.wait())
        done = asyncio.create_task(until(lambda: nothing_is_due(self.harness)))
        await asyncio.wait({over, done}, return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        done.cancel()
        running.kill()
        with suppress(asyncio.CancelledError):
            await done
        await running.database.written()
        await self.adopt(then)
        assert self.phones.copies <= heard.copies

    def start_worker(self, phone: Phone) -> RunningWorker:
        ahead = self.ahead
        return self.harness.start_worker(
            telegram=phone,
            rate=200.0,
            now=lambda: time_of_day() + ahead,
            batch=0.01,
            record=0.002,
        )

    async def ask(self, asked: PersonNoticeKind, person: int) -> None:
        signer = self.model.signers.get(person)
        number = signer.number if signer else 0
        await self.storage.write(carry_out_request, asked, number, _PROOF, self.now())
        if asked is not PersonNoticeKind.LIFTED:
            self.says(person, asked.value)

    async def start(self, kind: Kind, topic: str = "") -> None:
        plan = new_broadcast(kind=kind, topic=topic, at=self.now())
        text = plan.id.hex()
        plan = replace(plan, content={"es": text, "en": text})
        started = await self.storage.write(start_broadcast, plan)
        if self.model.active is not None:
            assert started is not None
            assert started.id == self.model.active.id
            return
        assert isinstance(started, Broadcast)
        self.model.broadcasts.append(
            Told(plan.id, kind, started.topic, plan.created_at, self.model.last)
        )

    async def order(self, action: BroadcastAction, state: str, to: str) -> None:
        told = self.model.active
        if told is not None:
            await self.storage.write(change_broadcast, action, told.id, ADMIN, self.now())
            told.state = to if told.state == state else told.state

    def says(self, person: int, what: str) -> None:
        if person in self.model.signers:
            self.model.signers[person].said.add(what)

    def says_no_more(self, person: int, *what: str) -> None:
        if person in self.model.signers:
            self.model.signers[person].said.difference_update(what)

    def supporter(self, person: int) -> bytes:
        return a_supporter(self.keyring, person).supporter

    async def found(self) -> dict[bytes, Told]:
        """Returns the broadcasts as the database has them."""
        database, found = self.storage.database, {}
        for each in await self.storage.read(broadcast_history):
            known = next(told for told in self.model.broadcasts if told.id == each.id)
            recall = "over" if each.recall_ended_at else "begun"
            found[each.id] = replace(
                known,
                state=each.state.value,
                listed=known.last if each.enqueued_at else each.enqueued_through,
                recall=recall if each.recall_started_at else "",
                rows={},
                erased=Counter(),
            )
        for row in await read_sql(database, _ROWS):
            found[row["broadcast_id"]].rows[row["position"]] = Row(
                row["state"],
                row["attempts"],
                row["recall_outcome"] or "",
                is_gone=row["signature_id"] is None,
            )
        for row in await read_sql(database, _ERASED):
            found[row["broadcast_id"]].erased[row["state"], row["recall_outcome"]] = row["people"]
        return found

    async def compare(self) -> None:
        """Checks that the database says what the model says, and that each report adds up."""
        found = await self.found()
        for told in self.model.broadcasts:
            seen = found[told.id]
            rows = {number: replace(row, sent_at=None) for number, row in told.rows.items()}
            assert (seen.state, seen.recall, seen.listed) == (
                told.state,
                told.recall,
                told.listed,
            )
            assert seen.rows == rows
            assert +seen.erased == +told.erased
            tally = await self.storage.read(tally_of_broadcast, told.id)
            assert tally == told.tally()
        unreachable = {row["number"] for row in await self.unreachable()}
        for signer in self.model.signers.values():
            assert (signer.number in unreachable) == ("unreachable" in signer.said)

    async def unreachable(self) -> list[dict[str, Any]]:
        return await read_sql(self.storage.database, _UNREACHABLE)

    async def adopt(self, then: PlainModel) -> None:
        """Takes over what a killed worker left, where all is as before or as it will be."""
        found, unreachable = await self.found(), await self.unreachable()
        for told, will in zip(self.model.broadcasts, then.broadcasts, strict=True):
            seen = found[told.id]
            assert seen.state in (told.state, will.state)
            assert seen.recall in (told.recall, will.recall)
            assert told.listed <= seen.listed <= will.listed
            assert set(told.erased) | set(seen.erased) <= set(told.erased) | set(will.erased)
            for number, row in seen.rows.items():
                before, after = told.rows.get(number), will.rows.get(number)
                self.check_row(row, before, after)
                row.sent_at = before.sent_at if before else None
                if row.state == "delivered" and (before is None or before.state != "delivered"):
                    row.sent_at = self.now()
            told.state, told.recall, told.listed = seen.state, seen.recall, seen.listed
            told.rows, told.erased = seen.rows, seen.erased
        for chat, signer in self.model.signers.items():
            if signer.number in {row["number"] for row in unreachable}:
                assert "unreachable" in then.signers[chat].said
                signer.said.add("unreachable")

    def check_row(self, row: Row, before: Row | None, after: Row | None) -> None:
        if after is None:  # it will be erased
            assert row.is_gone
            return
        is_still = before is not None and row.state == before.state
        is_under_way = row.state in ("pending", "sending") and (
            before is None or before.state in ("pending", "sending")
        )
        assert is_still or is_under_way or row.state == after.state
        assert row.recalled in (before.recalled if before else "", after.recalled)


async def lived(database: Database, keyring: Keyring, deeds: Sequence[tuple[str, int]]) -> None:
    """Does all deeds one after the other, and compares after each of them."""
    people = Supporters(database, keyring)
    harness = WorkerHarness(database, keyring, people, FakeTelegram())
    await harness.storage.write(ensure_petition)
    life = BroadcastLife(harness, keyring)
    everybody = [("sign", person) for person in range(1, PEOPLE + 1)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.broadcast.sender._PORTION", 2)
        # Many answers that are lost in a row would keep it from sending for half a minute.
        patch.setattr("bot.broadcast.failing_deliveries._PAUSES", BackOff(0.01, longest=0.1))
        for deed in [*everybody, ("close", 1), ("tell", 1), *deeds, ("resume", 1), ("send", 1)]:
            await life.do(*deed)
