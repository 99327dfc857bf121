"""The screens of the signing form: the name, the consent, the thanks."""

from bot.petition.consent import changes_since, consent_sha256, consent_text, notice_text
from bot.petition.stages import NAME_AGAIN, NOTICE_AGAIN, Action, Stage
from bot.text.translations import Words
from handlers.screens.buttons import Button, Style
from handlers.screens.petition_text import share_buttons
from handlers.screens.screen import Screen, lines, paragraphs
from handlers.screens.supporter_view import View
from handlers.screens.text_versions import change_lines, version_date
from telegram_text.markup import Html, escape, fill

# The newest; all of them are at the end of /privacy.
_CHANGES = 3
# As it stands below the words of a consent, in every language.
NOTICE_SHA256 = "SHA-256 (aviso de privacidad · privacy notice): "
_TICKED, _UNTICKED, _UNCHOSEN = "✅", "⬜", "⚪"


def name(view: View) -> Screen:
    """Asks for the name, below the short privacy notice that the law requires before it.

    People who are asked again have read the notice, and get only the question.
    """
    words = view.words
    question = words.text("<b>¿Con qué nombre quieres firmar?</b>")
    typed = words.text(
        "Escríbelo en un mensaje, tal como quieras que figure. "
        "Lo borraremos de este chat en cuanto lo recibamos."
    )
    use = Button(words.label("Usar «{name}»", name=view.profile_name or ""), Action.PROFILE_NAME)
    return Screen(
        Html("" if view.place.page == NAME_AGAIN else view.texts.privacy_short),
        [
            use if view.profile_name else None,
            _privacy_and_back(words),
        ],
        paragraphs(question, typed),
    )


def _privacy_and_back(words: Words) -> tuple[Button, Button]:
    privacy = Button(words.label("🔒 Privacidad"), Action.PRIVACY)
    return privacy, Button(words.label("Volver"), Action.HOME)


def consent(view: View) -> Screen:
    """Shows the consent with the name, the choices, and the button that signs.

    One of the two buttons about the name has to be chosen, and two boxes are free to tick.
    """
    words, conversation = view.words, view.conversation
    ticked = {Action.UPDATES: conversation.updates, Action.NEWS: conversation.news}
    chosen = {True: Action.WITH_NAME, False: Action.WITHOUT_NAME, None: None}[view.with_name]
    sign, mark = words.label("✍️ Consiento y firmo"), consent_mark(view, consent_words(view))
    # With the labels of the choices, the words that are recorded, so that they were seen.
    statement = fill(view.texts.consent, name=conversation.name or "")
    notice = view.place.page == NOTICE_AGAIN and Html(view.texts.privacy_short)
    return Screen(
        paragraphs(notice, statement),
        [
            [
                Button(f"{_TICKED if choice is chosen else _UNCHOSEN} {label}", choice)
                for choice, label in _name_choices(view).items()
            ],
            *(
                Button(f"{_TICKED if ticked[choice] else _UNTICKED} {label}", choice)
                for choice, label in message_choices(view).items()
            ),
            Button(sign, Action.CONFIRM, mark, style=Style.SIGN),
            (
                Button(words.label("Cambiar el nombre"), Action.SIGN),
                Button(words.label("Volver"), Action.HOME),
            ),
        ],
        lines(Html(view.texts.news), _updates_at_most(view)),
    )


def _updates_at_most(view: View) -> Html | None:
    """Returns in the text what a phone may cut off the button that asks for updates."""
    if not (at_most := view.petition.updates_at_most):
        return None
    return view.words.plural(
        "Novedades: {n} mensaje como mucho.",
        "Novedades: {n} mensajes como mucho.",
        at_most,
    )


def message_choices(view: View) -> dict[Action, str]:
    """Returns the label of each kind of message that is offered, by what its button does."""
    at_most = view.petition.updates_at_most
    return {
        **({Action.UPDATES: _updates_label(view, at_most)} if at_most else {}),
        Action.NEWS: _news_label(view),
    }


def consent_choices(view: View) -> list[str]:
    """Returns the labels of all choices that the consent offers, as they stand on the screen."""
    return [*_name_choices(view).values(), *message_choices(view).values()]


