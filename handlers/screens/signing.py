"""The screens of the signing form: the name, the consent, the thanks."""

from collections.abc import Sequence

from bot.petition.petition import changes_since, consent_sha256, consent_text, notice_text
from bot.petition.stages import AGAIN, Action, Stage
from handlers.screens.buttons import Button, Style
from handlers.screens.petition_text import share_buttons
from handlers.screens.screen import Absent, Screen, lines, paragraphs
from handlers.screens.supporter_view import View, change_lines
from telegram_text.markup import Html, escape, fill

# The newest; all of them are at the end of /privacy.
_CHANGES = 3
# As it stands below the words of a consent, in every language.
NOTICE_SHA256 = "SHA-256 (aviso de privacidad · privacy notice): "
_TICKED, _UNTICKED = "✅", "⬜"


def name(view: View) -> Screen:
    """Asks for the name, below the short privacy notice that the law requires before it.

    People who are asked again have read the notice, and get only the question.
    """
    return Screen.of(
        view.place.page != AGAIN and view.texts.privacy_short,
        question=paragraphs(view.text("<b>¿Con qué nombre quieres firmar?</b>"), typed_name(view)),
        buttons=[_use_profile_name(view), _privacy_and_back(view)],
    )


def typed_name(view: View) -> Html:
    """Says how a name is given, and what becomes of the message."""
    return view.text("Escríbelo aquí: borraremos ese mensaje enseguida.")


def _use_profile_name(view: View) -> Button | Absent:
    name = view.profile_name
    return name is not None and view.button("Usar «{name}»", Action.PROFILE_NAME, name=name)


def _privacy_and_back(view: View) -> tuple[Button, Button]:
    privacy = view.button("🔒 Privacidad", Action.PRIVACY)
    return privacy, view.button("Volver", Action.HOME)


def consent(view: View) -> Screen:
    """Shows the consent, with the name if one is given, the choices, and the button that signs.

    Above it stands the privacy notice, where it was not read with the question for the name.
    """
    conversation, agreed_to = view.conversation, consent_mark(view, consent_words(view))
    ticked = {Action.UPDATES: conversation.updates, Action.NEWS: conversation.news}
    # With the labels of the choices, the words that are recorded, so that they were seen.
    return Screen.of(
        (not view.with_name or view.place.page == AGAIN) and view.texts.privacy_short,
        view.with_name and fill(_about_name(view), name=conversation.name or ""),
        view.texts.consent,
        question=Html(view.texts.news),
        buttons=[
            *(
                Button(f"{_TICKED if ticked[choice] else _UNTICKED} {label}", choice)
                for choice, label in message_choices(view).items()
            ),
            view.button("✍️ Consiento y firmo", Action.CONFIRM, agreed_to, style=Style.SIGN),
            (view.button("Cambiar el nombre", Action.SIGN), view.button("Volver", Action.HOME))
            if view.with_name
            else _privacy_and_back(view),
        ],
    )


def message_choices(view: View) -> dict[Action, str]:
    """Returns the label of each kind of message that is offered, by what its button does."""
    at_most = view.petition.updates_at_most
    return {
        **({Action.UPDATES: _updates_label(view, at_most)} if at_most else {}),
        Action.NEWS: _news_label(view),
    }


def consent_words(view: View) -> str:
    """Returns the words that are recorded with a consent.

    The text, the choices' labels, and the hash of the privacy notice.
    """
    about_name = _about_name(view) if view.with_name else None
    consented = consent_text(view.texts, about_name, message_choices(view).values())
    return _with_notice(view, consented)


def _with_notice(view: View, consented: str) -> str:
    """Adds the hash of the privacy notice, by which its words are found."""
    sha256 = consent_sha256(notice_text(view.texts)).hex()
    return f"{consented}\n\n{NOTICE_SHA256}{sha256}"


def seen_words(consented: str) -> str:
    """Returns of the words that are recorded those that people read on the screen."""
    return consented.partition(f"\n\n{NOTICE_SHA256}")[0]


def consent_mark(view: View, consented: str) -> str:
    """Returns a hash of a consent's words, version and language, which its button carries."""
    shown = "\n".join((view.petition.version, view.language, consented))
    return consent_sha256(shown).hex()[:16]


