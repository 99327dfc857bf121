"""The screen of /mydata: the name, the choice and what can be done; the rest is in the file.

And the receipt for the consents that somebody gave.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.petition.stages import Action
from bot.text.translations import Words
from handlers.screens.buttons import Button
from handlers.screens.screen import Screen, lines, paragraphs, sentences
from handlers.screens.signing import typed_name
from handlers.screens.supporter_view import View
from handlers.screens.text_versions import version_date
from storage.consents import NEW_TEXTS
from storage.person_requests import MOST_ATTEMPTS
from storage.personal_data import Held, Record
from storage.signatures import Signature
from telegram_text.markup import Html, parse


def my_data(view: View) -> Screen:
    """Shows what somebody chose, and leads to everything that is stored (GDPR art. 15)."""
    words, signature, held = view.words, view.signature, view.held or Held()
    messages = _message_buttons(words, signature) if signature else ()
    return Screen(
        paragraphs(
            words.text("<b>Lo que guardamos de ti en esta petición</b>"),
            _signed(view, signature, held) if signature else _not_signed(view),
            _in_the_file(view, held),
            _encrypted(view, held),
            signature is not None
            and words.text("El justificante de lo que aceptaste lo tienes en «Otros derechos»."),
        ),
        [
            *(_signature_buttons(view, signature) if signature else ()),
            Button(words.label("📄 Recibir el archivo"), Action.DATA_FILE),
            Button(words.label("Otros derechos"), Action.OTHER_RIGHTS) if signature else None,
            *messages,
            Button(words.label("Volver"), Action.BACK),
        ],
    )


def new_name(view: View) -> Screen:
    """Asks for the name that a signature is to have from now on (GDPR art. 16)."""
    words, name = view.words, view.signature.name if view.signature else ""
    now = words.text("Tu firma lleva el nombre «{name}».", name=name) if name else None
    change = words.text(
        "Si lo cambias, ese nombre se borra. El número, la fecha y tu consentimiento no cambian."
    )
    day = view.name_handed_over_on
    handed = day is not None and words.text(
        "Tu nombre se entregó el {date}: avisaremos a quien lo recibió de que lo has corregido, y "
        "le diremos el nuevo.",
        date=words.date(day),
    )
    asked = words.text("<b>¿Qué nombre tiene que figurar en tu firma?</b>")
    return Screen(
        sentences(now, change, handed),
        [Button(words.label("Volver"), Action.BACK)],
        question=lines(asked, typed_name(words)),
    )


def other_rights(view: View) -> Screen:
    """Offers to restrict the use of the data (GDPR art. 18), and a code for a letter."""
    words, signature = view.words, view.signature
    number = words.number(signature.number) if signature else "—"
    is_only_stored = signature is not None and signature.is_only_stored
    limits = words.text(
        "El uso de tus datos está limitado: tu firma cuenta, sin nombre, y no te "
        "escribimos. Con el botón puedes volver atrás."
        if is_only_stored
        else "Puedes limitar el uso de tus datos con el botón: tu firma seguirá contando, "
        "sin nombre, y no te escribiremos, salvo por una brecha de seguridad. No deshace lo "
        "que ya se haya entregado."
    )
    letter = words.text(
        "Para rectificar otros datos, suprimirlos u oponerte a su uso, escríbenos: {contact}\n"
        "Pon el número de tu firma, que es el {number}, y un código que te damos aquí. Así "
        "sabremos que la firma es tuya. No lo pongas en ningún otro sitio.",
        contact=view.petition.contact,
        number=number,
    )
    proof = words.text(
        "También puedes recibir un justificante de lo que aceptaste, sin tu nombre: las palabras "
        "exactas, su versión, su huella SHA-256 y cuándo fue."
    )
    return Screen(
        paragraphs(words.text("<b>Otros derechos</b>"), limits, letter, proof),
        [
            Button(words.label("🧾 Recibir el justificante"), Action.RECEIPT),
            Button(words.label("🔑 Pedir un código"), Action.LETTER_CODE),
            Button(words.label("Volver a permitir el uso de mis datos"), Action.LIFT)
            if is_only_stored
            else Button(words.label("Limitar el uso de mis datos"), Action.RESTRICT),
            Button(words.label("Volver"), Action.BACK),
        ],
    )


def _signed(view: View, signature: Signature, held: Held) -> Html:
    words, lost = view.words, (held.signature or {}).get("unreachable_at")
    is_final = view.handed_over is not None and view.handover is not None and view.is_counted
    return lines(
        words.text("Nombre: {name}", name=signature.name or "—")
        if signature.with_name
        else words.text("Nombre: no guardamos ninguno."),
        # Of one that is not counted that would contradict that it is looked at again.
        sentences(view.handed_over, is_final and words.text("Ya no se puede cambiar.")),
        _choices(words, signature.updates_at_most, news=signature.news),
        _silence(view, signature, held),
        lost
        and words.text(
            "Desde el {moment}, Telegram no nos deja escribirte.", moment=words.moment(lost)
        ),
        _letter_code(words, held.letter_code, view.now),
        signature.kept_version
        and words.text(
            "Cuando se te preguntó por los textos del {date}, preferiste mantener los que "
            "firmaste.",
            date=version_date(words, signature.kept_version),
        ),
    )


def _letter_code(words: Words, code: Record | None, now: datetime) -> Html | None:
    if code is None:
        return None
    if code["used_at"] is not None:
        return words.text(
            "El código que pediste para escribirnos se usó el {moment}.",
            moment=words.moment(code["used_at"]),
        )
    if code["attempts"] >= MOST_ATTEMPTS:
        return words.text(
            "El código que pediste para escribirnos ya no sirve: alguien escribió varios que no "
            "eran. Puedes pedir otro."
        )
    return words.text(
        "Pediste un código para escribirnos, que sirve hasta el {date}."
        if code["ends_at"] > now
        else "El código que pediste para escribirnos sirvió hasta el {date}. Puedes pedir otro.",
        date=words.date(code["ends_at"]),
    )


def _encrypted(view: View, held: Held) -> Html | None:
    words, name = view.words, view.conversation.name
    if view.signature is not None:
        return words.text(
            "Tu nombre y el identificador de tu chat se guardan cifrados."
            if view.signature.with_name
            else "El identificador de tu chat se guarda cifrado."
        )
    if name:
        return words.text(
            "El nombre escrito y el identificador de tu chat se guardan cifrados."
            if held.files
            else "El nombre escrito se guarda cifrado."
        )
    return words.text("El identificador de tu chat se guarda cifrado.") if held.files else None


def _silence(view: View, signature: Signature, held: Held) -> Html | None:
    words, since = view.words, (held.signature or {}).get("muted_at")
    muted = since and words.text(
        "Pediste que no te escribiéramos, el {moment}.", moment=words.moment(since)
    )
    if signature.is_only_stored:
        return lines(muted, _only_stored(words, signature))
    if muted or not signature.is_counted or signature.was_told:
        return muted
    return words.text("Te escribiremos para contarte cómo acaba la petición.")


def _only_stored(words: Words, signature: Signature) -> Html:
    """Says since when the use is restricted or objected to, what that means and how to undo it."""
    since = words.text(
        "Te opusiste al uso de tus datos el {moment}."
        if signature.objected_at
        else "El uso de tus datos está limitado desde el {moment}.",
        moment=words.moment(
            signature.objected_at or signature.restricted_at or signature.signed_at
        ),
    )
    means = words.text(
        "Tu firma cuenta, sin nombre, y no te escribimos. Para volver atrás, pulsa «Otros "
        "derechos»."
    )
    return sentences(since, means)


def _not_signed(view: View) -> Html:
    words, conversation = view.words, view.conversation
    updates_at_most = view.petition.updates_at_most if conversation.updates else 0
    chosen = conversation.with_name is not None
    return lines(
        words.text(
            "No has firmado esta petición."
            if view.petition_state.erased_at is None
            else "No guardamos ninguna firma tuya. Las firmas cuyo plazo ha acabado ya se han "
            "borrado y siguen contadas: si firmaste hace tiempo, la tuya es una de ellas, salvo "
            "que la retiraras o que ya no contara."
        ),
        conversation.name
        and words.text("Nombre escrito, todavía sin firmar: {name}", name=conversation.name),
        chosen
        and words.text(
            "Has elegido, todavía sin firmar: con tu nombre."
            if conversation.with_name
            else "Has elegido, todavía sin firmar: sin tu nombre."
        ),
        chosen and _choices(words, updates_at_most, news=conversation.news),
    )


def _choices(words: Words, updates_at_most: int, *, news: bool) -> Html:
    """Says what is sent besides the closing update."""
    return lines(
        words.text(
            "Novedades de esta petición: sí, {n} como mucho", n=words.number(updates_at_most)
        )
        if updates_at_most
        else words.text("Novedades de esta petición: no"),
        words.text(
            "Noticias de otras acciones: sí" if news else "Noticias de otras acciones: no",
        ),
    )


def _in_the_file(view: View, held: Held) -> Html:
    """Says what stands in the file alone."""
    words = view.words
    rest = words.text(
        "Todo lo demás está en el archivo JSON que recibes con el botón: el número y "
        "la fecha de tu firma, las palabras que aceptaste, los mensajes que te hemos enviado y lo "
        "que hace falta para que este chat funcione."
        if view.signature is not None
        else "Todo lo demás está en el archivo JSON que recibes con el botón: es lo que hace "
        "falta para que este chat funcione."
    )
    as_admin = words.text("Ahí está también lo que guardamos porque administras la petición.")
    return sentences(rest, bool(held.as_admin) and as_admin)


def _signature_buttons(view: View, signature: Signature) -> Iterator[Button]:
    """Yields the buttons for the name and the signature that can be used now."""
    words = view.words
    if signature.with_name:
        yield Button(words.label("Corregir mi nombre"), Action.CORRECT_NAME)
        if view.handover is None:
            yield Button(words.label("Borrar mi nombre de la firma"), Action.REMOVE_NAME)
    if view.may_give_name:
        yield Button(words.label("Entregar mi firma con mi nombre"), Action.ASK_NAME_CONSENT)
    yield Button(words.label("Retirar mi firma"), Action.WITHDRAW)


def _message_buttons(words: Words, signature: Signature) -> Iterator[Button]:
    """Yields the buttons for the messages that a signer gets."""
    if signature.is_only_stored:
        return
    if not signature.muted and signature.updates_at_most:
        yield Button(words.label("No recibir novedades de esta petición"), Action.REFUSE_UPDATES)
    if not signature.muted and signature.news:
        yield Button(words.label("No recibir noticias de otras acciones"), Action.REFUSE_NEWS)
    yield (
        Button(words.label("🔔 Volver a recibir mensajes"), Action.UNMUTE)
        if signature.muted
        else Button(words.label("🔕 No recibir más mensajes"), Action.MUTE)
    )


def _consent_lines(words: Words, consent: Record) -> Html:
    """Says when a consent was given, for what, and what of it was taken back."""
    purposes, name_ended = consent["purposes"].split(","), consent["with_name_ended_at"]
    updates_ended, news_ended = consent["updates_ended_at"], consent["news_ended_at"]
    return lines(
        words.text("<b>Tu consentimiento</b>"),
        words.text(
            "Lo diste el {moment}, por {channel}.",
            moment=words.moment(consent["given_at"]),
            channel=consent["channel"].capitalize(),
        ),
        "signature" in purposes and words.text("Para firmar la petición."),
        NEW_TEXTS in purposes
        and words.text("Para que tu firma valga con los textos que cambiaron después."),
        words.text("Para que tu firma se entregue con tu nombre.")
        if consent["with_name"]
        else words.text("Para que tu firma se entregue sin tu nombre."),
        name_ended
        and words.text(
            "Desde el {moment} no quieres que se entregue tu nombre.",
            moment=words.moment(name_ended),
        ),
        "updates" in purposes
        and words.text(
            "Y para recibir novedades de esta petición, {n} como mucho.",
            n=words.number(consent["updates_at_most"]),
        ),
        "news" in purposes and words.text("Y para recibir noticias de otras acciones."),
        "updates" in purposes
        and updates_ended
        and words.text(
            "Desde el {moment} no quieres novedades de esta petición.",
            moment=words.moment(updates_ended),
        ),
        "news" in purposes
        and news_ended
        and words.text(
            "Desde el {moment} no quieres noticias de otras acciones.",
            moment=words.moment(news_ended),
        ),
        words.text(
            "Versión del texto que aceptaste: {version}",
            version=version_date(words, consent["text_version"]),
        ),
    )


def receipt(view: View, consents: Sequence[Record], file_name: str) -> str:
    """Returns a file that proves what somebody consented to, without their name.

    The words stand in it as they are stored, so that their hash can be computed from the file.
    """
    words, number = view.words, view.signature.number if view.signature else 0
    written: str = paragraphs(
        words.label("Justificante de lo que aceptaste al firmar: {title}", title=view.texts.title),
        words.label("Número de tu firma: {number}", number=words.number(number)),
        words.label(
            "Las palabras están como las guardamos: {name} es el lugar de tu nombre, y las "
            "marcas entre ángulos dan el formato.",
            name="{name}",
        ),
    )
    for consent in consents:
        about, sha256 = parse(_consent_lines(words, consent)).text, consent["text_sha256"].hex()
        # The lines before the words: what is written, an empty one, about it, and six more.
        first = written.count("\n") + about.count("\n") + 10
        last = first + consent["text"].count("\n")
        written = "\n".join(
            (
                written,
                "",
                about,
                words.label(
                    "Momento exacto (UTC): {moment}",
                    moment=consent["given_at"].isoformat(timespec="seconds"),
                ),
                f"SHA-256: {sha256}",
                words.label("Para comprobarlo en una terminal, donde esté este archivo:"),
                f'printf %s "$(sed -n {first},{last}p {file_name})" | sha256sum',
                words.label("Las palabras:"),
                "",
                consent["text"],
            )
        )
    return f"{written}\n"