def consent_words(view: View) -> str:
    """Returns the words that are recorded with a consent.

    The text, the choices' labels, and the hash of the privacy notice.
    """
    return _with_notice(view, consent_text(view.texts, consent_choices(view)))


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
    """Asks, after signing, for the consent to hand over the name too."""
    words, name = view.words, view.signature.name if view.signature else ""
    give, consented = words.label("✍️ Consiento que se entregue"), name_consent_words(view)
    return Screen(
        fill(seen_words(consented), name=name),
        [
            Button(give, Action.GIVE_NAME, consent_mark(view, consented), style=Style.SIGN),
            Button(words.label("Volver"), Action.BACK),
        ],
        words.text(
            "<b>¿Quieres que tu firma se entregue con tu nombre?</b> Tu firma cuenta igual si lo "
            "dejas como está."
        ),
    )


def name_consent_words(view: View) -> str:
    """Returns the words of that consent as they are recorded, with `{name}` for the name."""
    own = view.words.text(
        "Yo, <b>{name}</b>, consiento explícitamente que mi firma se entregue con mi nombre a "
        "{addressee}.",
        name=Html("{name}"),
        addressee=view.petition.addressee[view.language],
    )
    return _with_notice(view, view.texts.name_consent or own)


def new_texts(view: View) -> Screen:
    """Says what changed in the texts since the person signed, and asks for their consent."""
    words, signature = view.words, view.signature
    signed = signature.text_version if signature else ""
    changed = change_lines(words, changes_since(view.petition, signed)[:_CHANGES], view.language)
    heading = words.text(
        "<b>Los textos han cambiado</b>\nFirmaste los del {date}; los de ahora son del {now}.",
        date=version_date(words, signed),
        now=version_date(words, view.petition.version),
    )
    agree, consented = words.label("✍️ Consiento"), new_texts_words(view)
    return Screen(
        paragraphs(
            lines(heading, *changed),
            fill(seen_words(consented), name=signature.name if signature else ""),
        ),
        [
            Button(agree, Action.ACCEPT_TEXTS, consent_mark(view, consented), style=Style.SIGN),
            Button(words.label("Mantener lo que firmé"), Action.KEEP_TEXTS),
            _privacy_and_back(words),
        ],
        words.text(
            "<b>¿Quieres que tu firma valga con estas palabras?</b> Si las dejas como estaban o "
            "no contestas, no pierdes nada: vale con las que firmaste."
        ),
    )


def new_texts_words(view: View) -> str:
    """Returns the words of that consent as they are recorded, with what was chosen before."""
    kept = view.words.text("<b>Lo que elegí no cambia:</b>")
    with_name, without_name = _name_choices(view).values()
    is_named = view.signature is not None and view.signature.with_name
    chosen = (with_name if is_named else without_name, *chosen_messages(view))
    said = (view.texts.consent, "", kept, *(f"• {escape(each)}" for each in chosen))
    return _with_notice(view, "\n".join(said))


def chosen_messages(view: View) -> list[str]:
    """Returns the labels of what the signer chose besides the closing update."""
    signature = view.signature
    if signature is None:
        return []
    updates = signature.updates_at_most and _updates_label(view, signature.updates_at_most)
    return [label for label in (updates, signature.news and _news_label(view)) if label]


def thanks(view: View) -> Screen:
    """Thanks for the signature, with the count and a button to share.

    The count is the one number that signers are shown, here and later: the number of their own
    signature is higher once somebody has withdrawn. It is in /mydata.
    """
    words = view.words
    count, people = words.number(view.count), words.people(view.count)
    thanked = fill(view.texts.thanks, count=count, people=people)
    home = Button(words.label("Ver mi firma"), Action.HOME)
    text = paragraphs(thanked, view.handed_over, _chosen(view))
    return Screen(text, [share_buttons(view), home], kept=Stage.THANKS)


def _chosen(view: View) -> Html:
    """Confirms what was chosen besides the closing update, and how to end it."""
    words, chosen = view.words, chosen_messages(view)
    if not chosen:
        return words.text("No has elegido recibir otros mensajes.")
    return words.text(
        "También has elegido recibir:\n{chosen}\nPuedes dejarlo cuando quieras en /mydata.",
        chosen=lines(*(f"• {escape(label)}" for label in chosen)),
    )


def _name_choices(view: View) -> dict[Action, str]:
    words = view.words
    return {
        Action.WITH_NAME: words.label("Con mi nombre"),
        Action.WITHOUT_NAME: words.label("Sin mi nombre"),
    }


def _updates_label(view: View, at_most: int) -> str:
    words = view.words
    return words.label("Novedades de esta petición ({n} como mucho)", n=words.number(at_most))


def _news_label(view: View) -> str:
    return view.words.label("Noticias de otras acciones")
