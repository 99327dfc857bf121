"""The screens of /privacy, /withdraw and /stop."""

from bot.petition.outcome import outcome_in
from bot.petition.stages import Action, Stage
from handlers.screens.buttons import Style
from handlers.screens.petition_text import page_buttons, page_number
from handlers.screens.screen import Screen, sentences
from handlers.screens.supporter_view import View


def privacy(view: View) -> Screen:
    """Shows a page of the full privacy notice (GDPR art. 13; second layer, LOPDGDD art. 11)."""
    pages, page = view.privacy, view.place.page
    return Screen.of(
        pages[page],
        len(pages) > 1 and page_number(view, page, len(pages)),
        buttons=[
            page_buttons(view, Action.PRIVACY, page, len(pages)),
            (view.button("Mis datos", Action.MY_DATA), view.button("Volver", Action.BACK)),
        ],
    )


def withdraw(view: View) -> Screen:
    """Says what a withdrawal does, with one button that does it (GDPR art. 7(3))."""
    day = view.name_handed_over_on
    # While the closing update is only a draft, there is nothing to read yet.
    is_told = outcome_in(view.petition, view.closing_texts, view.language).closing_update
    return Screen.of(
        view.text("<b>¿Quieres retirar tu firma?</b>"),
        sentences(
            view.text(
                "Borraremos tu firma, con el identificador de tu chat y, si lo diste, tu nombre."
            ),
            view.text(
                "Cómo terminó la petición lo puedes leer aquí cuando quieras: escribe /start."
                if view.petition_state.is_closed and is_told
                else "Después ya no podremos contarte en este chat cómo termina la petición."
            ),
        ),
        day is not None
        and view.text(
            "Tu nombre se entregó el {date}, y eso no lo podemos deshacer: avisaremos a quien lo "
            "recibió de que has retirado tu firma.",
            date=view.words.date(day),
        ),
        buttons=[
            view.button("Retirar mi firma y borrar mis datos", Action.ERASE, style=Style.END),
            view.button("No, mantener mi firma", Action.HOME),
        ],
    )


def withdrawn(view: View) -> Screen:
    """Confirms that the signature and data are erased."""
    return Screen.of(
        view.text("<b>Tu firma está retirada y tus datos, borrados.</b>"),
        view.text("Gracias por habernos acompañado. Puedes volver cuando quieras."),
        buttons=[view.button("Volver", Action.HOME)],
        kept=Stage.WITHDRAWN,
    )


def muted(view: View) -> Screen:
    """Confirms that no more messages are sent; the signature counts."""
    # Data whose use is restricted stay unused: no message would come again by that button.
    is_only_stored = view.signature is not None and view.signature.is_only_stored
    return Screen.of(
        view.text(
            "<b>No te escribiremos más.</b> Solo lo haríamos para avisarte si una brecha de "
            "seguridad afecta a tus datos. Tu firma sigue contando. Para saber cómo está la "
            "petición, escribe /start cuando quieras."
            if view.is_counted
            else "<b>No te escribiremos más.</b> Solo lo haríamos para avisarte si una brecha de "
            "seguridad afecta a tus datos. Para saber cómo está la petición, escribe /start "
            "cuando quieras."
        ),
        buttons=[
            not is_only_stored and view.button("🔔 Volver a recibir mensajes", Action.UNMUTE),
            view.button("Ver mi firma", Action.HOME),
        ],
        kept=Stage.MUTED,
    )
