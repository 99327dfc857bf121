"""The screens of /mydata: what is stored, what can be done about it; the rest is in the file.

And the receipt for the consents that somebody gave.
"""

from collections.abc import Sequence

from bot.petition.stages import Action
from bot.text.translations import Words
from handlers.screens.buttons import Button
from handlers.screens.screen import Absent, Screen, lines, paragraphs, sentences
from handlers.screens.signing import typed_name
from handlers.screens.supporter_view import View
from storage.consents import NEW_TEXTS
from storage.person_requests import MOST_WRONG_CODES
from storage.personal_data import Held, Record
from storage.signatures import Signature
from telegram_text.markup import Html, seen


def my_data(view: View) -> Screen:
    """Shows what somebody chose, and leads to everything that is stored (GDPR art. 15)."""
    signature, held = view.signature, view.held or Held()
    has_signed, has_name = signature is not None, signature is not None and signature.with_name
    return Screen.of(
        view.text("<b>Lo que guardamos de ti en esta petición</b>"),
        _signed(view, signature, held) if signature else _not_signed(view),
        sentences(
            view.text(
                "Todo lo demás está en el archivo JSON que recibes con el botón: las palabras que "
                "aceptaste, los mensajes que te hemos enviado y lo que hace falta para que este "
                "chat funcione."
                if has_signed
                else "Guardamos lo que hace falta para que este chat funcione: está en el archivo "
                "JSON que recibes con el botón."
            ),
            bool(held.as_admin)
            and view.text("Ahí está también lo que guardamos porque administras la petición."),
        ),
        _encrypted(view, held),
        has_signed
        and view.text("El justificante de lo que aceptaste lo tienes en «Otros derechos»."),
        buttons=[
            has_name and view.button("Corregir mi nombre", Action.CORRECT_NAME),
            has_name
            and view.handover is None
            and view.button("Borrar mi nombre de la firma", Action.REMOVE_NAME),
            view.may_give_name
            and view.button("Entregar mi firma con mi nombre", Action.ASK_NAME_CONSENT),
            has_signed and view.button("Retirar mi firma", Action.WITHDRAW),
            view.button("📄 Recibir el archivo", Action.DATA_FILE),
            has_signed and view.button("Otros derechos", Action.OTHER_RIGHTS),
            *(_message_buttons(view, signature) if signature else ()),
            view.button("Volver", Action.BACK),
        ],
    )


def new_name(view: View) -> Screen:
    """Asks for the name that a signature is to have from now on (GDPR art. 16)."""
    name, day = view.signature.name if view.signature else "", view.name_handed_over_on
    return Screen.of(
        sentences(
            name and view.text("Tu firma lleva el nombre «{name}».", name=name),
            view.text(
                "Si lo cambias, ese nombre se borra. El número, la fecha y tu consentimiento no "
                "cambian."
            ),
            day is not None
            and view.text(
                "Tu nombre se entregó el {date}: avisaremos a quien lo recibió de que lo has "
                "corregido, y le diremos el nuevo.",
                date=view.words.date(day),
            ),
        ),
        question=lines(
            view.text("<b>¿Qué nombre tiene que figurar en tu firma?</b>"), typed_name(view)
        ),
        buttons=[view.button("Volver", Action.BACK)],
    )


def other_rights(view: View) -> Screen:
    """Offers to restrict the use of the data (GDPR art. 18), and a code for a letter."""
    signature = view.signature
    is_only_stored = signature is not None and signature.is_only_stored
    return Screen.of(
        view.text("<b>Otros derechos</b>"),
        view.text(
            "El uso de tus datos está limitado: tu firma cuenta, aunque sin nombre, y no "
            "te escribimos. Con el botón puedes volver atrás."
            if is_only_stored
            else "Puedes limitar el uso de tus datos con el botón: tu firma seguirá contando, "
            "aunque sin nombre, y no te escribiremos, salvo por una brecha de seguridad. No "
            "deshace lo que ya se haya entregado."
        ),
        view.text(
            "Para rectificar otros datos, suprimirlos u oponerte a su uso, escríbenos: {contact}\n"
            "Pon el número de tu firma, que es el {number}, y un código que te damos aquí. Así "
            "sabremos que la firma es tuya. No lo pongas en ningún otro sitio.\n\n"
            "También puedes recibir un justificante de lo que aceptaste, sin tu nombre: las "
            "palabras exactas, su versión, su huella SHA-256 y cuándo fue.",
            contact=view.petition.contact,
            number=view.words.number(signature.number) if signature else "—",
        ),
        buttons=[
            view.button("🧾 Recibir el justificante", Action.RECEIPT),
            view.button("🔑 Pedir un código", Action.LETTER_CODE),
            view.button("Volver a permitir el uso de mis datos", Action.LIFT)
            if is_only_stored
            else view.button("Limitar el uso de mis datos", Action.RESTRICT),
            view.button("Volver", Action.BACK),
        ],
    )


