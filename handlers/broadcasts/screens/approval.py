"""The screens of a broadcast that waits for approval, for its author and for the other admins."""

from handlers.broadcasts.screens.broadcast_lines import (
    BroadcastView,
    approval_rule,
    counted_for,
    keep_preview,
)
from handlers.broadcasts.screens.labels import moment_name, must_say, subject_name
from handlers.screens.buttons import AdminAction, Button, Style
from handlers.screens.screen import Screen, lines, paragraphs
from storage.broadcast_types import APPROVABLE_FOR, Kind
from telegram_text.markup import Html


def awaiting_approval(now: BroadcastView) -> Screen:
    """Returns the screen of a waiting broadcast; only other admins get the button to approve."""
    return _waits(now) if now.is_own else _asks(now)


def ask_decline(now: BroadcastView) -> Screen:
    """Asks for confirmation before declining, since the author would have to start again."""
    words = now.words
    return Screen(
        paragraphs(
            words.text("<b>¿Seguro que no lo apruebas?</b>"),
            _what(now),
            words.text("No saldrá, y quien lo preparó tendría que empezar otra vez."),
        ),
        (
            Button(words.label("Sí, que no salga"), AdminAction.DECLINE, now.key, style=Style.END),
            Button(words.label("Volver"), AdminAction.WATCH, now.key),
        ),
    )


def _waits(now: BroadcastView) -> Screen:
    words = now.words
    return Screen(
        paragraphs(
            words.text("<b>Espera la aprobación de otra persona</b>"),
            _what(now),
            approval_rule(words, now.approval_above),
            words.text(
                "Las demás personas que administran la petición reciben el mensaje en su chat con "
                "este bot, con un botón para aprobarlo. A quien no lo vea, dile que escriba "
                "/broadcast."
            ),
            _deadline(now),
            keep_preview(now),
        ),
        (Button(words.label("Cancelar este envío"), AdminAction.ASK_CANCEL, now.key),),
    )


def _asks(now: BroadcastView) -> Screen:
    words, about = now.words, f"{now.key}.{now.broadcast.expected or 0}"
    return Screen(
        paragraphs(
            words.text("<b>¿Apruebas este envío?</b>"),
            _what(now),
            words.text(
                "Lo ha preparado otra persona que administra la petición ({who}). Hasta que "
                "alguien lo apruebe no sale nada.",
                who=now.names.get(now.broadcast.author, now.broadcast.author),
            ),
            now.broadcast.kind is Kind.BREACH and must_say(words),
            _deadline(now),
        ),
        (
            Button(_yes(now), AdminAction.APPROVE, about, style=Style.SEND),
            Button(words.label("Ver el mensaje"), AdminAction.REVIEW, now.key),
            Button(words.label("No aprobar"), AdminAction.ASK_DECLINE, now.key),
        ),
    )


def _yes(now: BroadcastView) -> str:
    words, broadcast = now.words, now.broadcast
    if broadcast.starts_at is not None and broadcast.starts_at > now.now:
        return words.label(
            "Aprobar para el {moment}", moment=words.appointment(broadcast.starts_at)
        )
    return words.plural_label(
        "Aprobar y enviar a {n} persona",
        "Aprobar y enviar a {n} personas",
        broadcast.expected or 0,
    )


def _what(now: BroadcastView) -> Html:
    words, broadcast = now.words, now.broadcast
    starts = broadcast.starts_at or broadcast.created_at
    when = words.text(
        "Saldrá el {moment}. Las personas se contarán otra vez en ese momento."
        if starts > now.now
        else "Saldrá en cuanto se apruebe.",
        moment=moment_name(words, starts),
    )
    return lines(subject_name(words, broadcast.kind), counted_for(now), when)


def _deadline(now: BroadcastView) -> Html:
    broadcast = now.broadcast
    last = (broadcast.starts_at or broadcast.created_at) + APPROVABLE_FOR
    return now.words.text(
        "Si nadie lo aprueba antes del {moment}, no saldrá.",
        moment=moment_name(now.words, last),
    )
