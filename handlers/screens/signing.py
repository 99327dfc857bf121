"""The form: the name, with the first layer of the privacy notice, the consent, the thanks."""

from __future__ import annotations

from bot.petition.consent import consent_sha256, consent_text
from bot.petition.stages import Action
from bot.text.markup import fill

from .petition_text import share_button
from .screen import Button, Screen, paragraphs, rows
from .supporter_view import View


def name(view: View) -> Screen:
    """Asks for the name under the first layer, which the law wants before anything is asked."""
    words = view.words
    question = words.text("<b>¿Con qué nombre quieres firmar?</b>")
    typed = words.text(
        "Escríbelo en un mensaje, tal como quieras que figure. "
        "Lo que envíes aquí se borra de este chat en cuanto nos llega."
    )
    use = view.profile_name and Button(
        words.label("Usar «{name}»", name=view.profile_name), Action.PROFILE_NAME
    )
    return Screen(
        paragraphs(view.texts.privacy_short, question, typed),
        rows(
            (use or None,),
            (Button(words.label("🔒 Aviso de privacidad completo"), Action.PRIVACY),),
            (Button(words.label("Ahora no"), Action.HOME),),
        ),
    )


def consent(view: View) -> Screen:
    """The statement with the name in it, the separate news choice, and one button that signs."""
    words, conversation = view.words, view.conversation
    news = (
        words.label("☑ Sí, quiero noticias de otras acciones")
        if conversation.news
        else words.label("☐ Quiero noticias de otras acciones")
    )
    return Screen(
        # The recorded words themselves, so that what is kept as proof is what was seen.
        fill(consent_text(view.texts), name=conversation.name or ""),
        rows(
            (Button(news, Action.NEWS),),
            (Button(words.label("✅ Consiento y firmo"), Action.CONFIRM, consent_mark(view)),),
            (
                Button(words.label("Cambiar el nombre"), Action.SIGN),
                Button(words.label("Ahora no"), Action.HOME),
            ),
        ),
    )


def consent_mark(view: View) -> str:
    """Tells the text of this consent from every other: its words, their version and language."""
    shown = "\n".join((view.campaign.version, view.language, consent_text(view.texts)))
    return consent_sha256(shown).hex()[:16]


def thanks(view: View) -> Screen:
    """Right after signing: the number, the count, and sharing while the will is there."""
    words, signature = view.words, view.signature
    number = signature.number if signature else view.count
    text = fill(view.texts.thanks, number=words.number(number), count=words.number(view.count))
    return Screen(
        text,
        rows(
            (share_button(view),),
            (Button(words.label("Ver mi firma"), Action.HOME),),
        ),
    )
