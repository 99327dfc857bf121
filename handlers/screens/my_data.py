"""The screen of /mydata: the name, the choice and what can be done; the rest is in the file."""

from collections.abc import Iterator
from datetime import datetime

from bot.petition.stages import Action
from bot.text.translations import Words
from handlers.screens.buttons import Button
from handlers.screens.screen import Screen, lines, paragraphs, sentences
from handlers.screens.signing import typed_name
from handlers.screens.supporter_view import View
from handlers.screens.text_versions import version_date
from storage.person_requests import MOST_ATTEMPTS
from storage.personal_data import Held, Record
from storage.signatures import Signature
from telegram_text.markup import Html


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
    return lines(
        words.text("Nombre: {name}", name=signature.name or "—")
        if signature.with_name
        else words.text("Nombre: no guardamos ninguno."),
        _handed_over(view),
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


def _handed_over(view: View) -> Html | None:
    """Says how the signature is handed over, or was, which can be changed until then.

    Of one that is not counted that would contradict that it is looked at again.
    """
    how = view.handed_over
    if how is None or view.handover is None or not view.is_counted:
        return how
    return sentences(how, view.words.text("Ya no se puede cambiar."))


def _encrypted(view: View, held: Held) -> Html | None:
    words, name = view.words, view.conversation.name
    if view.signature is not None and not view.signature.with_name:
        return words.text("El identificador de tu chat se guarda cifrado.")
    if view.signature is not None:
        return words.text("Tu nombre y el identificador de tu chat se guardan cifrados.")
    if name and held.files:
        return words.text("El nombre escrito y el identificador de tu chat se guardan cifrados.")
    if name:
        return words.text("El nombre escrito se guarda cifrado.")
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
        _chosen_name(words, conversation.with_name),
        conversation.with_name is not None
        and _choices(words, updates_at_most, news=conversation.news),
    )


def _chosen_name(words: Words, with_name: bool | None) -> Html | None:
    """Says what the form has about the name, before it is signed."""
    if with_name is None:
        return None
    return words.text(
        "Has elegido, todavía sin firmar: con tu nombre."
        if with_name
        else "Has elegido, todavía sin firmar: sin tu nombre."
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
            "Noticias de otras acciones: {news}",
            news=words.text("sí" if news else "no"),
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
