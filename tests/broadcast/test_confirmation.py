from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.broadcast.confirmation import (
    VALID_FOR,
    broadcast_id,
    confirmation,
    confirmed,
    content_sha256,
    has_expired,
    most_recipients,
    shown_recipients,
)
from storage.broadcast_types import Kind

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HASH = content_sha256({"es": "<b>Gracias</b>"})
TERMS = {"content_sha256": HASH, "kind": Kind.UPDATE, "language": None, "revision": 3}


def asked(now: datetime = NOON) -> str:
    return confirmation(TERMS, 1530, now=now)


def holds(token: str, now: datetime = NOON, **changes: Any) -> bool:
    return confirmed(token, {**TERMS, **changes}, now=now)


def test_the_hash_does_not_depend_on_the_order_of_languages() -> None:
    known = content_sha256({"es": "a", "en": "b"})
    assert known == content_sha256({"en": "b", "es": "a"})
    others = ({"es": "b", "en": "a"}, {"es": "a"}, {"es": "a", "en": "b "}, {"es": 'a","en":"b'})
    assert known not in map(content_sha256, others)


def test_what_was_shown_can_be_confirmed_until_it_expires() -> None:
    token = asked()
    assert holds(token)
    assert holds(token, now=NOON + VALID_FOR)
    assert not holds(token, now=NOON + VALID_FOR + timedelta(seconds=1))


def test_one_from_the_future_is_not_believed_but_for_what_two_machines_clocks_differ() -> None:
    assert holds(asked(NOON + timedelta(minutes=1)))
    assert not holds(asked(NOON + timedelta(seconds=61)))


@pytest.mark.parametrize(
    "changed",
    [
        {"content_sha256": content_sha256({"es": "Gracias"})},
        {"revision": 4},
        {"kind": Kind.NEWS},
        {"language": "es"},
    ],
)
def test_any_change_voids_it(changed: dict[str, Any]) -> None:
    assert not holds(asked(), **changed), f"confirmed though {', '.join(changed)} changed"


def test_one_that_has_expired_is_told_from_one_that_was_never_given() -> None:
    assert not has_expired(asked(), now=NOON + VALID_FOR)
    assert has_expired(asked(), now=NOON + VALID_FOR + timedelta(seconds=1))
    assert has_expired("made up", now=NOON)


@pytest.mark.parametrize("token", ["", ".", "x", "zz.abc", "-1.", "١٢.abc", "1e.é"])
def test_what_is_no_token_confirms_nothing(token: str) -> None:
    assert not holds(token)


def test_a_token_moved_to_another_time_confirms_nothing() -> None:
    _, _, rest = asked(NOON - timedelta(hours=1)).partition(".")
    assert not holds(f"{int(NOON.timestamp()):x}.{rest}")


def test_it_names_how_many_people_the_page_named() -> None:
    assert shown_recipients(asked()) == 1530


def test_one_with_another_number_written_into_it_confirms_nothing() -> None:
    at, _, digest = asked().split(".")
    assert not holds(f"{at}.{1531:x}.{digest}")


def test_one_of_an_earlier_version_that_names_no_number_confirms_nothing() -> None:
    at, _, digest = asked().split(".")
    assert shown_recipients(f"{at}.{digest}") == 0
    assert not holds(f"{at}.{digest}")


def test_it_fits_into_a_button_with_room_for_what_it_is_for() -> None:
    assert len(confirmation(TERMS, 200_000_000, now=NOON)) <= 33


@pytest.mark.parametrize(
    ("shown", "above", "most"),
    [
        (2, None, 12),
        (100, None, 110),
        (101, None, 111),
        (1530, None, 1683),
        (95, 100, 100),
        (100, 100, 100),
        (101, 100, 111),
        (3, 0, 13),
    ],
)
def test_it_holds_up_to_a_small_growth_that_needs_no_second_admin(
    shown: int, above: int | None, most: int
) -> None:
    assert most_recipients(shown, approval_above=above) == most


def test_two_taps_on_one_button_start_one_broadcast_and_two_buttons_two() -> None:
    assert broadcast_id(asked()) == broadcast_id(asked())
    assert broadcast_id(asked()) != broadcast_id(asked(NOON + timedelta(seconds=1)))
    assert len(broadcast_id(asked())) == 16
