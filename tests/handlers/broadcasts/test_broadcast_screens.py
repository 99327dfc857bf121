"""The screens of broadcasts that are scheduled, running or over."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from handlers.broadcasts.screens import history
from handlers.broadcasts.screens.progress import state_screen
from handlers.broadcasts.screens.questions import ask_recall
from handlers.screens.buttons import AdminAction, Button
from storage import Kind, PauseReason, RecallTally, StopReason, Tally
from telegram_text.markup import parse
from tests.handlers.broadcasts.drafts import (
    CATALOGS,
    LUCY,
    MARTA,
    NOW,
    broadcast,
    broadcast_view,
    buttons,
    labels,
)


def test_how_it_goes_is_told_with_speed_rest_and_end() -> None:
    text = parse(state_screen(broadcast_view(broadcast(), rate=27.6)).text).text
    assert "▰▰▰▰▰▰▰▰▰▱▱▱  79" in text
    assert "1.210 de 1.530" in text
    assert "28 por segundo. Tiempo restante: 12 segundos; acabará hacia las 14:00." in text


def test_an_end_on_another_day_is_told_with_the_day() -> None:
    text = state_screen(broadcast_view(broadcast(), rate=0.1)).text
    assert "0,1 por segundo" in text
    slow = state_screen(broadcast_view(broadcast(), Tally(total=9000, pending=9000), rate=0.1))
    assert "(26 de noviembre de 2026)" in parse(slow.text).text


def test_while_the_list_is_made_no_number_is_told() -> None:
    page = state_screen(
        broadcast_view(broadcast(is_enqueued=False), Tally(total=500, pending=500))
    )
    assert "Preparando la lista…" in page.text
    assert "500" not in page.text
    assert labels(page) == ["⏸ Pausa", "⏹ Cancelar"]


def test_cancelling_says_how_many_have_it_and_how_many_will_not() -> None:
    page = state_screen(broadcast_view(broadcast("paused", cancel_requested_at=NOW)))
    assert "Ya lo tienen 1.200 personas.\n320 personas no lo recibirán." in page.text
    assert labels(page)[0] == "Sí, cancelar el envío"


def test_only_the_button_that_calls_a_broadcast_off_is_red() -> None:
    asked = state_screen(broadcast_view(broadcast("paused", cancel_requested_at=NOW)))
    red = [button.action for row in asked.rows for button in row if button.style is not None]
    assert red == [AdminAction.CANCEL]
    running = state_screen(broadcast_view(broadcast(), rate=27.6))
    assert not any(button.style for row in running.rows for button in row)


def test_while_something_is_on_its_way_nobody_is_said_to_have_nothing() -> None:
    under_way = state_screen(
        broadcast_view(broadcast("cancelled"), Tally(total=3, pending=2, sending=1))
    )
    assert "No se ha enviado a nadie." not in under_way.text
    untouched = state_screen(broadcast_view(broadcast("cancelled"), Tally(total=3, pending=3)))
    assert "No se ha enviado a nadie." in untouched.text


def test_recalling_is_offered_for_two_days() -> None:
    ended = broadcast("finished")
    after = timedelta(hours=47, minutes=59)
    assert "Retirar los mensajes" in labels(state_screen(broadcast_view(ended, now=NOW + after)))
    later = broadcast_view(ended, now=NOW + timedelta(hours=48))
    assert "Retirar los mensajes" not in labels(state_screen(later))


def test_what_was_never_delivered_cannot_be_recalled() -> None:
    page = state_screen(broadcast_view(broadcast("cancelled"), Tally(total=3, pending=3)))
    assert "Retirar los mensajes" not in labels(page)


def test_a_recall_tells_what_it_could_not_do() -> None:
    over = broadcast("finished", recall_started_at=NOW, recall_ended_at=NOW)
    recall = RecallTally(1200, deleted=1190, failed=10)
    page = state_screen(broadcast_view(over, recall=recall))
    assert "Los mensajes se han retirado." in page.text
    assert "Retirado de 1.190 chats.\nEn 10 chats ya no se podía borrar." in page.text
    assert labels(page) == ["Enviar una corrección"]


@pytest.mark.parametrize(
    ("kind", "next_step"),
    [
        (Kind.CLOSING, "puedes enviarles el mensaje final corregido"),
        (Kind.BREACH, "puedes enviar otro aviso a todas las personas que firmaron"),
    ],
)
def test_after_a_recall_it_is_said_how_they_are_told_what_is_right(
    kind: Kind, next_step: str
) -> None:
    over = replace(broadcast("finished", recall_started_at=NOW, recall_ended_at=NOW), kind=kind)
    page = state_screen(broadcast_view(over, recall=RecallTally(3, deleted=3)))
    assert next_step in page.text
    assert labels(page) == []
    asked = ask_recall(broadcast_view(replace(broadcast("finished"), kind=kind))).text
    assert "Después podrás enviar" in asked


def test_a_recall_tells_of_whom_it_is_not_known() -> None:
    over = broadcast("finished", recall_started_at=NOW, recall_ended_at=NOW)
    page = state_screen(broadcast_view(over, recall=RecallTally(1200, deleted=1197, open=3)))
    assert "Retirado de 1.197 chats.\nEn 3 chats no consta si se borró" in page.text
    assert "«recall_not_recorded»" in page.text


def test_taking_back_has_a_progress_of_its_own() -> None:
    under_way = broadcast("finished", recall_started_at=NOW)
    recall = RecallTally(1200, deleted=397, failed=3, open=800)
    page = state_screen(broadcast_view(under_way, recall=recall, rate=28.0))
    assert "Retirando los mensajes…" in page.text
    assert "400 de 1.200" in page.text
    assert "28 por segundo. Tiempo restante: 29 segundos" in page.text


def test_those_it_was_refused_for_belong_to_the_rest() -> None:
    refused = Tally(total=3, delivered=1, rejected=2)
    page = state_screen(
        broadcast_view(broadcast("stopped", stop_reason=StopReason.CONTENT), refused)
    )
    assert "Enviar a quienes faltan" in labels(page)


def test_the_rest_is_offered_for_what_was_stopped_and_not_for_the_closing() -> None:
    stopped = broadcast("stopped", stop_reason=StopReason.CONTENT)
    assert "Enviar a quienes faltan" in labels(state_screen(broadcast_view(stopped)))
    ending = replace(stopped, kind=Kind.CLOSING)
    assert "Enviar a quienes faltan" not in labels(state_screen(broadcast_view(ending)))


def test_the_history_says_who_prepared_and_who_confirmed() -> None:
    words = CATALOGS.words("es")
    mine, hers = broadcast(), broadcast(author=LUCY)
    names = {MARTA: "Marta <Soler>"}
    assert history.provenance(words, mine, names, MARTA) == "Preparado y confirmado por ti"
    by_marta = history.provenance(words, mine, names, LUCY)
    assert by_marta == "Preparado y confirmado por Marta &lt;Soler&gt;"
    by_both = history.provenance(words, hers, names, MARTA)
    assert by_both == f"Preparado por {LUCY}, confirmado por ti", "nothing is known of Lucy"


def test_each_entry_of_the_history_leads_to_its_report() -> None:
    entries = [(broadcast("finished"), Tally(total=3, delivered=3))]
    page = history.history(CATALOGS.words("es"), entries, {}, page=2, more=False, reader=MARTA)
    first = buttons(page)[0]
    assert first == Button("11", AdminAction.REPORT, f"{(b'b' * 16).hex()}.2")


@pytest.mark.parametrize(
    ("reason", "says", "not_says"),
    [
        (StopReason.CONTENT, "no acepta el mensaje", "clave"),
        (StopReason.UNREADABLE, "La clave no abre", "Telegram no acepta"),
    ],
)
def test_each_reason_of_a_stop_has_a_sentence_of_its_own(
    reason: StopReason, says: str, not_says: str
) -> None:
    over = broadcast(
        "stopped", kind=Kind.CLOSING, stop_reason=reason, reason_detail="Bad Request: <x>"
    )
    said = state_screen(broadcast_view(over)).text
    assert says in said
    assert not_says not in said
    assert "<x>" not in said
    assert "Quienes faltaban siguen pendientes" in said
    assert (
        "The rest have not received it" in state_screen(broadcast_view(over, language="en")).text
    )


@pytest.mark.parametrize(
    ("reason", "detail", "says", "in_english"),
    [
        (
            PauseReason.DEFECT,
            "KeyError 3f9a1c02",
            ("en pausa por un fallo del bot", "KeyError 3f9a1c02"),
            "fault in the bot",
        ),
        (
            PauseReason.UNRECORDED,
            "IntegrityError 3f9a1c02",
            (
                "en pausa por un fallo del bot",
                "no ha podido anotar si un mensaje llegó",
                "IntegrityError 3f9a1c02",
            ),
            "record whether a message arrived",
        ),
        (
            PauseReason.NOBODY,
            "20",
            ("no le llega a nadie", "Ninguna de las 20 primeras personas", "compruebe el token"),
            "None of the first 20 people",
        ),
        (
            PauseReason.DENIED,
            "Not <Found>",
            ("Telegram rechaza los envíos", "«Not &lt;Found&gt;»"),
            "are still waiting",
        ),
    ],
)
def test_a_pause_by_the_system_says_why_and_whom_to_ask(
    reason: PauseReason, detail: str, says: Sequence[str], in_english: str
) -> None:
    held = broadcast("paused", pause_reason=reason, reason_detail=detail)
    said = state_screen(broadcast_view(held)).text
    assert [each for each in (*says, "«▶ Seguir»") if each not in said] == []
    assert in_english in state_screen(broadcast_view(held, language="en")).text


@pytest.mark.parametrize(
    ("pause", "says"),
    [
        (3.0, None),
        (90.0, "seguirá por sí solo hacia las 14:01"),
        (86_400.0, "hacia las 14:00 (26 de noviembre"),
        (1e300, "seguirá por sí solo hacia"),
    ],
)
def test_a_long_pause_that_telegram_asks_for_is_said_with_its_end(
    pause: float, says: str | None
) -> None:
    said = parse(state_screen(broadcast_view(broadcast(), pause=pause)).text).text
    assert ("Telegram pide una pausa" in said) is (says is not None)
    assert says is None or says in said
