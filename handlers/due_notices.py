"""Closes the petition on its date, and tells the admins what they have to know now.

That is what is near, changed or overdue, and what an operator did in the shell: a handover that
was recorded or undone, and a backup that was restored. Retention has them told of signatures that
will be erased before somebody told how it ended.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from operator import attrgetter

from bot.petition.retention_days import (
    AFTER_HANDOVER,
    AHEAD,
    HELD_FOR,
    OVERDUE,
    Overdue,
    WarningStep,
    about_day,
    day_of,
    due_before,
    erased_on,
    start_of,
    untold_kept_until,
    warning_step,
)
from bot.petition_folder.schema import months_later
from bot.text.translations import Words, mark
from handlers.admin_notices import Notice, mark_told, may_be_sent, send_notices
from handlers.closing import TELL_THEM, Unready, unready, what_next
from handlers.closing_texts import view_for
from handlers.context import Services
from handlers.restored_backup import restored_notices
from handlers.screens.closing_texts import ClosingTextsView, change_notice, declined_notice
from handlers.screens.petition_text import have_signed
from handlers.screens.screen import Screen, paragraphs, sentences
from storage.broadcast_types import Kind
from storage.broadcasts import count_audience
from storage.closing_texts import Publication
from storage.erasures import DueBefore, count_due_signatures
from storage.handovers import Handover, active_handover, newest_handover, owed_changes
from storage.petitions import (
    PetitionState,
    close_petition_if_due,
    closing_update_is_under_way,
    petition_notice_at,
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
    return words.text(
        "⏳ <b>La petición se cerrará sola el {moment}.</b>\n\n"
        "A partir de ese momento nadie más podrá firmar, y quien entre verá cómo ha terminado: "
        "comprueba antes que el mensaje final está como debe. Para cambiar la fecha o quitarla, "
        "escribe /close.",
        moment=words.moment(closes_at),
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
    return words.text(
        "<b>Se ha anotado la entrega de la petición.</b>\n\n"
        "Se entregó el {date}. Firmas con nombre: <b>{with_name}</b>. Contadas sin nombre: "
        "<b>{without_name}</b>.\n\n"
        "Las firmas se borrarán a partir del {day} y seguirán contadas. Si todavía no se ha "
        "contado a quienes firmaron cómo ha terminado, hay que hacerlo antes, con /broadcast.\n\n"
        "Si es un error, quien administra el servidor puede deshacerlo con "
        "<code>petition-bot delivered --undo</code>.",
        date=words.date(handover.handed_over_on),
        with_name=words.number(handover.with_name),
        without_name=words.number(handover.without_name),
        day=words.date(erased_on),
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


_AT_THE_LATEST = "erased at the latest"


_BEFORE = mark(
    "⚠️ <b>El {day} se borrarán firmas de personas a las que nadie ha contado cómo termina la "
    "petición.</b>"
)
_LAST = mark(
    "⚠️ <b>Último aviso: el {day} se borrarán firmas de personas a las que nadie ha contado cómo "
    "termina la petición.</b>"
)
_LATE = mark(
    "⚠️ <b>Las firmas ya deberían estar borradas, y hay personas a las que nadie ha contado cómo "
    "termina la petición.</b> Se guardan unos días más: hasta el {day}."
)


async def warn_of_erasures(services: Services, overdue: Overdue | None) -> None:
    """Sends the warnings that are due: a month, a week and a day before people are erased.

    And of what is overdue, a day before that goes.
    """
    notices = [*await _after_handover(services, overdue), *await _at_the_latest(services)]
    if overdue is not None:
        notices.append(Notice(OVERDUE, overdue.about, partial(_overdue_text, overdue.people)))
    await send_notices(services, notices)


async def _after_handover(services: Services, overdue: Overdue | None) -> list[Notice]:
    """Returns the warning about a handover whose signatures are due within a month."""
    storage, zone = services.storage, services.petition.zone
    handover, months = await storage.read(active_handover), services.petition.retention
    if handover is None:
        return []
    due_on = months_later(handover.handed_over_on, months.months_after_delivery)
    step, about = warning_step(due_on, services.today), about_day(due_on)
    if step is None or not await may_be_sent(services, AFTER_HANDOVER, f"{about}{step}"):
        return []
    is_late = step is WarningStep.LATE
    if is_late and await storage.read(petition_notice_at, AFTER_HANDOVER, about) is not None:
        return []  # they were warned in time
    now, due_at, recorded_at = services.clock(), start_of(due_on, zone), handover.recorded_at
    until = untold_kept_until(due_at, recorded_at, warned_at=now, is_sending=False)
    if overdue is not None:
        until = max(until, now + HELD_FOR)
    if until <= now:
        return []  # nobody is kept any more
    signed_before = DueBefore(start_of(handover.handed_over_on, zone, days=1))
    people = (await storage.read(count_due_signatures, signed_before)).untold
    day = day_of(until, zone) if is_late else due_on
    return await _warning(services, AFTER_HANDOVER, f"{about}{step}", step, day, people)


async def _at_the_latest(services: Services) -> list[Notice]:
    """Returns the warning about those who can be kept no longer, whatever happens."""
    storage, retention = services.storage, services.petition.retention
    soon = await storage.read(count_due_signatures, _before(services, WarningStep.MONTH))
    if soon.first_untold is None:
        return []
    day = erased_on(retention, day_of(soon.first_untold, services.petition.zone), None)
    step = warning_step(day, services.today)
    if step is None:
        return []
    if step is WarningStep.LATE:
        step = WarningStep.DAY
    # Signatures fall due day after day, in the order in which they were given, so one warning is
    # for a month of days, or a week.
    about = f"{day.toordinal() // max(7, AHEAD[step])}/{step}"
    if not await may_be_sent(services, _AT_THE_LATEST, about):
        return []
    people = (await storage.read(count_due_signatures, _before(services, step))).untold
    return await _warning(services, _AT_THE_LATEST, about, step, day, people)


def _overdue_text(people: int, words: Words) -> Html:
    return paragraphs(
        words.plural(
            "⚠️ <b>Mañana se borrará {n} firma que ya debería estar borrada.</b>",
            "⚠️ <b>Mañana se borrarán {n} firmas que ya deberían estar borradas.</b>",
            people,
        ),
        words.text(
            "Puede que el bot haya estado parado, que se haya cambiado el plazo en la carpeta de "
            "la petición o que la fecha de la entrega esté mal anotada. Si es un error, hay que "
            "corregirlo hoy, o parar el bot: lo que se borra no se puede recuperar."
        ),
    )


def _before(services: Services, step: WarningStep) -> DueBefore:
    """Returns which signatures are due by then."""
    then = services.clock() + timedelta(days=AHEAD[step])
    return due_before(services.petition.retention, services.petition.zone, None, then)


async def _warning(
    services: Services, kind: str, about: str, step: WarningStep, day: date, people: int
) -> list[Notice]:
    """Returns a warning about people whom nobody told, if there are any."""
    if people == 0:
        return []
    storage = services.storage
    if await storage.read(closing_update_is_under_way):
        to_do = mark(
            "El mensaje final está programado, en marcha o en pausa: comprueba con /broadcasts "
            "que llega antes de ese día."
        )
    elif not (await storage.read(petition_state)).is_closed:
        to_do = mark(
            "La petición sigue abierta. Ciérrala con /close y cuéntales después cómo ha "
            "terminado, con /broadcast."
        )
    else:
        to_do = await unready(services) or TELL_THEM
    promised = services.petition.retention

    def text(words: Words) -> Html:
        who = words.plural(
            "Es {n} persona. En cuanto se borre su firma, ya no se le podrá escribir.",
            "Son {n} personas. En cuanto se borren sus firmas, ya no se les podrá escribir.",
            people,
        )
        if kind == AFTER_HANDOVER:
            why = words.plural(
                "Prometimos borrarlas {n} mes después de la entrega.",
                "Prometimos borrarlas {n} meses después de la entrega.",
                promised.months_after_delivery,
            )
        else:
            why = words.plural(
                "Prometimos no guardar ninguna firma más de {n} mes, y se borrarán aunque nadie "
                "haga nada.",
                "Prometimos no guardar ninguna firma más de {n} meses, y se borrarán aunque nadie "
                "haga nada.",
                promised.months_at_most,
            )
        said = {WarningStep.DAY: _LAST, WarningStep.LATE: _LATE}.get(step, _BEFORE)
        heading = words.text(said, day=words.date(day))
        return paragraphs(heading, sentences(who, why), words.text(to_do))

    return [Notice(kind, about, text)]
