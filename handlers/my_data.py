"""Giving a person everything that is held of them, in a file (GDPR arts 15 and 20)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from bot.petition.markup import fill, parse
from storage import Consent

from .visit import Visit


async def send_file(visit: Visit) -> None:
    """Sends the person's own data as a JSON document into their own chat, and notes it."""
    # A new version first: a tap that comes again is stale and sends no second copy.
    visit = visit.touched()
    await visit.save()
    await visit.answer()
    audit = visit.services.storage.audit
    await audit.record("my_data_file", actor=None, at=visit.services.clock())
    consent = await visit.services.storage.signatures.consent(visit.conversation.supporter)
    content = json.dumps(held(visit, consent), ensure_ascii=False, indent=2).encode()
    await visit.bot.send_document(
        visit.chat_id,
        content,
        filename=visit.view.words.label("mis-datos.json"),
    )
    await replace(visit, query=None).show(at_bottom=True)


def held(visit: Visit, consent: Consent | None) -> dict[str, Any]:
    """Everything stored of this person for this petition, in plain terms."""
    view, conversation, signature = visit.view, visit.conversation, visit.view.signature
    return {
        "petition": view.campaign.slug,
        "telegram_chat": visit.chat_id if signature else None,
        "language": view.language,
        "source": conversation.source,
        "name_not_signed_yet": conversation.name,
        "news_not_signed_yet": conversation.news,
        "messages_in_this_chat": {
            "petition": conversation.message_id,
            "picture": conversation.picture_id,
            "names_typed": list(conversation.typed),
        },
        "signature": signature
        and {
            "number": signature.number,
            "name": signature.name,
            "language": signature.language,
            "source": signature.source,
            "signed_at": signature.signed_at.isoformat(),
            "could_not_be_reached": signature.unreachable,
            "asked_not_to_be_written_to": signature.muted,
        },
        "consent": consent
        and {
            "text_as_you_saw_it": parse(fill(consent.text, name=signature.name)).text
            if signature
            else None,
            "text_as_recorded": consent.text,
            "sha256": consent.sha256.hex(),
            "version": consent.text_version,
            "language": consent.language,
            "purposes": sorted(consent.purposes),
            "news_still_wanted": signature.news if signature else None,
            "message_id": consent.message_id,
        },
    }
