"""Sends a person all their stored data as a file (GDPR arts 15 and 20)."""

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.text.markup import fill, parse
from handlers.supporter_context import SupporterContext
from storage import Held


async def send_file(ctx: SupporterContext) -> None:
    """Sends the person's data as a JSON document into their own chat; recorded in the audit."""
    # The new version makes a repeated tap stale, so that it sends no second copy.
    ctx = ctx.with_new_version()
    await ctx.save()
    storage = ctx.services.storage
    await storage.audit.record("my_data_file", actor=None, at=ctx.services.clock())
    held = everything_stored(ctx, await storage.personal_data.of(ctx.user.id))
    content = json.dumps(held, ensure_ascii=False, indent=2, default=_written).encode()
    is_sent = False

    async def answer() -> None:
        await asyncio.gather(ctx.answer(), deliver())

    async def deliver() -> None:
        nonlocal is_sent
        if not is_sent:
            name = ctx.view.words.label("mis-datos.json")
            await ctx.bot.send_document(ctx.chat_id, content, filename=name)
            is_sent = True
        if not ctx.will_be_drawn_over:
            await ctx.redraw(at_bottom=True)

    await ctx.tell(answer, deliver)


def everything_stored(ctx: SupporterContext, held: Held) -> dict[str, Any]:
    """Returns everything stored of this person for this petition, ready to write as JSON."""
    name = held.signature and held.signature["name"]
    as_admin = {
        "draft": held.draft and {**held.draft, "body": json.loads(held.draft["body"] or "null")},
        "menus": held.menus,
        "broadcasts": held.broadcasts,
        "deeds": held.deeds,
    }
    return {
        "petition": ctx.view.petition.slug,
        "conversation": held.conversation,
        "signature": held.signature,
        "consents": [_as_seen(consent, name or "") for consent in held.consents],
        "messages_to_signers": held.deliveries,
        **({"as_admin": as_admin} if any(as_admin.values()) else {}),
    }


def _as_seen(consent: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Adds to a consent its text as the person saw it, beside the recorded one."""
    return {**consent, "text_as_you_saw_it": parse(fill(consent["text"], name=name)).text}


def _written(value: object) -> str:
    """Returns dates and bytes in a form that JSON can hold."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} cannot be written into the file.")
