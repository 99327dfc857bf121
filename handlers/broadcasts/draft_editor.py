"""Loads, stores and shows an admin's draft, and tells what it would send."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import structlog
from telegram.error import TelegramError

from bot.petition.outcome import closing_update_by_language
from bot.settings import FREE_RATE
from bot.text.translations import Words
from bot.transport.errors import error_kind
from handlers.broadcasts.draft import Draft, DraftStage, Version, parse_draft
from handlers.broadcasts.screens.draft_view import DraftView, RecipientCounts
from handlers.broadcasts.steps import draw
from handlers.chat_context import AdminContext
from handlers.closing import unready, why_unready
from handlers.context import Services
from handlers.conversation_message import tolerate
from handlers.delayed_replies import LONGEST_WAIT
from handlers.screens.buttons import NO_MORE
from handlers.screens.screen import paragraphs
from storage import Storage
from storage.admins import find_draft, store_draft
from storage.approvals import written_to_alone
from storage.broadcast_types import Kind
from storage.broadcasts import count_audience, count_signers, has_sent_broadcasts
from storage.closing_texts import published_closing_texts
from storage.conversations import count_unsigned
from storage.petitions import petition_state, reached_so_far
from telegram_text.markup import Html, fill

_log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class DraftEditor:
    """An admin's context together with their draft. Immutable: a change makes a copy."""

    ctx: AdminContext
    draft: Draft

    async def save(self, draft: Draft) -> DraftEditor:
        """Stores the draft if it changed; returns the editor with it.

        One that can be confirmed, to go out at once, is for those who have signed by now.
        """
        if draft.is_shown and draft.starts_at is None and draft.last_signature_number is None:
            last = (await self.ctx.storage.read(reached_so_far)).number
            draft = draft.model_copy(update={"last_signature_number": last})
        if draft == self.draft:
            return self
        await save_draft(self.ctx, draft)
        return replace(self, draft=draft)

    async def show(self, notice: Html | None = None, *, below: int | None = None) -> None:
        """Shows the draft, now or as soon as Telegram accepts it; see `draw`."""
        await self.ctx.tell(partial(self.draw, notice, below=below))

    async def draw(self, notice: Html | None = None, *, below: int | None = None) -> None:
        """Shows the draft's current screen in its message, which is moved down if necessary.

        Args:
            notice: a line right above the buttons, shown once.
            below: id of a message below which the draft must stand.

        Raises:
            TelegramError: a call failed; it is not repeated.
        """
        screen = draw(await self.view())
        if notice is None and self.draft.kind is Kind.CLOSING:
            notice = await why_unready(self.ctx)
        ctx, former = self.ctx, self.draft.message_id
        target = former if ctx.message_id is None else ctx.message_id
        is_above = below is not None and target is not None and target <= below
        shown = await ctx.at(None if is_above else target).write(screen.with_notice(notice))
        if shown == former:
            return
        # Keeps the draft's version, so that the buttons just drawn stay valid.
        await save_draft(ctx, self.draft.model_copy(update={"message_id": shown}))
        if former is not None:
            await tolerate(ctx.bot.delete_message(ctx.chat_id, former))

    async def view(self) -> DraftView:
        """Returns everything that the draft's screen is drawn from, read anew."""
        ctx, draft, services = self.ctx, self.draft, self.ctx.services
        read, above = services.storage.read, services.most_for_one_admin(draft.kind)
        numbers, state = await asyncio.gather(
            _count_recipients(services.storage, draft), read(petition_state)
        )
        # What is above it in the chat may not be what would be sent now.
        is_current = draft.is_shown and (
            draft.kind is not Kind.CLOSING or await new_content(services, draft) == draft.content
        )
        counts_alone = is_current and draft.kind is not Kind.BREACH and above is not None
        return DraftView(
            words=ctx.words,
            draft=draft,
            languages=services.petition.languages,
            numbers=numbers,
            now=ctx.now,
            rate=services.broadcast_rate,
            free_rate=FREE_RATE,
            may_pay=services.paid_broadcast,
            approval_above=above,
            is_first=is_current and not await read(has_sent_broadcasts, ctx.user.id),
            written_to=await read(written_to_alone, ctx.user.id, ctx.now) if counts_alone else 0,
            balance=await _star_balance(ctx)
            if is_current and draft.paid and services.paid_broadcast
            else None,
            revision=state.revision if is_current else None,
        )


