"""The commands `petition-bot broadcasts`: list, show, pause, resume, cancel and recall."""

from datetime import datetime
from typing import Annotated

import typer

from bot.cli.broadcast_selection import LATEST, capitalised, name_of, select_broadcast
from bot.cli.broadcast_snapshot import BroadcastSnapshot, read_snapshot
from bot.cli.context import CliContext, run_with_context
from bot.console import CannotDo, Yes, agrees, in_sentences, interruptible, say
from bot.text.translations import Words
from storage import TRANSITIONS, Broadcast, BroadcastAction, BroadcastState, Kind

broadcasts = typer.Typer(
    name="broadcasts",
    help="View and control broadcasts, beside the bot that sends them.",
    no_args_is_help=True,
)

# The word for a broadcast that is being recalled or was, whatever its state.
_RECALLED = "recalled"

Which = Annotated[
    str | None,
    typer.Argument(
        metavar="ID",
        show_default=False,
        help="The beginning of an id, or latest; left out, the one that is under way.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@broadcasts.command("list")
@in_sentences
def list_(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the broadcasts, newest first."""
    from bot.cli.broadcast_tables import list_broadcasts

    run_with_context(lambda context: list_broadcasts(context, limit=limit, as_json=as_json))


@broadcasts.command()
@in_sentences
def show(
    which: Which = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Watch it until it has ended.")
    ] = False,
    every: Annotated[
        float, typer.Option(min=0.1, help="Seconds between two looks, with --follow.")
    ] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Show the details of one broadcast."""
    from bot.cli.broadcast_tables import follow_broadcast, show_broadcast

    if not follow:
        run_with_context(lambda context: show_broadcast(context, which, as_json=as_json))
        return
    with interruptible("You no longer watch it; the broadcast goes on."):
        run_with_context(
            lambda context: follow_broadcast(context, which, seconds=every, as_json=as_json)
        )


def _add_command(action: BroadcastAction, purpose: str, otherwise: str) -> None:
    """Adds the command that does this to a broadcast; `otherwise` is to which if none is named."""

    @broadcasts.command(action.value, help=purpose)
    @in_sentences
    def change(
        which: Annotated[
            str | None,
            typer.Argument(
                metavar="ID", show_default=False, help=f"The beginning of an id, or {otherwise}"
            ),
        ] = None,
        yes: Yes = False,
    ) -> None:
        key, question = run_with_context(lambda context: _prepare(context, action, which))
        if agrees(question, yes=yes):
            say(run_with_context(lambda context: _carry_out(context, action, key)))


for _action, _purpose in (
    (BroadcastAction.PAUSE, "Pause a broadcast until it is resumed."),
    (BroadcastAction.RESUME, "Resume a paused broadcast."),
    (BroadcastAction.CANCEL, "Cancel a broadcast for good; what was sent stays."),
):
    _add_command(_action, _purpose, "latest; left out, the one that is under way.")
_add_command(
    BroadcastAction.RECALL,
    "Delete what a broadcast sent from every chat; Telegram allows that for 48 hours.",
    "latest, which it is when left out.",
)


async def _prepare(
    context: CliContext, action: BroadcastAction, wanted: str | None
) -> tuple[bytes, str]:
    """Returns the id of the broadcast to change, and the question to ask before; or CannotDo."""
    if action is BroadcastAction.RECALL:
        wanted = wanted or LATEST
    found = await select_broadcast(context.storage.broadcasts, wanted)
    snapshot = await read_snapshot(context, found)
    _check(action, snapshot.broadcast)
    if action is BroadcastAction.RECALL:
        _check_recall(snapshot, context.clock())
    return snapshot.broadcast.id, _question(action, snapshot, context.words)


async def _carry_out(context: CliContext, action: BroadcastAction, key: bytes) -> str:
    """Changes the broadcast; returns the result as a sentence, or raises CannotDo."""
    stored = context.storage.broadcasts
    changes = {
        BroadcastAction.PAUSE: stored.pause,
        BroadcastAction.RESUME: stored.resume,
        BroadcastAction.CANCEL: stored.cancel,
        BroadcastAction.RECALL: stored.recall,
    }
    # The actor None stands in the audit log for the shell, which has no Telegram account.
    broadcast = await changes[action](key, None, context.clock())
    if broadcast is None:
        raise CannotDo("Meanwhile the broadcast is gone.")
    if _state(broadcast) != _leads_to(action):
        raise CannotDo(f"Meanwhile {_state_clause(broadcast)}, and nothing was changed.")
    return _outcome(action, await read_snapshot(context, broadcast), context.words)


def _leads_to(action: BroadcastAction) -> str:
    return TRANSITIONS[action].to or _RECALLED


def _check(action: BroadcastAction, broadcast: Broadcast) -> None:
    state = _state(broadcast)
    allowed = [each for each in BroadcastState if each in TRANSITIONS[action].sources]
    if state in allowed:
        return
    if state == _leads_to(action):
        raise CannotDo(f"{capitalised(_state_clause(broadcast))} already.")
    raise CannotDo(
        f"{capitalised(_state_clause(broadcast))}: there is nothing to {action}. "
        f"That needs one that is {' or '.join(allowed)}."
    )


_CORRECTABLE = "An admin can send those people a correction afterwards, in /broadcasts"
_AFTER_RECALL = {
    Kind.CLOSING: "An admin can send those people the right one afterwards, with /broadcast",
    Kind.BREACH: "An admin can send everyone another notice, with /broadcast",
}


def _check_recall(snapshot: BroadcastSnapshot, now: datetime) -> None:
    if snapshot.broadcast.can_be_recalled(snapshot.tally.delivered, now):
        return
    raise CannotDo(
        f"Nothing of {name_of(snapshot.broadcast)} can be recalled: Telegram lets a bot delete "
        "messages for 48 hours, or there are none to delete."
    )


def _state(broadcast: Broadcast) -> str:
    return broadcast.state if broadcast.recall_started_at is None else _RECALLED


def _state_clause(broadcast: Broadcast) -> str:
    return f"{name_of(broadcast)} is {_state(broadcast)}"


def _question(action: BroadcastAction, snapshot: BroadcastSnapshot, words: Words) -> str:
    broadcast = snapshot.broadcast
    if action is BroadcastAction.RECALL:
        return (
            f"Recall {name_of(broadcast)} for good? (It is deleted from "
            f"{words.number(snapshot.tally.delivered)} chats; who has read it has read it. "
            f"{_AFTER_RECALL.get(broadcast.kind, _CORRECTABLE)})"
        )
    told, total = words.number(snapshot.tally.done), words.number(snapshot.total)
    so_far = f"{told} of {total} are done"
    if broadcast.state is BroadcastState.SCHEDULED and broadcast.starts_at is not None:
        so_far = f"it would begin on {words.plain_moment(broadcast.starts_at)}"
    for_good = " for good" if action is BroadcastAction.CANCEL else ""
    return f"{action.capitalize()} {name_of(broadcast)}{for_good}? ({so_far})"


def _outcome(action: BroadcastAction, snapshot: BroadcastSnapshot, words: Words) -> str:
    name = capitalised(name_of(snapshot.broadcast))
    short = name.rpartition(" ")[2]
    done, left = words.number(snapshot.tally.done), words.number(snapshot.left)
    if action is BroadcastAction.RECALL:
        return (
            f"{name} is being recalled from {words.number(snapshot.tally.delivered)} chats. "
            "The bot does it in a moment; if it is not running, petition-bot run does. "
            f"petition-bot broadcasts show {short} --follow shows how far it is."
        )
    if action is BroadcastAction.RESUME:
        return (
            f"{name} is running again, and {left} are left. The bot goes on with it in a moment; "
            "if it is not running, petition-bot run does."
        )
    if action is BroadcastAction.PAUSE:
        return (
            f"{name} is paused: {done} are done and {left} are left. What is on its way is still "
            f"counted. petition-bot broadcasts resume {short} goes on."
        )
    again = ""
    if snapshot.left and snapshot.broadcast.started_at is not None:
        command = "/broadcast" if snapshot.broadcast.kind is Kind.CLOSING else "/broadcasts"
        again = f" An admin can tell them with {command} in the bot."
    return f"{name} is cancelled: {done} are done, {left} are not told by it.{again}"
