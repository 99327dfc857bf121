"""The screens that show the petition: home in its three forms, and the appeal."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from zoneinfo import ZoneInfo

from bot.petition.goals import bar, next_goal
from bot.petition.outcome import OutcomeEntry, outcome_in
from bot.petition.retention_days import day_of, erased_on
from bot.petition.stages import Action, expects_name
from bot.text.translations import Words, mark
from handlers.screens.buttons import Button, Style
from handlers.screens.screen import Screen, lines, paragraphs, sentences
from handlers.screens.supporter_view import View
from handlers.screens.text_versions import change_to_answer
from storage.closing_texts import ClosingTextKind
from storage.handovers import Handover
from storage.signatures import Signature
from telegram_text.markup import Html, fill, time_tag

_BAR_WIDTH = 12

_ENTRY_HEADINGS: Mapping[ClosingTextKind, str] = {
    ClosingTextKind.DELIVERED: mark("<b>{date}: entrega de las firmas</b>"),
    ClosingTextKind.ANSWERED: mark("<b>{date}: respuesta a la petición</b>"),
    ClosingTextKind.DECIDED: mark("<b>{date}: decisión</b>"),
}


def home(view: View) -> Screen:
    """Returns the home screen: for a closed petition, for a signer, or the welcome."""
    if view.petition_state.is_closed:
        return _closed(view)
    return _welcome(view) if view.signature is None else _signed(view, view.signature)


def appeal(view: View) -> Screen:
    """Shows one page of the appeal."""
    pages, page = view.texts.appeal, view.place.page
    words = view.words
    number = words.text("Página {page} de {pages}", page=page + 1, pages=len(pages))
    heading = words.text("El llamamiento, tal como estaba antes del cierre")
    text = paragraphs(
        f"<i>{heading}</i>" if view.petition_state.is_closed else None,
        f"<b>{view.texts.title}</b>",
        pages[page],
        f"<i>{number}</i>",
    )
    may_sign = not view.petition_state.is_closed and view.signature is None
    return Screen(
        text,
        [
            page_buttons(view, Action.READ, page, len(pages)),
            *(sign_buttons(view) if may_sign else ()),
            Button(words.label("Volver"), Action.HOME),
        ],
    )


def page_buttons(view: View, action: Action, page: int, pages: int) -> tuple[Button | None, ...]:
    """Returns the buttons to the previous and next page, as far as there are any."""
    back = Button(view.words.label("‹ Anterior"), action, str(page - 1))
    onward = Button(view.words.label("Siguiente ›"), action, str(page + 1))
    return (back if page > 0 else None, onward if page + 1 < pages else None)


def sign_buttons(view: View) -> tuple[Button | None, ...]:
    """Returns the buttons that open the signing form: the first choice is about the name."""
    words, only = view.words, view.petition.with_name
    named = words.label("✍️ Firmar con mi nombre")
    unnamed = words.label("✍️ Firmar sin dar mi nombre")
    return (
        None if only is False else Button(named, Action.WITH_NAME, style=Style.SIGN),
        None if only else Button(unnamed, Action.WITHOUT_NAME, style=Style.SIGN),
    )


def share_buttons(view: View) -> tuple[Button, ...]:
    """Returns the buttons that open Telegram's sharing dialog and copy the link."""
    return (
        Button(view.words.label("📣 Compartir"), url=view.share_url),
        Button(view.words.label("🔗 Copiar el enlace"), copied=view.share_link),
    )


def have_signed(words: Words, count: int) -> Html:
    """Says how many have signed."""
    return words.plural(
        "<b>{n}</b> persona ha firmado.", "<b>{n}</b> personas han firmado.", count
    )


def signature_count(view: View) -> Html:
    """Says how many have signed and how far the next goal is."""
    words = view.words
    if view.count == 0:
        return words.text("Todavía no ha firmado nadie: puedes ser la primera persona.")
    signed = have_signed(words, view.count)
    goal = next_goal(view.count, view.petition.goals)
    said = words.text(
        "Meta alcanzada: {goal}" if view.count >= goal else "Próxima meta: {goal}",
        goal=words.number(goal),
    )
    return Html(f"{signed}\n{bar(view.count, goal, _BAR_WIDTH)}  {said}")


