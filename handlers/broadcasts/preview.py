"""The preview: the bot's copies of the admin's messages, from which recipients get theirs.

An admin can edit their own message at any time, but nobody can edit the bot's copy. So what is
sent is what was previewed and confirmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from telegram.error import TelegramError

from bot.broadcast.content import content_of
from bot.text.markup import Html
from bot.transport.error_kinds import ErrorKind, error_kind
from storage import Kind

from ..admin_context import AdminContext
from ..conversation_message import tolerate
from .calling import made
from .confirmed_terms import content_now, copied
from .draft import Stage
from .draft_changes import frozen, unfrozen
from .draft_editor import DraftEditor


class NotShown(Exception):
    """Telegram refused to send one language's version to the admin.

    Attributes:
        language: the version's language.
        said: Telegram's error message.
        is_gone: whether a message to be copied no longer exists.
    """

    def __init__(self, language: str, said: str, *, is_gone: bool) -> None:
        super().__init__(said)
        self.language = language
        self.said = said
        self.is_gone = is_gone


async def show_preview(desk: DraftEditor) -> None:
    """Shows every version as recipients get it, with the summary below; or that it failed."""
    await desk.panel.now_or_never(partial(_look, desk))


async def send_test(desk: DraftEditor) -> None:
    """Sends the admin a test with the very call that the broadcast would make."""
    # The new version makes a repeated tap stale, so that it sends no second test.
    desk = await desk.keep(desk.draft.changed(desk.now))
    sent: dict[str, tuple[int, ...]] = {}
    await desk.panel.now_or_never(partial(_try_out, desk, sent))


async def _look(desk: DraftEditor) -> None:
    desk = await desk.answered()
    panel = desk.panel
    await take_away(panel, desk.draft.every_copy)
    desk = await desk.keep(unfrozen(desk.draft))
    storage = panel.services.storage
    copies: dict[str, tuple[int, ...]] = {}
    content = await _original(desk)
    for language in content:
        try:
            copies[language] = await send(panel, content, panel.chat_id, language)
        except NotShown as problem:
            await _refused(desk, problem)
            return
        # Stored at once, so that the next preview deletes them whatever happens now.
        there = tuple(m for ids in copies.values() for m in ids)
        desk = await desk.keep(desk.draft.model_copy(update={"stale": there}))
    shown = frozen(desk.draft, copies, desk.now)
    cutoff = None if shown.starts_at else await storage.broadcasts.last_number()
    desk = await desk.keep(shown.model_copy(update={"cutoff": cutoff}))
    await desk.draw(below=max(m for ids in copies.values() for m in ids))


async def _try_out(desk: DraftEditor, sent: dict[str, tuple[int, ...]]) -> None:
    """Sends each language that is not in `sent` yet, then shows the draft below."""
    desk = await desk.answered()
    panel, services = desk.panel, desk.panel.services
    state = await services.storage.petitions.state()
    content = content_now(services, desk.draft, state)
    for language in content:
        if language in sent:
            continue
        try:
            sent[language] = await send(panel, content, panel.chat_id, language)
        except NotShown as problem:
            # The test copies the preview, so it is the preview that is gone.
            if problem.is_gone:
                await _draw_lost(desk)
            else:
                await desk.draw(_why_not(panel, problem))
            return
    await desk.draw(
        panel.words.text("Arriba tienes la prueba, tal como llegará a los demás."),
        below=max((m for ids in sent.values() for m in ids), default=0),
    )


async def send(
    panel: AdminContext, content: Mapping[str, object], source: int, language: str
) -> tuple[int, ...]:
    """Sends the admin one version, as a broadcast would; returns the ids of the messages.

    Raises:
        NotShown: Telegram refused it, or part of it no longer exists.
    """
    call = content_of(content, source).call(panel.chat_id, language)
    try:
        sent = await made(panel.bot, call)
    except TelegramError as error:
        if error_kind(error) not in (ErrorKind.CONTENT, ErrorKind.GONE):
            raise
        said = error.message.lower()
        gone = "not found" in said or "no messages to" in said
        raise NotShown(language, error.message, is_gone=gone) from None
    if len(sent) < call.messages:
        await take_away(panel, sent)
        raise NotShown(language, "", is_gone=True)
    return sent


async def take_away(panel: AdminContext, messages: tuple[int, ...]) -> None:
    """Deletes those of the messages that still exist in this chat."""
    known = sorted(set(messages))
    if known:
        await tolerate(panel.bot.delete_messages(panel.chat_id, known))


async def _original(desk: DraftEditor) -> dict[str, object]:
    """Returns what the preview is made from: the admin's messages, or the petition's texts."""
    draft, services = desk.draft, desk.panel.services
    if draft.kind is Kind.CLOSING:
        return content_now(services, draft, await services.storage.petitions.state())
    sources = {language: version.messages for language, version in draft.versions.items()}
    return copied(services, draft, sources)


async def _refused(desk: DraftEditor, problem: NotShown) -> None:
    draft = desk.draft
    if draft.versions:
        stage = Stage.CONTENT if problem.is_gone else Stage.READY
        draft = draft.changed(desk.now, stage=stage, language=problem.language)
    desk = await desk.keep(draft)
    await desk.draw(_why_not(desk.panel, problem))


async def show_lost(desk: DraftEditor) -> None:
    """Says that the preview was deleted, and asks to make it again, since it is what is copied."""
    await desk.panel.tell(partial(_draw_lost, desk))


async def _draw_lost(desk: DraftEditor) -> None:
    desk = await desk.keep(desk.draft.with_content_changed(desk.now, stage=Stage.READY))
    await desk.draw(
        desk.panel.words.text(
            "⚠️ No se ha enviado nada: se ha borrado la vista previa, que es el original que se "
            "copia. Vuelve a verla antes de enviar."
        )
    )


def _why_not(panel: AdminContext, problem: NotShown) -> Html:
    if problem.is_gone:
        return panel.words.text(
            "⚠️ El mensaje ya no está entero en este chat: se ha borrado. Envíamelo otra vez."
        )
    return panel.words.text("⚠️ Telegram no acepta el mensaje: {reason}", reason=problem.said)
