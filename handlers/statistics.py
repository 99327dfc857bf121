"""How many signed: in all, today, by language and by where they came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from telegram import Update

from bot.text.markup import Html

from .admin_context import AdminContext, open_admin_context
from .context import Context
from .screens.screen import paragraphs

_NAMED_FROM: Final = 5
_SOURCES_SHOWN: Final = 15


@dataclass(frozen=True, slots=True)
class Origins:
    """Where signatures came from, without saying it of any single person.

    Attributes:
        named: the sources with enough signatures, the largest first.
        unnamed: the signatures of each that has enough and finds no room any more.
        others: the signatures by links of few and by none, together.
    """

    named: Mapping[str, int]
    unnamed: Sequence[int]
    others: int


def origins(by_source: Mapping[str | None, int]) -> Origins:
    """Puts together what could tell of one person; see docs/decisions/sources-of-few.md."""
    large = [
        (source, count)
        for source, count in by_source.items()
        if source is not None and count >= _NAMED_FROM
    ]
    ranked = sorted(large, key=lambda item: (-item[1], item[0]))
    return Origins(
        named=dict(ranked[:_SOURCES_SHOWN]),
        unnamed=tuple(count for _, count in ranked[_SOURCES_SHOWN:]),
        others=sum(by_source.values()) - sum(count for _, count in ranked),
    )


async def stats(update: Update, context: Context) -> None:
    """Answers with the counts as they stand; `today` is the petition's own day."""
    panel = await open_admin_context(update, context)
    services, words = panel.services, panel.words
    now = services.clock().astimezone(ZoneInfo(services.campaign.time_zone))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    counts = await services.storage.signatures.stats(since=midnight)
    await panel.say(
        paragraphs(
            words.text("<b>Firmas: {total}</b>", total=words.number(counts.total)),
            words.text("Hoy: {today}", today=words.number(counts.today)),
            _listed(panel, words.text("Por idioma"), _named(panel, counts.by_language)),
            _from_where(panel, counts.by_source),
            words.text(
                "Personas a las que ahora no se puede escribir: {unreachable}",
                unreachable=words.number(counts.unreachable),
            ),
        )
    )


def _named(panel: AdminContext, by_language: Mapping[str, int]) -> dict[str, int]:
    campaign = panel.services.campaign
    known = {code: campaign.texts_in(code).language_name for code in campaign.languages}
    return {known.get(code, code): count for code, count in by_language.items()}


def _from_where(panel: AdminContext, by_source: Mapping[str | None, int]) -> Html | None:
    if not by_source:
        return None
    words, found = panel.words, origins(by_source)
    lines = [_line(panel, source, count) for source, count in found.named.items()]
    # In brackets, which no payload of a link can have.
    if found.unnamed:
        links = len(found.unnamed)
        label = words.plural_label("(otro enlace)", "(otros {n} enlaces)", links)
        lines.append(_line(panel, label, sum(found.unnamed)))
    if found.others:
        lines.append(_line(panel, words.label("(directo y otros)"), found.others))
        lines.append(_why_together(panel))
    return Html("\n".join([f"<b>{words.text('Por origen')}</b>", *lines]))


def _why_together(panel: AdminContext) -> Html:
    why = panel.words.text(
        "En «(directo y otros)» van juntas las firmas de quienes llegaron sin enlace y las de "
        "enlaces con pocas firmas: un enlace hecho para una sola persona diría que esa persona "
        "ha firmado."
    )
    return Html(f"<i>{why}</i>")


def _listed(panel: AdminContext, heading: Html, counts: Mapping[str, int]) -> Html | None:
    if not counts:
        return None
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    lines = [_line(panel, name, count) for name, count in ranked]
    return Html("\n".join([f"<b>{heading}</b>", *lines]))


def _line(panel: AdminContext, name: str, count: int) -> Html:
    return panel.words.text("{name}: {count}", name=name, count=panel.words.number(count))
