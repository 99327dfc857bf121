"""/broadcasts: the list of all broadcasts, page by page, and the report of each."""

from collections.abc import Iterable, Mapping, Sequence

from bot.text.translations import Words, mark
from handlers.admin_context import AdminContext
from handlers.broadcasts.draft import first_words
from handlers.broadcasts.progress_message import screen_of, tell_progress
from handlers.broadcasts.screens.labels import moment_name, subject_name
from handlers.screens.buttons import AdminAction, Button, read_id, read_number
from handlers.screens.screen import Screen, lines, paragraphs
from storage.admins import names_of_admins
from storage.broadcast_types import Broadcast, BroadcastState, Tally
from storage.broadcasts import broadcast_with, listed_broadcasts, tally_of_broadcast
from telegram_text.markup import Html, escape, parse

ON_A_PAGE = 5

_STATES = {
    BroadcastState.RUNNING: mark("Enviándose"),
    BroadcastState.PAUSED: mark("En pausa"),
    BroadcastState.FINISHED: mark("Enviado"),
    BroadcastState.CANCELLED: mark("Cancelado"),
    BroadcastState.STOPPED: mark("Detenido"),
}


async def broadcasts(ctx: AdminContext) -> None:
    """Handles /broadcasts: shows what is under way and what comes next, then what is over."""
    await _show(ctx, 0)


async def turn_page(ctx: AdminContext, argument: str) -> None:
    """Shows another page of the list."""
    await _show(ctx, read_number(argument) or 0)


async def report(ctx: AdminContext, argument: str) -> None:
    """Shows the state or report of one broadcast, with the buttons that still apply."""
    key, _, page = argument.partition(".")
    known = await ctx.storage.read(broadcast_with, read_id(key))
    if known is None:
        await _show(ctx, read_number(page) or 0)
        return
    if known.is_active:
        await tell_progress(ctx, known.id)
        return
    shown = await screen_of(ctx, known)
    by = _provenance(ctx.words, known, await _names(ctx, [known]), ctx.user.id)
    back = Button(ctx.words.label("Volver"), AdminAction.HISTORY_PAGE, page)
    when = ctx.words.moment(known.started_at or known.starts_at or known.created_at)
    text = paragraphs(shown.text, f"{when}\n{by}")
    await ctx.say(Screen(text, [*shown.rows, back]))


async def _show(ctx: AdminContext, page: int) -> None:
    storage = ctx.storage
    left = (await storage.read(listed_broadcasts))[page * ON_A_PAGE :]
    found = left[:ON_A_PAGE]
    tallies = [each.counted(await storage.read(tally_of_broadcast, each.id)) for each in found]
    entries = list(zip(found, tallies, strict=True))
    if not entries and page:
        await _show(ctx, 0)
        return
    await ctx.say(
        list_screen(
            ctx.words,
            entries,
            await _names(ctx, found),
            page=page,
            more=len(left) > ON_A_PAGE,
            reader=ctx.user.id,
        ),
    )


async def _names(ctx: AdminContext, shown: Iterable[Broadcast]) -> dict[int, str]:
    """Returns how to call those who prepared and confirmed these broadcasts."""
    admins = {admin for each in shown for admin in (each.author, each.confirmed_by) if admin}
    return await ctx.storage.read(names_of_admins, admins)


def list_screen(
    words: Words,
    entries: Sequence[tuple[Broadcast, Tally]],
    names: Mapping[int, str],
    *,
    page: int,
    more: bool,
    reader: int,
) -> Screen:
    """Returns one page of the list.

    Args:
        entries: the broadcasts of this page, what comes next before what is over.
        names: how to call the admins of whom a name is known, by user id.
        page: from 0.
        more: whether there are older ones.
        reader: user id of the admin who reads it, who is called «tú».
    """
    if not entries:
        return Screen(words.text("Todavía no se ha enviado nada."))
    numbers = range(page * ON_A_PAGE + 1, page * ON_A_PAGE + 1 + len(entries))
    numbered = list(zip(numbers, entries, strict=True))
    told = [_told(words, number, each, names, reader) for number, each in numbered]
    row = tuple(
        Button(str(number), AdminAction.REPORT, f"{each.id.hex()}.{page}")
        for number, (each, _) in numbered
    )
    newer = Button(words.label("‹ Más recientes"), AdminAction.HISTORY_PAGE, str(page - 1))
    older = Button(words.label("Más antiguos ›"), AdminAction.HISTORY_PAGE, str(page + 1))
    hint = words.text("Toca un número para ver su informe.")
    return Screen(
        paragraphs(words.text("<b>Envíos</b>"), *told, hint),
        [row, (newer if page > 0 else None, older if more else None)],
    )


def _provenance(words: Words, broadcast: Broadcast, names: Mapping[int, str], reader: int) -> Html:
    """Says who prepared a broadcast and who confirmed it."""
    author = _who(words, broadcast.author, names, reader)
    if broadcast.confirmed_by is None:
        return words.text("Preparado por {who}, sin aprobar", who=author)
    if broadcast.confirmed_by == broadcast.author:
        return words.text("Preparado y confirmado por {who}", who=author)
    return words.text(
        "Preparado por {author}, confirmado por {approver}",
        author=author,
        approver=_who(words, broadcast.confirmed_by, names, reader),
    )


def _told(
    words: Words,
    number: int,
    entry: tuple[Broadcast, Tally],
    names: Mapping[int, str],
    reader: int,
) -> Html:
    broadcast, tally = entry
    when = broadcast.started_at or broadcast.starts_at or broadcast.created_at
    is_planned = broadcast.state is BroadcastState.SCHEDULED
    moment = moment_name(words, when) if is_planned else words.moment(when)
    return lines(
        words.text("<b>{number}.</b> {moment}", number=number, moment=moment),
        subject_name(words, broadcast.kind),
        _beginning(broadcast),
        _provenance(words, broadcast, names, reader),
        _result(words, broadcast, tally),
    )


def _beginning(broadcast: Broadcast) -> Html | None:
    """Returns how the message begins; None if it has no words."""
    content = broadcast.content
    sent = content.get(broadcast.source_language) or next(iter(content.values()), "")
    told = sent.get("words", "") if isinstance(sent, Mapping) else parse(str(sent)).text
    return Html(f"<i>«{escape(first_words(told))}»</i>") if told else None


def _who(words: Words, admin: int, names: Mapping[int, str], reader: int) -> str:
    return words.label("ti") if admin == reader else names.get(admin, str(admin))


def _result(words: Words, broadcast: Broadcast, tally: Tally) -> Html:
    if broadcast.state is BroadcastState.SCHEDULED:
        waits = broadcast.awaits_approval
        return words.plural(
            "Espera aprobación, para {n} persona" if waits else "Programado, para {n} persona",
            "Espera aprobación, para {n} personas" if waits else "Programado, para {n} personas",
            broadcast.expected or 0,
        )
    counts = words.text(
        "{delivered} de {total} entregados",
        delivered=words.number(tally.delivered),
        total=words.number(tally.total),
    )
    is_recalled = broadcast.recall_started_at is not None
    state = words.text("Retirado" if is_recalled else _STATES[broadcast.state])
    return Html(f"{state}: {counts}")
