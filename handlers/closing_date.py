"""Closes the petition on its date, and tells the admins what is near, changed or overdue."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.text.markup import Html
from bot.text.translations import Words
from handlers.admin_notices import Notice, send_notices
from handlers.closing_texts import closing_update_is_draft, draft_text, view_for, what_next
from handlers.context import Bot, Services
from handlers.handover_notices import handover_notices
from handlers.restored_backup import restored_notices
from handlers.screens.closing_texts import ClosingTextsView, change_notice
from handlers.screens.screen import Screen, paragraphs
from storage import Kind, PetitionState, Publication, Unavailable

_log = structlog.stdlib.get_logger()

LOOK_SECONDS = 20.0

_WEEK, _DAY = timedelta(days=7), timedelta(days=1)
# So long after the closing the admins are reminded of those who were not told, and so often.
_UNTOLD_AFTER, _REMINDED_EVERY = timedelta(days=30), timedelta(days=7)
# A change that nobody could be told of for so long is in /closing.
_TOLD_FOR = timedelta(days=7)
# The notices go to all admins alike, so none of them is its reader.
_NOBODY = 0
_PLAINER_FROM, _PLAINEST_FROM = 1, 4
_UNTOLD = "untold"


async def keep_closing_date(bot: Bot, services: Services) -> None:
    """Looks every `LOOK_SECONDS`, until cancelled; what fails is tried again at the next look."""
    while True:
        try:
            await look(bot, services)
        except Unavailable:
            _log.warning("closing_date_waits_for_database")
        except Exception as error:  # whatever it is, the bot and this task go on
            _log.exception("closing_date_failed", kind=type(error).__name__)
        await asyncio.sleep(LOOK_SECONDS)


async def look(bot: Bot, services: Services) -> None:
    """Closes the petition if its date has come, and sends the notices that are due."""
    petitions, now = services.storage.petitions, services.clock()
    state = await petitions.state()
    # Looked up before it is asked for, since that locks the petition for those who sign.
    if state.closed_at is None and state.closes_at is not None and state.closes_at <= now:
        await petitions.close_if_due(now)
        state = await petitions.state()
    untold = await _untold(services, state, now)
    is_draft = await closing_update_is_draft(services)
    due = (
        *due_notices(state, untold, now, is_draft=is_draft),
        *await _about_draft(services, state, now),
        *await _changes(services, now),
        *await handover_notices(services, now),
        *await restored_notices(services),
    )
    await send_notices(bot, services, due)


def due_notices(
    state: PetitionState, untold: int, now: datetime, *, is_draft: bool = False
) -> Iterator[Notice]:
    """Yields what the admins have to know now.

    Args:
        state: the petition's.
        untold: how many signers wait for the closing update, and nobody is sending it.
        now: the time.
        is_draft: whether the closing update is still to be written.
    """
    closed_at, closes_at = state.closed_at, state.closes_at
    if closed_at is None:
        if closes_at is not None:
            yield from _before(closes_at, now)
        return
    if state.was_closed_by_its_date:
        yield Notice("closed by its date", _moment(closed_at), _closed(state, is_draft=is_draft))
    reminder = _reminder(closed_at, now)
    if untold > 0 and reminder >= 0:
        text = _untold_text(closed_at, untold, reminder, is_draft=is_draft)
        yield Notice(_UNTOLD, _about_reminder(closed_at, reminder), text)


def _reminder(closed_at: datetime, now: datetime) -> int:
    """Returns which reminder of those who were not told is due, from 0; before it, less."""
    return (now - closed_at - _UNTOLD_AFTER) // _REMINDED_EVERY


def _about_reminder(closed_at: datetime, reminder: int) -> str:
    return f"{_moment(closed_at)}/{reminder}"


async def _untold(services: Services, state: PetitionState, now: datetime) -> int:
    """Returns how many signers wait for the closing update, if a reminder of it is due.

    Counting them takes long where many have signed, so it is done once for each reminder; none
    wait while the closing update is planned or on its way.
    """
    broadcasts, petitions = services.storage.broadcasts, services.storage.petitions
    if state.closed_at is None or (reminder := _reminder(state.closed_at, now)) < 0:
        return 0
    about = _about_reminder(state.closed_at, reminder)
    if await petitions.notice_was_sent(_UNTOLD, about):
        return 0
    active = await broadcasts.active()
    under_way = [*([active] if active else []), *await broadcasts.scheduled()]
    if any(each.kind is Kind.CLOSING for each in under_way):
        return 0
    untold = sum((await broadcasts.audience(kind=Kind.CLOSING)).values())
    if untold == 0:
        await petitions.mark_notice_sent(_UNTOLD, about, now)
    return untold


async def _about_draft(services: Services, state: PetitionState, now: datetime) -> list[Notice]:
    """Returns that nothing is there to be told once it is closed, or will be within a week."""
    moment = state.closed_at or state.closes_at
    if moment is None or moment - now > _WEEK or not await closing_update_is_draft(services):
        return []
    return [Notice("closing update is a draft", _moment(moment), draft_text)]


async def _changes(services: Services, now: datetime) -> list[Notice]:
    """Returns who changed what late visitors read of late, and what waits for a second admin."""
    view = await view_for(services, _NOBODY, services.petition.source_language)
    made = {each.publication for each in view.versions if each.publication is not None}
    return [
        Notice(
            "closing text waits" if each.published_at is None else "closing text changed",
            f"{each.id.hex()}/{each.published_at or each.requested_at}",
            partial(_change, view, each),
        )
        for each in sorted(made, key=lambda each: each.requested_at)
        if each.published_at is None or now - each.published_at < _TOLD_FOR
    ]


def _change(view: ClosingTextsView, made: Publication, words: Words) -> Screen:
    return change_notice(replace(view, words=words), made)


def _before(closes_at: datetime, now: datetime) -> Iterator[Notice]:
    left = closes_at - now
    if left <= timedelta():
        return
    if left <= _DAY:
        yield Notice("closes within a day", _moment(closes_at), _closes(closes_at))
    elif left <= _WEEK:
        yield Notice("closes within a week", _moment(closes_at), _closes(closes_at))


def _closes(closes_at: datetime) -> Callable[[Words], Html]:
    return lambda words: paragraphs(
        words.text(
            "⏳ <b>La petición se cerrará sola el {moment}.</b>", moment=words.moment(closes_at)
        ),
        words.text(
            "A partir de ese momento nadie más podrá firmar, y quien entre verá cómo ha "
            "terminado: comprueba antes que el mensaje final está como debe. Para cambiar la "
            "fecha o quitarla, escribe /close."
        ),
    )


def _closed(state: PetitionState, *, is_draft: bool) -> Callable[[Words], Html]:
    return lambda words: paragraphs(
        words.text("<b>La petición se ha cerrado en su fecha.</b>"),
        words.plural(
            "<b>{n}</b> persona ha firmado.",
            "<b>{n}</b> personas han firmado.",
            state.told_signatures,
        ),
        what_next(words, is_draft=is_draft),
    )


def _untold_text(
    closed_at: datetime, untold: int, reminder: int, *, is_draft: bool
) -> Callable[[Words], Html]:
    def text(words: Words) -> Html:
        since = words.date(closed_at)
        if reminder < _PLAINER_FROM:
            heading = words.text("<b>Hay quien espera saber cómo ha terminado la petición.</b>")
        elif reminder < _PLAINEST_FROM:
            heading = words.text(
                "⚠️ <b>Se les prometió contarles cómo terminaba la petición, y nadie lo ha "
                "hecho.</b>"
            )
        else:
            heading = words.text(
                "⚠️ <b>Esto es una promesa sin cumplir: quienes firmaron siguen sin saber cómo "
                "terminó la petición.</b>"
            )
        waiting = words.plural(
            "Se cerró el {since}, y {n} persona que firmó no ha recibido el mensaje final.",
            "Se cerró el {since}, y {n} personas que firmaron no han recibido el mensaje final.",
            untold,
            since=since,
        )
        todo = words.text(
            "Para enviarlo, escribe /broadcast y elige «El mensaje final». Hasta que se envíe, el "
            "bot te lo recordará cada semana."
        )
        if is_draft:  # /broadcast does not offer it yet
            todo = words.text(
                "Todavía es un borrador: escríbelo y publícalo con /closing, y envíalo después "
                "con /broadcast. Hasta que se envíe, el bot te lo recordará cada semana."
            )
        return paragraphs(heading, waiting, todo)

    return text


def _moment(moment: datetime) -> str:
    return str(int(moment.timestamp()))
