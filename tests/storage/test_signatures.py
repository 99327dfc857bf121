"""Tests that a signature, its consent and the count are stored, and withdrawn, as one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from storage import Storage
from storage.consents import correct_signed_name, end_consent
from storage.conversations import Conversation, conversation_of, save_conversation
from storage.errors import ConversationMoved
from storage.keyring import Keyring
from storage.personal_data import everything_held
from storage.petitions import close_petition, petition_state
from storage.sent_files import add_sent_file, files_due
from storage.signature_counts import Stats, signature_statistics
from storage.signatures import (
    Signature,
    sign_petition,
    signature_of,
    withdraw_signature,
)
from tests.support.audit_entries import newest_audit_entries
from tests.support.raw_sql import Statement, read_rows, read_sql, write_sql
from tests.support.supporters import NOON, WORDS, a_supporter


async def test_a_signature_gets_a_number_and_is_counted(
    storage: Storage, keyring: Keyring
) -> None:
    ana, jordi = a_supporter(keyring, 1), a_supporter(keyring, 2, "Jordi")
    await ana.arrive(storage)
    await jordi.arrive(storage)
    for number, someone in enumerate((ana, jordi), 1):
        assert await someone.sign(storage) is True
        signature = await storage.read(signature_of, someone.supporter)
        assert signature is not None
        assert signature.number == number
        assert (await storage.read(petition_state)).signatures == number


async def test_a_signature_reads_back_as_it_was_given(storage: Storage, keyring: Keyring) -> None:
    sean = a_supporter(keyring, 3, "Seán O'Brien")
    await sean.arrive(storage)
    await sean.sign(storage, language="en", source="web")
    assert await storage.read(signature_of, sean.supporter) == Signature(
        number=1,
        name="Seán O'Brien",
        signed_at=NOON,
        source="web",
        news=True,
        text_version="1",
    )


async def test_the_consent_keeps_the_exact_words_once(storage: Storage, keyring: Keyring) -> None:
    for user_id in (1, 2):
        someone = a_supporter(keyring, user_id)
        await someone.arrive(storage)
        new, after = someone.signature(), Conversation(someone.supporter, version=2)
        told = replace(new.consent, notice="What becomes of it.")
        await storage.write(sign_petition, replace(new, consent=told), after, 1)
    texts = await read_sql(
        storage.database, "SELECT text, version FROM consent_texts ORDER BY text"
    )
    assert [dict(each) for each in texts] == [
        {"text": "What becomes of it.", "version": "1"},
        {"text": WORDS, "version": "1"},
    ]
    consents = await read_sql(
        storage.database, "SELECT purposes, channel, message_id, language FROM consents"
    )
    assert (
        consents
        == [
            {
                "purposes": "signature,news",
                "channel": "telegram",
                "message_id": 7,
                "language": "es",
            }
        ]
        * 2
    )


async def test_how_long_the_form_took_is_stored(storage: Storage, keyring: Keyring) -> None:
    ana = a_supporter(keyring, 1)
    await ana.arrive(storage)
    after = Conversation(ana.supporter, stage="thanks", version=2)
    await storage.write(sign_petition, replace(ana.signature(), form_seconds=40), after, 1)
    rows = await read_sql(storage.database, "SELECT form_seconds FROM signatures")
    assert rows == [{"form_seconds": 40}]


async def test_signing_again_adds_nothing(storage: Storage, keyring: Keyring) -> None:
    ana = a_supporter(keyring, 1)
    await ana.arrive(storage)
    await ana.sign(storage)
    assert await ana.sign(storage, was=2, language="en") is True
    languages = await read_sql(storage.database, "SELECT language FROM signatures")
    assert languages == [{"language": "es"}]
    assert (await storage.read(petition_state)).signatures == 1
    consents = await read_sql(storage.database, "SELECT id FROM consents")
    assert len(consents) == 1


async def test_a_consent_from_an_older_screen_signs_nothing(
    storage: Storage, keyring: Keyring
) -> None:
    ana = a_supporter(keyring, 1)
    await ana.arrive(storage)
    await storage.write(save_conversation, ana.conversation(version=2), was=1, at=NOON)
    with pytest.raises(ConversationMoved):
        await ana.sign(storage, was=1)
    assert await storage.read(signature_of, ana.supporter) is None
    assert (await storage.read(petition_state)).signatures == 0


async def test_a_closed_petition_keeps_nothing_of_whoever_comes_late(
    storage: Storage, keyring: Keyring
) -> None:
    ana = a_supporter(keyring, 1)
    await ana.arrive(storage)
    await storage.write(close_petition, revision=0, actor=9, at=NOON)
    assert await ana.sign(storage) is False
    conversation = await storage.read(conversation_of, ana.supporter)
    assert conversation is not None
    assert conversation.name is None
    assert (await storage.read(petition_state)).signatures == 0


async def test_who_signed_before_closing_is_told_so_after_it(
    storage: Storage, keyring: Keyring
) -> None:
    ana = a_supporter(keyring, 1)
    await ana.arrive(storage)
    await ana.sign(storage)
    await storage.write(close_petition, revision=0, actor=9, at=NOON)
    assert await ana.sign(storage, was=2) is True


async def test_withdrawing_erases_signature_consent_and_draft(
    storage: Storage, keyring: Keyring
) -> None:
    ana = a_supporter(keyring, 1)
    await ana.arrive(storage)
    await ana.sign(storage, source="web")
    filled_in = replace(
        ana.conversation(version=3),
        language="en",
        page=2,
        return_stage="help",
        news=True,
        updates=True,
        with_name=False,
        form_started_at=NOON,
        notice="ab" * 8,
        source="web",
        message_id=5,
        picture_id=4,
        name_message_ids=(6, 7),
        screen_digest=b"s" * 32,
    )
    await storage.write(save_conversation, filled_in, was=2, at=NOON)
    assert await storage.write(withdraw_signature, ana.supporter, NOON) is True
    assert await storage.read(signature_of, ana.supporter) is None
    assert await read_sql(storage.database, "SELECT id FROM consents") == []
    conversation = await storage.read(conversation_of, ana.supporter)
    assert conversation == Conversation(
        ana.supporter, stage="withdrawn", version=4, language="en", message_id=5
    )
    changed = Statement("SELECT updated_at FROM conversations")
    assert await read_rows(storage.database, changed) == [{"updated_at": 0}]
    assert await storage.write(withdraw_signature, ana.supporter, NOON) is False
    conversation = await storage.read(conversation_of, ana.supporter)
    assert conversation is not None
    assert (conversation.stage, conversation.version) == ("withdrawn", 5)


async def test_a_name_is_not_corrected_over_what_was_written_since(
    storage: Storage, keyring: Keyring
) -> None:
    ana = a_supporter(keyring, 1)
    await ana.arrive(storage)
    await ana.sign(storage)
    await storage.write(add_sent_file, ana.supporter, chat_id=1, message_id=5, at=NOON)
    after = Conversation(ana.supporter, stage="my_data", version=4)
    for was in (1, 3):
        with pytest.raises(ConversationMoved):
            await storage.write(correct_signed_name, after, was, NOON, "Otra")
    known = await storage.read(signature_of, ana.supporter)
    assert known is not None
    assert known.name == ana.name
    assert await storage.read(files_due) == []
    assert await storage.read(newest_audit_entries, 9) == []
    await storage.write(correct_signed_name, after, 2, NOON, "Otra")
    corrected = await storage.read(signature_of, ana.supporter)
    assert corrected == replace(known, name="Otra")
    assert [file.message_id for file in await storage.read(files_due)] == [5]
    (entry,) = await storage.read(newest_audit_entries, 9)
    assert (entry.action, entry.actor, entry.detail) == ("correct_name", None, "")


async def test_numbers_stay_and_are_never_given_again(storage: Storage, keyring: Keyring) -> None:
    ana, jordi = a_supporter(keyring, 1), a_supporter(keyring, 2)
    for someone in (ana, jordi):
        await someone.arrive(storage)
        await someone.sign(storage)
    await storage.write(withdraw_signature, jordi.supporter, NOON)
    await jordi.sign(storage, was=3)
    signatures = [await storage.read(signature_of, each.supporter) for each in (ana, jordi)]
    assert [each and each.number for each in signatures] == [1, 3]
    assert (await storage.read(petition_state)).signatures == 2


async def test_other_news_are_refused_later_and_what_was_agreed_to_stays_on_record(
    storage: Storage, keyring: Keyring
) -> None:
    ana, jon = a_supporter(keyring, 1), a_supporter(keyring, 2)
    for each in (ana, jon):
        await each.arrive(storage)
        await each.sign(storage)
    before = await storage.read(signature_of, ana.supporter)
    await storage.write(end_consent, ana.supporter, "news", NOON)
    after, of_jon = [await storage.read(signature_of, each.supporter) for each in (ana, jon)]
    assert before is not None
    assert after is not None
    assert of_jon is not None
    assert (before.news, after.news, of_jon.news) == (True, False, True)
    (consent,) = (await storage.read(everything_held, ana.user_id)).consents
    assert consent["purposes"] == "signature,news"


async def test_the_statistics_add_up(storage: Storage, keyring: Keyring) -> None:
    for user_id, (language, source) in enumerate(
        [("es", None), ("es", "web"), ("en", "web"), ("es", "web"), ("es", None), ("es", None)],
        start=1,
    ):
        someone = a_supporter(keyring, user_id)
        await someone.arrive(storage)
        await someone.sign(storage, language=language, source=source)
    for user_id, column in (
        (1, "name_sealed = NULL"),
        (3, "restricted_at = 1"),
        (5, "invalidation_id = id, unreachable_at = 1"),
        (6, "unreachable_at = 1"),
    ):
        await write_sql(
            storage.database,
            f"UPDATE signatures SET {column} WHERE number = {user_id}",  # noqa: S608 - of this test
        )
    erased = "INSERT INTO anonymous_counts VALUES ('andry', 'es', :with_name, :is_valid, :n)"
    for with_name, is_valid, n in ((1, 1, 10), (0, 1, 20), (1, 0, 40)):
        values = {"with_name": with_name, "is_valid": is_valid, "n": n}
        await write_sql(storage.database, erased, **values)
    assert await storage.read(signature_statistics, since=NOON) == Stats(
        total=35,
        today=5,
        by_language={"es": 34, "en": 1},
        by_source={"web": 3, None: 2},
        unreachable=1,
        with_name=13,
        erased=30,
        invalidated=41,
    )
    later = await storage.read(signature_statistics, since=NOON + timedelta(milliseconds=1))
    assert later.today == 0
