"""Stops news or all messages to a supporter, who keeps their signature.

Withdrawing a consent must be as easy as giving it (GDPR art. 7(3)), and nobody should have to
block the bot for that.
"""

from __future__ import annotations

from telegram import Update

from bot.petition.stages import Action, Place
from bot.text.markup import Html

from .context import Context
from .in_flight import forbid, may_arrive, may_arrive_label
from .supporter_context import SupporterContext, open_command, open_supporter_context, reload


async def stop(update: Update, context: Context) -> None:
    """Handles /stop: mutes all messages and says what that means."""
    visit = (await open_command(update, context)).at_valid_stage()
    words = visit.view.words
    if visit.view.signature is None:
        await visit.with_stage(Place()).say(
            words.text("No has firmado esta petición: no te escribiremos.")
        )
        return
    await visit.save()
    landed = await _mute(visit)
    visit = (await reload(visit)).going(Action.MY_DATA)
    said = words.text(
        "<b>No te escribiremos más.</b> Tu firma sigue contando. Cuando quieras saber "
        "cómo va la petición, escribe /start."
    )
    await visit.say(said if landed else Html(f"{said} {may_arrive(words)}"))


async def mute(visit: SupporterContext) -> None:
    """Handles the button that mutes all messages."""
    landed = await _mute(visit)
    await (await reload(visit)).show(None if landed else may_arrive(visit.view.words))


async def unmute(visit: SupporterContext) -> None:
    """Handles the button that allows messages again."""
    services = visit.services
    await services.storage.signatures.mute(visit.conversation.supporter, None)
    # The closing update may have been sent meanwhile; it is still due to this person.
    if await services.storage.signatures.mark_reachable(
        visit.conversation.supporter, services.clock()
    ):
        services.wake_broadcast()
    await (await reload(visit)).show()


async def refuse_news(visit: SupporterContext) -> None:
    """Handles the button on the screen of /mydata that withdraws the consent to news."""
    landed = await _refuse_news(visit)
    await (await reload(visit)).show(None if landed else may_arrive(visit.view.words))


async def refused_under_news(update: Update, context: Context) -> None:
    """Handles the button under a news broadcast that withdraws the consent to news.

    Says so in an alert window; the message stays as it is.
    """
    visit = await open_supporter_context(update, context)
    landed, words = await _refuse_news(visit), visit.view.words
    said = words.label(
        "Hecho: no te enviaremos más noticias de otras acciones. Tu firma sigue contando."
    )
    await visit.alert(said if landed else f"{said} {may_arrive_label(words)}")


async def _mute(visit: SupporterContext) -> bool:
    signatures, at = visit.services.storage.signatures, visit.services.clock()
    return await forbid(visit, signatures.mute(visit.conversation.supporter, at))


async def _refuse_news(visit: SupporterContext) -> bool:
    signatures, at = visit.services.storage.signatures, visit.services.clock()
    return await forbid(visit, signatures.refuse_news(visit.conversation.supporter, at))
