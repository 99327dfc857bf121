"""The screens that show the petition: home in its three forms, and the appeal."""

from collections.abc import Mapping, Sequence
from datetime import date
from operator import itemgetter
from urllib.parse import quote, urlencode

from bot.petition.counts import bar, next_goal
from bot.petition.outcome import OutcomeEntry, outcome_in
from bot.petition.retention_days import day_of, erased_on
from bot.petition.stages import Action, expects_name
from bot.text.translations import Words, mark
from handlers.screens.buttons import Button, Style
from handlers.screens.screen import Absent, Screen, lines, sentences
from handlers.screens.supporter_view import View, change_to_answer
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
    pages, page, is_closed = view.texts.appeal, view.place.page, view.petition_state.is_closed
    may_sign = not is_closed and view.signature is None
    return Screen.of(
        is_closed and view.text("<i>El llamamiento, tal como estaba antes del cierre</i>"),
        f"<b>{view.texts.title}</b>",
        pages[page],
        page_number(view, page, len(pages)),
        buttons=[
            page_buttons(view, Action.READ, page, len(pages)),
            *(sign_buttons(view) if may_sign else ()),
            view.button("Volver", Action.HOME),
        ],
    )


def page_number(view: View, page: int, pages: int) -> Html:
    """Says which page it is, of how many."""
    return view.text("<i>Página {page} de {pages}</i>", page=page + 1, pages=pages)


def page_buttons(view: View, action: Action, page: int, pages: int) -> tuple[Button | Absent, ...]:
    """Returns the buttons to the previous and next page, as far as there are any."""
    return (
        page > 0 and view.button("‹ Anterior", action, str(page - 1)),
        page + 1 < pages and view.button("Siguiente ›", action, str(page + 1)),
    )


def sign_buttons(view: View) -> tuple[Button | Absent, ...]:
    """Returns the buttons that open the signing form: the first choice is about the name."""
    only, named, unnamed = view.petition.with_name, Action.WITH_NAME, Action.WITHOUT_NAME
    return (
        only is not False and view.button("✍️ Firmar con mi nombre", named, style=Style.SIGN),
        not only and view.button("✍️ Firmar sin dar mi nombre", unnamed, style=Style.SIGN),
    )


def share_buttons(view: View) -> tuple[Button, ...]:
    """Returns the buttons that open Telegram's sharing dialog and copy the link."""
    link = f"https://t.me/{view.bot_username}?start=share"
    query = urlencode({"url": link, "text": view.texts.share}, quote_via=quote)
    return (
        Button(view.words.label("📣 Compartir"), url=f"https://t.me/share/url?{query}"),
        Button(view.words.label("🔗 Copiar el enlace"), copied=link),
    )


def have_signed(words: Words, count: int) -> Html:
    """Says how many have signed."""
    return words.plural(
        "<b>{n}</b> persona ha firmado.", "<b>{n}</b> personas han firmado.", count
    )


def _progress(view: View) -> Html:
    """Says how many have signed, how far the next goal is, and until when one can sign."""
    words, count, closes_at = view.words, view.count, view.petition_state.closes_at
    goal = next_goal(count, view.petition.goals)
    to_the_goal = view.text(
        "Meta alcanzada: {goal}" if count >= goal else "Próxima meta: {goal}",
        goal=words.number(goal),
    )
    return lines(
        have_signed(words, count)
        if count
        else view.text("Todavía no hay firmas: pon tú la primera."),
        count and f"{bar(count, goal, _BAR_WIDTH)}  {to_the_goal}",
        closes_at is not None
        and view.text("Se puede firmar hasta el {moment}.", moment=words.moment(closes_at)),
    )


def _welcome(view: View) -> Screen:
    addressee = view.petition.addressee[view.language]
    return Screen.of(
        f"<b>{view.texts.title}</b>",
        view.texts.summary,
        lines(
            view.text("<b>Se lo pedimos a:</b> {addressee}", addressee=addressee), _progress(view)
        ),
        # Some may have signed so long ago that the bot does not know it any more.
        view.petition_state.erased_at is not None
        and view.text(
            "Las firmas cuyo plazo ha vencido ya se han borrado y siguen contadas. Si firmaste "
            "hace tiempo y aquí no consta, la tuya es una de ellas, salvo que la retiraras o que "
            "se hubiera anulado: no hace falta que firmes otra vez."
        ),
        question=view.text("Tu firma cuenta igual de las dos formas.")
        if view.petition.with_name is None
        else None,
        buttons=[*sign_buttons(view), _read_button(view), _foot(view)],
    )


def _signed(view: View, signature: Signature) -> Screen:
    signed_at = signature.signed_at
    return Screen.of(
        f"<b>{view.texts.title}</b>",
        sentences(
            view.text(
                "<b>Ya has firmado. Gracias.</b> Firmaste el {date}.",
                date=time_tag(view.words.date(signed_at), signed_at, "D"),
            ),
            view.handed_over,
        ),
        _progress(view),
        view.text(
            "El uso de tus datos está limitado y no te escribiremos. Aquí podrás ver cómo termina "
            "la petición; para volver atrás, entra en /mydata."
            if signature.is_only_stored
            else "Pediste que no te escribiéramos. Aquí podrás ver cómo termina la petición; si "
            "prefieres que te lo contemos, cámbialo en /mydata."
            if signature.muted
            else "Cuando se sepa cómo ha terminado la petición, te lo contaremos en este chat."
        )
        if signature.is_only_stored or signature.muted or view.is_owed_the_end
        else None,
        _changed_texts(view),
        buttons=[
            _answer_button(view),
            share_buttons(view),
            _read_button(view),
            _foot(view),
            view.button("Retirar mi firma", Action.WITHDRAW),
        ],
    )


