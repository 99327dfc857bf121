"""Tests of what a letter asks for: each deed with its code, its audit entry and its sentence."""

from datetime import datetime, timedelta

import pytest

from storage import (
    CODE_LASTS,
    IN_CHAT,
    CodeState,
    Keyring,
    Proof,
    Reached,
    Signer,
    Statement,
    Storage,
    by_code,
    verified_otherwise,
)
from storage.journal_replay import replay
from storage.person_codes import MOST_ATTEMPTS, new_code
from tests.support.supporters import NOON, a_supporter

LATER = NOON + timedelta(minutes=5)


async def signed(storage: Storage, keyring: Keyring) -> tuple[Signer, str]:
    """Ana, who signed as number 1, and the code that /mydata showed her."""
    ana = a_supporter(keyring, 1)
    await ana.arrive(storage)
    await ana.sign(storage)
    made = await storage.person_codes.make(ana.supporter, NOON)
    signer = await storage.person_requests.find(1)
    assert made is not None
    assert signer is not None
    return signer, made[0]


async def states(storage: Storage, *typed: str, at: datetime = LATER) -> list[CodeState]:
    return [(await storage.person_requests.check(1, each, at))[1].state for each in typed]


async def rows_in(storage: Storage, table: str) -> int:
    return len(await storage.database.read(Statement(f"SELECT 1 AS one FROM {table}")))  # noqa: S608


def test_no_code_has_a_sign_that_looks_like_another() -> None:
    signs = set("".join(new_code() for _ in range(100)))
    assert signs & set("O0Q1ILS5Z2B8GU") == set()


async def test_a_code_is_read_however_it_is_typed_and_only_until_its_end(
    storage: Storage, keyring: Keyring
) -> None:
    _, code = await signed(storage, keyring)
    assert await states(storage, code, code.lower(), f" {code.replace('-', ' ')} ") == (
        [CodeState.FITS] * 3
    )
    assert await states(storage, code, at=NOON + CODE_LASTS) == [CodeState.ENDED]
    assert (await storage.person_requests.check(2, code, LATER))[1].state is CodeState.WRONG


async def test_after_five_wrong_ones_the_right_one_is_void_and_a_new_one_is_not(
    storage: Storage, keyring: Keyring
) -> None:
    signer, code = await signed(storage, keyring)
    assert await states(storage, *["AAAA-3333"] * (MOST_ATTEMPTS - 1), code) == [
        *[CodeState.WRONG] * (MOST_ATTEMPTS - 1),
        CodeState.FITS,
    ]
    assert await states(storage, "AAAA-3333", code) == [CodeState.WRONG, CodeState.VOID]
    assert not await storage.person_requests.erase(signer, by_code(code), LATER)
    made = await storage.person_codes.make(signer.supporter, LATER)
    assert made is not None
    assert await states(storage, code, made[0]) == [CodeState.WRONG, CodeState.FITS]


async def test_a_code_serves_once(storage: Storage, keyring: Keyring) -> None:
    signer, code = await signed(storage, keyring)
    requests = storage.person_requests
    assert await requests.correct(signer, "Ana Sol", by_code(code), LATER)
    known = (await storage.personal_data.of(1)).letter_code
    assert known is not None
    assert (known["used_at"], known["ends_at"]) == (LATER, NOON + CODE_LASTS)
    assert await states(storage, code) == [CodeState.USED]
    assert not await requests.erase(signer, by_code(code), LATER)
    assert not await requests.restrict(signer, by_code(code), LATER)
    assert await rows_in(storage, "signatures") == 1
    assert [entry.action for entry in await storage.audit.entries(9)] == ["person_correct"]
    assert await rows_in(storage, "person_notices") == 1
    found = await requests.find(1)
    assert found is not None
    assert (found.name, found.restricted_at) == ("Ana Sol", None)


@pytest.mark.parametrize("proof", [verified_otherwise("a copy of the letter"), None])
async def test_erasing_leaves_one_sealed_sentence_and_no_code(
    storage: Storage, keyring: Keyring, proof: Proof | None
) -> None:
    signer, code = await signed(storage, keyring)
    requests = storage.person_requests
    assert await requests.restrict(signer, verified_otherwise("by telephone"), NOON)
    assert await requests.erase(signer, proof or by_code(code), LATER)
    assert not await requests.erase(signer, proof or by_code(code), LATER)
    for table in ("signatures", "consents", "person_codes"):
        assert await rows_in(storage, table) == 0, table
    assert (await storage.petitions.state()).signatures == 0
    (waiting,) = await storage.person_notices.waiting()
    assert (waiting.kind, waiting.chat_id, waiting.attempts) == ("erased", 1, 0)
    newest = (await storage.audit.entries(1))[0]
    assert (newest.action, newest.actor) == ("person_erase", None)
    assert newest.detail == (proof.detail if proof else "by code")


async def test_who_withdraws_in_the_chat_leaves_no_sentence_and_no_code(
    storage: Storage, keyring: Keyring
) -> None:
    signer, code = await signed(storage, keyring)
    await storage.person_requests.record_shown(signer, by_code(code), LATER)
    await storage.signatures.withdraw(signer.supporter, LATER)
    assert await rows_in(storage, "person_notices") == 0
    assert await rows_in(storage, "person_codes") == 0
    assert await storage.person_codes.make(signer.supporter, LATER) is None


async def test_a_restored_copy_has_no_code_that_was_used_and_no_sentence_that_was_sent(
    storage: Storage, keyring: Keyring
) -> None:
    signer, code = await signed(storage, keyring)
    await storage.person_requests.restrict(signer, verified_otherwise("by telephone"), LATER)
    await replay(storage.database, keyring, "andry", (), reached=Reached(1), at=LATER)
    assert await states(storage, code) == [CodeState.WRONG]
    assert await storage.person_notices.waiting() == []


async def test_restricting_and_objecting_last_until_they_are_lifted(
    storage: Storage, keyring: Keyring
) -> None:
    signer, code = await signed(storage, keyring)
    requests = storage.person_requests
    assert await requests.restrict(signer, by_code(code), LATER)
    assert not await requests.restrict(signer, IN_CHAT, LATER + timedelta(days=1))
    assert await requests.object(signer, IN_CHAT, LATER)
    held = await storage.signatures.get(signer.supporter)
    assert held is not None
    assert (held.restricted_at, held.objected_at, held.is_only_stored) == (LATER, LATER, True)
    assert await requests.lift(signer, IN_CHAT, LATER)
    assert not await requests.lift(signer, IN_CHAT, LATER)
    held = await storage.signatures.get(signer.supporter)
    assert held is not None
    assert not held.is_only_stored
    told = [notice.kind for notice in await storage.person_notices.waiting()]
    assert told == ["restricted"], "what is done in the chat is seen there"


async def test_a_sentence_is_tried_twice_at_most_and_forgotten_after_a_week(
    storage: Storage, keyring: Keyring
) -> None:
    signer, code = await signed(storage, keyring)
    await storage.person_requests.record_shown(signer, by_code(code), LATER)
    notices = storage.person_notices
    (waiting,) = await notices.waiting()
    assert await notices.begin(waiting)
    await notices.take_back(waiting)
    assert await notices.begin(waiting)
    assert (await notices.waiting())[0].attempts == 1
    await notices.expire(LATER)
    assert await notices.waiting() == []
    assert not await notices.begin(waiting)
    await storage.person_codes.forget(NOON + CODE_LASTS)
    assert await rows_in(storage, "person_codes") == 0
