"""Telling everyone who signed how it ended: the preview, the confirmation, the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from telegram import Update
from telegram.constants import ParseMode

from bot.broadcast.audience import (
    broadcast_id,
    confirmation,
    content_sha256,
    expected_seconds,
)
from bot.broadcast.audience import (
    confirmed as is_confirmed,
)
from bot.petition.markup import Html, fill
from storage import AlreadyRunning, AudienceChanged, Broadcast, PetitionOpen, PetitionState, Plan

from .context import Context, Services
from .living import NO_PREVIEW
from .panel import Choice, Order, Panel, open_panel
from .reporting import report, told
from .screens.screen import paragraphs


@dataclass(frozen=True, slots=True)
class Offer:
    """What would be sent now, and to how many by language."""

    content: Mapping[str, str]
    audience: Mapping[str, int]
    unreachable: int
    state: PetitionState

    @property
    def recipients(self) -> int:
        """How many in all."""
        return sum(self.audience.values())

    @property
    def digest(self) -> bytes:
        """What the confirmation is bound to."""
        return content_sha256(self.content)


async def broadcast(update: Update, context: Context) -> None:
    """Shows the closing update as recipients will see it, with the numbers, and asks."""
    panel = await open_panel(update, context)
    storage, words = panel.services.storage, panel.words
    running = await storage.broadcasts.running()
    if running is not None:
        await _follow(panel, running)
        return
    offer = await _offer(panel.services)
    if not offer.state.is_closed:
        await panel.say(
            words.text(
                "La petición sigue abierta. El mensaje final se envía después de "
                "cerrarla: escribe antes /close."
            )
        )
        return
    if offer.recipients == 0:
        await _nobody_left(panel)
        return
    for language in panel.services.campaign.languages:
        await panel.bot.send_message(
            panel.chat_id,
            offer.content[language],
            parse_mode=ParseMode.HTML,
            link_preview_options=NO_PREVIEW,
        )
    await panel.say(_question(panel, offer), _choices(panel, offer))


async def confirmed(panel: Panel, argument: str) -> None:
    """Starts the broadcast, if it is still the one that was previewed."""
    services = panel.services
    offer = await _offer(services)
    message_id = panel.tapped
    identity = broadcast_id(argument)
    known = await services.storage.broadcasts.get(identity)
    if known is not None:
        await panel.answer()  # tapped twice: the panel shows the progress already
        return
    if not _is_still(offer, argument, services):
        await _ask_again(panel)
        return
    outcome = await services.storage.broadcasts.start(
        Plan(
            identity,
            content=offer.content,
            content_sha256=offer.digest,
            source_language=services.campaign.source_language,
            actor=panel.user.id,
            at=services.clock(),
            expected=offer.recipients,
            progress=(panel.chat_id, panel.tapped),
        )
    )
    await _answer(panel, outcome, message_id)


async def _answer(
    panel: Panel,
    outcome: Broadcast | AlreadyRunning | PetitionOpen | AudienceChanged,
    message_id: int,
) -> None:
    storage = panel.services.storage
    if isinstance(outcome, Broadcast):
        await storage.broadcasts.set_progress(outcome.id, panel.chat_id, message_id)
        await _show(panel, outcome)
        panel.services.wake_broadcast()
        return
    if isinstance(outcome, AlreadyRunning):
        running = await storage.broadcasts.get(outcome.id)
        if running is not None:
            await _show(panel, running)
            return
    await _ask_again(panel)


async def _follow(panel: Panel, running: Broadcast) -> None:
    """The progress moves to a new message at the bottom, where the admin is looking."""
    message_id = await _show(panel, running)
    await panel.services.storage.broadcasts.set_progress(running.id, panel.chat_id, message_id)


async def _show(panel: Panel, shown: Broadcast) -> int:
    tally = await panel.services.storage.broadcasts.tally(shown.id)
    return await panel.say(report(panel.words, shown, tally))


async def _ask_again(panel: Panel) -> None:
    await panel.say(
        panel.words.text(
            "Algo ha cambiado desde la vista previa, o ha pasado demasiado tiempo, y "
            "no se ha enviado nada. Escribe /broadcast para verla otra vez."
        )
    )


async def _nobody_left(panel: Panel) -> None:
    words, latest = panel.words, await panel.services.storage.broadcasts.latest()
    if latest is None:
        await panel.say(words.text("Nadie ha firmado: no hay a quién escribir."))
        return
    tally = await panel.services.storage.broadcasts.tally(latest.id)
    await panel.say(
        paragraphs(
            words.text("Ya se ha escrito a todas las personas a las que se podía escribir."),
            report(words, latest, tally),
        )
    )


async def _offer(services: Services) -> Offer:
    storage, campaign = services.storage, services.campaign
    state = await storage.petitions.state()
    count = state.closed_signatures if state.closed_signatures is not None else state.signatures
    content = {
        language: fill(
            campaign.texts_in(language).closing_update,
            count=services.catalogues.words(language).number(count),
        )
        for language in campaign.languages
    }
    return Offer(
        content=content,
        audience=await storage.broadcasts.audience(),
        unreachable=await storage.broadcasts.unreachable(),
        state=state,
    )


def _is_still(offer: Offer, token: str, services: Services) -> bool:
    return offer.state.is_closed and is_confirmed(
        token,
        content_sha256=offer.digest,
        recipients=offer.recipients,
        revision=offer.state.revision,
        now=services.clock(),
    )


def _question(panel: Panel, offer: Offer) -> Html:
    words, services = panel.words, panel.services
    campaign = services.campaign
    by_language = [
        words.text(
            "{language}: {count}",
            language=campaign.texts_in(language).language_name,
            count=words.number(count),
        )
        for language, count in sorted(offer.audience.items(), key=lambda item: -item[1])
    ]
    seconds = expected_seconds(offer.recipients, services.broadcast_rate)
    return paragraphs(
        words.text("<b>¿Enviar el mensaje final?</b>"),
        words.text("Arriba lo ves tal como llegará, en cada idioma. Lo recibirán:"),
        "\n".join(by_language),
        told(words, offer.unreachable),
        words.text("Tardará alrededor de {duration}.", duration=words.duration(seconds)),
    )


def _choices(panel: Panel, offer: Offer) -> tuple[Choice, Choice]:
    words, services = panel.words, panel.services
    token = confirmation(
        content_sha256=offer.digest,
        recipients=offer.recipients,
        revision=offer.state.revision,
        now=services.clock(),
    )
    send = words.plural_label("Enviar a {n} persona", "Enviar a {n} personas", offer.recipients)
    return Choice(send, Order.SEND, token), Choice(words.label("No enviar"), Order.LEAVE)
