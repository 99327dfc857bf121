"""How an operator names a broadcast, and how it is named: the beginning of its id is enough."""

from collections.abc import Sequence

from bot.console import CannotDo
from bot.text.terminal_language import label
from bot.text.translations import mark
from storage import Broadcast, Broadcasts, BroadcastState, Kind

LATEST = "latest"
SHORTEST = 8
_PAGE = 100
_KINDS = {
    Kind.CLOSING: mark("el mensaje final"),
    Kind.UPDATE: mark("las novedades de la petición"),
    Kind.NEWS: mark("las noticias de otras acciones"),
    Kind.BREACH: mark("el aviso de una brecha"),
    Kind.CORRECTION: mark("la corrección"),
}

STATES = {
    BroadcastState.SCHEDULED: mark("previsto"),
    BroadcastState.RUNNING: mark("enviándose"),
    BroadcastState.PAUSED: mark("en pausa"),
    BroadcastState.FINISHED: mark("enviado"),
    BroadcastState.CANCELLED: mark("cancelado"),
    BroadcastState.STOPPED: mark("detenido"),
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
    return label(_KINDS[broadcast.kind])


def name_of(broadcast: Broadcast) -> str:
    """Returns the name of a broadcast in a sentence: its kind and its short id."""
    short = short_ids([broadcast])[broadcast.id]
    return label("el envío {id} ({kind})", id=short, kind=kind_of(broadcast))


def capitalised(sentence: str) -> str:
    """Returns the sentence with its first letter in upper case and the rest unchanged."""
    return sentence[:1].upper() + sentence[1:]


async def _under_way(broadcasts: Broadcasts, *, or_latest: bool) -> Broadcast:
    active = await broadcasts.active()
    if active is not None:
        return active
    if or_latest:
        return _existing(await broadcasts.latest())
    raise CannotDo.because(
        "No hay ningún envío en marcha. Di cuál: petition-bot broadcasts list los muestra."
    )


def _existing(found: Broadcast | None) -> Broadcast:
    if found is None:
        raise CannotDo.because(
            "Todavía no hay ningún envío. Quien administra lo prepara con /broadcast."
        )
    return found


def _with_beginning(wanted: str, broadcasts: Sequence[Broadcast]) -> Broadcast:
    beginning = wanted.lower().replace("-", "")
    found = [each for each in broadcasts if beginning and each.id.hex().startswith(beginning)]
    if not found:
        raise CannotDo.because(
            "El número de ningún envío empieza por «{wanted}». petition-bot broadcasts list "
            "los muestra.",
            wanted=wanted,
        )
    if len(found) > 1:
        names = ", ".join(short_ids(found).values())
        raise CannotDo.because(
            "Varios empiezan por «{wanted}»: {names}. Escribe más.", wanted=wanted, names=names
        )
    return found[0]
