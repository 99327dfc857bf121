"""How an operator names a broadcast, and how it is named: the beginning of its id is enough."""

from collections.abc import Sequence

from bot.console import CannotDo
from storage import Broadcast, Broadcasts, Kind

LATEST = "latest"
SHORTEST = 8
_PAGE = 100
_KINDS = {
    Kind.CLOSING: "closing update",
    Kind.UPDATE: "message about the petition",
    Kind.NEWS: "other news",
    Kind.BREACH: "notice of a breach",
    Kind.CORRECTION: "correction",
}


async def select_broadcast(
    broadcasts: Broadcasts, wanted: str | None, *, or_latest: bool = False
) -> Broadcast:
    """Returns the broadcast that is meant by the beginning of its id, or by `latest`.

    None is the one that is under way, and with `or_latest` the latest if none is.
    """
    if wanted is None:
        return await _under_way(broadcasts, or_latest=or_latest)
    if wanted.lower() == LATEST:
        return _existing(await broadcasts.latest())
    return _with_beginning(wanted, await all_broadcasts(broadcasts))


async def all_broadcasts(broadcasts: Broadcasts) -> list[Broadcast]:
    """Returns all broadcasts, newest first."""
    found: list[Broadcast] = []
    while page := await broadcasts.history(limit=_PAGE, offset=len(found)):
        found += page
    return found


def short_ids(broadcasts: Sequence[Broadcast]) -> dict[bytes, str]:
    """Returns the beginning of each id, long enough to distinguish them."""
    ids = [broadcast.id.hex() for broadcast in broadcasts]
    length = next(
        length
        for length in range(SHORTEST, 33)
        if length == 32 or len({each[:length] for each in ids}) == len(ids)
    )
    return {broadcast.id: broadcast.id.hex()[:length] for broadcast in broadcasts}


def kind_of(broadcast: Broadcast) -> str:
    """Returns the kind of a broadcast in words."""
    return _KINDS[broadcast.kind]


def name_of(broadcast: Broadcast) -> str:
    """Returns the name of a broadcast in a sentence: its kind and its short id."""
    return f"the {kind_of(broadcast)} {short_ids([broadcast])[broadcast.id]}"


def capitalised(sentence: str) -> str:
    """Returns the sentence with its first letter in upper case and the rest unchanged."""
    return sentence[:1].upper() + sentence[1:]


async def _under_way(broadcasts: Broadcasts, *, or_latest: bool) -> Broadcast:
    active = await broadcasts.active()
    if active is not None:
        return active
    if or_latest:
        return _existing(await broadcasts.latest())
    raise CannotDo(
        "No broadcast is under way. Say which one you mean: "
        "petition-bot broadcasts list shows them."
    )


def _existing(found: Broadcast | None) -> Broadcast:
    if found is None:
        raise CannotDo("There is no broadcast yet. Admins start one with /broadcast in the bot.")
    return found


def _with_beginning(wanted: str, broadcasts: Sequence[Broadcast]) -> Broadcast:
    beginning = wanted.lower().replace("-", "")
    found = [each for each in broadcasts if beginning and each.id.hex().startswith(beginning)]
    if not found:
        raise CannotDo(
            f"No broadcast has an id that begins with {wanted!r}. "
            "petition-bot broadcasts list shows them."
        )
    if len(found) > 1:
        names = ", ".join(short_ids(found).values())
        raise CannotDo(f"{wanted!r} is the beginning of several: {names}. Write more of it.")
    return found[0]
