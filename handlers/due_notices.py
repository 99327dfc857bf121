"""Closes the petition on its date, and tells the admins what they have to know now.

That is what is near, changed or overdue, and what an operator did in the shell: a handover that
was recorded or undone, and a backup that was restored.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from operator import attrgetter

from bot.petition_folder.schema import months_later
from bot.text.translations import Words
from handlers.admin_notices import Notice, mark_told, may_be_sent, send_notices
from handlers.closing import TELL_THEM, Unready, unready, what_next
from handlers.closing_texts import view_for
from handlers.context import Services
from handlers.restored_backup import restored_notices
from handlers.screens.closing_texts import ClosingTextsView, change_notice, declined_notice
from handlers.screens.petition_text import have_signed
from handlers.screens.screen import Screen, paragraphs
from storage.broadcast_types import Kind
from storage.broadcasts import count_audience
from storage.closing_texts import Publication
from storage.handovers import Handover, newest_handover, owed_changes
from storage.petitions import (
    PetitionState,
    close_petition_if_due,
    closing_update_is_under_way,
    petition_state,
)
from telegram_text.markup import Html

_WEEK, _DAY = timedelta(days=7), timedelta(days=1)
# So long after the closing the admins are reminded of those who were not told, and so often.
_UNTOLD_AFTER, _REMINDED_EVERY = timedelta(days=30), timedelta(days=7)
# A change that nobody could be told of for so long is in /closing.
_TOLD_FOR = timedelta(days=7)
# The notices go to all admins alike, so none of them is its reader.
_NOBODY = 0
_UNTOLD = "untold"
_DIGEST_EVERY = timedelta(days=7)
_OWED = "notices owed"
_UNREADY = {
    Unready.DRAFT: "closing update is a draft",
    Unready.WAITS: "closing update waits",
}


async def look(services: Services) -> None:
    """Closes the petition if its date has come, and sends the notices that are due."""
    storage, now = services.storage, services.clock()
    state = await storage.read(petition_state)
    # Looked up before it is asked for, since that locks the petition for those who sign.
    if state.closed_at is None and state.closes_at is not None and state.closes_at <= now:
        await storage.write(close_petition_if_due, now, services.approval_above)
        state = await storage.read(petition_state)
    why_not = await unready(services)
    due = (
        *of_its_end(state, now, why_not),
        *await _of_the_untold(services, state, now, why_not),
        *await _of_closing_texts(services, now),
        *await _of_the_handover(services, now),
        *await restored_notices(services),
    )
    await send_notices(services, due)


def of_its_end(
    state: PetitionState, now: datetime, why_not: Unready | None = None
) -> Iterator[Notice]:
    """Yields what the admins have to know of the end, near or past.

    `why_not` is why the closing update cannot be sent.
    """
    closed_at, moment = state.closed_at, state.closed_at or state.closes_at
    if moment is None:
        return
    left, about = moment - now, _moment(moment)
    if timedelta() < left <= _WEEK:
        near = "closes within a day" if left <= _DAY else "closes within a week"
        yield Notice(near, about, partial(_closes, moment))
    if closed_at == state.closes_at:  # and no admin closed it
        text = partial(_closed, state.told_signatures, why_not)
        yield Notice("closed by its date", about, text)

    # Nothing is there to be told once it is closed. A text that waits was a notice of its own.
    is_near = left <= _WEEK and (why_not is Unready.DRAFT or closed_at is None)
    if why_not is not None and is_near:
        yield Notice(_UNREADY[why_not], about, lambda words: words.text(why_not))


async def _of_the_untold(
    services: Services, state: PetitionState, now: datetime, why_not: Unready | None
) -> list[Notice]:
    """Returns the reminder of those who wait for the closing update that nobody is sending.

    Counting them takes long where many have signed, so it is done once for each reminder; none
    wait while the closing update is planned or on its way.
    """
    storage, closed_at = services.storage, state.closed_at
    if closed_at is None or now - closed_at < _UNTOLD_AFTER:
        return []
    reminder = (now - closed_at - _UNTOLD_AFTER) // _REMINDED_EVERY
    about = f"{_moment(closed_at)}/{reminder}"
    if not await may_be_sent(services, _UNTOLD, about):
        return []
    if await storage.read(closing_update_is_under_way):
        return []
    untold = sum((await storage.read(count_audience, kind=Kind.CLOSING)).values())
    if untold == 0:
        await mark_told(services, _UNTOLD, about)
        return []
    return [Notice(_UNTOLD, about, partial(_untold_text, closed_at, untold, why_not))]


async def _of_closing_texts(services: Services, now: datetime) -> list[Notice]:
    """Returns what the admins have to know of what late visitors read.

    That is who changed it of late, and what waits for a second admin; who asked for a change, also
    that it was declined.
    """
    view = await view_for(services, _NOBODY, services.petition.source_language)
    kept = [each for each in view.versions if each.discarded_at is None]
    made = {each.publication for each in kept if each.publication is not None}
    declined = {each.declined for each in view.versions if each.declined is not None}

    def writes(
        screen: Callable[[ClosingTextsView, Publication], Screen], of: Publication
    ) -> Callable[[Words], Screen]:
        return lambda words: screen(replace(view, words=words), of)

    return [
        Notice(
            "closing text waits" if each.published_at is None else "closing text changed",
            f"{each.id.hex()}/{each.published_at or each.requested_at}",
            writes(change_notice, each),
        )
        for each in sorted(made, key=attrgetter("requested_at"))
        if each.published_at is None or now - each.published_at < _TOLD_FOR
    ] + [
        Notice(
            "closing text declined",
            f"{each.id.hex()}/{each.requested_at}",
            writes(declined_notice, each),
            services.admins.intersection({each.requested_by}),
        )
        for each in declined
        if each.requested_by != each.approved_by
    ]


def _closes(closes_at: datetime, words: Words) -> Html:
    return paragraphs(
        words.text(
            "⏳ <b>La petición se cerrará sola el {moment}.</b>", moment=words.moment(closes_at)
        ),
        words.text(
            "A partir de ese momento nadie más podrá firmar, y quien entre verá cómo ha "
            "terminado: comprueba antes que el mensaje final está como debe. Para cambiar la "
            "fecha o quitarla, escribe /close."
        ),
    )


def _closed(signed: int, why_not: Unready | None, words: Words) -> Html:
    return paragraphs(
        words.text("<b>La petición se ha cerrado en su fecha.</b>"),
        have_signed(words, signed),
        what_next(words, why_not),
    )


def _untold_text(closed_at: datetime, untold: int, why_not: Unready | None, words: Words) -> Html:
    heading = words.text(
        "⚠️ <b>Se les prometió contarles cómo terminaba la petición, y nadie lo ha hecho.</b>"
    )
    waiting = words.plural(
        "Se cerró el {since}, y {n} persona que firmó no ha recibido el mensaje final.",
        "Se cerró el {since}, y {n} personas que firmaron no han recibido el mensaje final.",
        untold,
        since=words.date(closed_at),
    )
    reminded = words.text("Hasta que se envíe, el bot te lo recordará cada semana.")
    return paragraphs(heading, waiting, words.text(why_not or TELL_THEM), reminded)


def _moment(moment: datetime) -> str:
    return str(int(moment.timestamp()))


async def _of_the_handover(services: Services, now: datetime) -> list[Notice]:
    """Returns what the admins have to know now of the handover: that it was recorded or undone.

    Whether the addressee has to be told of changes is looked up once a week, of all together.
    """
    storage = services.storage
    handover = await storage.read(newest_handover)
    if handover is None:
        return []
    about = handover.id.hex()
    if handover.undone_at is not None:
        return [Notice("handover undone", about, partial(_undone, handover))]
    erased_on = months_later(
        handover.handed_over_on, services.petition.retention.months_after_delivery
    )
    due = [Notice("handed over", about, partial(_recorded, handover, erased_on))]
    week = (now - handover.recorded_at) // _DIGEST_EVERY
    about = f"{about}/{week}"
    if not await may_be_sent(services, _OWED, about):
        return due
    owed = len(await storage.read(owed_changes, handover))
    if owed == 0:
        await mark_told(services, _OWED, about)
        return due
    return [*due, Notice(_OWED, about, partial(_owed, handover, owed))]


def _recorded(handover: Handover, erased_on: date, words: Words) -> Html:
    return paragraphs(
        words.text("<b>Se ha anotado la entrega de la petición.</b>"),
        words.text(
            "Se entregó el {date}. Firmas con nombre: <b>{with_name}</b>. Contadas sin nombre: "
            "<b>{without_name}</b>.",
            date=words.date(handover.handed_over_on),
            with_name=words.number(handover.with_name),
            without_name=words.number(handover.without_name),
        ),
        words.text(
            "Las firmas se borrarán a partir del {day} y seguirán contadas. Si todavía no se ha "
            "contado a quienes firmaron cómo ha terminado, hay que hacerlo antes, con /broadcast.",
            day=words.date(erased_on),
        ),
        words.text(
            "Si es un error, quien administra el servidor puede deshacerlo con "
            "<code>petition-bot delivered --undo</code>."
        ),
    )


def _undone(handover: Handover, words: Words) -> Html:
    return words.text(
        "<b>Se ha deshecho la anotación de la entrega del {date}.</b> El bot ya no dice que la "
        "petición se haya entregado, y el plazo para borrar los datos ya no cuenta desde ese día.",
        date=words.date(handover.handed_over_on),
    )


def _owed(handover: Handover, owed: int, words: Words) -> Html:
    return paragraphs(
        words.plural(
            "⚠️ <b>{n} firma ha cambiado después de que se escribiera la lista que se entregó.</b>",
            "⚠️ <b>{n} firmas han cambiado después de que se escribiera la lista que se "
            "entregó.</b>",
            owed,
        ),
        words.text(
            "Cada cambio es una retirada, una corrección o el deseo de que la firma no se use. "
            "Hay que comunicárselo a quien recibió la lista el {date} (artículo 19 del Reglamento "
            "General de Protección de Datos). Quien administra el servidor los ve con "
            "<code>petition-bot notices</code>.",
            date=words.date(handover.handed_over_on),
        ),
    )
