"""The screens that ask for confirmation before a cancellation or a recall."""

from bot.text.markup import Html
from handlers.broadcasts.screens.broadcast_lines import BroadcastView, plan
from handlers.broadcasts.screens.labels import RECALLABLE_HOURS
from handlers.screens.buttons import AdminAction, Button, Style
from handlers.screens.screen import Screen, paragraphs
from storage import BroadcastState


def ask_cancel(now: BroadcastView) -> Screen:
    """Asks whether to cancel; the broadcast is not sent until this is answered."""
    words = now.words
    yes, no = words.label("Sí, cancelar el envío"), words.label("No, dejarlo como está")
    is_scheduled = now.broadcast.state is BroadcastState.SCHEDULED
    if is_scheduled or now.is_waiting:
        return Screen(
            paragraphs(
                words.text("<b>¿Cancelar este envío programado?</b>"),
                plan(now) if is_scheduled else None,
                words.text(
                    "No se ha enviado nada todavía. Si lo cancelas, habrá que prepararlo otra vez."
                ),
            ),
            (
                Button(yes, AdminAction.CANCEL, now.key, style=Style.END),
                Button(no, AdminAction.WATCH, now.key),
            ),
        )
    return Screen(
        paragraphs(
            words.text("<b>¿Cancelar el envío?</b>"),
            words.text("Está en pausa mientras decides: ahora no sale ningún mensaje."),
            Html(f"{_delivered(now)}\n{_left(now)}"),
            words.text("Si lo cancelas, este envío no se puede continuar."),
        ),
        (
            Button(yes, AdminAction.CANCEL, now.key, style=Style.END),
            Button(words.label("No, seguir enviando"), AdminAction.RESUME, now.key),
            Button(words.label("Dejarlo en pausa"), AdminAction.WATCH, now.key),
        ),
    )


def ask_recall(now: BroadcastView) -> Screen:
    """Asks whether to recall, and says what a recall cannot do."""
    words, delivered = now.words, now.tally.delivered
    return Screen(
        paragraphs(
            words.text("<b>¿Retirar los mensajes?</b>"),
            words.plural(
                "Se borrará del chat de {n} persona.",
                "Se borrarán de los chats de {n} personas.",
                delivered,
            ),
            words.text(
                "Quien ya lo haya leído, lo ha leído; y Telegram no deja borrar lo que se entregó "
                "hace más de {hours} horas. No se puede deshacer.",
                hours=RECALLABLE_HOURS,
            ),
        ),
        (
            Button(
                words.label("Sí, retirar los mensajes"),
                AdminAction.RECALL,
                now.key,
                style=Style.END,
            ),
            Button(words.label("No, dejarlos"), AdminAction.WATCH, now.key),
        ),
    )


def _delivered(now: BroadcastView) -> Html:
    return now.words.plural(
        "Ya lo tiene {n} persona.", "Ya lo tienen {n} personas.", now.tally.delivered
    )


def _left(now: BroadcastView) -> Html:
    words, broadcast = now.words, now.broadcast
    if not broadcast.is_enqueued:
        return words.text("La lista aún no estaba completa.")
    return words.plural(
        "{n} persona no lo recibirá.", "{n} personas no lo recibirán.", now.tally.open
    )
