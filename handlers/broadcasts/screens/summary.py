"""The screens before the confirmation: what will be sent, to how many, when and at what cost."""

from bot.broadcast.confirmation import LEAST_BALANCE
from bot.text.translations import capitalised
from handlers.broadcasts.parse_time import suggested_moments
from handlers.broadcasts.screens.draft_view import DraftView, left_out
from handlers.broadcasts.screens.labels import MUST_SAY, moment_name, price_name, subject_name
from handlers.screens.buttons import NO_MORE, AdminAction, Button, DraftStep, Style
from handlers.screens.screen import Absent, Lines, Screen, lines, sentences
from storage.broadcast_types import Kind
from telegram_text.markup import Html

MANY = 100
"""From this number of recipients, the admin is asked to confirm twice."""


def summary(view: DraftView) -> Screen:
    """Returns the summary below the preview: audience, time, duration and price."""
    words, draft = view.words, view.draft
    heading = words.text(
        "<b>¿Enviar el mensaje final?</b>"
        if draft.kind is Kind.CLOSING
        else "<b>¿Enviar el mensaje?</b>\n{subject}.",
        subject=subject_name(words, draft.kind),
    )
    if not view.recipients:
        nobody = words.text("Ahora mismo no hay a quién enviarlo: el número ha bajado a cero.")
        return Screen.of(heading, nobody, buttons=[_change(view), _leave(view)])
    return Screen.of(
        heading,
        words.text(
            "Arriba lo ves tal como llegará, en cada idioma."
            if not draft.is_copied
            else "⚠️ Has cambiado tu mensaje después de la vista previa. Lo que se enviará es "
            "lo de la vista previa; para usar el cambio, vuelve a verla."
            if draft.edited
            else "Se enviará lo que ves arriba, aunque después cambies tu mensaje. No borres "
            "esa vista previa antes de que termine el envío: es el original que se copia."
        ),
        _recipients(view),
        left_out(view),
        draft.kind is Kind.BREACH and words.text(MUST_SAY),
        draft.kind in NO_MORE
        and words.text(
            "Bajo un álbum no caben botones. Dilo en el texto: quien no quiera más mensajes así "
            "puede dejarlos en /mydata."
            if any(version.is_album for version in draft.versions.values())
            else "Debajo lleva un botón para no recibir más mensajes así: es su derecho, y así "
            "nadie tiene que bloquear el bot."
        ),
        draft.corrects is Kind.CLOSING
        and words.text(
            "Quien entre con la petición cerrada sigue leyendo el mensaje final publicado: si "
            "el error está también ahí, cámbialo con /closing."
        ),
        _when(view),
        view.is_paid
        and sentences(
            price_name(words, view.price),
            view.balance is not None
            and words.text("El bot tiene {n}.", n=words.number(view.balance)),
        ),
        view.needs_approval and _approval(view),
        not view.is_affordable
        and words.text(
            "⚠️ Telegram no dice cuántas estrellas tiene el bot, así que no se puede pagar el "
            "envío. Envíalo gratis o inténtalo más tarde."
            if view.balance is None
            else "⚠️ El bot no tiene bastantes estrellas: hacen falta {n}. Añade las que faltan o "
            "envíalo gratis.",
            n=words.number(max(view.price, LEAST_BALANCE)),
        ),
        buttons=_choices(view),
    )


def second_confirmation(view: DraftView) -> Screen:
    """Asks for a second confirmation of a broadcast to many people, or of an admin's first.

    What sends it stands in another place than the button that led here, so that two quick taps
    on one place send nothing.
    """
    words = view.words
    return Screen.of(
        words.text(
            "<b>Vas a escribir a {people}. ¿Seguro?</b>", people=words.people(view.recipients)
        ),
        _recipients(view),
        _when(view),
        view.needs_approval and _approval(view),
        view.is_breach_alone
        and words.text(
            "Solo tú administras la petición, así que nadie más lo revisará antes de que salga."
        ),
        words.text(
            "Mira una vez más lo que hay arriba. En cuanto empiece podrás detenerlo, pero "
            "quien ya lo tenga puede haberlo leído."
        ),
        buttons=(_test(view), view.button("Volver", DraftStep.BACK), _confirm(view), _leave(view)),
    )


