"""/broadcast: offers the closing update, a new message, and other notices."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from bot.text.translations import Words
from handlers.broadcasts.draft import new_draft
from handlers.broadcasts.draft_editor import DraftEditor, open_draft, save_draft
from handlers.broadcasts.preview import show_preview
from handlers.broadcasts.progress_message import tell_progress
from handlers.broadcasts.screens.report import can_be_corrected
from handlers.chat_context import AdminContext
from handlers.closing import Unready, unready
from handlers.restored_backup import is_held
from handlers.screens.buttons import AdminAction, Button, read_id
from handlers.screens.screen import Absent, Screen
from storage.broadcast_types import Broadcast, Correction, Kind
from storage.broadcasts import (
    SignerCounts,
    active_broadcast,
    broadcast_with,
    count_audience,
    count_signers,
    has_recipients,
    scheduled_broadcasts,
    tally_of_broadcast,
)
from storage.petitions import petition_state
from telegram_text.markup import Html

_CHOSEN = "now"


@dataclass(frozen=True, slots=True)
class BroadcastOptions:
    """What an admin could send now, and to how many people.

    Attributes:
        why_not: why the closing update cannot be sent; None if it can be.
        untold: signers who would get the closing update.
        is_chosen: whether anybody would get a message about the petition, or other news.
        any_reachable: whether anybody would get the notice of a breach.
        planned: how many broadcasts are planned or wait for approval.
        draft: the key of the message that the admin was preparing; None if there is none.
    """

    is_closed: bool
    why_not: Unready | None
    untold: int
    signers: SignerCounts
    is_chosen: bool
    any_reachable: bool
    planned: int
    draft: str | None


async def broadcast(ctx: AdminContext) -> None:
    """Handles /broadcast: shows the active broadcast, or else what can be sent."""
    storage = ctx.storage
    if await is_held(ctx):
        return
    active = await storage.read(active_broadcast)
    if active is not None:
        await tell_progress(ctx, active)
        return
    editor = await open_draft(ctx)
    options = BroadcastOptions(
        is_closed=(await storage.read(petition_state)).is_closed,
        why_not=await unready(ctx.services),
        untold=sum((await storage.read(count_audience, kind=Kind.CLOSING)).values()),
        signers=await storage.read(count_signers),
        is_chosen=await storage.read(has_recipients, Kind.UPDATE)
        or await storage.read(has_recipients, Kind.NEWS),
        any_reachable=await storage.read(has_recipients, Kind.BREACH),
        planned=len(await storage.read(scheduled_broadcasts)),
        draft=None if editor is None else editor.draft.key,
    )
    await ctx.say(menu_screen(ctx.words, options))


async def compose(ctx: AdminContext, argument: str) -> None:
    """Starts a draft that waits for the admin's message."""
    await _start(ctx, Kind.UPDATE, argument)


async def compose_closing(ctx: AdminContext, argument: str) -> None:
    """Starts a draft of the closing update and shows its preview.

    Where it cannot be sent, the menu says why.
    """
    active, is_closed = await ctx.storage.read(active_broadcast), ctx.view.petition_state.is_closed
    if active is not None or not is_closed or await unready(ctx.services):
        await broadcast(ctx)
    else:
        await _start(ctx, Kind.CLOSING, argument, show_preview)


async def compose_breach(ctx: AdminContext, argument: str) -> None:
    """Starts a draft of the notice of a breach.

    The menu's button leads to a screen that offers it, apart from what is sent on most days.
    """
    words, (known, _, chosen) = ctx.words, argument.partition(":")
    if chosen == _CHOSEN:
        await _start(ctx, Kind.BREACH, known)
        return
    breach = words.label("⚠️ Avisar de una brecha de seguridad")
    await ctx.say(
        Screen(
            words.text(
                "<b>Otros avisos</b>\n\nEl de una brecha es para cuando los datos de quienes "
                "firmaron se han perdido, o los ha visto o se los ha llevado alguien que no debía."
            ),
            [
                Button(breach, AdminAction.COMPOSE_BREACH, f"{known[:8]}:{_CHOSEN}"),
                Button(words.label("Volver"), AdminAction.DISMISS, AdminAction.COMPOSE_BREACH),
            ],
        )
    )


async def compose_correction(ctx: AdminContext, known: Broadcast, _rest: str) -> None:
    """Starts a draft of the correction of a broadcast, for those who got it."""
    storage = ctx.storage
    if not can_be_corrected(known, await storage.read(tally_of_broadcast, known.id)):
        await ctx.say(ctx.words.text("Ese envío ha cambiado. Escribe /broadcast."))
        return
    topic = Correction.of(known).topic
    if not await storage.read(count_audience, kind=Kind.CORRECTION, topic=topic):
        await ctx.alert(
            ctx.words.label(
                "A quienes lo recibieron ya se les envió una corrección, o no se les puede "
                "escribir. Si esa corrección está mal, corrígela desde su informe, en /broadcasts."
            )
        )
        return
    await _start(ctx, Kind.CORRECTION, None, topic=topic)


