"""/broadcasts: the list of all broadcasts, page by page, and the report of each."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.text.translations import Words, mark
from handlers.broadcasts.draft import first_words
from handlers.broadcasts.progress_message import tell_progress, view_of
from handlers.broadcasts.screens.broadcast_view import BroadcastView
from handlers.broadcasts.screens.labels import moment_name, subject_name
from handlers.broadcasts.screens.progress import state_screen
from handlers.chat_context import AdminContext
from handlers.screens.buttons import AdminAction, Button, read_number
from handlers.screens.screen import Absent, Screen, lines
from storage.broadcast_types import Broadcast, BroadcastState, Kind
from storage.broadcasts import listed_broadcasts
from telegram_text.markup import Html, parse

ON_A_PAGE = 5

_STATES = {
    BroadcastState.RUNNING: mark("Enviándose"),
    BroadcastState.PAUSED: mark("En pausa"),
    BroadcastState.FINISHED: mark("Enviado"),
    BroadcastState.CANCELLED: mark("Cancelado"),
    BroadcastState.STOPPED: mark("Detenido"),
}


async def turn_page(ctx: AdminContext, argument: str = "") -> None:
    """Handles /broadcasts: shows what is under way and what comes next, then what is over.

    Of a page of the list, the first one by default.
    """
    page = read_number(argument) or 0
    left = (await ctx.storage.read(listed_broadcasts))[page * ON_A_PAGE :]
    if page and not left:
        await turn_page(ctx)
        return
    views = [await view_of(ctx.services, each, ctx.user.id) for each in left[:ON_A_PAGE]]
    await ctx.say(list_screen(ctx.words, views, page=page, more=len(left) > ON_A_PAGE))


async def report(ctx: AdminContext, known: Broadcast, page: str) -> None:
    """Shows the state or report of one broadcast, with the buttons that still apply."""
    if known.is_active:
        await tell_progress(ctx, known)
        return
    view = await view_of(ctx.services, known, ctx.user.id)
    shown, when = state_screen(view), ctx.words.moment(_begins(known))
    back = Button(ctx.words.label("Volver"), AdminAction.HISTORY_PAGE, page)
    by = f"{when}\n{_provenance(view)}"
    await ctx.say(Screen.of(shown.text, by, buttons=[*shown.rows, back]))


def list_screen(words: Words, views: Sequence[BroadcastView], *, page: int, more: bool) -> Screen:
    """Returns one page of the list.

    Args:
        words: of the admin who reads it.
        views: the broadcasts of this page, what comes next before what is over.
        page: from 0.
        more: whether there are older ones.
    """
    if not views:
        return Screen(words.text("Todavía no se ha enviado nada."))
    numbered = list(enumerate(views, page * ON_A_PAGE + 1))
    row = tuple(
        Button(str(number), AdminAction.REPORT, f"{view.key}.{page}") for number, view in numbered
    )
    turn = AdminAction.HISTORY_PAGE
    turns: tuple[Button | Absent, ...] = (
        page > 0 and Button(words.label("‹ Más recientes"), turn, str(page - 1)),
        more and Button(words.label("Más antiguos ›"), turn, str(page + 1)),
    )
    return Screen.of(
        words.text("<b>Envíos</b>"),
        *(_told(number, view) for number, view in numbered),
        words.text("Pulsa un número para ver su informe."),
        buttons=[row, turns],
    )


def _provenance(view: BroadcastView) -> Html:
    """Says who prepared a broadcast and who confirmed it."""
    broadcast = view.broadcast
    return view.words.text(
        "Preparado por {author}, sin aprobar"
        if broadcast.confirmed_by is None
        else "Preparado y confirmado por {author}"
        if broadcast.confirmed_by == broadcast.author
        else "Preparado por {author}, confirmado por {approver}",
        author=view.who(broadcast.author),
        approver=view.who(broadcast.confirmed_by),
    )


def _begins(broadcast: Broadcast) -> datetime:
    return broadcast.started_at or broadcast.starts_at or broadcast.created_at


def _told(number: int, view: BroadcastView) -> Html:
    words, broadcast, when = view.words, view.broadcast, _begins(view.broadcast)
    is_planned = broadcast.state is BroadcastState.SCHEDULED
    moment = moment_name(words, when) if is_planned else words.moment(when)
    return lines(
        words.text("<b>{number}.</b> {moment}", number=number, moment=moment),
        subject_name(words, broadcast.kind),
        _beginning(words, broadcast),
        _provenance(view),
        _result(view),
    )


def _beginning(words: Words, broadcast: Broadcast) -> Html | None:
    """Returns how the message begins; None if it has no words."""
    content = broadcast.content
    sent = content.get(broadcast.source_language) or next(iter(content.values()), "")
    told = sent.get("words", "") if isinstance(sent, Mapping) else parse(str(sent)).text
    if broadcast.kind in (Kind.BREACH, Kind.CORRECTION):
        told = "\n\n".join(told.split("\n\n")[1:-1])  # the bot's own words stand around it
    return words.text("<i>«{text}»</i>", text=first_words(told)) if told else None


def _result(view: BroadcastView) -> Html:
    words, broadcast, tally = view.words, view.broadcast, view.counts
    if broadcast.state is BroadcastState.SCHEDULED:
        return words.text(
            "Espera aprobación, para {people}"
            if broadcast.awaits_approval
            else "Programado, para {people}",
            people=words.people(broadcast.expected or 0),
        )
    counts = words.text(
        "{delivered} de {total} entregados",
        delivered=words.number(tally.delivered),
        total=words.number(tally.total),
    )
    is_recalled = broadcast.recall_started_at is not None
    state = words.text("Retirado" if is_recalled else _STATES[broadcast.state])
    return Html(f"{state}: {counts}")
