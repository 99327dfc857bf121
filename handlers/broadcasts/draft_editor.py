"""Loads, stores and shows an admin's draft, and tells what it would send."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import structlog
from telegram.error import TelegramError

from bot.broadcast.confirmation import content_sha256
from bot.petition.outcome import closing_update_by_language
from bot.settings import FREE_RATE
from bot.text.translations import Words
from bot.transport.error_kinds import error_kind
from handlers.admin_context import AdminContext
from handlers.broadcasts.draft import Draft, DraftStage, Version, parse_draft
from handlers.broadcasts.screens.draft_view import DraftView, RecipientCounts
from handlers.broadcasts.steps import draw
from handlers.closing import unready, why_unready
from handlers.context import Services
from handlers.conversation_message import edit_if_there, tolerate
from handlers.delayed_replies import LONGEST_WAIT
from handlers.screens.buttons import NO_MORE
from handlers.screens.screen import Screen, paragraphs
from storage import Storage
from storage.admins import find_draft, store_draft
from storage.broadcast_types import Kind
from storage.broadcasts import (
    count_audience,
    count_signers,
    has_sent_broadcasts,
    written_to_alone,
)
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

    async def answered(self) -> DraftEditor:
        """Answers the tap at once, before work that takes a while."""
        await self.ctx.answer()
        return replace(self, ctx=replace(self.ctx, query=None))

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
        former = self.draft.message_id
        shown = await self._placed(screen.with_notice(notice), below)
        if shown == former:
            return
        # Keeps the draft's version, so that the buttons just drawn stay valid.
        await save_draft(self.ctx, self.draft.model_copy(update={"message_id": shown}))
        if former is not None:
            await tolerate(self.ctx.bot.delete_message(self.ctx.chat_id, former))

    async def view(self) -> DraftView:
        """Returns everything that the draft's screen is drawn from, read anew."""
        ctx, draft, services = self.ctx, self.draft, self.ctx.services
        numbers, state = await asyncio.gather(
            _count_recipients(services.storage, draft), services.storage.read(petition_state)
        )
        view = DraftView(
            words=ctx.words,
            draft=draft,
            languages=services.petition.languages,
            numbers=numbers,
            now=ctx.now,
            rate=services.broadcast_rate,
            free_rate=FREE_RATE,
            may_pay=services.paid_broadcast,
            approval_above=services.most_for_one_admin(draft.kind),
        )
        if not draft.is_shown:
            return view
        content, written_to, has_sent = await asyncio.gather(
            current_content(services, draft),
            self._written_to(),
            services.storage.read(has_sent_broadcasts, ctx.user.id),
        )
        if draft.kind is Kind.CLOSING and content_sha256(content).hex() != draft.previewed:
            return view  # what is above it in the chat is not what would be sent
        return replace(
            view,
            written_to=written_to,
            is_first=not has_sent,
            balance=await _star_balance(ctx) if view.is_paid else None,
            content=content,
            revision=state.revision,
        )

    async def _written_to(self) -> int:
        """Returns how many people the admin wrote to alone of late, if it matters."""
        ctx = self.ctx
        if self.draft.kind is Kind.BREACH or ctx.services.approval_above is None:
            return 0
        return await ctx.storage.read(written_to_alone, ctx.user.id, ctx.now)

    async def _placed(self, screen: Screen, below: int | None) -> int:
        """Writes the screen into the admin's message or a new one; returns its id."""
        ctx, draft = self.ctx, self.draft
        await ctx.answer()
        target = draft.message_id if ctx.message_id is None else ctx.message_id
        if (
            target is not None
            and (below is None or target > below)
            and await edit_if_there(ctx.bot, ctx.chat_id, target, screen)
        ):
            return target
        return await ctx.at_bottom().write(screen)


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
    if draft.stage is DraftStage.AUDIENCE:
        counted = storage.read(count_audience, kind=draft.kind)
    elif draft.is_shown:
        counted = storage.read(
            count_audience,
            kind=draft.kind,
            only=draft.audience_language,
            topic=draft.topic,
            last_signature_number=draft.last_signature_number,
        )
    else:
        return RecipientCounts()
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


async def current_content(
    services: Services, draft: Draft, sources: Mapping[str, tuple[int, ...]] | None = None
) -> dict[str, object]:
    """Returns what recipients get, by language: texts, or copies with the buttons under them.

    The preview is copied, or other messages that are given as `sources`, by language. Empty while
    the closing update cannot be sent.
    """
    if draft.is_copied:
        copied = draft.copies or {} if sources is None else sources
        return {
            language: _reference(services, draft, language, version, copied[language])
            for language, version in draft.versions.items()
            if language in copied
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
    if draft.kind is Kind.BREACH:
        return paragraphs(
            words.text("<b>Aviso importante sobre tus datos personales</b>"),
            Html(html),
            words.text(
                "<i>Recibes este aviso porque guardamos tus datos, aunque hayas pedido que no te "
                "escribamos. Puedes verlos con /mydata y retirar tu firma con /withdraw.</i>"
            ),
        )
    return paragraphs(
        words.text("<b>Corrección de un mensaje anterior</b>"),
        Html(html),
        words.text(
            "<i>Corrige el mensaje en el que te contamos cómo ha acabado la petición.</i>"
            if draft.corrects is Kind.CLOSING
            else "<i>Corrige un mensaje que te enviamos sobre esta petición, y no cuenta como "
            "otro. Para no recibir más novedades: /mydata</i>"
            if draft.corrects is Kind.UPDATE
            else "<i>Corrige un mensaje que te enviamos. Para no recibir más noticias de otras "
            "acciones: /mydata</i>"
        ),
    )


def _reference(
    services: Services, draft: Draft, language: str, version: Version, messages: tuple[int, ...]
) -> dict[str, object]:
    rows = [[link.model_dump() for link in row] for row in version.links]
    # Telegram shows no buttons under an album; its recipients have /mydata instead.
    if draft.kind in NO_MORE and not version.is_album:
        words = services.catalogs.words(language)
        label = words.label(
            "No recibir más noticias" if draft.kind is Kind.NEWS else "No recibir más novedades"
        )
        rows.append([{"text": label, "callback_data": NO_MORE[draft.kind]}])
    beginning = draft.copied_words.get(language)
    return {
        "messages": list(messages),
        **({"keyboard": rows} if rows else {}),
        **({"words": beginning} if beginning else {}),
    }
