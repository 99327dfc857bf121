"""The list of broadcasts: what was sent, when, by whom, to how many and with what result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.text.markup import Html, escape, parse
from bot.text.translations import Words
from handlers.broadcasts.draft import first_words
from handlers.broadcasts.screens.labels import moment_name, subject_name
from handlers.screens.buttons import AdminAction, Button
from handlers.screens.screen import Screen, paragraphs
from storage import Broadcast, BroadcastState, Tally

ON_A_PAGE = 5


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A broadcast in the list, in whatever state, with its deliveries by outcome."""

    broadcast: Broadcast
    tally: Tally


def history(
    words: Words,
    entries: Sequence[HistoryEntry],
    names: Mapping[int, str],
    *,
    page: int,
    more: bool,
    reader: int,
) -> Screen:
    """Returns one page of the list.

    Args:
        words: the reader's language.
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
        Button(str(number), AdminAction.REPORT, f"{each.broadcast.id.hex()}.{page}")
        for number, each in numbered
    )
    newer = Button(words.label("‹ Más recientes"), AdminAction.HISTORY_PAGE, str(page - 1))
    older = Button(words.label("Más antiguos ›"), AdminAction.HISTORY_PAGE, str(page + 1))
    turning = tuple(c for c, there in ((newer, page > 0), (older, more)) if there)
    hint = words.text("Toca un número para ver su informe.")
    return Screen(
        paragraphs(words.text("<b>Envíos</b>"), *told, hint), [row, turning] if turning else [row]
    )


def provenance(words: Words, broadcast: Broadcast, names: Mapping[int, str], reader: int) -> Html:
    """Says who prepared a broadcast and who confirmed it."""
    author = _who(words, broadcast.author, names, reader)
    if not broadcast.is_approved:
        return words.text("Preparado por {who}, sin aprobar", who=author)
    if broadcast.confirmed_by == broadcast.author:
        return words.text("Preparado y confirmado por {who}", who=author)
    return words.text(
        "Preparado por {author}, confirmado por {approver}",
        author=author,
        approver=_who(words, broadcast.confirmed_by, names, reader),
    )


def _told(
    words: Words, number: int, entry: HistoryEntry, names: Mapping[int, str], reader: int
) -> Html:
    broadcast, when = entry.broadcast, _when(entry.broadcast)
    is_planned = broadcast.state is BroadcastState.SCHEDULED
    moment = moment_name(words, when, str(words.zone)) if is_planned else words.moment(when)
    lines = [
        words.text("<b>{number}.</b> {moment}", number=number, moment=moment),
        subject_name(words, broadcast.kind),
        _beginning(broadcast),
        provenance(words, broadcast, names, reader),
        _result(words, entry),
    ]
    return Html("\n".join(line for line in lines if line))


def _beginning(broadcast: Broadcast) -> Html | None:
    """Returns how the message begins; None if it has no words, or an earlier version sent it."""
    content = broadcast.content
    sent = content.get(broadcast.source_language) or next(iter(content.values()), "")
    told = sent.get("words", "") if isinstance(sent, Mapping) else parse(str(sent)).text
    return Html(f"<i>«{escape(first_words(told))}»</i>") if told else None


def _when(broadcast: Broadcast) -> datetime:
    return broadcast.started_at or broadcast.starts_at or broadcast.created_at


def _who(words: Words, admin: int, names: Mapping[int, str], reader: int) -> str:
    return words.label("ti") if admin == reader else names.get(admin, str(admin))


def _result(words: Words, entry: HistoryEntry) -> Html:
    broadcast, tally = entry.broadcast, entry.tally
    expected = broadcast.expected or 0
    if broadcast.awaits_approval:
        return words.plural(
            "Espera aprobación, para {n} persona", "Espera aprobación, para {n} personas", expected
        )
    if broadcast.state is BroadcastState.SCHEDULED:
        return words.plural(
            "Programado, para {n} persona", "Programado, para {n} personas", expected
        )
    counts = words.text(
        "{delivered} de {total} entregados",
        delivered=words.number(tally.delivered),
        total=words.number(tally.total),
    )
    state = _state(words, broadcast)
    return Html(f"{state}: {counts}")


def _state(words: Words, broadcast: Broadcast) -> Html:
    if broadcast.recall_started_at is not None:
        return words.text("Retirado")
    match broadcast.state:
        case BroadcastState.RUNNING:
            return words.text("Enviándose")
        case BroadcastState.PAUSED:
            return words.text("En pausa")
        case BroadcastState.FINISHED:
            return words.text("Enviado")
        case BroadcastState.CANCELLED:
            return words.text("Cancelado")
        case _:
            return words.text("Detenido")
