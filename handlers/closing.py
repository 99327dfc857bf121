"""Closes and reopens the petition."""

from bot.text.markup import Html
from handlers.admin_context import AdminContext
from handlers.screens.buttons import AdminAction, Button, dismiss_button, read_number
from handlers.screens.screen import Screen, paragraphs
from storage import Kind, PetitionState


async def close(ctx: AdminContext) -> None:
    """Handles /close: says what closing does, with the count, and asks for confirmation."""
    state = await ctx.services.storage.petitions.state()
    words = ctx.words
    if state.is_closed:
        await ctx.say(words.text("La petición ya está cerrada. Con /reopen se vuelve a abrir."))
        return
    await ctx.say(
        _question(
            AdminAction.CLOSE,
            state.revision,
            words.text("<b>¿Cerrar la petición?</b>"),
            Html(f"«{_title(ctx)}»"),
            _signed(ctx, state.signatures),
            words.text(
                "En cuanto la cierres, nadie más podrá firmar y todo el mundo verá "
                "cómo ha terminado. Al cerrarla no se envía ningún mensaje: eso se "
                "hace después, con /broadcast. Puedes deshacerlo con /reopen."
            ),
            yes=words.label("Sí, cerrar la petición"),
            no=words.label("No, dejarla abierta"),
        )
    )


async def reopen(ctx: AdminContext) -> None:
    """Handles /reopen: says what reopening does, and asks for confirmation."""
    storage, words = ctx.services.storage, ctx.words
    state = await storage.petitions.state()
    if not state.is_closed:
        await ctx.say(words.text("La petición está abierta."))
        return
    hindrance = await _hindrance(ctx)
    if hindrance is not None:
        await ctx.say(hindrance)
        return
    await ctx.say(
        _question(
            AdminAction.REOPEN,
            state.revision,
            words.text("<b>¿Volver a abrir la petición?</b>"),
            Html(f"«{_title(ctx)}»"),
            words.text("Se podrá firmar de nuevo. Las firmas que ya hay se conservan."),
            yes=words.label("Sí, volver a abrirla"),
            no=words.label("No, dejarla cerrada"),
        )
    )


def _question(action: AdminAction, revision: int, *parts: Html, yes: str, no: str) -> Screen:
    argument = str(revision)
    buttons = (Button(yes, action, argument), dismiss_button(no, action, argument))
    return Screen(paragraphs(*parts), buttons)


async def _hindrance(ctx: AdminContext) -> Html | None:
    """Returns why the petition cannot be reopened: its closing update is active or scheduled."""
    broadcasts, words = ctx.broadcasts, ctx.words
    active = await broadcasts.active()
    if active is not None and active.kind is Kind.CLOSING:
        return words.text(
            "Se está enviando el mensaje final. Cuando acabe el envío podrás "
            "volver a abrir la petición."
        )
    if any(planned.kind is Kind.CLOSING for planned in await broadcasts.scheduled()):
        return words.text(
            "El mensaje final está programado, y cuenta cómo terminó la petición. Para volver a "
            "abrirla, cancela antes ese envío con /broadcast."
        )
    return None


async def confirm_close(ctx: AdminContext, argument: str) -> None:
    """Closes the petition if it has not changed since the button was shown."""
    services, words = ctx.services, ctx.words
    state = await services.storage.petitions.close(
        revision=_revision(argument), actor=ctx.user.id, at=services.clock()
    )
    if state is None or state.closed_signatures is None:
        await _changed_meanwhile(ctx, closed=True)
        return
    await ctx.say(
        paragraphs(
            words.text("<b>La petición está cerrada.</b>"),
            _signed(ctx, state.closed_signatures),
            _what_next(ctx),
        )
    )


async def confirm_reopen(ctx: AdminContext, argument: str) -> None:
    """Reopens the petition if it has not changed since the button was shown."""
    services, words = ctx.services, ctx.words
    state = await services.storage.petitions.reopen(
        revision=_revision(argument), actor=ctx.user.id, at=services.clock()
    )
    if state is None:
        hindrance = await _hindrance(ctx)
        if hindrance is not None:
            await ctx.say(hindrance)
        else:
            await _changed_meanwhile(ctx, closed=False)
        return
    await ctx.say(
        paragraphs(
            words.text("<b>La petición está abierta otra vez.</b>"),
            _signed(ctx, state.signatures),
        )
    )


async def dismiss(ctx: AdminContext, argument: str) -> bool:
    """Shows the petition's state if it changed since the button was drawn; else returns False."""
    state = await ctx.services.storage.petitions.state()
    if state.revision == _revision(argument):
        return False
    await ctx.say(_standing(ctx, state))
    return True


async def _changed_meanwhile(ctx: AdminContext, *, closed: bool) -> None:
    """Shows the state if it is the wanted one, as after a repeated tap; else says it changed."""
    state = await ctx.services.storage.petitions.state()
    if state.is_closed is closed:
        await ctx.say(_standing(ctx, state))
        return
    await ctx.say(
        ctx.words.text("La petición ha cambiado mientras tanto. Escribe otra vez el comando.")
    )


def _standing(ctx: AdminContext, state: PetitionState) -> Html:
    words = ctx.words
    if state.closed_signatures is None:
        return words.text("La petición está abierta.")
    return paragraphs(
        words.text("La petición ya está cerrada."),
        _signed(ctx, state.closed_signatures),
        _what_next(ctx),
    )


def _what_next(ctx: AdminContext) -> Html:
    return ctx.words.text(
        "Para contarles cómo ha terminado a quienes firmaron, escribe /broadcast. "
        "Para deshacer el cierre, /reopen."
    )


def _title(ctx: AdminContext) -> str:
    return ctx.services.petition.texts_in(ctx.language).title


def _signed(ctx: AdminContext, count: int) -> Html:
    return ctx.words.plural(
        "<b>{n}</b> persona ha firmado.", "<b>{n}</b> personas han firmado.", count
    )


def _revision(argument: str) -> int:
    revision = read_number(argument)
    return -1 if revision is None else revision
