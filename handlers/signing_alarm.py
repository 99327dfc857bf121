"""Tells the admins when people sign in a way that is unusual for this petition."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from bot.petition.signing_rate import (
    SHORT_FORM_SECONDS,
    Sign,
    form_times,
    short_forms,
    signs_of_a_wave,
)
from bot.text.translations import Words
from handlers.admin_notices import Notice, mark_told, may_be_sent, send_notices, was_told
from handlers.context import Services
from handlers.screens.screen import lines, paragraphs, sentences
from storage.petitions import petition_notice_at
from storage.signatures import SigningRate, signing_rate
from storage.times import to_millis
from telegram_text.markup import Html, escape

LOOK_SECONDS = 300.0

# After one notice of a sign the next one of it comes so much later, or up to twice that.
_SILENT_FOR = timedelta(hours=6)
# A wave that an admin could not be told of for so long is over.
_TOLD_FOR = timedelta(days=7)
_NOTICED, _TOLD = "unusual signing", "unusual signing told"
_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)


async def look(services: Services) -> None:
    """Tells each admin what was unusual about the hour in which that was noticed last."""
    storage, now = services.storage, services.clock()
    await _notice_signs(services, now)
    at = await storage.read(petition_notice_at, _NOTICED, is_last=True)
    if at is None or now - at > _TOLD_FOR:
        return
    about = str(to_millis(at))
    if not await may_be_sent(services, _TOLD, about):
        return
    rate = await storage.read(signing_rate, at)
    if signs := signs_of_a_wave(rate):
        await send_notices(services, [Notice(_TOLD, about, partial(_notice, rate, signs, now))])


async def _notice_signs(services: Services, now: datetime) -> None:
    """Stores that something is unusual about the last hour, if it was not so of late."""
    signs = signs_of_a_wave(await services.storage.read(signing_rate, now))
    turn = int(now.timestamp() // _SILENT_FOR.total_seconds())
    for sign in signs:
        if not any([await was_told(services, _NOTICED, f"{sign}/{turn - ago}") for ago in (0, 1)]):
            for each in signs:
                await mark_told(services, _NOTICED, f"{each}/{turn}")
            return


def _notice(rate: SigningRate, signs: list[Sign], now: datetime, words: Words) -> Html:
    """Says what is unusual and what it can be, and names nobody."""
    begin, day = rate.until - _HOUR, words.date(rate.until)
    counted = words.plural(
        "Entre las {begin} y las {end} ha llegado {n} firma.",
        "Entre las {begin} y las {end} han llegado {n} firmas.",
        rate.signed,
        begin=words.clock(begin),
        end=words.clock(rate.until),
    )
    return paragraphs(
        words.text("👀 <b>Las firmas llegan de una manera poco habitual.</b>"),
        sentences(
            counted,
            day != words.date(now) and words.text("Fue el {date}.", date=day),
            *(said for sign in signs for said in _said(rate, sign, words)),
        ),
        lines(
            *(
                words.text(said, n=words.number(n), seconds=words.number(seconds))
                for said, n, seconds in form_times(rate.by_form_seconds)
            )
        ),
        words.text(
            "Puede que la petición se esté compartiendo mucho o que la haya difundido un medio o "
            "un boletín. También puede que alguien esté firmando con cuentas falsas. El bot no "
            "sabe cuál es el caso, y no ha cambiado nada.\n\n"
            "Quien administra el servidor puede ver cómo son, sin cambiar nada, con:\n"
            "{commands}\n"
            'Si se ve que son falsas, lo mismo con <code>--reason "…"</code> en lugar de '
            "<code>--dry-run</code> hace que no se cuenten, y se puede deshacer. También aparta a "
            "las personas que haya entre ellas, así que conviene acotarlo más.",
            commands=lines(*_commands(rate, words)),
        ),
    )


def _said(rate: SigningRate, sign: Sign, words: Words) -> Iterator[Html]:
    if sign is Sign.FAST:
        yield words.text(
            "Son muchas más de lo habitual: en la hora con más firmas del día anterior hubo "
            "{usual}.",
            usual=words.number(rate.busiest_before or 0),
        )
    for kind, n in short_forms(rate).items() if sign is Sign.SHORT_FORMS else ():
        yield words.text(
            "Formularios con nombre rellenados en menos de {seconds} segundos, sin tiempo de "
            "leerlos: {n}."
            if kind
            else "Formularios sin nombre rellenados en menos de {seconds} segundos, sin tiempo de "
            "leerlos: {n}.",
            seconds=SHORT_FORM_SECONDS[kind],
            n=words.number(n),
        )


def _commands(rate: SigningRate, words: Words) -> Iterator[Html]:
    """Yields what shows the wave: of short forms those of each kind, which has its own time."""

    def typed(moment: datetime) -> str:
        there = moment.astimezone(words.zone)
        # When the clocks go back a time comes twice.
        is_twofold = there.utcoffset() != there.replace(fold=1 - there.fold).utcoffset()
        return there.strftime("%Y-%m-%d %H:%M%z" if is_twofold else "%Y-%m-%d %H:%M")

    span = f'--from "{typed(rate.until - _HOUR)}" --to "{typed(rate.until + _MINUTE)}"'
    of_kinds = [
        f" --with{'' if kind else 'out'}-name --form-seconds-under {SHORT_FORM_SECONDS[kind]}"
        for kind in short_forms(rate)
    ]
    for narrowed in of_kinds or [""]:
        command = f"petition-bot invalidate {span}{narrowed} --dry-run"
        yield Html(f"<code>{escape(command)}</code>")