def _changed_texts(view: View) -> Html | None:
    """Tells people who are asked again what changed, and that they need not answer."""
    if view.signature is None or not view.asked_again:
        return None
    change = change_to_answer(view.petition, view.signature.text_version, view.language)
    return view.text(
        "<b>Los textos han cambiado desde que firmaste.</b> {change} Tu firma vale igual, aunque "
        "no contestes.",
        change=change or "",
    )


def _answer_button(view: View) -> Button | Absent:
    return view.asked_again and view.button("Leer y decidir", Action.NEW_TEXTS)


def _closed(view: View) -> Screen:
    counted = {"count": view.words.number(view.count), "people": view.words.people(view.count)}
    has_signed = view.signature is not None
    return Screen.of(
        f"<b>{view.texts.title}</b>",
        fill(view.texts.closed, **counted),
        has_signed and sentences(view.text("Tú también firmaste. Gracias."), view.handed_over),
        *_outcome(view, counted),
        _kept_until(view),
        _changed_texts(view),
        # For somebody whose form the closing took away. Part of the screen, so that it is still
        # there after a second tap, and when the screen is drawn later.
        expects_name(view.place)
        and view.text(
            "<b>No has firmado: la petición se cerró antes.</b> No hemos guardado ningún nombre."
        ),
        buttons=[
            _answer_button(view),
            _read_button(view),
            _foot(view),
            has_signed and view.button("Retirar mi firma", Action.WITHDRAW),
        ],
    )


def _kept_until(view: View) -> Html | None:
    """Says when the reader's signature, or all of them, are erased, or that they were."""
    state, signature, retention = view.petition_state, view.signature, view.petition.retention
    if state.closed_at is None or view.count == 0:
        return None
    if signature is None and state.erased_at is not None:
        return view.text(
            "Las firmas cuyo plazo ha vencido ya se han borrado y siguen contadas. Si firmaste "
            "y aquí no consta, la tuya es una de ellas, salvo que la retiraras o que se "
            "hubiera anulado."
            if view.any_left
            else "Ya no guardamos ninguna firma: el {day} se borraron las últimas, y solo queda "
            "cuántas fueron. Si firmaste, la tuya está entre ellas, salvo que la retiraras o que "
            "se hubiera anulado.",
            day=view.words.date(state.erased_at),
        )
    at = signature.signed_at if signature else state.closed_at
    signed_on = day_of(at, view.petition.zone)
    delivery = view.handover.handed_over_on if view.handover else None
    day, at_most = erased_on(retention, signed_on, delivery), erased_on(retention, signed_on, None)
    if signature is None:
        return (
            view.text(
                "Las firmas se borrarán, como muy tarde, el {day}, y seguirán contadas."
                if day == at_most
                else "Las firmas se borrarán a partir del {day} y seguirán contadas.",
                day=view.words.date(day),
            )
            if day > view.today
            else None
        )
    return view.text(
        "El plazo para guardar tu firma ha vencido: se borrará pronto."
        if day <= view.today
        else "Tu firma se borrará, como muy tarde, el {day}, y seguirá contada."
        if day == at_most
        else "Tu firma se borrará a partir del {day} y seguirá contada.",
        day=view.words.date(day),
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
            heading = _heading(view, each.kind, each.day)
            dated.append((each.day, lines(heading, fill(each.text, **counted))))
    update = [fill(told.closing_update, **counted)] if told.closing_update else []
    return [*update, *(text for _, text in sorted(dated, key=itemgetter(0)))]


def _handover_text(view: View, handover: Handover) -> Html:
    """Returns what was handed over, under its day."""
    words, addressee = view.words, view.petition.addressee[view.language]
    if handover.with_name == 0:  # where only their number was told, no signature was handed over
        what = words.plural(
            "Se comunicó a {addressee} que había firmado {n} persona, sin ningún nombre.",
            "Se comunicó a {addressee} que habían firmado {n} personas, sin ningún nombre.",
            handover.signatures,
            addressee=addressee,
        )
    else:
        what = view.text(
            "Se entregó a {addressee} la firma de {people}: {with_name} con nombre y "
            "{without_name} sin él.",
            people=words.people(handover.signatures),
            with_name=words.number(handover.with_name),
            without_name=words.number(handover.without_name),
            addressee=addressee,
        )
    return lines(_heading(view, ClosingTextKind.DELIVERED, handover.handed_over_on), what)


def _heading(view: View, kind: ClosingTextKind, day: date) -> Html:
    return view.text(_ENTRY_HEADINGS[kind], date=view.words.date(day))


def _read_button(view: View) -> Button:
    return view.button("📖 Leer el llamamiento", Action.READ)


def _foot(view: View) -> Sequence[Button | Absent]:
    return (
        len(view.petition.languages) > 1 and view.button("🌐 Idioma · Language", Action.LANGUAGES),
        view.button("🔒 Privacidad", Action.PRIVACY),
    )
