"""Tells the admins of signatures that will be erased before somebody told how it ended."""

from datetime import date, timedelta
from functools import partial

from bot.petition.retention_days import (
    AFTER_HANDOVER,
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
from handlers.admin_notices import Notice, may_be_sent, send_notices
from handlers.closing import TELL_THEM, unready
from handlers.context import Services
from handlers.screens.screen import paragraphs, sentences
from storage.erasures import DueBefore, count_due_signatures
from storage.handovers import active_handover
from storage.petitions import closing_update_is_under_way, petition_notice_at, petition_state
from telegram_text.markup import Html

_AT_THE_LATEST = "erased at the latest"

# How far ahead each warning looks. Signatures fall due day after day, in the order in which they
# were given, so one warning is for all of these days.
_AHEAD = {WarningStep.MONTH: 31, WarningStep.WEEK: 7, WarningStep.DAY: 1}
_APART = {WarningStep.MONTH: 31, WarningStep.WEEK: 7, WarningStep.DAY: 7}


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
    storage, zone = services.storage, services.zone
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
    day = erased_on(retention, day_of(soon.first_untold, services.zone), None)
    step = warning_step(day, services.today)
    if step is None:
        return []
    if step is WarningStep.LATE:
        step = WarningStep.DAY
    about = f"{day.toordinal() // _APART[step]}/{step}"
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
    then = services.clock() + timedelta(days=_AHEAD[step])
    return due_before(services.petition.retention, services.zone, None, then)


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
