"""The screens of a person's rights: the full privacy notice, and withdrawal."""

from bot.petition.outcome import outcome_in
from bot.petition.stages import Action, Stage
from handlers.screens.buttons import Button, Style
from handlers.screens.petition_text import page_buttons
from handlers.screens.screen import Screen, paragraphs, sentences
from handlers.screens.supporter_view import View


def privacy(view: View) -> Screen:
    """Shows a page of the full privacy notice (GDPR art. 13; second layer, LOPDGDD art. 11)."""
    words, pages, page = view.words, view.privacy, view.place.page
    number = words.text("Página {page} de {pages}", page=page + 1, pages=len(pages))
    data = Button(words.label("Mis datos"), Action.MY_DATA)
    back = Button(words.label("Volver"), Action.BACK)
    return Screen(
        paragraphs(pages[page], len(pages) > 1 and f"<i>{number}</i>"),
        [page_buttons(view, Action.PRIVACY, page, len(pages)), (data, back)],
    )


def withdraw(view: View) -> Screen:
    """Says what a withdrawal does, with one button that does it (GDPR art. 7(3))."""
    words = view.words
    question = words.text("<b>¿Quieres retirar tu firma?</b>")
    what = words.text(
        "Borraremos tu firma, con el identificador de tu chat y, si lo diste, tu nombre."
    )
    # While the closing update is only a draft, there is nothing to read yet.
    is_told = outcome_in(view.petition, view.closing_texts, view.language).closing_update
    end = words.text(
        "Cómo acabó la petición lo puedes leer aquí cuando quieras: escribe /start."
        if view.petition_state.is_closed and is_told
        else "Después ya no podremos contarte en este chat cómo acaba la petición."
    )
    day = view.name_handed_over_on
    handed = day is not None and words.text(
        "Tu nombre se entregó el {date}, y eso no lo podemos deshacer: avisaremos a quien lo "
        "recibió de que has retirado tu firma.",
        date=words.date(day),
    )
    erase = words.label("Retirar mi firma y borrar mis datos")
    return Screen(
        paragraphs(question, sentences(what, end), handed),
        [
            Button(erase, Action.ERASE, style=Style.END),
            Button(words.label("No, mantener mi firma"), Action.HOME),
        ],
    )


def withdrawn(view: View) -> Screen:
    """Confirms that the signature and data are erased."""
    words = view.words
    done = words.text("<b>Tu firma está retirada y tus datos, borrados.</b>")
    thanks = words.text("Gracias por habernos acompañado. Puedes volver cuando quieras.")
    home = Button(words.label("Volver"), Action.HOME)
    return Screen(paragraphs(done, thanks), [home], kept=Stage.WITHDRAWN)


def muted(view: View) -> Screen:
    """Confirms that no more messages are sent; the signature counts."""
    words = view.words
    done = words.text(
        "<b>No te escribiremos más.</b> Solo lo haríamos para avisarte si una brecha de "
        "seguridad afecta a tus datos. Tu firma sigue contando. Para saber cómo está la petición, "
        "escribe /start cuando quieras."
        if view.is_counted
        else "<b>No te escribiremos más.</b> Solo lo haríamos para avisarte si una brecha de "
        "seguridad afecta a tus datos. Para saber cómo está la petición, escribe /start cuando "
        "quieras."
    )
    again = Button(words.label("🔔 Volver a recibir mensajes"), Action.UNMUTE)
    home = Button(words.label("Ver mi firma"), Action.HOME)
    # Data whose use is restricted stay unused: no message would come again by that button.
    is_only_stored = view.signature is not None and view.signature.is_only_stored
    return Screen(done, [home] if is_only_stored else [again, home], kept=Stage.MUTED)
