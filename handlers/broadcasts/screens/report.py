"""The final report: how the broadcast ended, and what can be done now."""

from bot.text.translations import Words, mark
from handlers.broadcasts.screens.broadcast_view import BroadcastView, account
from handlers.broadcasts.screens.labels import recipients_name, subject_name, unsigned_left_out
from handlers.screens.buttons import AdminAction
from handlers.screens.screen import Screen, lines
from storage.broadcast_types import Broadcast, BroadcastState, Correction, Kind, StopReason, Tally
from telegram_text.markup import Html

_CORRECTIONS_AT_MOST = 2

_NOT_SENT = {
    StopReason.DECLINED: mark(
        "<b>El envío no se ha aprobado.</b> Otra persona que administra la petición ha "
        "decidido que no salga. No se ha enviado a nadie."
    ),
    StopReason.UNAPPROVED: mark(
        "<b>El envío no ha salido.</b> Nadie lo aprobó en un día, y no se ha enviado a nadie. "
        "Con /broadcast puedes prepararlo otra vez."
    ),
}


def ended(now: BroadcastView) -> Screen:
    """Returns the final report."""
    words, broadcast = now.words, now.broadcast
    tally = now.tally if broadcast.started_at is None else now.counts
    is_closing = broadcast.kind is Kind.CLOSING  # of which there is only one
    again = now.button("Enviar a quienes faltan", AdminAction.RESUME_DRAFT)
    may_go_on = not is_closing and broadcast.recall_started_at is None and _missing(tally) > 0
    return Screen.of(
        _heading(words, broadcast, tally),
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
        _not_told(words, now.not_told, now.unsigned),
        _recalled(now),
        broadcast.recall_ended_at is not None
        and broadcast.kind in (Kind.CLOSING, Kind.BREACH)
        and words.text(
            "Con /broadcast puedes enviarles el mensaje final corregido."
            if is_closing
            else "Con /broadcast puedes enviar otro aviso a todas las personas que firmaron."
        ),
        buttons=(
            may_go_on and again,
            can_be_corrected(broadcast, tally)
            and now.button("Enviar una corrección", AdminAction.CORRECT),
            now.can_be_recalled and now.button("Retirar los mensajes", AdminAction.ASK_RECALL),
        ),
    )


def _missing(tally: Tally) -> int:
    """Returns how many recipients did not get it but still can; includes those rejected."""
    return tally.open + tally.rejected + tally.forbidden


def _heading(words: Words, broadcast: Broadcast, tally: Tally) -> Html:
    """Returns the first lines of a report."""
    state, reason = broadcast.state, broadcast.stop_reason
    is_closing = broadcast.kind is Kind.CLOSING
    if broadcast.recall_ended_at is not None:
        return words.text("<b>Los mensajes se han retirado.</b>")
    if state is BroadcastState.FINISHED:
        return words.text(
            "<b>No se ha enviado a nadie.</b> Cuando iba a salir ya no quedaba nadie a quien "
            "escribir."
            if not tally.total
            else "<b>El mensaje final está enviado.</b>"
            if is_closing
            else "<b>El mensaje está enviado.</b>"
        )
    if state is BroadcastState.CANCELLED:
        # Messages being sent may still arrive.
        has_begun = tally.delivered + tally.unconfirmed + tally.sending
        return words.text(
            "<b>El envío está cancelado.</b> No se ha enviado a nadie."
            if broadcast.started_at is None or not has_begun
            else "<b>El envío está cancelado.</b>"
            if not _missing(tally)
            else "<b>El envío está cancelado.</b>\nCon /broadcast puedes enviárselo a quienes "
            "faltan."
            if is_closing
            else "<b>El envío está cancelado.</b>\nCon «Enviar a quienes faltan» puedes "
            "mandárselo más tarde al resto, sin que nadie lo reciba dos veces."
        )
    if reason in _NOT_SENT:
        return words.text(_NOT_SENT[reason])
    why = words.text(
        "<b>El envío se ha detenido.</b> La clave no abre los chats de quienes "
        "firmaron: no es la de estos datos, o los datos están dañados."
        if reason is StopReason.UNREADABLE
        else "<b>El envío se ha detenido.</b> Telegram no acepta el mensaje: {reason}\n"
        "Casi siempre es porque alguien ha borrado la vista previa, que es el original."
        if broadcast.source_chat is not None
        else "<b>El envío se ha detenido.</b> Telegram no acepta el mensaje: {reason}",
        reason=broadcast.reason_detail,
    )
    rest = words.text(
        "Quienes faltaban siguen pendientes. Cuando esté resuelto, escribe /broadcast."
        if is_closing
        else "Quienes faltaban siguen pendientes. Cuando esté resuelto, con «Enviar a quienes "
        "faltan» puedes mandárselo sin que nadie lo reciba dos veces."
    )
    return lines(why, rest)


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


def _not_told(words: Words, people: int, unsigned: int) -> Html | None:
    """Says how many have to be told another way (GDPR art. 34(3)(c)); None if nobody has to."""
    if not people and not unsigned:
        return None
    return lines(
        people
        and words.plural(
            "⚠️ A {n} persona que firmó no se le ha podido entregar, o no consta.",
            "⚠️ A {n} personas que firmaron no se les ha podido entregar, o no consta.",
            people,
        ),
        unsigned and unsigned_left_out(words, unsigned),
        words.text(
            "La ley pide que también se enteren: con un aviso público, o por otra vía que "
            "haya para llegar a esas personas."
        ),
    )


def can_be_corrected(broadcast: Broadcast, tally: Tally) -> bool:
    """Returns whether those who got a broadcast can be sent a correction.

    A closing update that was recalled is sent again instead, as it should have been. Nothing is
    corrected more than twice, since a correction counts against no number of updates.
    """
    is_replaced = broadcast.kind is Kind.CLOSING and broadcast.recall_started_at is not None
    is_begun = not broadcast.is_over or broadcast.is_recalling
    if broadcast.kind is Kind.BREACH or is_begun or is_replaced:
        return False
    made = Correction.on(broadcast.topic)
    is_last = made is not None and made.number >= _CORRECTIONS_AT_MOST
    return not is_last and tally.delivered + tally.unconfirmed > 0
