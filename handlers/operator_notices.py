"""What the admins are told of what an operator did in the shell.

That is a handover that was recorded or undone, and a backup that was restored: nothing is sent
until one of them has looked.
"""

from datetime import date, datetime, timedelta
from functools import partial

from bot.petition_folder.schema import months_later
from bot.text.translations import Words
from handlers.admin_context import AdminContext
from handlers.admin_notices import Notice, mark_told, may_be_sent
from handlers.context import Services
from handlers.screens.buttons import AdminAction, Button
from handlers.screens.screen import Screen, paragraphs, sentences
from storage.handovers import Handover, newest_handover, owed_changes
from storage.restores import held_restore, release_restore
from storage.transaction import Row
from telegram_text.markup import Html

_DIGEST_EVERY = timedelta(days=7)
_OWED = "notices owed"


async def handover_notices(services: Services, now: datetime) -> list[Notice]:
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
            "contado a quienes firmaron cómo ha acabado, hay que hacerlo antes, con /broadcast.",
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
    if held.lost == 0:
        return sentences(made, words.text("Que sepamos, no falta ninguna firma."))
    lost = words.plural(
        "Falta, como mucho, {n} firma posterior: esa persona tendría que firmar otra vez.",
        "Faltan, como mucho, {n} firmas posteriores: esas personas tendrían que firmar otra vez.",
        held.lost,
    )
    return sentences(made, lost)


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
