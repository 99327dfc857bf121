"""The screens of a draft show its numbers, its price and what can be chosen."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handlers.broadcasts.draft import (
    Draft,
    with_kind,
    with_message,
)
from handlers.broadcasts.recipient_counts import RecipientCounts
from handlers.broadcasts.screens import (
    audience_and_time,
    summary,
)
from handlers.broadcasts.screens.draft_view import LEAST_BALANCE
from handlers.screens.buttons import AdminAction
from storage import (
    Kind,
)
from tests.handlers.broadcasts.drafts import (
    NOW,
    NUMBERS,
    arguments,
    buttons,
    draft_view,
    empty,
    labels,
    piece,
    shown,
    two_versions,
    written,
)

DAY = timedelta(days=1)


def test_a_summary_of_few_sends_at_the_first_tap() -> None:
    few = draft_view(shown(), replace(NUMBERS, chosen={"es": 99}))
    (send,) = [c for c in buttons(summary.summary(few)) if c.action is AdminAction.SEND]
    assert (send.label, send.argument) == ("Enviar a 99 personas", few.token)


def test_a_summary_says_to_whom_how_many_and_in_which_version() -> None:
    numbers = replace(NUMBERS, chosen={"es": 12, "en": 3, "ca": 2})
    languages = ("es", "en", "ca")
    text = summary.summary(draft_view(shown(two_versions()), numbers, languages=languages)).text
    assert "A quienes eligieron recibir novedades: <b>17</b>" in text
    assert "Español: 12\nInglés: 3\nCatalán: 2, con la versión en español" in text
    assert "2 personas más firmaron, pero han bloqueado el bot" in text


def test_a_summary_names_those_who_asked_for_silence() -> None:
    text = summary.summary(draft_view(shown(), replace(NUMBERS, muted=1, unreachable=0))).text
    assert "1 persona más firmó y pidió que no se le escribiera." in text
    assert "han bloqueado" not in text


def test_with_nobody_left_there_is_nothing_to_confirm() -> None:
    page = summary.summary(draft_view(shown(), replace(NUMBERS, chosen={})))
    assert "no hay a quién enviarlo" in page.text
    assert labels(page) == ["Cambiar", "No enviar"]


def test_the_expected_time_follows_the_rate() -> None:
    assert draft_view(shown(), rate=30.0).seconds == 51.0
    assert draft_view(shown(), RecipientCounts(), rate=28.0).seconds == 0.0


def test_the_expected_time_counts_an_album_message_by_message() -> None:
    numbers = replace(NUMBERS, chosen={"es": 280})
    one = draft_view(shown(), numbers)
    two = draft_view(shown(with_message(written(), piece(18, group=None), NOW)), numbers)
    album = draft_view(shown(album_of(3)), numbers)
    assert (one.seconds, two.seconds, album.seconds) == (10.0, 10.0, 30.0)


def album_of(count: int) -> Draft:
    draft = empty()
    for message_id in range(20, 20 + count):
        draft = with_message(draft, piece(message_id, "photo", group="g"), NOW)
    return draft


def test_paying_makes_it_faster_and_says_the_price_and_what_there_is() -> None:
    paid = draft_view(
        shown().changed(NOW, paid=True), may_pay=True, rate=1000.0, balance=LEAST_BALANCE
    )
    free = draft_view(shown(), may_pay=True, rate=1000.0)
    assert paid.seconds < free.seconds
    text = summary.summary(paid).text
    assert "Precio: como mucho 153 estrellas" in text
    assert "El bot tiene 10.000." in text
    assert "Precio" not in summary.summary(free).text
    assert "Pagar para que vaya más deprisa" in labels(summary.summary(free))


def test_the_price_of_what_may_grow_until_it_goes_out_is_that_of_the_people_of_now() -> None:
    paid = shown().changed(NOW, paid=True)
    rich: dict[str, Any] = {"may_pay": True, "rate": 1000.0, "balance": 10_000}
    planned = draft_view(paid.changed(NOW, starts_at=NOW + timedelta(hours=2)), **rich)
    waiting = draft_view(paid, approval_above=1000, **rich)
    for each in (planned, waiting):
        text = summary.summary(each).text
        assert "Precio: 153 estrellas de Telegram con las personas de ahora" in text
        assert "como mucho" not in text


@pytest.mark.parametrize(
    ("balance", "said"),
    [(None, "no dice cuántas estrellas"), (9_999, "al menos 10.000 estrellas")],
)
def test_what_cannot_be_paid_cannot_be_confirmed(balance: int | None, said: str) -> None:
    poor = draft_view(shown().changed(NOW, paid=True), may_pay=True, rate=1000.0, balance=balance)
    page = summary.summary(poor)
    assert said in page.text
    assert not any(label.startswith("Enviar a") for label in labels(page))
    assert "Enviarlo gratis, más despacio" in labels(page)


def test_a_price_above_the_balance_is_refused() -> None:
    many = replace(NUMBERS, chosen={"es": 200_000})
    draft = shown().changed(NOW, paid=True)
    poor = draft_view(draft, many, may_pay=True, rate=1000.0, balance=19_999)
    assert "no tiene bastantes estrellas" in summary.summary(poor).text
    assert draft_view(draft, many, may_pay=True, rate=1000.0, balance=20_000).is_affordable


@pytest.mark.parametrize(("people", "stars"), [(1, 1), (10, 1), (11, 2), (70, 7), (1530, 153)])
def test_the_price_is_a_star_for_ten_messages(people: int, stars: int) -> None:
    assert draft_view(shown(), RecipientCounts(chosen={"es": people})).price == stars


def test_what_is_paid_for_goes_to_no_more_people_than_the_price_that_was_shown_is_for() -> None:
    paid = draft_view(shown().changed(NOW, paid=True), may_pay=True, rate=1000.0)
    free = draft_view(shown(), may_pay=True, rate=1000.0)
    assert paid.most_recipients(1525) == 1530
    assert paid.most_recipients(1530) == 1530
    assert free.most_recipients(1530) == 1683


def test_an_album_is_never_paid_for() -> None:
    album = draft_view(shown(album_of(2)).changed(NOW, paid=True), may_pay=True, rate=1000.0)
    assert not album.is_paid
    assert album.is_affordable


def test_an_audience_that_is_empty_is_named_and_not_offered() -> None:
    numbers = replace(NUMBERS, everyone={"es": 3})
    page = audience_and_time.ask_audience(
        draft_view(with_kind(written(), Kind.UPDATE, NOW), numbers)
    )
    assert labels(page)[:-2] == ["A quienes eligieron novedades: 3"]
    assert "No hay a quién escribir en inglés." in page.text


def test_news_are_never_offered_to_all() -> None:
    page = audience_and_time.ask_audience(draft_view(with_kind(written(), Kind.NEWS, NOW)))
    assert not any("firmaron" in label for label in labels(page))
    assert {argument.rpartition(":")[2] for argument in arguments(page).values()} == {
        "news",
        "news.es",
        "news.en",
        "",
    }


def test_an_admin_reads_how_many_are_left_out_because_they_did_not_choose_it() -> None:
    numbers = replace(NUMBERS, not_chosen=4, had_all=1)
    for draft, page in (
        (with_kind(written(), Kind.UPDATE, NOW), audience_and_time.ask_audience),
        (shown(), summary.summary),
    ):
        text = page(draft_view(draft, numbers)).text
        assert "4 personas más firmaron y no esperan novedades, solo el mensaje final." in text
        assert "1 persona más ya ha recibido todas las novedades que eligió." in text
    news = draft_view(with_kind(written(), Kind.NEWS, NOW), replace(numbers, had_all=0))
    text = audience_and_time.ask_audience(news).text
    assert "4 personas más firmaron y no esperan otras noticias." in text
