"""The screens of the signing form: the name, the consent, the thanks."""

from bot.petition.consent import changes_since, consent_sha256, consent_text, notice_text
from bot.petition.stages import AGAIN, Action, Stage
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
_TICKED, _UNTICKED = "✅", "⬜"


def name(view: View) -> Screen:
    """Asks for the name, below the short privacy notice that the law requires before it.

    People who are asked again have read the notice, and get only the question.
    """
    notice = "" if view.place.page == AGAIN else view.texts.privacy_short
    question = view.words.text("<b>¿Con qué nombre firmas?</b>")
    return Screen(
        Html(notice),
        [_use_profile_name(view), _privacy_and_back(view.words)],
        paragraphs(question, typed_name(view.words)),
    )


def typed_name(words: Words) -> Html:
    """Says how a name is given, and what becomes of the message."""
    return words.text("Escríbelo aquí: borraremos ese mensaje enseguida.")


def _use_profile_name(view: View) -> Button | None:
    if view.profile_name is None:
        return None
    label = view.words.label("Usar «{name}»", name=view.profile_name)
    return Button(label, Action.PROFILE_NAME)


def _privacy_and_back(words: Words) -> tuple[Button, Button]:
    privacy = Button(words.label("🔒 Privacidad"), Action.PRIVACY)
    return privacy, Button(words.label("Volver"), Action.HOME)


def consent(view: View) -> Screen:
    """Shows the consent, with the name if one is given, the choices, and the button that signs.

    Above it stands the privacy notice, where it was not read with the question for the name.
    """
    words, conversation = view.words, view.conversation
    ticked = {Action.UPDATES: conversation.updates, Action.NEWS: conversation.news}
    sign, mark = words.label("✍️ Consiento y firmo"), consent_mark(view, consent_words(view))
    # With the labels of the choices, the words that are recorded, so that they were seen.
    about_name = view.with_name and fill(_about_name(view), name=conversation.name or "")
    unread = not view.with_name or view.place.page == AGAIN
    return Screen(
        paragraphs(unread and Html(view.texts.privacy_short), about_name, view.texts.consent),
        [
            *(
                Button(f"{_TICKED if ticked[choice] else _UNTICKED} {label}", choice)
                for choice, label in message_choices(view).items()
            ),
            Button(sign, Action.CONFIRM, mark, style=Style.SIGN),
            (
                Button(words.label("Cambiar el nombre"), Action.SIGN),
                Button(words.label("Volver"), Action.HOME),
            )
            if view.with_name
            else _privacy_and_back(words),
        ],
        Html(view.texts.news),
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
    words, name = view.words, view.conversation.name
    back = Button(words.label("Volver"), Action.BACK)
    if name is None:
        return Screen(
            Html(view.texts.privacy_short),
            [_use_profile_name(view), back],
            paragraphs(
                words.text(
                    "<b>¿Con qué nombre quieres que se entregue tu firma?</b> Cuenta igual si lo "
                    "dejas como está."
                ),
                typed_name(words),
            ),
        )
    give, consented = words.label("✍️ Consiento que se entregue"), name_consent_words(view)
    notice = view.place.page == AGAIN and Html(view.texts.privacy_short)
    return Screen(
        paragraphs(notice, fill(seen_words(consented), name=name)),
        [
            Button(give, Action.GIVE_NAME, consent_mark(view, consented), style=Style.SIGN),
            (Button(words.label("Cambiar el nombre"), Action.ASK_NAME_CONSENT), back),
        ],
        words.text(
            "<b>¿Quieres que tu firma se entregue con tu nombre?</b> Tu firma cuenta igual si lo "
            "dejas como está."
        ),
    )


def name_consent_words(view: View) -> str:
    """Returns the words of that consent as they are recorded, with `{name}` for the name."""
    return _with_notice(view, _about_name(view))


def _about_name(view: View) -> str:
    """Returns what is agreed to about the name, with `{name}` in its place."""
    return view.texts.name_consent or view.words.text(
        "Yo, <b>{name}</b>, consiento explícitamente que mi nombre se guarde y se entregue con mi "
        "firma a {addressee}.",
        name=Html("{name}"),
        addressee=view.petition.addressee[view.language],
    )


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
    is_named = view.signature is not None and view.signature.with_name
    kept = view.words.text("<b>Lo que elegí no cambia:</b>")
    chosen = (f"• {escape(each)}" for each in _chosen(view))
    return _with_notice(
        view,
        str(
            paragraphs(
                _about_name(view) if is_named else None, view.texts.consent, lines(kept, *chosen)
            )
        ),
    )


def _chosen(view: View) -> list[str]:
    """Returns what the signer chose: about the name, and messages besides the closing update."""
    words, signature = view.words, view.signature
    if signature is None:
        return []
    name = words.label("Con mi nombre") if signature.with_name else words.label("Sin mi nombre")
    updates = signature.updates_at_most and _updates_label(view, signature.updates_at_most)
    return [label for label in (name, updates, signature.news and _news_label(view)) if label]


def thanks(view: View) -> Screen:
    """Thanks for the signature, with the count and a button to share.

    The count is the one number that signers are shown, here and later: the number of their own
    signature is higher once somebody has withdrawn. It is in /mydata.
    """
    words = view.words
    count, people = words.number(view.count), words.people(view.count)
    thanked = fill(view.texts.thanks, count=count, people=people)
    home = Button(words.label("Ver mi firma"), Action.HOME)
    return Screen(thanked, [share_buttons(view), home], kept=Stage.THANKS)


def _updates_label(view: View, at_most: int) -> str:
    words = view.words
    return words.label("Novedades de la petición (máximo {n})", n=words.number(at_most))


def _news_label(view: View) -> str:
    return view.words.label("Noticias de otras acciones")
