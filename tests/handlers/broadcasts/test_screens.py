"""Every screen of a draft fits into a message, shows its numbers, and has a way out."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handlers.broadcasts.draft import (
    Draft,
    DraftStage,
    new_draft,
    with_edit_noted,
    with_kind,
    with_links,
    with_message,
    with_preview,
)
from handlers.broadcasts.recipient_counts import RecipientCounts
from handlers.broadcasts.screens import (
    approval,
    audience_and_time,
    compose,
    history,
    questions,
    summary,
)
from handlers.broadcasts.screens.draft_view import LEAST_BALANCE
from handlers.broadcasts.screens.progress import state_screen
from handlers.screens.buttons import AdminAction
from handlers.screens.screen import Screen
from storage import Kind, PauseReason, StopReason, Tally
from telegram_text.markup import length, parse
from tests.handlers.broadcasts.drafts import (
    CATALOGS,
    LINK,
    LUCY,
    MARTA,
    NOW,
    NUMBERS,
    arguments,
    broadcast,
    broadcast_view,
    buttons,
    draft_view,
    empty,
    labels,
    piece,
    shown,
    written,
)

DAY = timedelta(days=1)


def two_versions() -> Draft:
    draft = written().changed(NOW, stage=DraftStage.CONTENT, language="en")
    return with_message(draft, piece(18, "photo", group="g"), NOW)


def closing() -> Draft:
    return with_preview(
        new_draft("es", NOW, Kind.CLOSING, paid=False), {"es": [1], "en": [2]}, NOW
    )


def of_drafts(language: str) -> Mapping[str, Screen]:
    """Every page about a draft."""
    planned = shown().changed(NOW, starts_at=NOW + DAY)
    paid = shown().changed(NOW, paid=True)
    news = with_kind(written(), Kind.NEWS, NOW)
    linking = with_links(written().changed(NOW, language="es"), ((LINK,),), NOW)
    lost = with_message(empty(), piece(links=((LINK,),), lost_buttons=True), NOW)
    return {
        "waiting": compose.ask_message(draft_view(empty(), language=language)),
        "waiting for a version": compose.ask_message(
            draft_view(written().changed(NOW, language="en"), language=language)
        ),
        "ready": compose.message_ready(draft_view(written(), language=language)),
        "two versions": compose.message_ready(draft_view(two_versions(), language=language)),
        "lost buttons": compose.message_ready(draft_view(lost, language=language)),
        "decided": compose.message_ready(draft_view(shown(), language=language)),
        "closing, not shown": compose.message_ready(
            draft_view(new_draft("es", NOW, Kind.CLOSING, paid=False), language=language)
        ),
        "links": compose.ask_links(draft_view(linking, language=language)),
        "subject": audience_and_time.ask_subject(draft_view(written(), language=language)),
        "audience": audience_and_time.ask_audience(draft_view(written(), language=language)),
        "audience of news": audience_and_time.ask_audience(draft_view(news, language=language)),
        "time": audience_and_time.ask_time(draft_view(shown(), language=language)),
        "summary": summary.summary(draft_view(shown(), language=language)),
        "summary of an album": summary.summary(
            draft_view(shown(two_versions()), language=language)
        ),
        "summary after an edit": summary.summary(
            draft_view(with_edit_noted(shown(), 17, NOW), language=language)
        ),
        "summary of a plan": summary.summary(draft_view(planned, language=language)),
        "summary, paid": summary.summary(
            draft_view(paid, language=language, may_pay=True, rate=1000.0, balance=LEAST_BALANCE)
        ),
        "summary, unpayable": summary.summary(
            draft_view(paid, language=language, may_pay=True, rate=1000.0)
        ),
        "summary of news": summary.summary(
            draft_view(shown().changed(NOW, kind=Kind.NEWS, news_only=True), language=language)
        ),
        "summary that needs approval": summary.summary(
            draft_view(shown(), language=language, approval_above=500)
        ),
        "sure, needs approval": summary.second_confirmation(
            draft_view(shown(), language=language, approval_above=500)
        ),
        "summary of the closing": summary.summary(draft_view(closing(), language=language)),
        "sure": summary.second_confirmation(draft_view(shown(), language=language)),
    }


def of_broadcasts(language: str) -> Mapping[str, Screen]:
    """Every page about a broadcast."""

    def page(state: str, tally: Tally | None = None, **more: object) -> Screen:
        return state_screen(broadcast_view(broadcast(state, **more), tally, language))

    entries = [(broadcast("finished"), Tally(total=3, delivered=3))] * history.ON_A_PAGE
    words = CATALOGS.words(language)
    return {
        "planned": page("scheduled", starts_at=NOW + DAY),
        "asks for approval": page("scheduled", starts_at=NOW, is_approved=False),
        "to be approved": state_screen(
            broadcast_view(
                broadcast("scheduled", starts_at=NOW + DAY, is_approved=False),
                None,
                language,
                reader=LUCY,
            )
        ),
        "not approved?": approval.ask_decline(
            broadcast_view(
                broadcast("scheduled", starts_at=NOW, is_approved=False), None, language
            )
        ),
        "declined": page(
            "stopped", starts_at=NOW, stop_reason=StopReason.DECLINED, is_approved=False
        ),
        "unapproved": page(
            "stopped", starts_at=NOW, stop_reason=StopReason.UNAPPROVED, is_approved=False
        ),
        "running": page("running"),
        "paused": page("paused"),
        "late": page("paused", starts_at=NOW - DAY, pause_reason=PauseReason.LATE),
        "planner gone": page("paused", starts_at=NOW - DAY, pause_reason=PauseReason.FORMER),
        "defect": page("paused", pause_reason=PauseReason.DEFECT),
        "nobody": page("paused", pause_reason=PauseReason.NOBODY),
        "finished": page("finished"),
        "cancelled": page("cancelled"),
        "stopped": page(
            "stopped", stop_reason=StopReason.CONTENT, reason_detail="Bad Request: <x>"
        ),
        "stopped since open": page("stopped", kind=Kind.CLOSING, stop_reason=StopReason.OPEN),
        "cancel?": questions.ask_cancel(broadcast_view(broadcast("paused"), None, language)),
        "recall?": questions.ask_recall(broadcast_view(broadcast("finished"), None, language)),
        "recalling": page("finished", recall_started_at=NOW),
        "history": history.history(words, entries, {}, page=1, more=True, reader=MARTA),
    }


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_page_is_one_that_telegram_takes(language: str) -> None:
    pages = {**of_drafts(language), **of_broadcasts(language)}
    for name, page in pages.items():
        rendered = parse(page.text)
        assert 0 < length(rendered.text) <= 4096, name
        for button in buttons(page):
            data = button.callback_data(0)
            assert len(data.encode()) <= 64, (name, button)
            assert button.label.strip(), (name, button)


def test_every_page_about_a_draft_has_a_way_out() -> None:
    for name, page in of_drafts("es").items():
        assert {"Descartar", "No enviar"} & set(labels(page)), name


def test_no_page_that_waits_or_asks_can_send_but_the_summary() -> None:
    sending = {
        name
        for name, page in of_drafts("es").items()
        if any(button.action is AdminAction.SEND for button in buttons(page))
    }
    # With so many recipients the summary itself asks once more.
    assert sending == {"sure", "sure, needs approval"}


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