def _closing_date(view: View) -> Html | None:
    words, closes_at = view.words, view.petition_state.closes_at
    if closes_at is None:
        return None
    return words.text("Se puede firmar hasta el {moment}.", moment=words.moment(closes_at))


def _welcome(view: View) -> Screen:
    words = view.words
    addressee = view.petition.addressee[view.language]
    text = paragraphs(
        f"<b>{view.texts.title}</b>",
        view.texts.summary,
        lines(
            words.text("<b>Se lo pedimos a:</b> {addressee}", addressee=addressee),
            signature_count(view),
            _closing_date(view),
        ),
        # Some may have signed so long ago that the bot does not know it any more.
        view.petition_state.erased_at is not None
        and words.text(
            "Las firmas cuyo plazo ha acabado ya se han borrado y siguen contadas. Si firmaste "
            "hace tiempo y aquí no consta, la tuya es una de ellas, salvo que la retiraras o que "
            "ya no contara: no hace falta que firmes otra vez."
        ),
    )
    offers_both = view.petition.with_name is None
    return Screen(
        text,
        [*sign_buttons(view), _read_button(view), _foot(view)],
        words.text("Las dos formas cuentan igual.") if offers_both else None,
    )


def _signed(view: View, signature: Signature) -> Screen:
    words = view.words
    mine = words.text(
        "<b>Ya has firmado. Gracias.</b> Firmaste el {date}.",
        date=time_tag(words.date(signature.signed_at), signature.signed_at, "D"),
    )
    promise = (
        words.text(
            "El uso de tus datos está limitado y no te escribiremos. Aquí podrás ver cómo acaba "
            "la petición; para volver atrás, entra en /mydata."
        )
        if signature.is_only_stored
        else words.text(
            "Pediste que no te escribiéramos. Aquí podrás ver cómo acaba la petición; si "
            "prefieres que te lo contemos, cámbialo en /mydata."
        )
        if signature.muted
        else None
        if signature.was_told or not signature.is_counted
        else words.text("Cuando se sepa cómo ha acabado, te lo contaremos en este chat.")
    )
    text = paragraphs(
        f"<b>{view.texts.title}</b>",
        sentences(mine, view.handed_over),
        lines(signature_count(view), _closing_date(view)),
        promise,
        _changed_texts(view),
    )
    below = (share_buttons(view), _read_button(view), _foot(view), _withdraw_button(view))
    return Screen(text, [_answer_button(view), *below])


def _changed_texts(view: View) -> Html | None:
    """Tells people who are asked again what changed, and that they need not answer."""
    if view.signature is None or not view.asked_again:
        return None
    words = view.words
    change = change_to_answer(view.petition, view.signature.text_version, view.language)
    changed = words.text(
        "<b>Los textos han cambiado desde que firmaste.</b> {change}", change=change or ""
    )
    return sentences(changed, words.text("Tu firma vale igual, aunque no contestes."))


def _answer_button(view: View) -> Button | None:
    answer = Button(view.words.label("Leer y decidir"), Action.NEW_TEXTS)
    return answer if view.asked_again else None


def _closed(view: View) -> Screen:
    words, signature = view.words, view.signature
    counted = {"count": words.number(view.count), "people": words.people(view.count)}
    mine = words.text("Tú también firmaste. Gracias.") if signature else None
    text = paragraphs(
        f"<b>{view.texts.title}</b>",
        fill(view.texts.closed, **counted),
        mine and sentences(mine, view.handed_over),
        *_outcome(view, counted),
        _kept_until(view),
        _changed_texts(view),
        # For somebody whose form the closing took away. Part of the screen, so that it is still
        # there after a second tap, and when the screen is drawn later.
        expects_name(view.place)
        and words.text(
            "<b>No has firmado: la petición se cerró antes.</b> No hemos guardado ningún nombre."
        ),
    )
    withdraw = _withdraw_button(view) if signature else None
    return Screen(text, [_answer_button(view), _read_button(view), _foot(view), withdraw])


