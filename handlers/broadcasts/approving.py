"""The word of another admin on a broadcast that waits for it."""

from __future__ import annotations

from datetime import datetime

from bot.petition.markup import Html
from storage import Broadcast

from ..panel import Panel
from ..screens.screen import paragraphs
from .deciding import show_content
from .originals import are_there
from .pages.approving import ask_decline
from .watching import follow, known_by, page_of, refresh, show, standing_of


async def review(panel: Panel, argument: str) -> None:
    """Shows the message as people would get it, and asks again below it."""
    known = await _undecided(panel, argument)
    if known is None:
        return
    await panel.answer()
    panel = panel.at_bottom()
    notice = await show_content(panel.bot, known, panel.words, panel.chat_id)
    page = await page_of(panel, known)
    await panel.say(paragraphs(notice, page.text), page.rows)


async def approve(panel: Panel, argument: str) -> None:
    """Lets it go out, if it is as it was when it was prepared."""
    known = await _undecided(panel, argument)
    if known is None:
        return
    if not await _is_whole(panel, known):
        await panel.answer(
            panel.words.label(
                "El original del mensaje se ha borrado, así que no puede salir. Habría que "
                "prepararlo otra vez."
            )
        )
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
    await _approved(panel, now, at)


async def ask_to_decline(panel: Panel, argument: str) -> None:
    """Asks before what somebody prepared is thrown away."""
    known = await _undecided(panel, argument)
    if known is None:
        return
    page = ask_decline(await standing_of(panel.services, panel.words, known))
    await panel.say(page.text, page.rows)


async def decline(panel: Panel, argument: str) -> None:
    """Has it not go out; whoever prepared it is told by the worker."""
    known = await _undecided(panel, argument)
    if known is None:
        return
    user, at = _by(panel)
    now = await panel.services.storage.broadcasts.approvals.decline(known.id, user, at) or known
    panel.services.wake_broadcast()
    await show(panel, now)


async def _undecided(panel: Panel, argument: str) -> Broadcast | None:
    """The broadcast of a button, if this admin may decide about it; else they are told why not."""
    known = await known_by(panel, argument)
    if known is None:
        return None
    if not known.awaits_approval:
        await show(panel, known)
        return None
    if known.started_by == panel.user.id:
        await panel.answer(panel.words.label("Esto lo tiene que decidir otra persona."))
        return None
    return known


async def _is_whole(panel: Panel, known: Broadcast) -> bool:
    if known.source_chat is None:
        return True
    return await are_there(panel.bot, known.source_chat, known.content)


async def _approved(panel: Panel, now: Broadcast, at: datetime) -> None:
    """Shows what comes of it, to who approved it and to who waited for that."""
    services = panel.services
    if now.state != "scheduled" or now.approved_by != panel.user.id:
        await show(panel, now)  # somebody else was faster, or the worker was
        return
    if now.progress_chat not in services.admins:
        await follow(panel, now.id)  # or nobody would see how it goes
        return
    if now.starts_at is not None and now.starts_at > at:
        await refresh(panel.bot, services, now)
        await show(panel, now)
        return
    active = await services.storage.broadcasts.active()
    if active is not None and active.id != now.id:
        await refresh(panel.bot, services, now)
        await panel.say(_after_another(panel))
        return
    await panel.say(
        panel.words.text(
            "<b>Aprobado.</b> Sale ahora. El progreso lo ve quien lo preparó; si quieres seguirlo "
            "tú, o detenerlo, escribe /broadcast."
        )
    )


def _after_another(panel: Panel) -> Html:
    return panel.words.text("<b>Aprobado.</b> Saldrá cuando acabe el envío que está en marcha.")


def _by(panel: Panel) -> tuple[int, datetime]:
    return panel.user.id, panel.services.clock()
