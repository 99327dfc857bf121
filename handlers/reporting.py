"""How a broadcast goes and how it ended, said to the admin in one message that changes."""

from __future__ import annotations

import structlog
from telegram.constants import ParseMode
from telegram.error import TelegramError

from bot.broadcast.progress import ProgressView, progress_view
from bot.broadcast.stopping import StopCause, read
from bot.petition.markup import Html
from bot.petition.words import Words
from bot.transport.outcome import Remedy, remedy
from storage import Broadcast, RecallTally, Tally

from .context import Bot, Services
from .living import NO_PREVIEW
from .screens.screen import paragraphs

_log = structlog.stdlib.get_logger()

_BAR_WIDTH = 12


class AdminReporter:
    """Keeps the progress message of a broadcast up to date; the worker says when."""

    def __init__(self, bot: Bot, services: Services) -> None:
        self._bot = bot
        self._services = services
        self._written: tuple[int, Html] | None = None

    async def progress(self, broadcast: Broadcast, tally: Tally, rate: float | None) -> None:
        """Shows how far it is."""
        view = None if rate is None else progress_view(tally, rate)
        await self._write(broadcast, tally, view)

    async def ended(self, broadcast: Broadcast, tally: Tally) -> None:
        """Shows the report; when it stopped, why, and that nobody was marked for it."""
        await self._write(broadcast, tally, None)

    async def recalling(
        self, broadcast: Broadcast, tally: RecallTally, rate: float | None
    ) -> None:
        """Shows how far the recall is."""

    async def _write(self, broadcast: Broadcast, tally: Tally, view: ProgressView | None) -> None:
        chat, message_id = broadcast.progress_chat, broadcast.progress_message_id
        if chat is None or message_id is None:
            return
        text = report(await words_for(self._services, chat), broadcast, tally, view)
        if (message_id, text) == self._written:
            return  # Telegram refuses an edit without a difference
        try:
            shown = await self._shown(broadcast, chat, message_id, text)
        except TelegramError as error:
            if remedy(error) is not Remedy.UNREACHABLE:
                raise
            # Whoever blocked the bot will not see it, however often it is tried.
            _log.warning("report_has_no_reader")
            return
        self._written = (shown, text)
        if broadcast.is_running:
            await self._clear(broadcast.id, chat, shown)

    async def _shown(self, broadcast: Broadcast, chat: int, message_id: int, text: Html) -> int:
        """Writes it into the message, or into a new one; returns which."""
        try:
            await _edit(self._bot, chat, message_id, text)
        except TelegramError as error:
            if remedy(error) is Remedy.UNCHANGED:
                return message_id
            if remedy(error) is not Remedy.GONE:
                raise
        else:
            return message_id
        sent = await self._bot.send_message(
            chat, text, parse_mode=ParseMode.HTML, link_preview_options=NO_PREVIEW
        )
        await self._services.storage.broadcasts.set_progress(broadcast.id, chat, sent.message_id)
        return sent.message_id

    async def _clear(self, key: bytes, chat: int, message_id: int) -> None:
        """An admin may have moved the progress while it was being written into the old place."""
        now = await self._services.storage.broadcasts.get(key)
        if now is None or (now.progress_chat, now.progress_message_id) == (chat, message_id):
            return
        await point_elsewhere(self._bot, self._services, chat, message_id)


async def words_for(services: Services, chat: int) -> Words:
    """The language that the admin reads whose private chat it is."""
    supporter = services.keyring.reference(services.campaign.slug, chat)
    known = await services.storage.conversations.get(supporter)
    campaign = services.campaign
    return services.catalogues.words(campaign.language_for(known.language if known else None))


async def point_elsewhere(bot: Bot, services: Services, chat: int, message_id: int) -> None:
    """Makes one line of a message that showed the progress: it would stand still and mislead."""
    words = await words_for(services, chat)
    try:
        await _edit(bot, chat, message_id, elsewhere(words))
    except TelegramError as error:
        _log.info("former_progress_left", remedy=remedy(error))


def elsewhere(words: Words) -> Html:
    """What stands where the progress was."""
    return words.text("El progreso sigue en otro mensaje.")


async def _edit(bot: Bot, chat: int, message_id: int, text: Html) -> None:
    await bot.edit_message_text(
        text,
        chat_id=chat,
        message_id=message_id,
        parse_mode=ParseMode.HTML,
        link_preview_options=NO_PREVIEW,
    )


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


def none_reachable(words: Words, unreachable: int) -> Html:
    """Says that people signed, and that not one of them can be told."""
    return words.plural(
        "{n} persona ha firmado, pero ha bloqueado el bot o ha dejado Telegram: no hay a "
        "quién escribir.",
        "{n} personas han firmado, pero han bloqueado el bot o han dejado Telegram: no hay a "
        "quién escribir.",
        unreachable,
    )


def _heading(words: Words, broadcast: Broadcast) -> Html:
    if broadcast.state == "running":
        return words.text("<b>Enviando el mensaje final…</b>")
    if broadcast.state == "finished":
        return words.text("<b>El mensaje final está enviado.</b>")
    return _stopped(words, *read(broadcast.stop_reason or ""))


def _stopped(words: Words, cause: StopCause, said: str) -> Html:
    match cause:
        case StopCause.CONTENT:
            return words.text(
                "<b>El envío se ha detenido.</b> Telegram no acepta el mensaje: {reason}\n"
                "Quienes faltaban siguen pendientes. Corrige el texto y escribe /broadcast.",
                reason=said,
            )
        case StopCause.UNREADABLE:
            return words.text(
                "<b>El envío se ha detenido.</b> La clave no abre los chats de quienes "
                "firmaron: no es la de estos datos, o los datos están dañados.\n"
                "Quienes faltaban siguen pendientes. Cuando esté resuelto, escribe /broadcast."
            )
        case StopCause.DEFECT:
            return words.text(
                "<b>El envío se ha detenido.</b> Es un fallo del bot y no del texto "
                "({reason}); su registro dice dónde.\n"
                "Quienes faltaban siguen pendientes. Cuando esté resuelto, escribe /broadcast.",
                reason=said,
            )
        case StopCause.LATE | StopCause.OPEN | StopCause.OTHER:
            return words.text(
                "<b>El envío se ha detenido.</b> {reason}\n"
                "Quienes faltaban siguen pendientes. Para seguir, escribe /broadcast.",
                reason=said,
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
