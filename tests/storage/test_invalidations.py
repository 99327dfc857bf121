"""A wave of signatures is taken out of the count, exactly, and counted again."""

from datetime import timedelta

import pytest

from storage import Storage
from storage.broadcast_types import Kind
from storage.broadcasts import count_audience
from storage.invalidations import (
    SignatureCondition,
    all_invalidations,
    find_matches,
    take_out_signatures,
    undo_invalidation,
)
from storage.petitions import close_petition, petition_state
from tests.support.audit_entries import newest_audit_entries
from tests.support.raw_sql import Statement, read_sql, write_all
from tests.support.supporters import NOON, NOON_MILLIS, Supporters

MINUTE = timedelta(minutes=1)
AFTER = NOON + timedelta(days=1)
# Each second one signed without a name.
NAMELESS = Statement("UPDATE signatures SET name_sealed = NULL WHERE number % 2 = 0")


@pytest.fixture
async def signed(storage: Storage) -> Supporters:
    """Ten people signed, one a minute from noon on; from the sixth on by a link, in a second."""
    people = Supporters(storage.database, storage.keyring)
    await people.sign(range(1, 11))
    await write_all(
        storage.database,
        Statement(
            "UPDATE signatures SET signed_at = :noon + (number - 1) * 60000, form_seconds = 40",
            {"noon": NOON_MILLIS},
        ),
        Statement("UPDATE signatures SET source = 'radio', form_seconds = 1 WHERE number > 5"),
    )
    return people


async def numbers(storage: Storage, **condition: object) -> list[int]:
    return (await storage.read(find_matches, SignatureCondition(**condition))).numbers  # type: ignore[arg-type]  # as the class has them


async def take_out(storage: Storage, found: list[int]) -> bytes:
    key, taken = await storage.write(
        take_out_signatures, found, reason="A wave", condition="of tests", at=AFTER
    )
    assert taken == len(found)
    return key


async def counted(storage: Storage) -> int:
    return (await storage.read(petition_state)).signatures


async def test_all_that_is_asked_has_to_apply(signed: Supporters) -> None:
    assert await numbers(signed) == list(range(1, 11))
    assert await numbers(signed, signed_from=NOON + 8 * MINUTE) == [9, 10]
    assert await numbers(signed, signed_before=NOON + MINUTE) == [1]
    assert await numbers(signed, source="radio") == [6, 7, 8, 9, 10]
    assert await numbers(signed, form_seconds_under=2) == [6, 7, 8, 9, 10]
    assert await numbers(signed, form_seconds_under=1) == []
    assert await numbers(signed, name_pattern="PERSONA ?") == list(range(1, 10))
    assert await numbers(signed, name_pattern="persona*0") == [10]
    assert await numbers(signed, name_pattern="persona") == []
    both = {"source": "radio", "signed_before": NOON + 7 * MINUTE}
    assert await numbers(signed, **both) == [6, 7]
    await write_all(signed.database, NAMELESS)
    assert await numbers(signed, with_name=True) == [1, 3, 5, 7, 9]
    assert await numbers(signed, with_name=False, source="radio") == [6, 8, 10]
    assert await numbers(signed, with_name=False, form_seconds_under=2) == [6, 8, 10]
    await signed.change(1, "name_sealed = chat_sealed")  # damaged, which is not none
    assert await numbers(signed, name_pattern="*") == [3, 5, 7, 9]
    assert await numbers(signed, with_name=False) == [2, 4, 6, 8, 10]


async def test_a_pattern_full_of_stars_takes_no_longer_than_another(signed: Supporters) -> None:
    assert await numbers(signed, name_pattern="*a" * 40 + "!") == []


async def test_the_count_of_the_closing_stays_and_what_is_told_of_it_follows(
    signed: Supporters,
) -> None:
    """Who was taken out before stays with those."""
    before = await take_out(signed, [1, 2])
    closing_at = AFTER + MINUTE
    await signed.write(close_petition, revision=0, actor=1, at=closing_at)
    later = closing_at  # from that moment on it is after the closing
    key, _ = await signed.write(
        take_out_signatures, [2, 6, 7, 8], reason="Late", condition="", at=later
    )
    state = await signed.read(petition_state)
    assert (state.closed_signatures, state.signatures) == (8, 5)
    assert (state.invalidated_since, state.told_signatures) == (3, 5)
    await signed.write(undo_invalidation, key, later)
    assert (await signed.read(petition_state)).told_signatures == 8
    await signed.write(undo_invalidation, key, later + MINUTE)  # from another terminal
    newest, _ = await signed.read(all_invalidations)
    assert (newest.undone_at, newest.put_back) == (later, 3)
    deeds = [(each.action, each.detail) for each in await signed.read(newest_audit_entries, 3)]
    assert set(deeds) == {
        ("undo_invalidation", key.hex()),
        ("invalidate", key.hex()),
        ("close", ""),
    }
    await signed.withdraw(2)
    assert await signed.write(undo_invalidation, before, later) == 1, "the other has withdrawn"
    state = await signed.read(petition_state)
    assert (state.closed_signatures, state.invalidated_since) == (8, -1)
    assert (state.signatures, state.told_signatures) == (9, 9)


async def call_third(signed: Supporters, name: str) -> None:
    key = (await read_sql(signed.database, "SELECT id FROM signatures WHERE number = 3"))[0]
    sealed = signed.keyring.seal(name, table="signatures", column="name_sealed", row=key["id"])
    await signed.change(3, "name_sealed = :name", name=sealed)


async def test_a_name_is_like_a_pattern_however_its_letters_were_typed(signed: Supporters) -> None:
    await call_third(signed, "Jose\u0301")
    assert await numbers(signed, name_pattern="JOS\u00c9") == [3]


async def test_a_bracket_in_a_pattern_takes_out_nobody_who_begins_with_a_letter_in_it(
    signed: Supporters,
) -> None:
    """Whoever is called "[Promo] 7" goes, and not the Persona whose P is in the brackets."""
    await call_third(signed, "[Promo] 7")
    assert await numbers(signed, name_pattern="[promo]*") == [3]
    assert await numbers(signed, name_pattern="[!x]*") == []


async def test_who_is_not_counted_gets_no_broadcast_but_of_a_breach(signed: Supporters) -> None:
    key = await take_out(signed, list(range(6, 11)))

    async def recipients(kind: Kind) -> int:
        return sum((await signed.read(count_audience, kind=kind)).values())

    assert [await recipients(kind) for kind in (Kind.CLOSING, Kind.BREACH)] == [5, 10]
    await signed.write(undo_invalidation, key, AFTER)
    assert await recipients(Kind.CLOSING) == 10
