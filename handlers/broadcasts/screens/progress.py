"""The screen of a broadcast in each state: scheduled, running, paused, ended, being recalled."""

from collections.abc import Mapping
from datetime import timedelta

from bot.broadcast.confirmation import price
from bot.text.translations import Words, mark
from handlers.broadcasts.screens.broadcast_view import BroadcastView, account
from handlers.broadcasts.screens.labels import (
    MUST_SAY,
    RECALLABLE_HOURS,
    moment_name,
    price_name,
    recipients_name,
    subject_name,
)
from handlers.broadcasts.screens.report import ended
from handlers.screens.buttons import AdminAction, Style
from handlers.screens.screen import Screen, lines
from storage.approvals import APPROVABLE_FOR
from storage.broadcast_types import BroadcastState, Kind, PauseReason
from telegram_text.markup import Html, time_tag

_BAR_WIDTH = 12
# This and slower speeds would be shown as 0 messages per second.
_SLOWEST = 0.05
# Seconds; a shorter pause is over before it is read.
_LONG_PAUSE = 10.0
# Seconds; keeps the estimated end within the range of datetime.
_FARTHEST = 100 * 365 * 86_400.0

ELSEWHERE = mark("El progreso sigue en otro mensaje.")
"""Takes the place of a former progress message."""
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
    if broadcast.awaits_approval and now.reader != broadcast.author:
        return _asks(now)
    if broadcast.state is BroadcastState.SCHEDULED:
        return _scheduled(now)
    if broadcast.state is BroadcastState.PAUSED and broadcast.cancel_requested_at:
        return ask_cancel(now)
    if broadcast.is_active:
        return _missed(now) if now.is_waiting else _under_way(now)
    return ended(now)


def _scheduled(now: BroadcastView) -> Screen:
    words, waits = now.words, now.broadcast.awaits_approval
    return Screen.of(
        words.text(
            "<b>Espera la aprobación de otra persona</b>" if waits else "<b>Programado</b>"
        ),
        _what(now),
        waits
        and now.approval_above
        and words.text(
            "Hace falta otra persona cuando alguien escribe a más de {people} en 24 horas, en "
            "uno o en varios envíos.",
            people=words.people(now.approval_above),
        ),
        waits
        and words.text(
            "Las demás personas que administran la petición reciben el mensaje en su chat con "
            "este bot, con un botón para aprobarlo. A quien no lo vea, dile que escriba "
            "/broadcasts."
        ),
        waits and _deadline(now),
        # A text is sent as it is stored.
        now.broadcast.source_chat is not None
        and words.text("No borres la vista previa: es el original que se copiará."),
        buttons=(now.button("Cancelar este envío", AdminAction.ASK_CANCEL),),
    )


def _under_way(now: BroadcastView) -> Screen:
    words, broadcast, tally = now.words, now.broadcast, now.counts
    heading, still = _PAUSED.get(broadcast.pause_reason, _PAUSED_BY_ADMIN)
    detail = broadcast.reason_detail
    return Screen.of(
        words.text(heading)
        if not broadcast.is_running
        else words.text(
            "<b>Enviando el mensaje final…</b>"
            if broadcast.kind is Kind.CLOSING
            else "<b>Enviando el mensaje…</b>"
        ),
        _bar(words, tally.done, tally.total),
        _speed(now, tally.open)
        if broadcast.is_running
        else words.text(still, reason=detail, n=detail),
        account(words, tally),
        buttons=(
            (
                now.button("⏸ Pausa", AdminAction.PAUSE)
                if broadcast.is_running
                else now.button("▶ Seguir", AdminAction.RESUME, now.pause_key),
                now.button("⏹ Cancelar", AdminAction.ASK_CANCEL),
            ),
        ),
    )


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
        "{rate} por segundo. Tiempo restante: {duration}; terminará hacia las {time}.",
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


