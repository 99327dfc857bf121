"""The screen of /mydata: everything stored of a person; the file has the same in full."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.petition.stages import Action
from bot.text.markup import Html
from bot.text.translations import Words, mark
from handlers.broadcasts.screens.labels import subject_name
from handlers.screens.buttons import Button
from handlers.screens.given_consents import (
    consent_lines,
    left_to_the_file,
    shown_consents,
    with_the_words,
)
from handlers.screens.screen import Screen, lines, paragraphs, sentences
from handlers.screens.supporter_view import View
from handlers.screens.text_versions import version_date
from storage import MOST_ATTEMPTS, Held, Kind, Signature
from storage.personal_data import Record

_LISTED = 10

_OUTCOMES: Mapping[str, str] = {
    "pending": mark("todavía por enviar"),
    "sending": mark("enviándose ahora"),
    "delivered": mark("enviado el {moment}"),
    "unreachable": mark("no se te pudo entregar"),
    "rejected": mark("Telegram no lo aceptó"),
    "forbidden": mark("tus ajustes de Telegram no admiten notas de voz ni de vídeo"),
    "unconfirmed": mark("no sabemos si llegó"),
    "withdrawn": mark("no se te envió"),
}


def my_data(view: View) -> Screen:
    """Shows everything stored of this person (GDPR art. 15)."""
    words, signature, held = view.words, view.signature, view.held or Held()
    shown = shown_consents(held.consents)
    parts = (
        words.text("<b>Lo que guardamos de ti en esta petición</b>"),
        _signed(view, signature, held) if signature else _not_signed(view),
        *(consent_lines(words, consent) for consent in shown),
        left_to_the_file(words, len(held.consents) - len(shown)),
        _messages(view, held),
        _about_the_chat(view, held),
        _as_admin(view, held),
        _encrypted(view, held),
        words.text("Con el botón lo recibes todo en un archivo JSON."),
        signature
        and words.text("El justificante de lo que aceptaste lo tienes en «Otros derechos»."),
    )
    return Screen(
        with_the_words(view, parts, shown),
        [
            Button(words.label("📄 Recibir el archivo"), Action.DATA_FILE),
            *(_signer_buttons(view, signature) if signature else ()),
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
    handed = day and words.text(
        "Tu nombre se entregó el {date}: avisaremos a quien lo recibió de que lo has corregido, y "
        "le diremos el nuevo.",
        date=words.date(day),
    )
    asked = words.text("<b>¿Qué nombre tiene que figurar en tu firma?</b>")
    typed = words.text(
        "Escríbelo en un mensaje, tal como quieras que figure. "
        "Lo borraremos de este chat en cuanto lo recibamos."
    )
    return Screen(
        sentences(now, change, handed),
        [Button(words.label("Volver"), Action.BACK)],
        question=lines(asked, typed),
    )


def other_rights(view: View) -> Screen:
    """Offers to restrict the use of the data (GDPR art. 18), and a code for a letter."""
    words, signature = view.words, view.signature
    number = words.number(signature.number) if signature else "—"
    is_only_stored = signature is not None and signature.is_only_stored
    limits = words.text(
        "El uso de tus datos está limitado: tu firma cuenta, pero sin tu nombre, y no te "
        "escribimos. Con el botón puedes volver atrás."
        if is_only_stored
        else "Puedes limitar el uso de tus datos con el botón: tu firma seguirá contando, pero "
        "sin tu nombre, y no te escribiremos, salvo por una brecha de seguridad. No deshace lo "
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
        words.text("Nombre: {name}", name=signature.name or "—"),
        words.text(
            "Número de registro de tu firma: {number}", number=words.number(signature.number)
        ),
        words.text("Fecha: {date}", date=words.moment(signature.signed_at)),
        _form_time(words, (held.signature or {}).get("form_seconds")),
        words.text("Idioma: {language}", language=view.texts.language_name),
        _source(view, signature.source),
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


def _form_time(words: Words, seconds: int | None) -> Html | None:
    if seconds is None:
        return None
    return words.plural(
        "Tiempo que tardaste en rellenar el formulario: {n} segundo",
        "Tiempo que tardaste en rellenar el formulario: {n} segundos",
        seconds,
    )


def _handed_over(view: View) -> Html | None:
    """Says how the signature is handed over, or was, which can be changed until then."""
    how = view.handed_over
    if how is None or view.handover is None:
        return how
    return sentences(how, view.words.text("Ya no se puede cambiar."))


def _encrypted(view: View, held: Held) -> Html | None:
    words, name = view.words, view.conversation.name
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
    return words.text("Te escribiremos para contarte cómo termina la petición.")


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
        "Tu firma cuenta, pero sin tu nombre, y no te escribimos. Para volver atrás, pulsa «Otros "
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
            else "No guardamos ninguna firma tuya. Las firmas cuyo plazo ha terminado ya se han "
            "borrado y siguen contadas: si firmaste hace tiempo, la tuya es una de ellas, salvo "
            "que la retiraras o que ya no contara."
        ),
        conversation.name
        and words.text("Nombre escrito, todavía sin firmar: {name}", name=conversation.name),
        _chosen_name(words, conversation.with_name),
        conversation.name and _choices(words, updates_at_most, news=conversation.news),
        words.text("Idioma: {language}", language=view.texts.language_name),
        _source(view, conversation.source),
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


def _source(view: View, source: str | None) -> Html | None:
    return view.words.text("Cómo llegaste: {source}", source=source) if source else None


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


def _messages(view: View, held: Held) -> Html | None:
    """Lists the broadcasts to this signer, newest first; None without a signature."""
    words, newest = view.words, held.deliveries[::-1]
    if view.signature is None:
        return None
    return lines(
        words.text("<b>Mensajes a quienes firmaron</b>"),
        *(_message(words, delivery) for delivery in newest[:_LISTED]),
        not newest and words.text("Todavía ninguno."),
        left_to_the_file(words, len(newest) - _LISTED),
    )


def _message(words: Words, delivery: Record) -> Html:
    outcome = words.text(_OUTCOMES[delivery["state"]], moment=words.moment(delivery["updated_at"]))
    subject = subject_name(words, Kind(delivery["kind"]))
    line = words.text("• {subject}: {outcome}", subject=subject, outcome=outcome)
    taken_back = delivery["recall_outcome"] == "deleted"
    return Html(f"{line}, {words.text('y borrado después')}") if taken_back else line


def _about_the_chat(view: View, held: Held) -> Html | None:
    words, row = view.words, held.conversation
    if row is None:
        return None
    return lines(
        words.text("<b>También guardamos, para que este chat funcione</b>"),
        view.signature
        and words.text("El identificador de tu chat de Telegram, para poder escribirte."),
        words.text(
            "En qué pantalla estás, y cuándo fue tu último paso: {moment}.",
            moment=words.moment(row["updated_at"]),
        ),
        words.text(
            "Los números de los mensajes de este chat que habrá que cambiar o borrar, y dos "
            "códigos: uno para reconocerte, otro para saber qué pantalla ves."
        ),
        held.files
        and words.text(
            "El identificador de tu chat y el número del archivo que te enviamos, para poder "
            "borrarlo de aquí."
        ),
    )


def _as_admin(view: View, held: Held) -> Html | None:
    words, written = view.words, (*held.closing_texts, *held.publications)
    done = (held.draft, held.admin_name, held.menus, held.broadcasts, held.deeds, held.awaited)
    if not (any(done) or written):
        return None
    return lines(
        words.text("<b>Porque administras la petición</b>"),
        words.plural(
            "Lo que has hecho, con su fecha: {n} anotación.",
            "Lo que has hecho, con su fecha: {n} anotaciones.",
            len(held.deeds),
        ),
        words.text(
            "Envíos en los que has intervenido: {n}.", n=words.number(len(held.broadcasts))
        ),
        held.admin_name
        and words.text(
            "Tu nombre en Telegram, para que las demás personas que administran la petición "
            "sepan quién eres: {name}",
            name=held.admin_name["name"] or "—",
        ),
        held.draft and words.text("El mensaje que estás preparando."),
        written and words.text("Lo que has escrito o publicado sobre cómo terminó."),
        held.awaited and words.text("Qué texto te pidió el bot con /closing."),
        held.menus and words.text("El menú de comandos que te mostramos."),
    )


def _signer_buttons(view: View, signature: Signature) -> Iterator[Button]:
    """Yields a button for each right of a signer that they can use now."""
    words, is_used = view.words, not signature.is_only_stored
    yield Button(words.label("Corregir mi nombre"), Action.CORRECT_NAME)
    # Of data that may only be stored the name is not used, whatever was chosen.
    if is_used and view.handover is None:
        yield (
            Button(words.label("Entregar mi firma sin mi nombre"), Action.REMOVE_NAME)
            if signature.with_name
            else Button(words.label("Entregar mi firma con mi nombre"), Action.ASK_NAME_CONSENT)
        )
    yield Button(words.label("Otros derechos"), Action.OTHER_RIGHTS)
    if is_used and not signature.muted and signature.updates_at_most:
        yield Button(words.label("No recibir novedades de esta petición"), Action.REFUSE_UPDATES)
    if is_used and not signature.muted and signature.news:
        yield Button(words.label("No recibir noticias de otras acciones"), Action.REFUSE_NEWS)
    if is_used:
        yield (
            Button(words.label("🔔 Volver a recibir mensajes"), Action.UNMUTE)
            if signature.muted
            else Button(words.label("🔕 No recibir más mensajes"), Action.MUTE)
        )
    yield Button(words.label("Retirar mi firma"), Action.WITHDRAW)