async def open_draft(ctx: AdminContext) -> DraftEditor | None:
    """Loads the admin's draft; None without one."""
    draft = parse_draft(await ctx.storage.read(find_draft, ctx.reference))
    return None if draft is None else DraftEditor(ctx, draft)


async def save_draft(ctx: AdminContext, draft: Draft) -> None:
    """Stores a draft in place of the admin's former one."""
    storage = ctx.storage
    await storage.write(store_draft, ctx.reference, draft.model_dump_json(), ctx.now)


async def _count_recipients(storage: Storage, draft: Draft) -> RecipientCounts:
    """Returns the numbers that the draft's screen shows.

    Of a draft that was previewed, only signatures up to its cutoff count. Counting a million
    people takes a moment, so nothing is counted that the screen does not show.
    """
    is_chosen = draft.stage is not DraftStage.AUDIENCE
    if is_chosen and not draft.is_shown:
        return RecipientCounts()
    counted = storage.read(
        count_audience,
        kind=draft.kind,
        only=draft.audience_language if is_chosen else None,
        topic=draft.topic,
        last_signature_number=draft.last_signature_number if is_chosen else None,
    )
    people, signers = await asyncio.gather(counted, storage.read(count_signers, draft.kind))
    unsigned = await storage.read(count_unsigned) if draft.kind is Kind.BREACH else 0
    return RecipientCounts(people, signers, unsigned)


async def _star_balance(ctx: AdminContext) -> int | None:
    """Returns the bot's balance of Stars; None when Telegram does not answer."""
    try:
        async with asyncio.timeout(LONGEST_WAIT):
            return (await ctx.bot.get_my_star_balance()).amount
    except (TelegramError, TimeoutError) as error:
        said = error_kind(error) if isinstance(error, TelegramError) else type(error).__name__
        _log.warning("balance_not_known", error_kind=said)
    return None


async def new_content(services: Services, draft: Draft) -> dict[str, Any]:
    """Returns what recipients are to get, by language: texts, or copies with buttons under them.

    The admin's own messages are copied, which the preview takes the place of. Empty while the
    closing update cannot be sent.
    """
    if draft.is_copied:
        return {
            language: _reference(services, draft.kind, language, version)
            for language, version in draft.versions.items()
        }
    if draft.kind is not Kind.CLOSING:
        return {
            language: _framed(services.catalogs.words(language), draft, version.html)
            for language, version in draft.versions.items()
        }
    if await unready(services) is not None:
        return {}
    published = await services.storage.read(published_closing_texts)
    count = (await services.storage.read(petition_state)).told_signatures
    return {
        language: fill(text, count=words.number(count), people=words.people(count))
        for language, text in closing_update_by_language(services.petition, published).items()
        for words in (services.catalogs.words(language),)
    }


def _framed(words: Words, draft: Draft, html: str) -> Html:
    """Returns an admin's own text with what the bot says above it and below it."""
    is_breach = draft.kind is Kind.BREACH
    return paragraphs(
        words.text(
            "<b>Aviso importante sobre tus datos personales</b>"
            if is_breach
            else "<b>Corrección de un mensaje anterior</b>"
        ),
        Html(html),
        words.text(
            "<i>Recibes este aviso porque guardamos tus datos, aunque hayas pedido que no te "
            "escribamos. Puedes verlos con /mydata y retirar tu firma con /withdraw.</i>"
            if is_breach
            else "<i>Corrige el mensaje en el que te contamos cómo ha terminado la petición.</i>"
            if draft.corrects is Kind.CLOSING
            else "<i>Corrige un mensaje que te enviamos sobre esta petición, y no cuenta como "
            "una novedad más. Para no recibir más novedades: /mydata</i>"
            if draft.corrects is Kind.UPDATE
            else "<i>Corrige un mensaje que te enviamos. Para no recibir más noticias de otras "
            "acciones: /mydata</i>"
        ),
    )


def _reference(
    services: Services, kind: Kind, language: str, version: Version
) -> dict[str, object]:
    rows = [[link.model_dump() for link in row] for row in version.links]
    # Telegram shows no buttons under an album; its recipients have /mydata instead.
    if kind in NO_MORE and not version.is_album:
        words = services.catalogs.words(language)
        label = words.label(
            "No recibir más noticias" if kind is Kind.NEWS else "No recibir más novedades"
        )
        rows.append([{"text": label, "callback_data": NO_MORE[kind]}])
    return {
        "messages": list(version.messages),
        **({"keyboard": rows} if rows else {}),
        **({"words": version.words} if version.words else {}),
    }
