"""The word of another admin on a broadcast that waits for it."""

from __future__ import annotations

from datetime import datetime

from storage import Broadcast

from ..panel import Panel
from ..screens.screen import paragraphs
from .deciding import show_content
from .pages.approving import ask_refuse
from .watching import known_by, page_of, refresh, show, standing_of


async def review(panel: Panel, argument: str) -> None:
    """Shows the message as people would get it, and asks again below it."""
    known = await known_by(panel, argument)
    if known is None:
        return
    if not known.awaits_approval:
        await show(panel, known)
        return
    await panel.answer()
    panel = panel.at_bottom()
    notice = await show_content(panel.bot, known, panel.words, panel.chat_id)
    page = await page_of(panel, known)
    await panel.say(paragraphs(notice, page.text), page.rows)


async def approve(panel: Panel, argument: str) -> None:
    """Lets it go out, if somebody else prepared it."""
    known = await known_by(panel, argument)
    if known is None or await _is_own(panel, known):
        return
    user, at = _by(panel)
    now = await panel.services.storage.broadcasts.approvals.approve(known.id, user, at) or known
    if now.awaits_approval:
        await panel.answer(
            panel.words.label(
                "Ha esperado más de un día y ya no se puede aprobar. Habría que prepararlo otra "
                "vez."
            )
        )
        return
    panel.services.wake_broadcast()
    if not known.awaits_approval or now.state != "scheduled" or now.approved_by != user:
        await show(panel, now)
    elif now.starts_at is not None and now.starts_at > at:
        await refresh(panel.bot, panel.services, now)
        await show(panel, now)
    else:
        await panel.say(
            panel.words.text(
                "<b>Aprobado.</b> Sale ahora. El progreso lo ve quien lo preparó; si quieres "
                "seguirlo tú, o detenerlo, escribe /broadcast."
            )
        )


async def ask_to_refuse(panel: Panel, argument: str) -> None:
    """Asks before what somebody prepared is thrown away."""
    known = await known_by(panel, argument)
    if known is None or await _is_own(panel, known):
        return
    if not known.awaits_approval:
        await show(panel, known)
        return
    page = ask_refuse(await standing_of(panel.services, panel.words, known))
    await panel.say(page.text, page.rows)


async def refuse(panel: Panel, argument: str) -> None:
    """Has it not go out; whoever prepared it is told by the worker."""
    known = await known_by(panel, argument)
    if known is None or await _is_own(panel, known):
        return
    user, at = _by(panel)
    now = await panel.services.storage.broadcasts.approvals.refuse(known.id, user, at) or known
    panel.services.wake_broadcast()
    await show(panel, now)


async def _is_own(panel: Panel, known: Broadcast) -> bool:
    """Whether the admin prepared it, which they are then told."""
    if not known.awaits_approval or known.started_by != panel.user.id:
        return False
    await panel.answer(panel.words.label("Esto lo tiene que decidir otra persona."))
    return True


def _by(panel: Panel) -> tuple[int, datetime]:
    return panel.user.id, panel.services.clock()
