"""/broadcasts: the list of all broadcasts, page by page, and the report of each."""

from collections.abc import Iterable

from handlers.admin_context import AdminContext
from handlers.broadcasts.progress_message import screen_of, tell_progress
from handlers.broadcasts.screens.history import ON_A_PAGE, history, provenance
from handlers.screens.buttons import AdminAction, Button, read_id, read_number
from handlers.screens.screen import Screen, paragraphs
from storage.admins import names_of_admins
from storage.broadcast_types import Broadcast
from storage.broadcasts import broadcast_with, listed_broadcasts, tally_of_broadcast


async def broadcasts(ctx: AdminContext) -> None:
    """Handles /broadcasts: shows what is under way and what comes next, then what is over."""
    await _show(ctx, 0)


async def turn_page(ctx: AdminContext, argument: str) -> None:
    """Shows another page of the list."""
    await _show(ctx, read_number(argument) or 0)


async def report(ctx: AdminContext, argument: str) -> None:
    """Shows the state or report of one broadcast, with the buttons that still apply."""
    key, _, page = argument.partition(".")
    known = await ctx.services.storage.read(broadcast_with, read_id(key))
    if known is None:
        await _show(ctx, read_number(page) or 0)
        return
    if known.is_active:
        await tell_progress(ctx, known.id)
        return
    shown = await screen_of(ctx, known)
    by = provenance(ctx.words, known, await _names(ctx, [known]), ctx.user.id)
    back = Button(ctx.words.label("Volver"), AdminAction.HISTORY_PAGE, page)
    when = ctx.words.moment(known.started_at or known.starts_at or known.created_at)
    text = paragraphs(shown.text, f"{when}\n{by}")
    await ctx.say(Screen(text, [*shown.rows, back]))


async def _show(ctx: AdminContext, page: int) -> None:
    storage = ctx.services.storage
    left = (await storage.read(listed_broadcasts))[page * ON_A_PAGE :]
    found = left[:ON_A_PAGE]
    tallies = [each.counted(await storage.read(tally_of_broadcast, each.id)) for each in found]
    entries = list(zip(found, tallies, strict=True))
    if not entries and page:
        await _show(ctx, 0)
        return
    await ctx.say(
        history(
            ctx.words,
            entries,
            await _names(ctx, found),
            page=page,
            more=len(left) > ON_A_PAGE,
            reader=ctx.user.id,
        ),
    )


async def _names(ctx: AdminContext, shown: Iterable[Broadcast]) -> dict[int, str]:
    """Returns how to call those who prepared and confirmed these broadcasts."""
    admins = {admin for each in shown for admin in (each.author, each.confirmed_by) if admin}
    return await ctx.services.storage.read(names_of_admins, admins)