def _signed(view: View, signature: Signature, held: Held) -> Html:
    words, row = view.words, held.signature or {}
    muted, lost = row.get("muted_at"), row.get("unreachable_at")
    # Of one that is not counted that would contradict that it is looked at again.
    is_final = view.handed_over and view.handover is not None and view.is_counted
    since = signature.objected_at or signature.restricted_at or signature.signed_at
    return lines(
        view.text(
            "Tu firma es la número {number}, del {date}.",
            number=words.number(signature.number),
            date=words.date(signature.signed_at),
        ),
        view.text("Nombre: {name}", name=signature.name or "—")
        if signature.with_name
        else view.text("Nombre: no guardamos ninguno."),
        sentences(view.handed_over, is_final and view.text("Ya no se puede cambiar.")),
        _choices(view, signature.updates_at_most, news=signature.news),
        muted
        and view.text("El {moment} pediste que no te escribiéramos.", moment=words.moment(muted)),
        view.text(
            "Te opusiste al uso de tus datos el {moment}. Tu firma cuenta, aunque sin nombre, y "
            "no te escribimos. Para volver atrás, pulsa «Otros derechos»."
            if signature.objected_at
            else "El uso de tus datos está limitado desde el {moment}. Tu firma cuenta, "
            "aunque sin nombre, y no te escribimos. Para volver atrás, pulsa «Otros derechos».",
            moment=words.moment(since),
        )
        if signature.is_only_stored
        else view.is_owed_the_end
        and not muted
        and view.text(
            "Te escribiremos para contarte cómo ha terminado la petición."
            if view.petition_state.is_closed
            else "Te escribiremos para contarte cómo termina la petición."
        ),
        lost
        and view.text(
            "Desde el {moment}, Telegram no nos deja escribirte.", moment=words.moment(lost)
        ),
        _letter_code(view, held.letter_code) if held.letter_code else None,
        signature.kept_version
        and view.text(
            "Cuando se te preguntó por los textos del {date}, preferiste mantener los que "
            "firmaste.",
            date=words.version(signature.kept_version),
        ),
    )


def _letter_code(view: View, code: Record) -> Html:
    is_spent = code["used_at"] is not None or code["attempts"] >= MOST_WRONG_CODES
    return view.text(
        "El código que pediste para escribirnos ya no sirve. Puedes pedir otro."
        if is_spent or code["ends_at"] <= view.now
        else "Pediste un código para escribirnos, que sirve hasta el {date}.",
        date=view.words.date(code["ends_at"]),
    )


def _encrypted(view: View, held: Held) -> Html | Absent:
    signature, typed = view.signature, view.conversation.name is not None
    if signature is None and not held.files:
        return typed and view.text("El nombre escrito se guarda cifrado.")
    return view.text(
        "Tu nombre y el identificador de tu chat se guardan cifrados."
        if signature is not None and signature.with_name
        else "El nombre escrito y el identificador de tu chat se guardan cifrados."
        if signature is None and typed
        else "El identificador de tu chat se guarda cifrado."
    )


def _not_signed(view: View) -> Html:
    conversation = view.conversation
    updates_at_most = view.petition.updates_at_most if conversation.updates else 0
    has_chosen = conversation.with_name is not None
    return lines(
        view.text(
            "No has firmado esta petición."
            if view.petition_state.erased_at is None
            else "No guardamos ninguna firma tuya. Las firmas cuyo plazo ha vencido ya se han "
            "borrado y siguen contadas: si firmaste hace tiempo, la tuya es una de ellas, salvo "
            "que la retiraras o que se hubiera anulado."
        ),
        conversation.name
        and view.text("Nombre escrito, todavía sin firmar: {name}", name=conversation.name),
        has_chosen
        and view.text(
            "Has elegido, todavía sin firmar: con tu nombre."
            if conversation.with_name
            else "Has elegido, todavía sin firmar: sin tu nombre."
        ),
        has_chosen and _choices(view, updates_at_most, news=conversation.news),
    )


