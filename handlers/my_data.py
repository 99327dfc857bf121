"""Giving a person everything that is held of them, in a file (GDPR arts 15 and 20)."""

from __future__ import annotations

import json
from typing import Any

from bot.petition.markup import fill, parse
from storage import Consent

from .visit import Visit


async def send_file(visit: Visit) -> None:
    """Sends the person's own data as a JSON document into their own chat, and notes it."""
    audit = visit.services.storage.audit
    await audit.record("my_data", actor=None, at=visit.services.clock())
    consent = await visit.services.storage.signatures.consent(visit.conversation.supporter)
    content = json.dumps(held(visit, consent), ensure_ascii=False, indent=2).encode()
    await visit.bot.send_document(
        visit.chat_id,
        content,
        filename=visit.view.words.label("mis-datos.json"),
    )
    await visit.show(at_bottom=True)


def held(visit: Visit, consent: Consent | None) -> dict[str, Any]:
    """Everything stored of this person for this petition, in plain terms."""
    view, conversation, signature = visit.view, visit.conversation, visit.view.signature
    return {
        "petition": view.campaign.slug,
        "telegram_chat": visit.chat_id if signature else None,
        "language": view.language,
        "source": conversation.source,
        "name_not_signed_yet": conversation.name,
        "signature": signature
        and {
            "number": signature.number,
            "name": signature.name,
            "language": signature.language,
            "source": signature.source,
            "signed_at": signature.signed_at.isoformat(),
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
            "message_id": consent.message_id,
        },
    }
