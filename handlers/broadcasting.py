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
from .reporting import elsewhere, none_reachable, point_elsewhere, report, told
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
    running = await storage.broadcasts.active()
    if running is not None:
        await _follow(panel, running.id)
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
        await _nobody_left(panel, offer)
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
    identity = broadcast_id(argument)
    known = await services.storage.broadcasts.get(identity)
    if known is not None:
        await _go_on(panel, known)
        return
    running = await services.storage.broadcasts.active()
    if running is not None:
        await _follow(panel, running.id)
        return
    offer = await _offer(services)
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
            progress=None if panel.message_id is None else (panel.chat_id, panel.message_id),
        )
    )
    await _answer(panel, outcome)


async def left(panel: Panel, argument: str) -> bool:
    """Shows what became of it when it was started after all; False when it was not."""
    known = await panel.services.storage.broadcasts.get(broadcast_id(argument))
    if known is None:
        return False
    await _go_on(panel, known)
    return True


async def _answer(
    panel: Panel, outcome: Broadcast | AlreadyRunning | PetitionOpen | AudienceChanged
) -> None:
    if isinstance(outcome, Broadcast):
        panel.services.wake_broadcast()
        await _show(panel, outcome)
    elif isinstance(outcome, AlreadyRunning):
        await _follow(panel, outcome.id)
    else:
        await _ask_again(panel)


async def _go_on(panel: Panel, known: Broadcast) -> None:
    """A tap that comes again, after a cut perhaps, finds its broadcast as it stands."""
    if not known.is_running:
        # Perhaps its report was written over by a late repetition of what came before.
        await _show(panel, known)
        return
    panel.services.wake_broadcast()
    if known.progress_chat != panel.chat_id:
        await _follow(panel, known.id)  # nobody watches it yet, or two confirmed in one second
    elif known.progress_message_id != panel.message_id:
        await panel.say(elsewhere(panel.words))
    else:
        # The worker keeps this very message up to date; the same words again would be refused.
        await panel.answer()


async def _follow(panel: Panel, key: bytes) -> None:
    """The progress moves to the message the admin is looking at; the former one says so."""
    broadcasts = panel.services.storage.broadcasts
    former = await broadcasts.get(key)
    if former is None:
        raise LookupError("A broadcast that was running is not there.")
    said = None
    if panel.message_id is None:
        said = await _account(panel, former)
        panel = panel.at(await panel.say(said))
    await broadcasts.set_progress(key, panel.chat_id, panel.message_id or 0)
    now = await _show(panel, await broadcasts.get(key) or former, said)
    chat, message_id = former.progress_chat, former.progress_message_id
    if (
        chat is None
        or message_id is None
        or (chat, message_id) == (panel.chat_id, panel.message_id)
    ):
        return
    if now.is_running:
        await point_elsewhere(panel.bot, panel.services, chat, message_id)


async def _show(panel: Panel, shown: Broadcast, said: Html | None = None) -> Broadcast:
    """Shows how it stands, unless the panel says that already; returns the last that is shown.

    The worker writes into the same message. When the end came in between, its report may have
    been written over, so it is shown again.
    """
    text = await _account(panel, shown)
    if text != said:
        panel = panel.at(await panel.say(text))
    now = await panel.services.storage.broadcasts.get(shown.id) or shown
    if now.state != shown.state:
        await panel.say(await _account(panel, now))
    return now


async def _account(panel: Panel, shown: Broadcast) -> Html:
    tally = await panel.services.storage.broadcasts.tally(shown.id)
    return report(panel.words, shown, tally)


async def _ask_again(panel: Panel) -> None:
    await panel.say(
        panel.words.text(
            "Algo ha cambiado desde la vista previa, o ha pasado demasiado tiempo, y "
            "no se ha enviado nada. Escribe /broadcast para verla otra vez."
        )
    )


async def _nobody_left(panel: Panel, offer: Offer) -> None:
    words, latest = panel.words, await panel.services.storage.broadcasts.latest()
    if latest is not None:
        await panel.say(
            paragraphs(
                words.text("Ya se ha escrito a todas las personas a las que se podía escribir."),
                await _account(panel, latest),
            )
        )
    elif offer.unreachable:
        await panel.say(none_reachable(words, offer.unreachable))
    else:
        await panel.say(words.text("Nadie ha firmado: no hay a quién escribir."))


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
    return (
        Choice(send, Order.SEND, token),
        Choice(words.label("No enviar"), Order.LEAVE, f"{Order.SEND}:{token}"),
    )