async def resume(ctx: AdminContext, argument: str) -> None:
    """Resumes the admin's draft; given a broadcast, starts a draft for those it did not reach."""
    editor = await open_draft(ctx)
    if not argument:
        if editor is None:
            await compose(ctx, "")
        else:
            await editor.show()
        return
    known = await ctx.storage.read(broadcast_with, read_id(argument))
    if known is None or not known.is_over or known.kind is Kind.CLOSING:
        await ctx.say(ctx.words.text("Ese envío ha cambiado. Escribe /broadcast."))
        return
    decided = {"topic": known.topic, "audience_chosen": True, "audience_language": known.language}
    await _start(ctx, known.kind, None, **decided)


async def _start(
    ctx: AdminContext,
    kind: Kind,
    known: str | None,
    then: Callable[[DraftEditor], Awaitable[None]] = DraftEditor.show,
    /,
    **decided: object,
) -> None:
    """Saves a draft in place of the former one, whose preview the next preview deletes; shows it.

    Unless a message was written since the menu was drawn, which would be discarded: `known` is the
    draft that this menu knew of, and the menu that is shown then says so. A report knows of none:
    it stays as it is, its draft stands in a message below it, and its own button says so.
    """
    services, former = ctx.services, await open_draft(ctx)
    if former is not None and former.draft.versions and former.draft.key != known:
        if known is not None:
            await broadcast(ctx)
            return
        await ctx.alert(
            ctx.words.label(
                "Tienes un mensaje a medias, que se descartaría. Termínalo antes, o descártalo "
                "con /cancel, y vuelve a pulsar este botón."
            )
        )
        return
    here = ctx if known is not None else replace(ctx, message_id=None)
    stale = () if former is None else former.draft.preview_ids
    its = {"message_id": here.message_id, "preview_ids": stale, **decided}
    new = new_draft(services.petition.source_language, ctx.now, kind, paid=services.paid_broadcast)
    draft = new.model_copy(update=its)
    await save_draft(here, draft)
    await then(DraftEditor(here, draft))


def menu_screen(words: Words, options: BroadcastOptions) -> Screen:
    """Returns the menu: the options, and why others are not available."""
    known, is_ready = options.draft or "", options.is_closed and not options.why_not
    offered: list[Button | Absent] = [
        options.draft is not None
        and Button(words.label("Seguir con el mensaje que preparabas"), AdminAction.RESUME_DRAFT),
        is_ready
        and options.untold > 0
        and Button(words.label("El mensaje final"), AdminAction.CLOSING_UPDATE, known),
        options.is_chosen and Button(words.label("Un mensaje nuevo"), AdminAction.COMPOSE, known),
    ]
    return Screen.of(
        (any(offered) or options.any_reachable) and words.text("<b>¿Qué quieres enviar?</b>"),
        _about_closing(words, options),
        (options.signers.written_to or options.is_chosen)
        and words.text(
            "Un mensaje nuevo es lo que tú me envíes, tal cual: un texto, una foto, un vídeo, "
            "un álbum… Antes de que salga verás la vista previa y a cuántas personas llega."
            if options.is_chosen
            else "Nadie a quien se pueda escribir espera otro mensaje que el final: un mensaje "
            "nuevo solo va a quienes eligieron novedades u otras noticias."
        ),
        options.draft
        and words.text(
            "Tienes un mensaje a medias. Si empiezas otro, el que preparabas se descarta."
        ),
        options.planned > 0
        and words.plural(
            "🕒 Hay {n} envío programado o a la espera de aprobación: está en /broadcasts.",
            "🕒 Hay {n} envíos programados o a la espera de aprobación: están en /broadcasts.",
            options.planned,
        ),
        buttons=[
            *offered,
            options.any_reachable
            and Button(words.label("Otros avisos"), AdminAction.COMPOSE_BREACH, known),
            any(offered) and Button(words.label("Volver"), AdminAction.DISMISS),
        ],
    )


def _about_closing(words: Words, options: BroadcastOptions) -> Html:
    """Returns what is to be known of the closing update, or why there is nobody to write to."""
    signers = options.signers
    if signers.written_to and not options.is_closed:
        return words.text(
            "La petición sigue abierta. El mensaje final se envía después de "
            "cerrarla: escribe antes /close."
        )
    if signers.written_to and not options.untold:
        return words.text(
            "El mensaje final ya se ha enviado a todas las personas a las que se podía escribir."
        )
    if signers.written_to and options.why_not:
        return words.text(options.why_not)
    if signers.written_to:
        return words.plural(
            "El mensaje final cuenta cómo ha terminado la petición. Lo espera {n} persona.",
            "El mensaje final cuenta cómo ha terminado la petición. Lo esperan {n} personas.",
            options.untold,
        )
    return words.text(
        "A quienes han firmado no se les puede escribir: lo pidieron así, han bloqueado el bot o "
        "han dejado Telegram."
        if signers.muted or signers.unreachable
        else "No se guarda ninguna firma: no hay a quién escribir."
    )
