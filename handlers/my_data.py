"""What a person can do from /mydata: get it or a receipt as a file (GDPR arts 7, 15, 20), correct
their name, choose whether it is handed over; and what they answer about texts that changed."""

import asyncio
import json
from datetime import datetime
from functools import partial

import structlog

from bot.petition.stages import Action
from bot.tracebacks import kind_of
from handlers.screens.my_data import receipt
from handlers.screens.signing import consent_mark, name_consent_words, new_texts_words
from handlers.sent_files import erase_files
from handlers.signing import CHANGED_TEXT, accepted_name, consent_to, shows_what_changed
from handlers.supporter_context import SupporterContext
from storage.admins import add_audit
from storage.consents import (
    NEW_TEXTS,
    WITH_NAME,
    add_signed_name,
    answer_texts,
    correct_signed_name,
    remove_signed_name,
)
from storage.errors import Unavailable
from storage.handovers import Handover
from storage.person_requests import add_code, new_code
from storage.personal_data import Held, everything_held
from storage.sent_files import add_sent_file, make_files_due
from telegram_text.markup import fill, parse

_log = structlog.stdlib.get_logger()


async def send_file(ctx: SupporterContext) -> None:
    """Sends the person's data as a JSON document into their own chat; recorded in the audit."""
    ctx, held = await _requested(ctx, "my_data_file")
    stored = everything_stored(ctx.view.petition.slug, held, ctx.view.handover)
    await _deliver(ctx, ctx.words.label("mis-datos.json"), stored)


async def send_receipt(ctx: SupporterContext) -> None:
    """Sends what proves the person's consents (GDPR art. 7(1)) as a text without their name."""
    ctx, held = await _requested(ctx, "consent_receipt")
    await _deliver(ctx, ctx.words.label("justificante.txt"), receipt(ctx.view, held.consents))


async def _requested(ctx: SupporterContext, deed: str) -> tuple[SupporterContext, Held]:
    """Records in the audit what is asked for, and returns what is held."""
    # The new version makes a repeated tap stale, so that it sends no second copy.
    ctx = ctx.with_new_version()
    await ctx.save()
    await ctx.storage.write(add_audit, deed, actor=None, at=ctx.now)
    return ctx, await ctx.storage.read(everything_held, ctx.user.id)


async def _deliver(ctx: SupporterContext, name: str, content: str) -> None:
    """Sends a file once, and shows the screen below it."""
    sending: asyncio.Task[None] | None = None
    is_shown = True

    async def deliver() -> None:
        nonlocal sending, is_shown
        if sending is None or (sending.done() and sending.exception() is not None):
            sending = asyncio.create_task(_send(ctx, name, content.encode()))
            sending.add_done_callback(_log_failure)
        # A file that has left must be recorded, whatever the person does meanwhile.
        await asyncio.shield(sending)
        is_shown = not ctx.behind.waiting  # else the next update may draw
        if is_shown:
            await ctx.redraw(at_bottom=True)

    await ctx.tell(deliver)
    if not is_shown:
        ctx.services.delayed_replies.leave(ctx.chat_id, partial(ctx.redraw, at_bottom=True))


async def _send(ctx: SupporterContext, name: str, content: bytes) -> None:
    """Sends the file and records it; it is due at once if what it holds was erased meanwhile."""
    storage, supporter = ctx.storage, ctx.reference
    caption = ctx.words.label(
        "Si pides otro archivo, corriges tu nombre o retiras tu firma, este desaparecerá del "
        "chat. Para conservarlo, guárdalo aparte."
        if ctx.view.signature
        else "Si pides otro archivo, o al cabo de 30 días sin firmar, este desaparecerá del chat. "
        "Para conservarlo, guárdalo aparte."
    )
    chat = ctx.chat_id
    sent = await ctx.bot.send_document(chat, content, filename=name, caption=caption)
    try:
        await storage.write(add_sent_file, supporter, chat, sent.message_id, ctx.now)
    except Unavailable:
        await ctx.conversation_message.delete(sent.message_id)
        raise
    if _erasable(await ctx.reloaded()) != _erasable(ctx):
        await storage.write(make_files_due, supporter)
        await erase_files(ctx.services, ctx.words, supporter)


def _erasable(ctx: SupporterContext) -> tuple[object, ...]:
    """Returns what an erasure changes of the person: their signature, and each name of theirs."""
    signature = ctx.view.signature
    return signature and (signature.number, signature.name), ctx.conversation.name


async def correct_name(ctx: SupporterContext, typed: str) -> None:
    """Gives the signature the name that was typed (GDPR art. 16), or says what is wrong with it.

    The number, the time and the consent stay; the former name is erased as by a withdrawal.
    """
    if (name := await accepted_name(ctx, typed)) is not None:
        done = ctx.words.text("Hecho: tu firma lleva el nombre que has escrito.")
        await ctx.after(Action.BACK).store_and_show(done, correct_signed_name, name)


