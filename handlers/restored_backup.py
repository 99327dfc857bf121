"""A restored backup: nothing is sent until an admin has looked, and lets it with a button."""

from functools import partial

from bot.text.translations import Words
from handlers.admin_notices import Notice
from handlers.chat_context import AdminContext
from handlers.context import Services
from handlers.screens.buttons import AdminAction, Button
from handlers.screens.screen import Screen, paragraphs, sentences
from storage.restores import held_restore, release_restore
from storage.transaction import Row
from telegram_text.markup import Html


async def restored_notices(services: Services) -> list[Notice]:
    """Returns that a backup was restored and sending is held, if it is."""
    held = await services.storage.read(held_restore)
    return [Notice("restored", held.id.hex(), partial(restored_screen, held))] if held else []


def restored_screen(held: Row, words: Words) -> Screen:
    """Returns the screen about a restored backup, with the button that releases."""
    return Screen(
        paragraphs(
            words.text("⚠️ <b>Se ha restaurado una copia de seguridad de los datos.</b>"),
            _what_is_lost(words, held),
            words.text(
                "Lo que cada persona pidió después se ha vuelto a aplicar: quien retiró su firma "
                "sigue fuera, y se respetan las correcciones y los /stop."
                if held.journal_is_whole
                else "⚠️ Lo que cada persona pidió después no consta entero: puede haber vuelto "
                "alguien que retiró su firma o no quería mensajes. Antes de enviar nada, habla "
                "con quien administra el servidor."
            ),
            words.text(
                "Lo que se hizo después con /close, /reopen o /closing se ha perdido: si la "
                "petición ya estaba cerrada, puede que vuelva a estar abierta. Míralo y repite "
                "lo que falte.\n\n"
                "De los envíos posteriores a la copia no queda constancia, así que <b>el bot no "
                "envía ninguno hasta que alguien lo revise</b>. Lo que estaba en marcha está en "
                "pausa. Mira en /broadcasts qué queda por enviar y cancela lo que ya se envió: se "
                "enviaría otra vez."
            ),
        ),
        [
            Button(
                words.label("Ya lo he revisado: permitir los envíos"),
                AdminAction.RELEASE,
                held.id.hex(),
            )
        ],
    )


def _what_is_lost(words: Words, held: Row) -> Html:
    made = words.text("No consta de cuándo es.")
    if held.backup_made_at is not None:
        made = words.text("Es del {moment}.", moment=words.moment(held.backup_made_at))
    if held.lost == 0:  # the mark that would tell may be gone with the journal
        missing = (
            words.text("Que sepamos, no falta ninguna firma.")
            if held.journal_is_whole
            else words.text("No se sabe si faltan firmas posteriores.")
        )
        return sentences(made, missing)
    lost = words.plural(
        "Falta, como mucho, {n} firma posterior: esa persona tendría que firmar otra vez.",
        "Faltan, como mucho, {n} firmas posteriores: esas personas tendrían que firmar otra vez.",
        held.lost,
    )
    return sentences(made, lost)


async def is_held(ctx: AdminContext) -> bool:
    """Shows what lets messages be sent, if a restored backup holds them; returns whether it does.

    What is started meanwhile would seem to be under way, and would not be.
    """
    held = await ctx.storage.read(held_restore)
    if held is not None:
        await ctx.say(restored_screen(held, ctx.words))
    return held is not None


async def release(ctx: AdminContext, argument: str) -> None:
    """Lets messages be sent again, if the button was drawn for the backup that holds them."""
    actor, at = ctx.by
    held = await ctx.storage.read(held_restore)
    if held is not None and argument != held.id.hex():
        await ctx.say(restored_screen(held, ctx.words))
        return
    if not await ctx.storage.write(release_restore, actor=actor, at=at):
        await ctx.say(ctx.words.text("Los envíos ya estaban permitidos."))
        return
    await ctx.say(
        ctx.words.text(
            "Hecho: los envíos vuelven a estar permitidos. Lo que está en pausa, o cuya hora ha "
            "pasado, espera a que decidas en /broadcasts."
        )
    )
