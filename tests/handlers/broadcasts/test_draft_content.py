"""A confirmation is void once anything that the summary showed has changed."""

from datetime import timedelta
from typing import Any

import pytest

from bot.broadcast.confirmation import ConfirmationTerms, confirmation, confirmed
from handlers.broadcasts.draft import Draft, with_kind
from handlers.broadcasts.draft_content import terms_of
from storage.broadcast_types import Kind
from storage.petitions import PetitionState
from tests.handlers.broadcasts.drafts import NOW, shown

CONTENT = {"es": {"messages": [117]}}
STATE = PetitionState(signatures=1530, closed_at=None, closed_signatures=None, revision=3)


def terms(draft: Draft | None = None, **changed: Any) -> ConfirmationTerms:
    given: dict[str, Any] = {
        "content": CONTENT,
        "state": STATE,
        "paid": False,
        **changed,
    }
    return terms_of(draft or shown(), given["content"], given["state"], paid=given["paid"])


@pytest.mark.parametrize(
    ("what", "now"),
    [
        ("the content", terms(content={"es": {"messages": [118]}})),
        ("the petition", terms(state=PetitionState(1530, None, None, 4))),
        ("the price", terms(paid=True)),
        ("what it is about", terms(with_kind(shown(), Kind.NEWS, NOW))),
        ("the time", terms(shown().changed(NOW, starts_at=NOW + timedelta(hours=2)))),
        ("the topic", terms(shown().changed(NOW, topic="an earlier one"))),
        ("the last signature counted", terms(shown().changed(NOW, last_signature_number=1600))),
    ],
)
def test_a_confirmation_is_void_once_anything_it_was_bound_to_is_another(
    what: str, now: ConfirmationTerms
) -> None:
    token = confirmation(terms(), 1200, now=NOW)
    assert confirmed(token, terms(), now=NOW)
    assert not confirmed(token, now, now=NOW), f"{what} is another, and it was confirmed"
