"""The screens of broadcasts that are scheduled, running or over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from handlers.broadcasts.screens import history
from handlers.broadcasts.screens.history import Entry
from handlers.broadcasts.screens.progress import standing
from handlers.screens.buttons import AdminAction, Button
from storage import Kind, RecallTally, StopReason, Tally
from tests.handlers.broadcasts.drafts import (
    CATALOGS,
    LUCY,
    MARTA,
    NOW,
    broadcast,
    buttons,
    labels,
    standing_of,
)


def test_how_it_goes_is_told_with_speed_rest_and_end() -> None:
    text = standing(standing_of(broadcast(), rate=27.6)).text
    assert "▰▰▰▰▰▰▰▰▰▱▱▱  79" in text
    assert "1.210 de 1.530" in text
    assert "28 por segundo. Tiempo restante: 12 segundos; acabará hacia las 14:00." in text


def test_an_end_on_another_day_is_told_with_the_day() -> None:
    text = standing(standing_of(broadcast(), rate=0.1)).text
    assert "0,1 por segundo" in text
    slow = standing(standing_of(broadcast(), Tally(total=9000, pending=9000), rate=0.1)).text
    assert "(26 de noviembre de 2026)" in slow


def test_while_the_list_is_made_no_number_is_told() -> None:
    page = standing(standing_of(broadcast(is_enqueued=False), Tally(total=500, pending=500)))
    assert "Preparando la lista…" in page.text
    assert "500" not in page.text
    assert labels(page) == ["⏸ Pausa", "⏹ Cancelar"]


def test_cancelling_says_how_many_have_it_and_how_many_will_not() -> None:
    page = standing(standing_of(broadcast("paused", cancel_requested_at=NOW)))
    assert "Ya lo tienen 1.200 personas.\n320 personas no lo recibirán." in page.text
    assert labels(page)[0] == "Sí, cancelar el envío"


def test_while_something_is_on_its_way_nobody_is_said_to_have_nothing() -> None:
    under_way = standing(standing_of(broadcast("cancelled"), Tally(total=3, pending=2, sending=1)))
    assert "No se ha enviado a nadie." not in under_way.text
    untouched = standing(standing_of(broadcast("cancelled"), Tally(total=3, pending=3)))
    assert "No se ha enviado a nadie." in untouched.text


def test_recalling_is_offered_for_two_days() -> None:
    ended = broadcast("finished")
    after = timedelta(hours=47, minutes=59)
    assert "Retirar los mensajes" in labels(standing(standing_of(ended, now=NOW + after)))
    later = standing_of(ended, now=NOW + timedelta(hours=48))
    assert "Retirar los mensajes" not in labels(standing(later))


def test_what_was_never_delivered_cannot_be_recalled() -> None:
    page = standing(standing_of(broadcast("cancelled"), Tally(total=3, pending=3)))
    assert "Retirar los mensajes" not in labels(page)


def test_a_recall_tells_what_it_could_not_do() -> None:
    over = broadcast("finished", recall_started_at=NOW, recall_ended_at=NOW)
    recall = RecallTally(1200, deleted=1190, failed=10)
    page = standing(standing_of(over, recall=recall))
    assert "Los mensajes se han retirado." in page.text
    assert "Retirado de 1.190 chats.\nEn 10 chats ya no se podía borrar." in page.text
    assert labels(page) == []


def test_a_recall_tells_of_whom_it_is_not_known() -> None:
    over = broadcast("finished", recall_started_at=NOW, recall_ended_at=NOW)
    page = standing(standing_of(over, recall=RecallTally(1200, deleted=1197, open=3)))
    assert "Retirado de 1.197 chats.\nEn 3 chats no consta si se borró" in page.text
    assert "«recall_not_recorded»" in page.text


def test_taking_back_has_a_progress_of_its_own() -> None:
    under_way = broadcast("finished", recall_started_at=NOW)
    recall = RecallTally(1200, deleted=397, failed=3, open=800)
    page = standing(standing_of(under_way, recall=recall, rate=28.0))
    assert "Retirando los mensajes…" in page.text
    assert "400 de 1.200" in page.text
    assert "28 por segundo. Tiempo restante: 29 segundos" in page.text


def test_those_it_was_refused_for_belong_to_the_rest() -> None:
    refused = Tally(total=3, delivered=1, rejected=2)
    page = standing(standing_of(broadcast("stopped", stop_reason=StopReason.CONTENT), refused))
    assert "Enviar a quienes faltan" in labels(page)


def test_the_rest_is_offered_for_what_was_stopped_and_not_for_the_closing() -> None:
    stopped = broadcast("stopped", stop_reason=StopReason.CONTENT)
    assert "Enviar a quienes faltan" in labels(standing(standing_of(stopped)))
    ending = replace(stopped, kind=Kind.CLOSING)
    assert "Enviar a quienes faltan" not in labels(standing(standing_of(ending)))


def test_the_history_says_who_prepared_and_who_confirmed() -> None:
    words = CATALOGS.words("es")
    mine, hers = broadcast(), broadcast(author=LUCY)
    assert history.provenance(words, mine, MARTA) == "Preparado y confirmado por ti"
    assert history.provenance(words, mine, LUCY) == f"Preparado y confirmado por {MARTA}"
    assert history.provenance(words, hers, MARTA) == f"Preparado por {LUCY}, confirmado por ti"


def test_each_entry_of_the_history_leads_to_its_report() -> None:
    entries = [Entry(broadcast("finished"), Tally(total=3, delivered=3))]
    page = history.history(CATALOGS.words("es"), entries, page=2, more=False, reader=MARTA)
    first = buttons(page)[0]
    assert first == Button("11", AdminAction.REPORT, f"{(b'b' * 16).hex()}.2")