def _choices(view: View, updates_at_most: int, *, news: bool) -> Html:
    """Says what is sent besides the closing update."""
    most = view.words.number(updates_at_most)
    return lines(
        view.text("Novedades de esta petición: sí, {n} como mucho", n=most)
        if updates_at_most
        else view.text("Novedades de esta petición: no"),
        view.text("Noticias de otras acciones: sí" if news else "Noticias de otras acciones: no"),
    )


def _message_buttons(view: View, signature: Signature) -> Sequence[Button | Absent]:
    """Returns the buttons for the messages that a signer gets."""
    if signature.is_only_stored:
        return ()
    if signature.muted:
        return (view.button("🔔 Volver a recibir mensajes", Action.UNMUTE),)
    return (
        signature.updates_at_most > 0
        and view.button("No recibir novedades de esta petición", Action.REFUSE_UPDATES),
        signature.news
        and view.button("No recibir noticias de otras acciones", Action.REFUSE_NEWS),
        view.button("🔕 No recibir más mensajes", Action.MUTE),
    )


def _about_consent(words: Words, consent: Record) -> str:
    """Says when a consent was given, for what, and what of it was taken back."""
    purposes = consent["purposes"].split(",")
    ended = {
        of: consent[f"{of}_ended_at"] and seen(words.moment(consent[f"{of}_ended_at"]))
        for of in ("with_name", "updates", "news")
    }
    return lines(
        words.label("Tu consentimiento"),
        words.label(
            "Lo diste el {moment}, por {channel}.",
            moment=seen(words.moment(consent["given_at"])),
            channel=consent["channel"].capitalize(),
        ),
        "signature" in purposes and words.label("Para firmar la petición."),
        NEW_TEXTS in purposes
        and words.label("Para que tu firma valga con los textos que cambiaron después."),
        words.label(
            "Para que tu firma se entregue con tu nombre."
            if consent["with_name"]
            else "Para que tu firma se entregue sin tu nombre."
        ),
        ended["with_name"]
        and words.label(
            "Desde el {moment} no quieres que se entregue tu nombre.", moment=ended["with_name"]
        ),
        "updates" in purposes
        and words.label(
            "Y para recibir novedades de esta petición, {n} como mucho.",
            n=words.number(consent["updates_at_most"]),
        ),
        "news" in purposes and words.label("Y para recibir noticias de otras acciones."),
        "updates" in purposes
        and ended["updates"]
        and words.label(
            "Desde el {moment} no quieres novedades de esta petición.", moment=ended["updates"]
        ),
        "news" in purposes
        and ended["news"]
        and words.label(
            "Desde el {moment} no quieres noticias de otras acciones.", moment=ended["news"]
        ),
        words.label(
            "Versión del texto que aceptaste: {version}",
            version=words.version(consent["text_version"]),
        ),
    )


def receipt(view: View, consents: Sequence[Record]) -> str:
    """Returns a file that proves what somebody consented to, without their name.

    The words stand in it as they are stored, so that their hash can be computed from the file.
    """
    words, number = view.words, view.signature.number if view.signature else 0
    written: list[str] = [
        words.label("Justificante de lo que aceptaste al firmar: {title}", title=view.texts.title),
        words.label("Número de tu firma: {number}", number=words.number(number)),
        words.label(
            "Las palabras están como las guardamos: {name} es el lugar de tu nombre, y las "
            "marcas entre ángulos dan el formato.",
            name="{name}",
        ),
    ]
    for consent in consents:
        exactly = consent["given_at"].isoformat(timespec="seconds")
        about = (
            _about_consent(words, consent),
            words.label("Momento exacto (UTC): {moment}", moment=exactly),
            f"SHA-256: {consent['text_sha256'].hex()}",
            words.label("Las palabras:"),
        )
        written += [lines(*about), consent["text"]]
    return f"{paragraphs(*written)}\n"
