"""Tests what is stored of somebody who is asked again about texts that changed."""

from dataclasses import replace

import pytest

from storage import Storage
from storage.consents import NEW_TEXTS, Consent, answer_texts, end_consent
from storage.conversations import Conversation
from storage.errors import ConversationMoved
from storage.handovers import record_handover
from storage.personal_data import everything_held
from storage.petitions import close_petition
from storage.signature_counts import signature_statistics
from storage.signatures import sign_petition, signature_of
from tests.support.audit_entries import newest_audit_entries
from tests.support.supporters import ADMIN, NOON, Supporter, a_supporter, later

WORDS = "Yo, {name}, firmo lo de ahora."
ACCEPTS = (
    "2026-12-24",
    Consent(
        text=WORDS,
        text_version="2026-12-24",
        language="es",
        purposes=frozenset({NEW_TEXTS}),
        message_id=8,
        with_name=False,
    ),
)
KEEPS = ("2026-12-24", None)


@pytest.fixture
async def ana(storage: Storage) -> Supporter:
    """Somebody who signed without her name, and chose messages about the petition."""
    ana = a_supporter(storage.keyring, 5)
    await ana.arrive(storage)
    new = ana.signature(with_name=False)
    chosen = replace(
        new.consent,
        purposes=frozenset({"signature", "updates", "news"}),
        updates_at_most=3,
    )
    after = Conversation(ana.supporter, stage="thanks", version=2)
    await storage.write(sign_petition, replace(new, consent=chosen), after, 1)
    return ana


def at_home(ana: Supporter, version: int) -> Conversation:
    return Conversation(ana.supporter, stage="home", version=version)


async def test_who_accepts_keeps_their_choices_and_answers_once(
    storage: Storage, ana: Supporter
) -> None:
    await storage.write(end_consent, ana.supporter, "news", later(30))
    assert await storage.write(answer_texts, at_home(ana, 3), 2, later(60), *ACCEPTS)
    assert not await storage.write(answer_texts, at_home(ana, 4), 3, later(61), *ACCEPTS)
    with pytest.raises(ConversationMoved):
        await storage.write(answer_texts, at_home(ana, 4), 3, later(62), *KEEPS)
    kept = await storage.read(signature_of, ana.supporter)
    assert kept is not None
    assert (kept.text_version, kept.kept_version) == ("2026-12-24", None)
    assert (kept.with_name, kept.updates_at_most, kept.news) == (False, 3, False)
    first, later_one = (await storage.read(everything_held, ana.user_id)).consents
    assert first["news_ended_at"] == later(30)
    assert (later_one["purposes"], later_one["with_name"]) == (NEW_TEXTS, 0)
    assert (later_one["text"], later_one["given_at"]) == (WORDS, later(60))
    stats = await storage.read(signature_statistics, NOON)
    assert (stats.total, stats.without_name) == (1, 1)
    assert [each.action for each in await storage.read(newest_audit_entries, 9)] == [
        "texts_accepted"
    ]


async def test_who_keeps_theirs_has_no_other_consent_and_may_accept_later(
    storage: Storage, ana: Supporter
) -> None:
    before = await storage.read(signature_of, ana.supporter)
    assert before is not None
    assert await storage.write(answer_texts, at_home(ana, 3), 2, later(60), *KEEPS)
    kept = await storage.read(signature_of, ana.supporter)
    assert kept == replace(before, kept_version="2026-12-24")
    assert [each.action for each in await storage.read(newest_audit_entries, 9)] == ["texts_kept"]
    assert len((await storage.read(everything_held, ana.user_id)).consents) == 1


async def test_once_handed_over_it_is_not_changed_under_which_text(
    storage: Storage, ana: Supporter
) -> None:
    await storage.write(close_petition, revision=0, actor=ADMIN, at=later(10))
    await storage.write(record_handover, NOON.date(), at=later(20), without_name=1)
    assert not await storage.write(answer_texts, at_home(ana, 3), 2, later(60), *ACCEPTS)
    assert len((await storage.read(everything_held, ana.user_id)).consents) == 1