def _missed(now: BroadcastView) -> Screen:
    """Shows a planned broadcast whose time came and that waits for a decision."""
    words, broadcast = now.words, now.broadcast
    return Screen.of(
        words.text(
            "<b>Un envío programado no ha salido</b>"
            if now.lacks_a_second_admin
            else "<b>Un envío programado espera tu decisión</b>"
        ),
        words.text(
            "{subject} tenía que salir el {moment}, pero quienes lo decidieron ya no administran "
            "la petición, y nadie puede escribir por su cuenta a tantas personas. Este envío ya "
            "no puede salir: cancélalo y, si todavía hace falta, prepáralo otra vez con "
            "/broadcast."
            if now.lacks_a_second_admin and broadcast.author not in (now.admins or ())
            else "{subject} tenía que salir el {moment}, pero quien lo aprobó ya no administra la "
            "petición. No se ha enviado nada: solo otra de las personas que la administran puede "
            "decidir que salga. Tú puedes cancelarlo."
            if now.lacks_a_second_admin
            else "{subject} tenía que salir el {moment}, pero quien lo decidió ya no administra "
            "la petición. No se ha enviado nada: decide tú si debe salir."
            if broadcast.pause_reason is PauseReason.FORMER
            else "{subject} tenía que salir el {moment}, pero el bot no estaba en marcha o había "
            "otro envío. Ha pasado más de una hora, así que no se ha enviado nada: decide tú si "
            "todavía tiene sentido.",
            subject=subject_name(words, broadcast.kind),
            moment=moment_name(words, now.starts),
        ),
        _counted_for(now),
        buttons=(
            not now.lacks_a_second_admin
            and now.button("Enviar ahora", AdminAction.RESUME, now.pause_key),
            now.button("⏹ Cancelar", AdminAction.ASK_CANCEL),
        ),
    )


def _recalling(now: BroadcastView) -> Screen:
    words, left = now.words, now.tally.left_to_recall
    bar = _bar(words, now.tally.delivered - left, now.tally.delivered)
    return Screen.of(words.text("<b>Retirando los mensajes…</b>"), bar, _speed(now, left))


def ask_cancel(now: BroadcastView) -> Screen:
    """Asks whether to cancel; the broadcast is not sent until this is answered."""
    words, broadcast, tally = now.words, now.broadcast, now.counts
    cancel = now.button("Sí, cancelar el envío", AdminAction.CANCEL, style=Style.END)
    is_scheduled = broadcast.state is BroadcastState.SCHEDULED
    if is_scheduled or now.is_waiting:
        return Screen.of(
            words.text("<b>¿Cancelar este envío programado?</b>"),
            is_scheduled and _what(now),
            words.text(
                "No se ha enviado nada todavía. Si lo cancelas, habrá que prepararlo otra vez. "
                "Mientras no respondas sigue programado, y saldrá a su hora."
                if is_scheduled and not broadcast.awaits_approval
                else "No se ha enviado nada todavía. Si lo cancelas, habrá que prepararlo otra "
                "vez."
            ),
            buttons=(cancel, now.button("No, dejarlo como está", AdminAction.WATCH)),
        )
    has = words.plural("Ya lo tiene {n} persona.", "Ya lo tienen {n} personas.", tally.delivered)
    left = words.plural("{n} persona no lo recibirá.", "{n} personas no lo recibirán.", tally.open)
    return Screen.of(
        words.text(
            "<b>¿Cancelar el envío?</b>\n\n"
            "Está en pausa mientras decides: ahora no sale ningún mensaje."
        ),
        lines(has, left),
        words.text("Si lo cancelas, este envío no se puede continuar."),
        buttons=(
            cancel,
            now.button("No, seguir enviando", AdminAction.RESUME, now.pause_key),
            now.button("Dejarlo en pausa", AdminAction.WATCH),
        ),
    )


