"""The closing update and what followed are kept in versions, and become visible together."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from storage import Storage
from storage.closing_texts import (
    CLOSING_UPDATE,
    AwaitedText,
    ClosingText,
    ClosingTextKind,
    Publication,
    all_closing_texts,
    approve_publication,
    closing_update_waits,
    decline_publication,
    discard_closing_texts,
    publication_id,
    publish_closing_texts,
    published_closing_texts,
    write_closing_text,
)
from storage.keyring import Keyring
from storage.petitions import (
    choose_closing_date,
    close_petition,
    close_petition_if_due,
    petition_state,
    reopen_petition,
)
from storage.signatures import withdraw_signature
from tests.support.audit_entries import newest_audit_entries
from tests.support.existing import existing
from tests.support.raw_sql import write_sql
from tests.support.supporters import NOON, a_supporter

MARTA, LUCY = 9, 8
BY_MARTA, BY_LUCY = b"m" * 32, b"l" * 32
SPANISH = AwaitedText(CLOSING_UPDATE, ClosingTextKind.CLOSING_UPDATE, "es", NOON)


ENGLISH = replace(SPANISH, language="en")
ANSWER = AwaitedText("abc", ClosingTextKind.ANSWERED, "es", NOON, date(2026, 11, 24))
HOUR = timedelta(hours=1)


async def writes(storage: Storage, text: str, awaited: AwaitedText = SPANISH) -> None:
    key = text.encode().ljust(16, b".")[:16]
    await storage.write(write_closing_text, awaited.written(key, text, MARTA, NOON), BY_MARTA)


async def left(storage: Storage) -> list[ClosingText]:
    return [each for each in await storage.read(all_closing_texts) if each.is_left]


async def publishes(storage: Storage, above: int | None = None) -> Publication | None:
    return await storage.write(
        publish_closing_texts, await left(storage), actor=MARTA, at=NOON, approval_above=above
    )


async def shown(storage: Storage) -> list[str | None]:
    return [each.text for each in await storage.read(published_closing_texts)]


async def signs_and_closes(storage: Storage, keyring: Keyring, people: int) -> None:
    for number in range(people):
        someone = a_supporter(keyring, number + 1)
        await someone.come_and_sign(storage)
    revision = (await storage.read(petition_state)).revision
    assert await storage.write(close_petition, revision=revision, actor=MARTA, at=NOON) is not None


async def test_a_message_that_is_taken_again_is_one_version(storage: Storage) -> None:
    for text in ("Han vuelto", "Han vuelto", "Son libres", "Han vuelto"):
        await writes(storage, text)
    assert [each.text for each in await left(storage)] == ["Son libres"]


async def test_what_an_admin_did_not_see_is_not_published(storage: Storage) -> None:
    await writes(storage, "Han vuelto")
    seen = await left(storage)
    await writes(storage, "They are back", ENGLISH)
    assert (
        await storage.write(publish_closing_texts, seen, actor=MARTA, at=NOON, approval_above=None)
        is None
    )
    seen = await left(storage)
    await writes(storage, "Son libres")
    assert (
        await storage.write(publish_closing_texts, seen, actor=MARTA, at=NOON, approval_above=None)
        is None
    )
    assert await shown(storage) == []
    assert await storage.read(newest_audit_entries, 9) == []
    for shown_left, is_all in ((seen, False), (await left(storage), True)):
        key = publication_id(shown_left)
        for does in (is_all, False):
            assert await storage.write(discard_closing_texts, key, actor=MARTA, at=NOON) is does
    assert [entry.detail for entry in await storage.read(newest_audit_entries, 9)] == ["discarded"]


async def test_above_the_threshold_a_closed_petition_needs_a_second_admin(
    storage: Storage,
) -> None:
    await signs_and_closes(storage, storage.keyring, 2)
    # Who withdraws after the closing had read of it all the same.
    await storage.write(withdraw_signature, a_supporter(storage.keyring, 1).supporter, NOON)
    revision = (await storage.read(petition_state)).revision
    await writes(storage, "Han vuelto")
    versions = await left(storage)
    asked = existing(await publishes(storage, above=1))
    assert (asked.published_at, await shown(storage)) == (None, [])
    again: dict[str, Any] = {"actor": LUCY, "at": NOON + HOUR, "approval_above": None}
    assert await storage.write(publish_closing_texts, versions, **again) == asked
    assert (await storage.read(petition_state)).revision == revision + 1
    by_marta: dict[str, Any] = {"actor": MARTA, "at": NOON}
    assert not await storage.write(approve_publication, asked.id, **by_marta), "not who asked"
    assert await storage.write(approve_publication, asked.id, actor=LUCY, at=NOON + HOUR)
    (published,) = await storage.read(published_closing_texts)
    approved = replace(asked, approved_by=LUCY, published_at=NOON + HOUR)
    assert published.publication == approved
    assert (await storage.read(petition_state)).revision == revision + 2
    assert await shown(storage) == ["Han vuelto"]
    assert await storage.write(approve_publication, asked.id, actor=LUCY, at=NOON + 2 * HOUR)
    assert await storage.read(published_closing_texts) == [published]
    await storage.write(decline_publication, asked.id, actor=LUCY, at=NOON + 2 * HOUR)
    assert await shown(storage) == ["Han vuelto"], "it is too late to decline it"
    noted = [entry.detail for entry in await storage.read(newest_audit_entries, 9) if entry.detail]
    assert noted == ["approved", "closing es 1"]
    assert (asked.requested_by, asked.requested_at) == (MARTA, NOON)


async def test_a_declined_version_can_be_offered_again(storage: Storage) -> None:
    await signs_and_closes(storage, storage.keyring, 1)
    await writes(storage, "Han vuelto")
    asked = existing(await publishes(storage, above=0))
    await writes(storage, "They are back", ENGLISH)
    for text in ("Contestaron", "Respondieron"):
        await writes(storage, text, ANSWER)
    assert await publishes(storage, above=0) is None, "one waits already"
    await storage.write(decline_publication, asked.id, actor=LUCY, at=NOON)
    assert not await storage.write(approve_publication, asked.id, actor=LUCY, at=NOON)
    assert {each.text for each in await left(storage)} == {
        *("They are back", "Han vuelto", "Respondieron")
    }
    again = existing(await publishes(storage, above=0))
    await writes(storage, "Son libres")
    for _ in range(2):
        await storage.write(decline_publication, again.id, actor=LUCY, at=NOON)
    newer = {"They are back", "Son libres", "Respondieron"}
    assert {each.text for each in await left(storage)} == newer, "one has a newer version"
    key = publication_id(await left(storage))
    await storage.write(discard_closing_texts, key, actor=LUCY, at=NOON)
    await writes(storage, "Contestaron al fin", ANSWER)
    assert await publishes(storage, above=0) is not None
    assert not await storage.read(closing_update_waits), "it is another text"
    declined = [
        each for each in await storage.read(newest_audit_entries, 9) if each.detail == "declined"
    ]
    assert [each.actor for each in declined] == [LUCY, LUCY]


async def test_what_is_damaged_hides_no_other_version_and_is_approved_by_nobody(
    storage: Storage,
) -> None:
    await writes(storage, "Uno")
    await publishes(storage)
    await writes(storage, "Dos")
    await publishes(storage)
    junk: dict[str, Any] = {"junk": b"junk", "number": 2}
    await write_sql(
        storage.database,
        "UPDATE closing_texts SET text_sealed = :junk WHERE number = :number",
        **junk,
    )
    assert await shown(storage) == ["Uno", None]
    await writes(storage, "Tres")
    asked = await publishes(storage, above=0)
    assert asked is not None
    await write_sql(
        storage.database, "UPDATE closing_publications SET requested_by_sealed = :junk", junk=b""
    )
    by_lucy: dict[str, Any] = {"actor": LUCY, "at": NOON}
    assert not await storage.write(approve_publication, asked.id, **by_lucy), "it could be hers"


async def closes(storage: Storage, above: int | None, *, by_its_date: bool = False) -> None:
    revision = (await storage.read(petition_state)).revision
    by_marta: dict[str, Any] = {"actor": MARTA, "at": NOON}
    if by_its_date:
        await storage.write(choose_closing_date, NOON, revision=revision, **by_marta)
        assert await storage.write(close_petition_if_due, NOON, above)
    else:
        await storage.write(close_petition, revision, approval_above=above, **by_marta)


async def reopens(storage: Storage, above: int | None, at: datetime = NOON) -> None:
    revision = (await storage.read(petition_state)).revision
    assert await storage.write(reopen_petition, revision, MARTA, at, above) is not None


@pytest.mark.parametrize("by_its_date", [False, True])
async def test_only_more_signers_than_one_admin_may_tell_have_what_one_published_wait(
    storage: Storage, by_its_date: bool
) -> None:
    await a_supporter(storage.keyring, 1).come_and_sign(storage)
    await writes(storage, "Han vuelto")
    await publishes(storage)
    await closes(storage, 1, by_its_date=by_its_date)
    await reopens(storage, None)
    assert await shown(storage) == ["Han vuelto"]
    await closes(storage, 0, by_its_date=by_its_date)
    assert await shown(storage) == []
    assert await storage.read(closing_update_waits)


async def test_what_two_published_is_read_while_what_one_asked_for_waits(storage: Storage) -> None:
    await signs_and_closes(storage, storage.keyring, 1)
    await writes(storage, "Uno")
    asked = existing(await publishes(storage, above=0))
    await storage.write(approve_publication, asked.id, actor=LUCY, at=NOON)
    await writes(storage, "Dos")
    await publishes(storage, above=0)
    await reopens(storage, 0)
    assert await shown(storage) == ["Uno"]
    assert [each.text for each in await storage.read(all_closing_texts) if each.waits] == ["Dos"]


async def test_what_one_published_waits_for_another_also_if_a_newer_text_was_declined(
    storage: Storage,
) -> None:
    await signs_and_closes(storage, storage.keyring, 1)
    await writes(storage, "Cero")
    await publishes(storage)
    await writes(storage, "Uno")
    await publishes(storage)
    await writes(storage, "Dos")
    asked = existing(await publishes(storage, above=0))
    await storage.write(decline_publication, asked.id, actor=LUCY, at=NOON)
    for hours in (1, 2):
        await reopens(storage, 0, NOON + hours * HOUR)
        zero, one, two = await storage.read(all_closing_texts)
        assert (zero.discarded_at, one.waits, two.is_left) == (NOON + HOUR, True, True)
        await closes(storage, None)
