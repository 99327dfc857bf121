"""The screen of a broadcast in each state: scheduled, running, paused, ended, being recalled."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.text.translations import Words, mark
from handlers.broadcasts.screens.approval import awaiting_approval
from handlers.broadcasts.screens.broadcast_lines import (
    BroadcastView,
    account,
    counted_for,
    keep_preview,
    plan,
)
from handlers.broadcasts.screens.labels import moment_name, not_told, recipients_name, subject_name
from handlers.broadcasts.screens.questions import ask_cancel
from handlers.broadcasts.screens.report import ended_heading, missing
from handlers.screens.buttons import AdminAction, Button
from handlers.screens.screen import Screen, lines, paragraphs
from storage.broadcast_types import BroadcastState, Kind, PauseReason
from telegram_text.markup import Html, time_tag

_BAR_WIDTH = 12
# This and slower speeds would be shown as 0 messages per second.
_SLOWEST = 0.05
# Seconds; a shorter pause is over before it is read.
_LONG_PAUSE = 10.0
# Seconds; keeps the estimated end within the range of datetime.
_FARTHEST = 100 * 365 * 86_400.0

_BROKEN = mark("<b>El envío está en pausa por un fallo del bot</b>")
_PAUSED_BY_ADMIN = (
    mark("<b>El envío está en pausa</b>"),
    mark("No sale ningún mensaje hasta que pulses «▶ Seguir»."),
)
# Why the system paused it, and what will end the pause; `reason` and `n` are the detail.
_PAUSED: Mapping[PauseReason | None, tuple[str, str]] = {
    PauseReason.DEFECT: (
        _BROKEN,
        mark(
            "El mensaje no tiene la culpa. Avisa a quien mantiene el bot: en el registro "
            "figura como «{reason}». Cuando esté resuelto, pulsa «▶ Seguir» y continuará "
            "donde estaba."
        ),
    ),
    PauseReason.UNRECORDED: (
        _BROKEN,
        mark(
            "El bot no ha podido anotar si un mensaje llegó, y se ha detenido para no "
            "escribir a nadie dos veces. Avisa a quien mantiene el bot: en el registro figura "
            "como «{reason}». Cuando esté resuelto, pulsa «▶ Seguir» y continuará donde "
            "estaba."
        ),
    ),
    PauseReason.NOBODY: (
        mark("<b>El envío está en pausa: no le llega a nadie</b>"),
        mark(
            "Ninguna de las {n} primeras personas ha podido recibirlo. Casi siempre significa "
            "que este bot no es el mismo con el que firmaron. No se ha descartado a nadie: "
            "pide a quien mantiene el bot que compruebe el token y, si es el de siempre, "
            "pulsa «▶ Seguir»."
        ),
    ),
    PauseReason.DENIED: (
        mark("<b>El envío está en pausa: Telegram rechaza los envíos</b>"),
        mark(
            "Durante más de un minuto, Telegram o el servidor que hay en medio ha respondido "
            "«{reason}» a cada mensaje. Quienes faltan siguen pendientes: avisa a quien "
            "mantiene el bot y, cuando esté resuelto, pulsa «▶ Seguir» y continuará donde "
            "estaba."
        ),
    ),
}


def state_screen(now: BroadcastView) -> Screen:
    """Returns the screen of a broadcast in its current state."""
    broadcast = now.broadcast
    if broadcast.is_recalling:
        return _recalling(now)
    if broadcast.awaits_approval:
        return awaiting_approval(now)
    if broadcast.state is BroadcastState.SCHEDULED:
        return _planned(now)
    if broadcast.state is BroadcastState.RUNNING:
        return _running(now)
    if broadcast.state is BroadcastState.PAUSED:
        return ask_cancel(now) if broadcast.cancel_requested_at else _paused(now)
    return _ended(now)


def elsewhere(words: Words) -> Html:
    """Returns the line that replaces a former progress message."""
    return words.text("El progreso sigue en otro mensaje.")


def _planned(now: BroadcastView) -> Screen:
    words = now.words
    return Screen(
        paragraphs(words.text("<b>Programado</b>"), plan(now), keep_preview(now)),
        (Button(words.label("Cancelar este envío"), AdminAction.ASK_CANCEL, now.key),),
    )


def _running(now: BroadcastView) -> Screen:
    words, broadcast, tally = now.words, now.broadcast, now.counts
    heading = words.text(
        "<b>Enviando el mensaje final…</b>"
        if broadcast.kind is Kind.CLOSING
        else "<b>Enviando el mensaje…</b>"
    )
    numbers = (_bar(words, tally.done, tally.total), _speed(now, tally.open))
    pause = Button(words.label("⏸ Pausa"), AdminAction.PAUSE, now.key)
    return Screen(paragraphs(heading, *numbers, account(words, tally)), ((pause, _cancel(now)),))


def _bar(words: Words, done: int, total: int) -> Html:
    """Returns a progress bar with the percentage, and below it the two numbers."""
    full = done * _BAR_WIDTH // total if total else 0
    squares = "▰" * full + "▱" * (_BAR_WIDTH - full)
    of = words.text("{done} de {total}", done=words.number(done), total=words.number(total))
    return Html(f"{squares}  {words.percent(done / total if total else 0.0)}\n{of}")


def _speed(now: BroadcastView, left: int) -> Html | None:
    """Says how fast it is sent and when it will end, or that Telegram asks for a pause."""
    words, rate = now.words, now.rate
    if left and now.pause >= _LONG_PAUSE:
        return words.text(
            "Telegram pide una pausa: el envío seguirá por sí solo hacia las {time}.",
            time=_time(now, now.pause),
        )
    if rate is None or rate <= _SLOWEST or left == 0:
        return None
    seconds = left / rate
    return words.text(
        "{rate} por segundo. Tiempo restante: {duration}; acabará hacia las {time}.",
        rate=words.speed(rate),
        duration=words.duration(seconds),
        time=_time(now, seconds),
    )


def _time(now: BroadcastView, seconds: float) -> Html:
    """Returns the time of day in `seconds` from now, with the date unless it is today's."""
    then = now.now + timedelta(seconds=min(seconds, _FARTHEST))
    date = now.words.date(then)
    clock = time_tag(now.words.clock(then), then, "t")
    if date == now.words.date(now.now):
        return clock
    return Html(f"{clock} ({time_tag(date, then, 'D')})")


