"""Tests that what an earlier version stored stands where this version reads it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage import (
    CachedItem,
    Conversation,
    KeyFileOther,
    Keyring,
    Kind,
    NoticeKind,
    Statement,
    migrate,
    open_database,
    open_known_storage,
    open_storage,
)
from tests.storage.earlier_revisions import insert, make_revision


class TestTheTableThatHeldSeveralThings:
    """Tests that each thing that `published` held stands where it is read now."""

    ASKED, ANSWERED, UNASKED = bytes([1]) * 16, bytes([2]) * 16, bytes([0xAB]) * 16
    MENU = f"9:menu:{'ab' * 32}"

    @pytest.fixture
    async def before(self, empty_url: str, keyring: Keyring) -> str:
        await make_revision(empty_url, "0005")
        database = await open_database(empty_url)
        for slug in ("andry", "otra"):
            await insert(database, "petitions", slug=slug)
        for broadcast in (self.ASKED, self.ANSWERED, self.UNASKED):
            await insert(
                database,
                "broadcasts",
                id=broadcast,
                petition="andry",
                kind="closing",
                state="paused" if broadcast == self.ASKED else "finished",
                content="{}",
                content_sha256=b"c",
                total=0,
                created_at=1000,
                started_by_sealed=b"s",
            )
        for key, digest, telegram_id in (
            ("key", keyring.reference("andry", 0), None),
            (f"cancel?:{self.ASKED.hex()}", b"open", None),
            (f"cancel?:{self.ANSWERED.hex()}", b"", None),
            (f"begun:{self.ASKED.hex()}", b"d" * 32, None),
            (f"held:{self.ASKED.hex()}:0123456789abcdef", b"d" * 32, None),
            (f"ask:{self.ASKED.hex()}:00112233445566ff", b"w" * 32, None),
            (f"ask:{self.ASKED.hex()}:ff66554433221100", b"x" * 32, None),
            (f"chart:{self.UNASKED.hex()}", b"d" * 32, "chart-file"),
            (f"chart:{'77' * 16}", b"d" * 32, "of a broadcast that is gone"),
            ("9:picture:andry.jpg", b"p" * 32, "picture-file"),
            ("9:commands:es", b"m" * 32, None),
            (self.MENU, b"n" * 32, None),
        ):
            await insert(
                database,
                "published",
                petition="andry",
                key=key,
                digest=digest,
                telegram_id=telegram_id,
            )
        await database.close()
        await migrate(empty_url)
        return empty_url

    async def test_is_split(self, before: str, keyring: Keyring) -> None:
        storage = await open_storage(before, keyring, "andry")
        notices, cache = storage.admin_notices, storage.telegram_cache
        found = {each.id: each.cancel_requested_at for each in await storage.broadcasts.history()}
        assert {key for key, since in found.items() if since is not None} == {self.ASKED}
        assert len(found) == 3
        for kind, about in (
            (NoticeKind.BEGUN, ""),
            (NoticeKind.PAUSED, "0123456789abcdef"),
            (NoticeKind.QUESTION, "00112233445566ff"),
            (NoticeKind.QUESTION, "ff66554433221100"),
        ):
            assert await notices.was_sent(self.ASKED, kind, about)
            assert not await notices.was_sent(self.UNASKED, kind, about)
        assert await notices.was_sent(self.UNASKED, NoticeKind.CHART)
        assert not await notices.was_sent(self.ASKED, NoticeKind.CHART)
        assert await cache.get("9:picture:andry.jpg") == CachedItem(b"p" * 32, "picture-file")
        assert await cache.get("9:commands:es") == CachedItem(b"m" * 32, None)
        assert await cache.get(self.MENU) == CachedItem(b"n" * 32, None)
        rows = await storage.database.read(Statement("SELECT key FROM telegram_cache"))
        assert len(rows) == 3
        await storage.close()

    async def test_another_key_is_still_refused(
        self, before: str, keyring: Keyring, tmp_path: Path
    ) -> None:
        other = Keyring.generate(tmp_path / "other.key")
        for open_it in (open_storage, open_known_storage):
            with pytest.raises(KeyFileOther):
                await open_it(before, other, "andry")
        # The other petition was never opened with any key.
        await (await open_known_storage(before, other, "otra")).close()
        await (await open_storage(before, other, "otra")).close()
        with pytest.raises(KeyFileOther):
            await open_storage(before, keyring, "otra")


async def test_a_conversation_keeps_what_is_in_its_renamed_columns(
    empty_url: str, keyring: Keyring
) -> None:
    await make_revision(empty_url, "0007")
    supporter, drawn = keyring.reference("andry", 1), b"what is on the screen"
    name = keyring.seal("Ana", table="conversations", column="name_sealed", row=supporter)
    digest = keyring.digest(drawn, table="conversations", column="shown", row=supporter)
    database = await open_database(empty_url)
    await insert(
        database,
        "conversations",
        petition="andry",
        supporter=supporter,
        stage="privacy",
        page=1,
        behind="consent",
        language="es",
        name_sealed=name,
        news=1,
        source="web",
        message_id=7,
        picture_id=6,
        typed="[5, 8]",
        shown=digest,
        version=4,
        updated_at=1000,
    )
    await database.close()
    await migrate(empty_url)
    storage = await open_storage(empty_url, keyring, "andry")
    assert await storage.conversations.get(supporter) == Conversation(
        supporter,
        stage="privacy",
        page=1,
        return_stage="consent",
        language="es",
        name="Ana",
        news=True,
        source="web",
        message_id=7,
        picture_id=6,
        name_message_ids=(5, 8),
        screen_digest=storage.conversations.digest(supporter, drawn),
        version=4,
    )
    assert await storage.conversations.forget_forms(datetime.now(UTC), limit=5) == 1
    await storage.close()


async def test_a_consent_to_earlier_words_lets_nothing_but_the_end_be_sent(
    empty_url: str, keyring: Keyring
) -> None:
    """Those words spoke of one message that tells how the petition ends, and of other news."""
    await make_revision(empty_url, "0008")
    database = await open_database(empty_url)
    await insert(database, "petitions", slug="andry", signatures=1, last_number=1)
    await insert(
        database,
        "signatures",
        id=b"i" * 16,
        petition="andry",
        supporter=b"s" * 32,
        number=1,
        name_sealed=b"n",
        chat_sealed=b"c",
        language="es",
        text_version="1",
        signed_at=1000,
    )
    await insert(
        database,
        "consent_texts",
        sha256=b"h" * 32,
        petition="andry",
        language="es",
        version="1",
        text="Consiento.",
    )
    await insert(
        database,
        "consents",
        id=b"j" * 16,
        petition="andry",
        signature_id=b"i" * 16,
        purposes="signature,news",
        text_sha256=b"h" * 32,
        text_version="1",
        language="es",
        channel="telegram",
        message_id=1,
        given_at=1000,
    )
    await database.close()
    await migrate(empty_url)
    storage = await open_storage(empty_url, keyring, "andry")
    reached = [kind for kind in Kind if await storage.broadcasts.audience(kind=kind)]
    assert reached == [Kind.CLOSING, Kind.NEWS, Kind.BREACH]
    found = await storage.signatures.get(b"s" * 32)
    assert found is not None
    assert (found.updates_at_most, found.news) == (0, True)
    assert found.with_name  # those words said that the petition is handed over with its signatures
    await storage.close()