async def show_code(ctx: SupporterContext) -> None:
    """Makes a code for a letter, which voids the former one, and shows it once.

    Tapped twice it makes two: of two replies that follow each other the last one alone is sure to
    be drawn, and what it shows has to hold.
    """
    storage, words, code = ctx.storage, ctx.words, new_code()
    ends_at = await storage.write(add_code, ctx.reference, code, ctx.now)
    if ends_at is None:
        await (await ctx.reloaded()).at_valid_stage().show()
        return
    await ctx.show(
        words.text(
            "Tu código: <code>{code}</code>\nSirve una sola vez, hasta el {date}. Apúntalo: no "
            "podremos volver a enseñártelo. Si pides otro, este deja de valer.",
            code=code,
            date=words.date(ends_at),
        )
    )


async def ask_name_consent(ctx: SupporterContext) -> None:
    """Asks for the name that a signature without one is to be handed over with."""
    place = ctx.after(Action.ASK_NAME_CONSENT).view.place
    await ctx.with_stage(place, name=None).show()


async def give_name(ctx: SupporterContext, agreed_to: str) -> None:
    """Has the signature handed over with the name that was typed, which is a consent of its own.

    As at signing, nothing is done if the words have changed since they were shown.
    """
    consented, name = name_consent_words(ctx.view), ctx.conversation.name
    if name is None:
        await ctx.show()
        return
    if await shows_what_changed(ctx, agreed_to, consented):
        return
    done = ctx.words.text("Hecho: tu firma se entregará con tu nombre.")
    consent = consent_to(ctx, consented, WITH_NAME, with_name=True)
    await ctx.after(Action.BACK).store_and_show(done, add_signed_name, name, consent)


async def remove_name(ctx: SupporterContext) -> None:
    """Erases the name, so that the signature is counted without it (GDPR art. 7(3))."""
    done = ctx.words.text("Hecho: hemos borrado tu nombre. Tu firma sigue contando.")
    await ctx.with_new_version().store_and_show(done, remove_signed_name)


async def accept_texts(ctx: SupporterContext, agreed_to: str) -> None:
    """Has the signature stand by the texts that changed since, as its owner consents to."""
    consented = new_texts_words(ctx.view)
    if agreed_to != consent_mark(ctx.view, consented):
        await ctx.show(ctx.words.text(CHANGED_TEXT))
        return
    done = ctx.words.text("Hecho: tu firma vale con los textos de ahora.")
    signature = ctx.view.signature
    is_named = signature is not None and signature.with_name
    consent = consent_to(ctx, consented, NEW_TEXTS, with_name=is_named)
    version = ctx.view.petition.version
    await ctx.after(Action.HOME).store_and_show(done, answer_texts, version, consent)


async def keep_texts(ctx: SupporterContext) -> None:
    """Has the signature stay with the texts that its owner consented to."""
    done = ctx.words.text("Hecho: tu firma vale con los textos que firmaste.")
    version = ctx.view.petition.version
    await ctx.after(Action.HOME).store_and_show(done, answer_texts, version, None)


def _log_failure(sending: asyncio.Task[None]) -> None:
    if not sending.cancelled() and (error := sending.exception()) is not None:
        _log.info("file_not_sent", kind=kind_of(error))


def everything_stored(slug: str, held: Held, handover: Handover | None) -> str:
    """Returns everything stored of a person for this petition, as JSON."""
    name = (held.signature and held.signature["name"]) or ""
    as_admin = {**held.as_admin}
    if draft := as_admin.get("draft"):
        as_admin["draft"] = {**draft, "body": json.loads(draft["body"] or "null")}
    stored = {
        "petition": slug,
        "conversation": held.conversation,
        "signature": held.signature,
        "consents": [  # each with the name, if the signature has one, beside the recorded words
            {**each, "text_with_your_name": parse(fill(each["text"], name=name)).text}
            if name
            else each
            for each in held.consents
        ],
        # What was handed over of this person, and when (GDPR art. 15(1)(c)).
        "handover": {
            "handed_over_on": handover.handed_over_on.isoformat(),
            "with_your_name": handover.with_their_name,
        }
        if handover is not None and handover.with_their_name is not None
        else None,
        "changes_after_handover": held.changes,
        "messages_to_signers": held.deliveries,
        "files_in_this_chat": held.files,
        "letter_code": held.letter_code,
        **({"as_admin": as_admin} if as_admin else {}),
    }
    return json.dumps(stored, ensure_ascii=False, indent=2, default=_written)


def _written(value: bytes | datetime) -> str:
    return value.hex() if isinstance(value, bytes) else value.isoformat()