def _kept_until(view: View) -> Html | None:
    """Says when the reader's signature, or all of them, are erased, or that they were."""
    words, state, signature = view.words, view.petition_state, view.signature
    if state.closed_at is None or view.count == 0:
        return None
    if signature is None and state.erased_at is not None:
        return words.text(
            "Las firmas cuyo plazo ha acabado ya se han borrado y siguen contadas. Si firmaste "
            "y aquí no consta, la tuya es una de ellas, salvo que la retiraras o que ya no "
            "contara."
            if view.any_left
            else "Ya no guardamos ninguna firma: el {day} se borraron las últimas, y solo queda "
            "cuántas fueron. Si firmaste, la tuya está entre ellas, salvo que la retiraras o que "
            "ya no contara.",
            day=words.date(state.erased_at),
        )
    retention = view.petition.retention
    at = signature.signed_at if signature else state.closed_at
    signed_on = day_of(at, ZoneInfo(view.petition.time_zone))
    delivery = view.handover.handed_over_on if view.handover else None
    day, at_most = erased_on(retention, signed_on, delivery), erased_on(retention, signed_on, None)
    if day <= view.today and signature is None:
        return None
    if day <= view.today:
        return words.text("El plazo para guardar tu firma ha acabado: se borrará pronto.")
    if signature is not None:
        return words.text(
            "Tu firma se borrará, como muy tarde, el {day}, y seguirá contada."
            if day == at_most
            else "Tu firma se borrará a partir del {day} y seguirá contada.",
            day=words.date(day),
        )
    return words.text(
        "Las firmas se borrarán, como muy tarde, el {day}, y seguirán contadas."
        if day == at_most
        else "Las firmas se borrarán a partir del {day} y seguirán contadas.",
        day=words.date(day),
    )


def _outcome(view: View, counted: Mapping[str, str]) -> list[Html]:
    """Returns the closing update and what followed it, in order of time.

    A handover that was recorded stands above what an admin has written of it, under its day.
    """
    told = outcome_in(view.petition, view.closing_texts, view.language)
    written: list[OutcomeEntry] = []
    dated = []
    if (handover := view.handover) is not None:
        written = [each for each in told.entries if each.kind is ClosingTextKind.DELIVERED][:1]
        handed_over = lines(
            _handover_text(view, handover), *(fill(each.text, **counted) for each in written)
        )
        dated.append((handover.handed_over_on, handed_over))
    for each in told.entries:
        if each not in written:
            heading = view.words.text(_ENTRY_HEADINGS[each.kind], date=view.words.date(each.day))
            dated.append((each.day, lines(heading, fill(each.text, **counted))))
    update = [fill(told.closing_update, **counted)] if told.closing_update else []
    return [*update, *(text for _, text in sorted(dated, key=itemgetter(0)))]


def _handover_text(view: View, handover: Handover) -> Html:
    """Returns what was handed over, under its day."""
    words, addressee = view.words, view.petition.addressee[view.language]
    heading = words.text(
        _ENTRY_HEADINGS[ClosingTextKind.DELIVERED], date=words.date(handover.handed_over_on)
    )
    if handover.with_name == 0:
        what = words.plural(
            "Se comunicó a {addressee} que había firmado {n} persona, sin ningún nombre.",
            "Se comunicó a {addressee} que habían firmado {n} personas, sin ningún nombre.",
            handover.signatures,
            addressee=addressee,
        )
    elif handover.without_name == 0:
        what = words.plural(
            "Se entregó {n} firma, con su nombre, a {addressee}.",
            "Se entregaron {n} firmas, con sus nombres, a {addressee}.",
            handover.signatures,
            addressee=addressee,
        )
    else:
        what = words.text(
            "Se entregaron {n} firmas, {with_name} con nombre y {without_name} sin él, a "
            "{addressee}.",
            n=words.number(handover.signatures),
            with_name=words.number(handover.with_name),
            without_name=words.number(handover.without_name),
            addressee=addressee,
        )
    return Html(f"{heading}\n{what}")


def _read_button(view: View) -> Button:
    return Button(view.words.label("📖 Leer el llamamiento"), Action.READ)


def _withdraw_button(view: View) -> Button:
    return Button(view.words.label("Retirar mi firma"), Action.WITHDRAW)


def _foot(view: View) -> Sequence[Button | None]:
    language = Button(view.words.label("🌐 Idioma · Language"), Action.LANGUAGES)
    return (
        language if len(view.petition.languages) > 1 else None,
        Button(view.words.label("🔒 Privacidad"), Action.PRIVACY),
    )
