"""Which buttons a draft has: only those are carried out, whatever is sent as one.

What each of them does is told in `tests/features`.
"""

from types import SimpleNamespace
from typing import Any

import pytest

from handlers.broadcasts.draft import Draft, new_draft, with_message
from handlers.broadcasts.steps import is_offered
from handlers.screens.buttons import DraftStep, DraftTap
from storage.broadcast_types import Kind
from tests.handlers.broadcasts.drafts import NOW, empty, piece, shown

SERVICES: Any = SimpleNamespace(petition=SimpleNamespace(languages=("es", "en")))
PEOPLE = {DraftStep.NEXT, DraftStep.ASK_SUBJECT, DraftStep.SUBJECT, DraftStep.AUDIENCE}
LINKS = {DraftStep.LINKS, DraftStep.REMOVE_LINKS}
TIME = {DraftStep.ASK_TIME, DraftStep.SCHEDULE, DraftStep.REMOVE_TIME}
MESSAGE = {DraftStep.WRITE, DraftStep.REMOVE_VERSION, DraftStep.CHANGE}


def of_kind(kind: Kind) -> Draft:
    """A draft of a kind, with its message."""
    draft = new_draft("es", NOW, kind, paid=False)
    return draft if kind is Kind.CLOSING else with_message(draft, piece(), NOW)


def offered(draft: Draft, *, version: int = 0) -> set[DraftStep]:
    """The buttons that it has, as they were drawn for its version, or one before or after."""
    taps = (DraftTap(draft.key, draft.version + version, step, "es") for step in DraftStep)
    return {tap.step for tap in taps if is_offered(draft, tap, SERVICES)}


@pytest.mark.parametrize(
    ("draft", "lacks"),
    [
        (shown(), set()),
        (shown().changed(NOW, topic="an earlier one"), PEOPLE),
        (of_kind(Kind.NEWS), set()),
        (of_kind(Kind.CLOSING), PEOPLE | LINKS | MESSAGE),
        (of_kind(Kind.CORRECTION), PEOPLE | LINKS),
        (of_kind(Kind.BREACH), PEOPLE | LINKS | TIME),
        (empty(), set(DraftStep) - {DraftStep.CANCEL}),
    ],
)
def test_a_draft_lacks_the_buttons_for_what_is_decided_of_it(
    draft: Draft, lacks: set[DraftStep]
) -> None:
    assert offered(draft) == set(DraftStep) - lacks


def test_a_button_of_another_version_or_draft_or_language_is_none() -> None:
    draft = shown()
    assert offered(draft, version=-1) == offered(draft, version=1) == set()
    assert not is_offered(draft, DraftTap("another", draft.version, DraftStep.TEST), SERVICES)
    catalan = DraftTap(draft.key, draft.version, DraftStep.WRITE, "ca")
    assert not is_offered(draft, catalan, SERVICES)
