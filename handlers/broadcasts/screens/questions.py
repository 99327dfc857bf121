"""The screens that ask for confirmation before a cancellation or a recall."""

from handlers.broadcasts.screens.broadcast_lines import BroadcastView, plan
from handlers.broadcasts.screens.labels import RECALLABLE_HOURS
from handlers.screens.buttons import AdminAction, Button, Style
from handlers.screens.screen import Screen, lines, paragraphs
from storage.broadcast_types import BroadcastState, Kind


def ask_cancel(now: BroadcastView) -> Screen:
    """Asks whether to cancel; the broadcast is not sent until this is answered."""
    words, broadcast, tally = now.words, now.broadcast, now.counts
    yes = words.label("Sí, cancelar el envío")
    cancel = Button(yes, AdminAction.CANCEL, now.key, style=Style.END)
    is_scheduled = broadcast.state is BroadcastState.SCHEDULED
    if is_scheduled or now.is_waiting:
        return Screen(
            paragraphs(
                words.text("<b>¿Cancelar este envío programado?</b>"),
                is_scheduled and plan(now),
                words.text(
                    "No se ha enviado nada todavía. Si lo cancelas, habrá que prepararlo otra vez."
                ),
            ),
            (cancel, Button(words.label("No, dejarlo como está"), AdminAction.WATCH, now.key)),
        )
    has = words.plural("Ya lo tiene {n} persona.", "Ya lo tienen {n} personas.", tally.delivered)
    left = words.plural("{n} persona no lo recibirá.", "{n} personas no lo recibirán.", tally.open)
    return Screen(
        paragraphs(
            words.text("<b>¿Cancelar el envío?</b>"),
            words.text("Está en pausa mientras decides: ahora no sale ningún mensaje."),
            lines(has, left),
            words.text("Si lo cancelas, este envío no se puede continuar."),
        ),
        (
            cancel,
            Button(words.label("No, seguir enviando"), AdminAction.RESUME, now.key),
            Button(words.label("Dejarlo en pausa"), AdminAction.WATCH, now.key),
        ),
    )


def ask_recall(now: BroadcastView) -> Screen:
    """Asks whether to recall, and says what a recall cannot do."""
    words, yes = now.words, now.words.label("Sí, retirar los mensajes")
    return Screen(
        paragraphs(
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
        ),
        (
            Button(yes, AdminAction.RECALL, now.key, style=Style.END),
            Button(words.label("No, dejarlos"), AdminAction.WATCH, now.key),
        ),
    )