def _cancel(now: BroadcastView) -> Button:
    return Button(now.words.label("⏹ Cancelar"), AdminAction.ASK_CANCEL, now.key)


def _paused(now: BroadcastView) -> Screen:
    words, broadcast, tally = now.words, now.broadcast, now.counts
    if now.is_waiting and broadcast.starts_at is not None:
        return Screen(
            paragraphs(
                words.text("<b>Un envío programado espera tu decisión</b>"),
                _plan_missed(now, broadcast.starts_at),
                counted_for(now),
            ),
            (Button(words.label("Enviar ahora"), AdminAction.RESUME, now.key), _cancel(now)),
        )
    heading, still = _PAUSED.get(broadcast.pause_reason, _PAUSED_BY_ADMIN)
    detail = broadcast.reason_detail
    go_on = Button(words.label("▶ Seguir"), AdminAction.RESUME, now.key)
    return Screen(
        paragraphs(
            words.text(heading),
            _bar(words, tally.done, tally.total),
            words.text(still, reason=detail, n=detail),
            account(words, tally),
        ),
        ((go_on, _cancel(now)),),
    )


def _plan_missed(now: BroadcastView, starts: datetime) -> Html:
    words, broadcast = now.words, now.broadcast
    return words.text(
        "{subject} tenía que salir el {moment}, pero quien lo programó ya no administra la "
        "petición. No se ha enviado nada: decide tú si debe salir."
        if broadcast.pause_reason is PauseReason.FORMER
        else "{subject} tenía que salir el {moment}, pero el bot no estaba en marcha o había otro "
        "envío. Ha pasado más de una hora, así que no se ha enviado nada: decide tú si todavía "
        "tiene sentido.",
        subject=subject_name(words, broadcast.kind),
        moment=moment_name(words, starts),
    )


def _ended(now: BroadcastView) -> Screen:
    words, broadcast = now.words, now.broadcast
    tally = now.tally if broadcast.started_at is None else now.counts
    is_closing = broadcast.kind is Kind.CLOSING  # of which there is only one
    again = Button(words.label("Enviar a quienes faltan"), AdminAction.RESUME_DRAFT, now.key)
    may_go_on = not is_closing and broadcast.recall_started_at is None and missing(tally) > 0
    correct = Button(words.label("Enviar una corrección"), AdminAction.CORRECT, now.key)
    recall = Button(words.label("Retirar los mensajes"), AdminAction.ASK_RECALL, now.key)
    return Screen(
        paragraphs(
            ended_heading(words, broadcast, tally),
            not is_closing
            and words.text(
                "{subject}, para {audience}.",
                subject=subject_name(words, broadcast.kind),
                audience=recipients_name(words, broadcast),
            ),
            broadcast.started_at is not None and account(words, tally),
            may_go_on
            and tally.forbidden
            and words.text(
                "A quienes no admiten notas de voz ni de vídeo puedes decírselo de otra forma: "
                "pulsa «{again}» y envíame un texto.",
                again=again.label,
            ),
            not_told(words, now.not_told, now.unsigned),
            _recalled(now),
            broadcast.recall_ended_at
            and broadcast.kind in (Kind.CLOSING, Kind.BREACH)
            and words.text(
                "Con /broadcast puedes enviarles el mensaje final corregido."
                if is_closing
                else "Con /broadcast puedes enviar otro aviso a todas las personas que firmaron."
            ),
        ),
        (
            again if may_go_on else None,
            correct if broadcast.can_be_corrected(tally) else None,
            recall if now.can_be_recalled else None,
        ),
    )


def _recalling(now: BroadcastView) -> Screen:
    words, left = now.words, now.tally.left_to_recall
    bar = _bar(words, now.tally.delivered - left, now.tally.delivered)
    return Screen(paragraphs(words.text("<b>Retirando los mensajes…</b>"), bar, _speed(now, left)))


def _recalled(now: BroadcastView) -> Html | None:
    """Says what a recall deleted; None until it has ended."""
    words, tally = now.words, now.tally
    if now.broadcast.recall_ended_at is None:
        return None
    return lines(
        words.plural("Retirado de {n} chat.", "Retirado de {n} chats.", tally.recalled),
        tally.unrecallable
        and words.plural(
            "En {n} chat ya no se podía borrar.",
            "En {n} chats ya no se podía borrar.",
            tally.unrecallable,
        ),
        tally.left_to_recall
        and words.plural(
            "En {n} chat no consta si se borró, porque el bot no pudo anotarlo. Avisa a quien "
            "mantiene el bot: en el registro figura como «recall_not_recorded».",
            "En {n} chats no consta si se borró, porque el bot no pudo anotarlo. Avisa a "
            "quien mantiene el bot: en el registro figura como «recall_not_recorded».",
            tally.left_to_recall,
        ),
    )
