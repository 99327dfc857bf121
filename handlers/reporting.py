"""How a broadcast goes and how it ended, said to the admin in one message that changes."""

from __future__ import annotations

from telegram.constants import ParseMode
from telegram.error import TelegramError

from bot.broadcast.progress import ProgressView, progress_view
from bot.petition.markup import Html
from bot.petition.words import Words
from bot.transport.outcome import Remedy, remedy
from storage import Broadcast, Tally

from .context import Bot, Services
from .living import NO_PREVIEW
from .screens.screen import paragraphs

_BAR_WIDTH = 12


class AdminReporter:
    """Keeps the progress message of a broadcast up to date; the worker says when."""

    def __init__(self, bot: Bot, services: Services) -> None:
        self._bot = bot
        self._services = services
        self._written: tuple[int, Html] | None = None

    async def progress(self, broadcast: Broadcast, tally: Tally, rate: float) -> None:
        """Shows how far it is."""
        await self._write(broadcast, tally, progress_view(tally, rate))

    async def finished(self, broadcast: Broadcast, tally: Tally) -> None:
        """Shows the report."""
        await self._write(broadcast, tally, None)

    async def stopped(self, broadcast: Broadcast, tally: Tally, reason: str) -> None:
        """Says that it stopped, why, and that nobody was marked for it."""
        await self._write(broadcast, tally, None)

    async def _words(self, broadcast: Broadcast) -> Words:
        """The language of the admin who started it."""
        services = self._services
        supporter = services.keyring.reference(services.campaign.slug, broadcast.started_by)
        known = await services.storage.conversations.get(supporter)
        return services.catalogues.words(known.language if known else None)

    async def _write(self, broadcast: Broadcast, tally: Tally, view: ProgressView | None) -> None:
        chat, message_id = broadcast.progress_chat, broadcast.progress_message_id
        if chat is None or message_id is None:
            return
        text = report(await self._words(broadcast), broadcast, tally, view)
        if (message_id, text) == self._written:
            return  # Telegram refuses an edit without a difference
        self._written = (message_id, text)
        try:
            await self._bot.edit_message_text(
                text,
                chat_id=chat,
                message_id=message_id,
                parse_mode=ParseMode.HTML,
                link_preview_options=NO_PREVIEW,
            )
        except TelegramError as error:
            if remedy(error) is Remedy.GONE:
                await self._write_anew(broadcast, chat, text)
            elif remedy(error) is not Remedy.UNCHANGED:
                raise

    async def _write_anew(self, broadcast: Broadcast, chat: int, text: Html) -> None:
        sent = await self._bot.send_message(
            chat, text, parse_mode=ParseMode.HTML, link_preview_options=NO_PREVIEW
        )
        await self._services.storage.broadcasts.set_progress(broadcast.id, chat, sent.message_id)


def report(
    words: Words, broadcast: Broadcast, tally: Tally, view: ProgressView | None = None
) -> Html:
    """The message: what it is, the bar while it runs, and the account."""
    return paragraphs(_heading(words, broadcast), _bar(words, tally, view), _account(words, tally))


def told(words: Words, unreachable: int) -> Html | None:
    """Says how many cannot be told, when there are any."""
    if unreachable == 0:
        return None
    return words.plural(
        "{n} persona más firmó, pero ha bloqueado el bot o ha dejado Telegram: no se "
        "le puede escribir.",
        "{n} personas más firmaron, pero han bloqueado el bot o han dejado Telegram: "
        "no se les puede escribir.",
        unreachable,
    )


def _heading(words: Words, broadcast: Broadcast) -> Html:
    if broadcast.state == "running":
        return words.text("<b>Enviando el mensaje final…</b>")
    if broadcast.state == "finished":
        return words.text("<b>El mensaje final está enviado.</b>")
    return words.text(
        "<b>El envío se ha detenido.</b> Telegram no acepta el mensaje: {reason}\n"
        "Quienes faltaban siguen pendientes. Corrige el texto y escribe /broadcast.",
        reason=broadcast.stop_reason or "",
    )


def _bar(words: Words, tally: Tally, view: ProgressView | None) -> Html | None:
    if view is None or tally.total == 0:
        return None
    full = tally.done * _BAR_WIDTH // tally.total
    squares = "▰" * full + "▱" * (_BAR_WIDTH - full)
    share = words.percent(tally.done / tally.total)
    if view.remaining_seconds is None:
        return Html(f"{squares}  {share}")
    left = words.text(
        "tiempo restante: {duration}", duration=words.duration(view.remaining_seconds)
    )
    return Html(f"{squares}  {share}, {left}")


def _account(words: Words, tally: Tally) -> Html:
    lines = [
        words.text("Entregados: {n}", n=words.number(tally.delivered)),
        words.text("No localizables: {n}", n=words.number(tally.unreachable)),
        words.text("Sin confirmar: {n}", n=words.number(tally.unknown)),
    ]
    if tally.rejected:
        lines.append(words.text("Rechazados: {n}", n=words.number(tally.rejected)))
    if tally.withdrawn:
        lines.append(words.text("Retiraron su firma: {n}", n=words.number(tally.withdrawn)))
    if tally.open:
        lines.append(words.text("Pendientes: {n}", n=words.number(tally.open)))
    return Html("\n".join(lines))