def name_consent(view: View) -> Screen:
    """Asks, after signing without a name, for the name and for the consent to hand it over."""
    name, back = view.conversation.name, view.button("Volver", Action.BACK)
    if name is None:
        return Screen.of(
            view.texts.privacy_short,
            question=paragraphs(
                view.text(
                    "<b>¿Con qué nombre quieres que se entregue tu firma?</b> Cuenta igual si lo "
                    "dejas como está."
                ),
                typed_name(view),
            ),
            buttons=[_use_profile_name(view), back],
        )
    consented = name_consent_words(view)
    agreed_to = consent_mark(view, consented)
    return Screen.of(
        view.place.page == AGAIN and view.texts.privacy_short,
        fill(seen_words(consented), name=name),
        question=view.text(
            "<b>¿Quieres que tu firma se entregue con tu nombre?</b> Tu firma cuenta igual si lo "
            "dejas como está."
        ),
        buttons=[
            view.button(
                "✍️ Consiento que se entregue", Action.GIVE_NAME, agreed_to, style=Style.SIGN
            ),
            (view.button("Cambiar el nombre", Action.ASK_NAME_CONSENT), back),
        ],
    )


def name_consent_words(view: View) -> str:
    """Returns the words of that consent as they are recorded, with `{name}` for the name."""
    return _with_notice(view, _about_name(view))


def _about_name(view: View) -> str:
    """Returns what is agreed to about the name, with `{name}` in its place."""
    return view.texts.name_consent or view.text(
        "Yo, <b>{name}</b>, consiento explícitamente que mi nombre se guarde y se entregue con mi "
        "firma a {addressee}.",
        name=Html("{name}"),
        addressee=view.petition.addressee[view.language],
    )


def new_texts(view: View) -> Screen:
    """Says what changed in the texts since the person signed, and asks for their consent."""
    words, signature = view.words, view.signature
    signed = signature.text_version if signature else ""
    changed = changes_since(view.petition, signed)[:_CHANGES]
    consented = new_texts_words(view)
    agreed_to = consent_mark(view, consented)
    return Screen.of(
        lines(
            view.text(
                "<b>Los textos han cambiado</b>\n"
                "Firmaste los del {date}; los de ahora son del {now}.",
                date=words.version(signed),
                now=words.version(view.petition.version),
            ),
            *change_lines(words, changed, view.language),
        ),
        fill(seen_words(consented), name=signature.name if signature else ""),
        question=view.text(
            "<b>¿Quieres que tu firma valga con estas palabras?</b> Si las dejas como estaban o "
            "no contestas, no pierdes nada: vale con las que firmaste."
        ),
        buttons=[
            view.button("✍️ Consiento", Action.ACCEPT_TEXTS, agreed_to, style=Style.SIGN),
            view.button("Mantener lo que firmé", Action.KEEP_TEXTS),
            _privacy_and_back(view),
        ],
    )


def new_texts_words(view: View) -> str:
    """Returns the words of that consent as they are recorded, with what was chosen before."""
    is_named = view.signature is not None and view.signature.with_name
    consented = paragraphs(
        is_named and _about_name(view),
        view.texts.consent,
        lines(
            view.text("<b>Lo que elegí no cambia:</b>"),
            *(f"• {escape(each)}" for each in _chosen(view) if each),
        ),
    )
    return _with_notice(view, consented)


def _chosen(view: View) -> Sequence[str | Absent]:
    """Returns what the signer chose: about the name, and messages besides the closing update."""
    signature, words = view.signature, view.words
    if signature is None:
        return ()
    at_most = signature.updates_at_most
    return (
        words.label("Con mi nombre") if signature.with_name else words.label("Sin mi nombre"),
        at_most and _updates_label(view, at_most),
        signature.news and _news_label(view),
    )


def thanks(view: View) -> Screen:
    """Thanks for the signature, with the count and a button to share.

    The count is the one number that signers are shown, here and later: the number of their own
    signature is higher once somebody has withdrawn. It is in /mydata.
    """
    count, people = view.words.number(view.count), view.words.people(view.count)
    return Screen.of(
        fill(view.texts.thanks, count=count, people=people),
        buttons=[share_buttons(view), view.button("Ver mi firma", Action.HOME)],
        kept=Stage.THANKS,
    )


def _updates_label(view: View, at_most: int) -> str:
    words = view.words
    return words.label("Novedades de esta petición (máximo {n})", n=words.number(at_most))


def _news_label(view: View) -> str:
    return view.words.label("Noticias de otras acciones")
