"""Closes the petition, now or on a date, and reopens it; says what can be told once it has."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.petition.outcome import closing_update_by_language
from bot.petition.retention_days import day_of
from bot.petition_folder.schema import months_later
from bot.text.problems import Refused
from bot.text.translations import Words, mark
from handlers.broadcasts.parse_time import PAST, parse_moment, too_far
from handlers.chat_context import AdminContext
from handlers.context import Services
from handlers.screens.buttons import AdminAction, Button, Style, read_number
from handlers.screens.petition_text import have_signed
from handlers.screens.screen import Screen, lines, paragraphs, sentences
from handlers.statistics import with_and_without_name
from storage.broadcast_types import Kind
from storage.broadcasts import active_broadcast, scheduled_broadcasts
from storage.closing_texts import closing_update_waits, published_closing_texts
from storage.handovers import active_handover
from storage.petitions import (
    PetitionState,
    choose_closing_date,
    close_petition,
    close_petition_if_due,
    petition_state,
    reopen_petition,
)
from storage.signatures import earliest_signed_at, signature_statistics
from telegram_text.markup import Html

# What an admin who gives a day alone means: the day is still one on which people sign.
_END_OF_DAY = "23:59"
_FARTHEST = timedelta(days=2 * 365)
# Seconds of a Unix time; ten times as many would exceed the last year of datetime.
_LATEST = 10**11 - 1


class Unready(StrEnum):
    """Why the closing update cannot be sent, as a source sentence for translation."""

    DRAFT = mark(
        "⚠️ <b>El mensaje final todavía es un borrador.</b> Mientras lo sea, quien entre con la "
        "petición cerrada leerá solo el agradecimiento por su interés, y a quienes firmaron no se "
        "les puede contar cómo ha terminado. Escríbelo con /closing."
    )
    WAITS = mark(
        "⏳ <b>El mensaje final espera la aprobación de otra persona.</b> Mientras tanto no se "
        "puede enviar, ni lo lee quien entre con la petición cerrada. Míralo con /closing."
    )


TELL_THEM = mark("Para contárselo, escribe /broadcast y elige «El mensaje final».")
"""What is to be done for those who signed to be told, once it is closed and can be sent."""


async def unready(services: Services) -> Unready | None:
    """Returns why the closing update cannot be sent; None if it can be.

    Nobody has published the one that the folder marks as a draft, or another text waits.
    """
    storage, petition = services.storage, services.petition
    if await storage.read(closing_update_waits):
        return Unready.WAITS
    if not petition.closing_is_draft:
        return None
    published = await storage.read(published_closing_texts)
    return None if closing_update_by_language(petition, published) else Unready.DRAFT


async def why_unready(ctx: AdminContext) -> Html | None:
    """Returns why the closing update cannot be sent, for this admin; None if it can be."""
    why_not = await unready(ctx.services)
    return None if why_not is None else ctx.words.text(why_not)


def what_next(words: Words, why_not: Unready | None) -> Html:
    """Says what can be done once the petition is closed."""
    if why_not is not None:  # there is nothing to send yet, and /broadcast offers nothing
        undo = words.text("Para deshacer el cierre, escribe /reopen.")
        return paragraphs(words.text(why_not), undo)
    return words.text(
        "Para contarles cómo ha terminado a quienes firmaron, escribe /broadcast. "
        "Para deshacer el cierre, /reopen."
    )


async def close(ctx: AdminContext) -> None:
    """Handles /close: says what closing does, with the count, and asks for confirmation.

    With a moment behind the command, it asks whether the petition is to close then.
    """
    words, state = ctx.words, ctx.view.petition_state
    if state.is_closed:
        await ctx.say(words.text("La petición ya está cerrada. Con /reopen se vuelve a abrir."))
        return
    if ctx.after_command:
        await _ask_about_date(ctx, state, ctx.after_command)
        return
    why_not, revision = await why_unready(ctx), str(state.revision)
    remove = Button(words.label("Quitar la fecha"), AdminAction.NO_CLOSING_DATE, revision)
    await _ask(
        ctx,
        AdminAction.CLOSE,
        revision,
        words.text("<b>¿Cerrar la petición?</b>"),
        await _handed_over(ctx, state.signatures),
        words.text(
            "En cuanto la cierres, nadie más podrá firmar. Al cerrarla no se envía ningún "
            "mensaje. Puedes deshacerlo con /reopen."
            if why_not
            else "En cuanto la cierres, nadie más podrá firmar y todo el mundo verá cómo ha "
            "terminado. Al cerrarla no se envía ningún mensaje: eso se hace después, con "
            "/broadcast. Puedes deshacerlo con /reopen."
        ),
        why_not,
        words.text(
            "Para que se cierre sola otro día, escribe la fecha detrás del comando: "
            "<code>/close {example}</code>"
            if state.closes_at is None
            else "Si no haces nada, se cerrará sola el {moment}.",
            example=words.typed_moment(ctx.now + timedelta(days=30)),
            moment=words.moment(state.closes_at or ctx.now),
        ),
        yes=words.label("Sí, cerrar la petición"),
        no=words.label("No, dejarla abierta"),
        also=None if state.closes_at is None else remove,
    )


async def _ask_about_date(ctx: AdminContext, state: PetitionState, wanted: str) -> None:
    words, now, zone = ctx.words, ctx.now, ctx.services.petition.zone
    moment = parse_moment(wanted, now, zone, _FARTHEST, _END_OF_DAY)
    await _ask(
        ctx,
        AdminAction.CLOSE_ON,
        f"{state.revision}.{int(moment.timestamp())}",
        words.text("<b>¿Cerrar la petición el {moment}?</b>", moment=words.moment(moment)),
        words.text(
            "Hasta entonces se puede firmar, y quien lea la petición verá la fecha. A partir de "
            "ese momento no se guarda ninguna firma más. Una semana y un día antes, el bot "
            "avisará a todas las personas que la administran. Para cambiar la fecha o quitarla, "
            "escribe otra vez /close."
        ),
        await _about_erasures(ctx, moment),
        await why_unready(ctx),
        yes=words.label("Sí, cerrarla ese día"),
        no=words.label("No, dejarla como está"),
    )


async def _about_erasures(ctx: AdminContext, closes_at: datetime) -> Html | None:
    """Says that people will be erased before it closes, as nothing is kept for that long."""
    zone, most = ctx.services.petition.zone, ctx.services.petition.retention.months_at_most
    first = await ctx.storage.read(earliest_signed_at) or ctx.now
    if months_later(day_of(first, zone), most) > day_of(closes_at, zone):
        return None
    return ctx.words.plural(
        "⚠️ Antes se borrarán firmas: ninguna se guarda más de {n} mes.",
        "⚠️ Antes se borrarán firmas: ninguna se guarda más de {n} meses.",
        most,
    )


async def confirm_date(ctx: AdminContext, argument: str) -> None:
    """Handles the yes to a closing date."""
    revision, _, seconds = argument.partition(".")
    number = read_number(seconds, most=_LATEST)
    moment = None if number is None else datetime.fromtimestamp(number, UTC)
    if moment is None:
        await show_state(ctx)
    elif not ctx.now < moment <= ctx.now + _FARTHEST:
        raise Refused(PAST) if moment <= ctx.now else too_far(_FARTHEST)
    else:
        await choose_date(ctx, revision, moment=moment)


async def choose_date(ctx: AdminContext, revision: str, *, moment: datetime | None) -> None:
    """Chooses the closing date or takes it away, if the petition has not changed meanwhile."""
    words, storage = ctx.words, ctx.storage
    # A date that has come is not moved: only /reopen opens the petition again.
    await storage.write(close_petition_if_due, ctx.now, ctx.services.approval_above)
    state = await storage.write(choose_closing_date, moment, _revision(revision), *ctx.by)
    if state is None:
        state = await storage.read(petition_state)
        if state.is_closed or state.closes_at != moment:
            changed = words.text(
                "⚠️ No he cambiado la fecha: la petición ha cambiado mientras tanto."
            )
            await show_state(ctx, changed)
            return
    await ctx.say(
        words.text("La petición queda abierta, sin fecha de cierre.")
        if moment is None
        else words.text("La petición se cerrará sola el {moment}.", moment=words.moment(moment))
    )


async def reopen(ctx: AdminContext) -> None:
    """Handles /reopen: says what reopening does, and asks for confirmation."""
    words, state = ctx.words, ctx.view.petition_state
    if not state.is_closed:
        await ctx.say(words.text("La petición está abierta."))
        return
    if (why_not := await _why_not_reopen(ctx)) is not None:
        await ctx.say(why_not)
        return
    await _ask(
        ctx,
        AdminAction.REOPEN,
        str(state.revision),
        words.text("<b>¿Volver a abrir la petición?</b>"),
        words.text(
            "Se podrá firmar de nuevo, hasta que la cierres con /close. Las firmas que ya hay se "
            "conservan."
        ),
        yes=words.label("Sí, volver a abrirla"),
        no=words.label("No, dejarla cerrada"),
    )


async def _ask(
    ctx: AdminContext,
    action: AdminAction,
    argument: str,
    question: Html,
    *parts: Html | None,
    yes: str,
    no: str,
    also: Button | None = None,
) -> None:
    title = Html(ctx.services.petition.texts_in(ctx.view.language).title)
    style = Style.END if action is AdminAction.CLOSE else None
    buttons = (
        Button(yes, action, argument, style=style),
        also,
        Button(no, AdminAction.DISMISS, action),
    )
    quoted = ctx.words.text("«{text}»", text=title)
    await ctx.say(Screen.of(question, quoted, *parts, buttons=buttons))


async def _why_not_reopen(ctx: AdminContext) -> Html | None:
    """Returns why the petition cannot be reopened: it was handed over, or its end is sent."""
    words = ctx.words
    handover = await ctx.storage.read(active_handover)
    if handover is not None:
        return words.text(
            "La petición se entregó el {date}, y quien firmara ahora no estaría en lo que se "
            "entregó. Si la entrega se anotó por error, quien administra el servidor puede "
            "deshacerlo con <code>petition-bot delivered --undo</code>.",
            date=words.date(handover.handed_over_on),
        )
    active = await ctx.storage.read(active_broadcast)
    if active is not None and active.kind is Kind.CLOSING:
        return words.text(
            "Se está enviando el mensaje final. Cuando termine el envío podrás "
            "volver a abrir la petición."
        )
    if any(
        planned.kind is Kind.CLOSING for planned in await ctx.storage.read(scheduled_broadcasts)
    ):
        return words.text(
            "El mensaje final está programado, y cuenta cómo terminó la petición. Para volver a "
            "abrirla, cancela antes ese envío con /broadcasts."
        )
    return None


async def confirm_close(ctx: AdminContext, argument: str) -> None:
    """Closes the petition if it has not changed since the button was shown."""
    words, above = ctx.words, ctx.services.approval_above
    state = await ctx.storage.write(close_petition, _revision(argument), *ctx.by, above)
    if state is None or state.closed_signatures is None:
        await show_state(ctx)
        return
    await ctx.say(
        paragraphs(
            words.text("<b>La petición está cerrada.</b>"),
            await _handed_over(ctx, state.closed_signatures),
            what_next(words, await unready(ctx.services)),
        )
    )


async def confirm_reopen(ctx: AdminContext, argument: str) -> None:
    """Reopens the petition if it has not changed since the button was shown."""
    words, above = ctx.words, ctx.services.approval_above
    state = await ctx.storage.write(reopen_petition, _revision(argument), *ctx.by, above)
    if state is not None:
        opened = words.text("<b>La petición está abierta otra vez.</b>")
        await ctx.say(paragraphs(opened, have_signed(words, state.signatures)))
    elif (why_not := await _why_not_reopen(ctx)) is not None:
        await ctx.say(why_not)
    else:
        await show_state(ctx)


async def show_state(ctx: AdminContext, notice: Html | None = None) -> None:
    """Shows the petition as it is, below a notice, after a tap that changes nothing."""
    words, state = ctx.words, await ctx.storage.read(petition_state)
    if not state.is_closed:
        stays = sentences(
            words.text("La petición está abierta. Para cerrarla, escribe /close."),
            state.closes_at is not None
            and words.text(
                "Si no haces nada, se cerrará sola el {moment}.",
                moment=words.moment(state.closes_at),
            ),
        )
        await ctx.say(paragraphs(notice, stays))
        return
    await ctx.say(
        paragraphs(
            notice,
            words.text("La petición ya está cerrada."),
            have_signed(words, state.told_signatures),
            what_next(words, await unready(ctx.services)),
        )
    )


async def _handed_over(ctx: AdminContext, count: int) -> Html:
    """Says how many have signed, and how many of them are handed over with their name."""
    counts = await ctx.storage.read(signature_statistics, since=ctx.now)
    return lines(have_signed(ctx.words, count), with_and_without_name(ctx.words, counts))


def _revision(argument: str) -> int:
    revision = read_number(argument)
    return -1 if revision is None else revision
