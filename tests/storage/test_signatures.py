"""Tests that a signature, its consent and the count are stored, and withdrawn, as one."""

from dataclasses import replace
from datetime import timedelta

from storage import Storage
from storage.conversations import Conversation, conversation_of, save_conversation
from storage.signatures import Stats, signature_statistics, withdraw_signature
from tests.support.raw_sql import read_sql, write_sql
from tests.support.supporters import NOON, WORDS, a_supporter, signature_of


async def test_the_consent_keeps_the_exact_words_once(storage: Storage) -> None:
    for user_id in (1, 2):
        someone = a_supporter(storage.keyring, user_id)
        await someone.sign(storage, was=0, language="en", notice="What becomes of it.")
    texts = await read_sql(storage.database, "SELECT text FROM consent_texts ORDER BY text")
    assert [each["text"] for each in texts] == ["What becomes of it.", WORDS]
    consents = await read_sql(storage.database, "SELECT purposes, language FROM consents")
    assert consents == [{"purposes": "signature,news", "language": "en"}] * 2


async def test_withdrawing_erases_signature_consent_and_draft(storage: Storage) -> None:
    ana = a_supporter(storage.keyring, 1)
    await ana.come_and_sign(storage, source="web")
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
    changed = "SELECT updated_at FROM conversations"
    assert await read_sql(storage.database, changed) == [{"updated_at": 0}]
    assert await storage.write(withdraw_signature, ana.supporter, NOON) is False
    conversation = await storage.read(conversation_of, ana.supporter)
    assert conversation is not None
    assert (conversation.stage, conversation.version) == ("withdrawn", 5)


async def test_the_statistics_add_up(storage: Storage) -> None:
    for user_id, (language, source) in enumerate(
        [("es", None), ("es", "web"), ("en", "web"), ("es", "web"), ("es", None), ("es", None)],
        start=1,
    ):
        someone = a_supporter(storage.keyring, user_id)
        await someone.come_and_sign(storage, language=language, source=source)
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
