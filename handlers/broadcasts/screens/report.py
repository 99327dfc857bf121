"""The first lines of a final report: how the broadcast ended, and what can be done now."""

from bot.text.translations import Words, mark
from handlers.screens.screen import lines, sentences
from storage.broadcast_types import Broadcast, BroadcastState, Kind, StopReason, Tally
from telegram_text.markup import Html

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


def ended_heading(words: Words, broadcast: Broadcast, tally: Tally) -> Html:
    """Returns the first lines of a report."""
    if broadcast.recall_ended_at is not None:
        return words.text("<b>Los mensajes se han retirado.</b>")
    if broadcast.state is BroadcastState.FINISHED:
        return _finished(words, broadcast, tally)
    if broadcast.state is BroadcastState.CANCELLED:
        return _cancelled(words, broadcast, tally)
    return _stopped(words, broadcast)


def missing(tally: Tally) -> int:
    """Returns how many recipients did not get it but still can; includes those rejected."""
    return tally.open + tally.rejected + tally.forbidden


def _finished(words: Words, broadcast: Broadcast, tally: Tally) -> Html:
    if not tally.total:
        return words.text(
            "<b>No se ha enviado a nadie.</b> Cuando iba a salir ya no quedaba nadie a quien "
            "escribir."
        )
    return words.text(
        "<b>El mensaje final está enviado.</b>"
        if broadcast.kind is Kind.CLOSING
        else "<b>El mensaje está enviado.</b>"
    )


def _cancelled(words: Words, broadcast: Broadcast, tally: Tally) -> Html:
    heading = words.text("<b>El envío está cancelado.</b>")
    # Messages being sent may still arrive.
    if broadcast.started_at is None or not tally.delivered + tally.unconfirmed + tally.sending:
        return sentences(heading, words.text("No se ha enviado a nadie."))
    if not missing(tally):
        return heading
    rest = words.text(
        "Con /broadcast puedes enviárselo a quienes faltan."
        if broadcast.kind is Kind.CLOSING
        else "Con «Enviar a quienes faltan» puedes mandárselo más tarde al resto, sin que nadie "
        "lo reciba dos veces."
    )
    return lines(heading, rest)


def _stopped(words: Words, broadcast: Broadcast) -> Html:
    reason = broadcast.stop_reason
    if reason in _NOT_SENT:
        return words.text(_NOT_SENT[reason])
    is_copied = broadcast.source_chat is not None
    why = words.text(
        "<b>El envío se ha detenido.</b> La clave no abre los chats de quienes "
        "firmaron: no es la de estos datos, o los datos están dañados."
        if reason is StopReason.UNREADABLE
        else "<b>El envío se ha detenido.</b> Telegram no acepta el mensaje: {reason}\n"
        "Casi siempre es porque alguien ha borrado la vista previa, que es el original."
        if is_copied
        else "<b>El envío se ha detenido.</b> Telegram no acepta el mensaje: {reason}",
        reason=broadcast.reason_detail,
    )
    rest = words.text(
        "Quienes faltaban siguen pendientes. Cuando esté resuelto, escribe /broadcast."
        if broadcast.kind is Kind.CLOSING
        else "Quienes faltaban siguen pendientes. Cuando esté resuelto, con «Enviar a quienes "
        "faltan» puedes mandárselo sin que nadie lo reciba dos veces."
    )
    return lines(why, rest)
