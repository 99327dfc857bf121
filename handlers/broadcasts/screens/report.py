"""The first lines of a final report: how the broadcast ended, and what can be done now."""

from bot.text.markup import Html
from bot.text.translations import Words
from storage import Broadcast, BroadcastState, Kind, StopReason, Tally


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
    return tally.open + tally.rejected


def _finished(words: Words, broadcast: Broadcast, tally: Tally) -> Html:
    if not tally.total:
        return words.text(
            "<b>No se ha enviado a nadie.</b> Cuando iba a salir ya no quedaba nadie a quien "
            "escribir."
        )
    if broadcast.kind is Kind.CLOSING:
        return words.text("<b>El mensaje final está enviado.</b>")
    return words.text("<b>El mensaje está enviado.</b>")


def _cancelled(words: Words, broadcast: Broadcast, tally: Tally) -> Html:
    heading = words.text("<b>El envío está cancelado.</b>")
    # Messages being sent may still arrive.
    if broadcast.started_at is None or not tally.delivered + tally.unconfirmed + tally.sending:
        nobody = words.text("No se ha enviado a nadie.")
        return Html(f"{heading} {nobody}")
    if not missing(tally):
        return heading
    if broadcast.kind is Kind.CLOSING:
        rest = words.text("Con /broadcast puedes enviárselo a quienes faltan.")
    else:
        rest = words.text(
            "Con «Enviar a quienes faltan» puedes mandárselo más tarde al resto, sin que nadie "
            "lo reciba dos veces."
        )
    return Html(f"{heading}\n{rest}")


def _stopped(words: Words, broadcast: Broadcast) -> Html:
    reason = broadcast.stop_reason
    if reason is StopReason.OPEN:
        return words.text(
            "<b>El envío no ha salido.</b> La petición se ha vuelto a abrir, y el mensaje final "
            "cuenta cómo terminó."
        )
    if reason is StopReason.DECLINED:
        return words.text(
            "<b>El envío no se ha aprobado.</b> Otra persona que administra la petición ha "
            "decidido que no salga. No se ha enviado a nadie."
        )
    if reason is StopReason.UNAPPROVED:
        return words.text(
            "<b>El envío no ha salido.</b> Nadie lo aprobó en un día, y no se ha enviado a nadie. "
            "Con /broadcast puedes prepararlo otra vez."
        )
    return Html(f"{_why(words, broadcast)}\n{_the_rest(words, broadcast)}")


def _why(words: Words, broadcast: Broadcast) -> Html:
    reason, detail = broadcast.stop_reason, broadcast.reason_detail
    if reason is StopReason.CONTENT and broadcast.kind in (Kind.CLOSING, Kind.BREACH):
        return words.text(
            "<b>El envío se ha detenido.</b> Telegram no acepta el mensaje: {reason}",
            reason=detail,
        )
    if reason is StopReason.CONTENT:
        return words.text(
            "<b>El envío se ha detenido.</b> Telegram no acepta el mensaje: {reason}\n"
            "Casi siempre es porque alguien ha borrado la vista previa, que es el original.",
            reason=detail,
        )
    if reason is StopReason.UNREADABLE:
        return words.text(
            "<b>El envío se ha detenido.</b> La clave no abre los chats de quienes "
            "firmaron: no es la de estos datos, o los datos están dañados."
        )
    return words.text("<b>El envío se ha detenido.</b> {reason}", reason=detail)


def _the_rest(words: Words, broadcast: Broadcast) -> Html:
    """Says how those who did not get it can still be sent it."""
    if broadcast.kind is Kind.CLOSING:
        return words.text(
            "Quienes faltaban siguen pendientes. Cuando esté resuelto, escribe /broadcast."
        )
    return words.text(
        "Quienes faltaban siguen pendientes. Cuando esté resuelto, con «Enviar a quienes faltan» "
        "puedes mandárselo sin que nadie lo reciba dos veces."
    )
