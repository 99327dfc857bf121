"""The screens of the signing form: the name, the consent, the thanks."""

from bot.petition.consent import consent_sha256, consent_text
from bot.petition.stages import NAME_AGAIN, Action
from bot.text.markup import Html, fill
from handlers.screens.buttons import Button, Style
from handlers.screens.petition_text import share_buttons
from handlers.screens.screen import Screen, paragraphs
from handlers.screens.supporter_view import View


def name(view: View) -> Screen:
    """Asks for the name, below the short privacy notice that the law requires before it.

    Whoever is asked again has read the notice, and gets only the question.
    """
    words = view.words
    question = words.text("<b>¿Con qué nombre quieres firmar?</b>")
    typed = words.text(
        "Escríbelo en un mensaje, tal como quieras que figure. "
        "Lo que envíes aquí se borra de este chat en cuanto nos llega."
    )
    use = Button(words.label("Usar «{name}»", name=view.profile_name or ""), Action.PROFILE_NAME)
    return Screen(
        Html("" if view.place.page == NAME_AGAIN else view.texts.privacy_short),
        [
            use if view.profile_name else None,
            Button(words.label("🔒 Aviso de privacidad completo"), Action.PRIVACY),
            Button(words.label("Volver"), Action.HOME),
        ],
        paragraphs(question, typed),
    )


def consent(view: View) -> Screen:
    """Shows the consent with the name, the separate choice of news, and the button that signs."""
    words, conversation = view.words, view.conversation
    news = (
        words.label("☑ Sí, quiero noticias de otras acciones")
        if conversation.news
        else words.label("☐ Quiero noticias de otras acciones")
    )
    return Screen(
        # The text that will be recorded, so that the proof is what the person saw.
        fill(consent_text(view.texts), name=conversation.name or ""),
        [
            Button(news, Action.NEWS),
            Button(
                words.label("✅ Consiento y firmo"),
                Action.CONFIRM,
                consent_mark(view),
                style=Style.SIGN,
            ),
            (
                Button(words.label("Cambiar el nombre"), Action.SIGN),
                Button(words.label("Volver"), Action.HOME),
            ),
        ],
    )


def consent_mark(view: View) -> str:
    """Returns a hash of the consent's text, version and language, which the button carries."""
    shown = "\n".join((view.petition.version, view.language, consent_text(view.texts)))
    return consent_sha256(shown).hex()[:16]


def thanks(view: View) -> Screen:
    """Thanks for the signature, with its number, the count and a button to share."""
    words, signature = view.words, view.signature
    number = signature.number if signature else view.count
    text = fill(
        view.texts.thanks,
        number=words.number(number),
        count=words.number(view.count),
        people=words.people(view.count),
    )
    return Screen(text, [share_buttons(view), Button(words.label("Ver mi firma"), Action.HOME)])