def ask_recall(now: BroadcastView) -> Screen:
    """Asks whether to recall, and says what a recall cannot do."""
    words = now.words
    return Screen.of(
        words.text("<b>¿Retirar los mensajes?</b>"),
        words.plural(
            "Se borrará del chat de {n} persona.",
            "Se borrarán de los chats de {n} personas.",
            now.tally.delivered,
        ),
        words.text(
            "Quien ya lo haya leído, lo ha leído; y Telegram no deja borrar lo que se entregó "
            "hace más de {hours} horas. No se puede deshacer.",
            hours=RECALLABLE_HOURS,
        ),
        words.text(
            "Después podrás enviar el mensaje final corregido a estas mismas personas, con "
            "/broadcast. Hasta entonces, cuentan como si no se les hubiera dicho nada."
            if now.broadcast.kind is Kind.CLOSING
            else "Después podrás enviar otro aviso a todas las personas que firmaron, con "
            "/broadcast."
            if now.broadcast.kind is Kind.BREACH
            else "Después podrás enviar una corrección a estas mismas personas."
        ),
        buttons=(
            now.button("Sí, retirar los mensajes", AdminAction.RECALL, style=Style.END),
            now.button("No, dejarlos", AdminAction.WATCH),
        ),
    )


def ask_decline(now: BroadcastView) -> Screen:
    """Asks for confirmation before declining, since the author would have to start again."""
    return Screen.of(
        now.words.text("<b>¿Seguro que no lo apruebas?</b>"),
        _what(now),
        now.words.text("No saldrá, y quien lo preparó tendría que empezar otra vez."),
        buttons=(
            now.button("Sí, que no salga", AdminAction.DECLINE, style=Style.END),
            now.button("Volver", AdminAction.WATCH),
        ),
    )


def _asks(now: BroadcastView) -> Screen:
    words, expected = now.words, now.broadcast.expected or 0
    yes = now.button(
        "Aprobar para el {moment}" if now.starts > now.now else "Aprobar y enviar a {people}",
        AdminAction.APPROVE,
        f"{now.key}.{expected}",
        style=Style.SEND,
        moment=words.short_moment(now.starts),
        people=words.people(expected),
    )
    return Screen.of(
        words.text("<b>¿Apruebas este envío?</b>"),
        _what(now),
        words.text(
            "Lo ha preparado otra persona que administra la petición: {who}. Hasta que alguien lo "
            "apruebe no sale nada.",
            who=now.who(now.broadcast.author),
        ),
        now.broadcast.kind is Kind.BREACH and words.text(MUST_SAY),
        _deadline(now),
        buttons=(
            yes,
            now.button("Ver el mensaje", AdminAction.REVIEW),
            now.button("No aprobar", AdminAction.ASK_DECLINE),
        ),
    )


def _what(now: BroadcastView) -> Html:
    """Says what is planned or waits for approval, for whom, when and at what cost."""
    is_ahead = now.starts > now.now or not now.broadcast.awaits_approval
    when = now.words.text(
        "Saldrá el {moment}. Las personas se contarán otra vez en ese momento."
        if is_ahead
        else "Saldrá en cuanto se apruebe.",
        moment=moment_name(now.words, now.starts),
    )
    cost = now.broadcast.paid and price_name(now.words, price(now.broadcast.expected or 0))
    return lines(subject_name(now.words, now.broadcast.kind), _counted_for(now), when, cost)


def _deadline(now: BroadcastView) -> Html:
    return now.words.text(
        "Si nadie lo aprueba antes del {moment}, no saldrá.",
        moment=moment_name(now.words, now.starts + APPROVABLE_FOR),
    )


def _counted_for(now: BroadcastView) -> Html:
    """Says for whom it is, and how many they were when they were last counted."""
    return now.words.text(
        "Para {audience}: {people}.",
        audience=recipients_name(now.words, now.broadcast),
        people=now.words.people(now.broadcast.expected or 0),
    )