def _recipients(view: DraftView) -> Html:
    """Says to whom, how many, and which version each language gets."""
    words, draft, people = view.words, view.draft, view.numbers.people
    is_one = len(draft.versions) < 2  # nobody asks which version a language gets
    by_number = sorted(people.items(), key=lambda item: -item[1])
    return lines(
        words.text(
            "A {audience}: <b>{n}</b>", audience=view.audience, n=words.number(view.recipients)
        ),
        *(
            words.text(
                "{language}: {count}"
                if is_one or code in draft.versions
                else "{language}: {count}, con la versión en {base}",
                language=capitalised(words.language_name(code)),
                count=words.number(count),
                base=words.language_name(draft.default_language),
            )
            for code, count in by_number
            if len(people) > 1
        ),
    )


def _when(view: DraftView) -> Html:
    words, draft = view.words, view.draft
    return lines(
        draft.starts_at is not None
        and words.text(
            "Saldrá el {moment}. Las personas se contarán otra vez en ese momento.",
            moment=moment_name(words, draft.starts_at),
        ),
        sentences(
            words.text("Tardará alrededor de {duration}.", duration=words.duration(view.seconds)),
            draft.elements > 1
            and words.text(
                "Un álbum cuenta como {n} mensajes por persona.", n=words.number(draft.elements)
            ),
        ),
    )


def _approval(view: DraftView) -> Html:
    return sentences(
        view.words.text(
            "Otra persona que administra la petición tiene que aprobarlo: verá lo mismo que tú, y "
            "hasta que lo apruebe no sale nada."
        ),
        view.written_to
        and view.words.text(
            "En las últimas 24 horas ya has escrito a {people}, y todo junto cuenta.",
            people=view.words.people(view.written_to),
        ),
    )


def _choices(view: DraftView) -> Lines:
    draft, may_send, is_planned = view.draft, view.is_affordable, view.draft.starts_at is not None
    twice = view.is_first or view.recipients >= MANY or view.is_breach_alone
    return [
        draft.edited and view.button("👁 Ver la vista previa otra vez", DraftStep.PREVIEW),
        may_send and not twice and _confirm(view),
        _test(view),
        may_send and twice and view.button("Continuar", DraftStep.SECOND_CONFIRMATION),
        (is_planned or draft.kind is not Kind.BREACH)
        and view.button(
            "🕒 Cambiar la hora" if is_planned else "🕒 Programar", DraftStep.ASK_TIME
        ),
        is_planned and view.button("Quitar la hora", DraftStep.REMOVE_TIME),
        view.can_be_paid
        and view.button(
            "Enviarlo gratis, más despacio" if draft.paid else "Pagar para que vaya más deprisa",
            DraftStep.TOGGLE_PAID,
        ),
        _change(view),
        _leave(view),
    ]


def _test(view: DraftView) -> Button:
    return view.button("Enviarme una prueba", DraftStep.TEST)


def _confirm(view: DraftView) -> Button:
    words, starts_at = view.words, view.draft.starts_at
    if starts_at is not None and not view.needs_approval:
        label = words.label("Programar para el {moment}", moment=words.short_moment(starts_at))
    else:
        label = words.label(
            "Pedir la aprobación, para {people}" if view.needs_approval else "Enviar a {people}",
            people=words.people(view.recipients),
        )
    return Button(label, AdminAction.SEND, view.token, style=Style.SEND)


def _change(view: DraftView) -> Button | Absent:
    return view.draft.kind is not Kind.CLOSING and view.button("Cambiar", DraftStep.CHANGE)


def _leave(view: DraftView) -> Button:
    shown = f"{AdminAction.SEND}:{view.token or '-'}:{view.draft.key}"
    return Button(view.words.label("No enviar"), AdminAction.DISMISS, shown)


def ask_time(view: DraftView) -> Screen:
    """Asks for the time to send at, and offers some."""
    words = view.words
    moments = [
        view.button(label, DraftStep.SCHEDULE, words.typed_moment(at), time=words.clock(at))
        for at, label in suggested_moments(view.now, words.zone)
    ]
    return Screen.of(
        words.text("<b>¿Cuándo?</b>"),
        words.text("Ahora: {moment}.", moment=moment_name(words, view.now)),
        words.text("Elige o escríbeme el día y la hora, como «mañana 18:30» o «26/11 18:30»."),
        buttons=moments,
    )
