"""How many signed: in all, today, by language and by where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from telegram import Update

from bot.petition.markup import Html

from .context import Context
from .panel import Panel, open_panel
from .screens.screen import paragraphs

_SOURCES_SHOWN = 15


async def stats(update: Update, context: Context) -> None:
    """Answers with the counts as they stand; `today` is the petition's own day."""
    panel = await open_panel(update, context)
    services, words = panel.services, panel.words
    now = services.clock().astimezone(ZoneInfo(services.campaign.time_zone))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    counts = await services.storage.signatures.stats(since=midnight)
    await panel.say(
        paragraphs(
            words.text("<b>Firmas: {total}</b>", total=words.number(counts.total)),
            words.text("Hoy: {today}", today=words.number(counts.today)),
            _listed(panel, words.text("Por idioma"), _named(panel, counts.by_language)),
            _listed(panel, words.text("Por origen"), _sources(panel, counts.by_source)),
            words.text(
                "Personas a las que ahora no se puede escribir: {unreachable}",
                unreachable=words.number(counts.unreachable),
            ),
        )
    )


def _named(panel: Panel, by_language: Mapping[str, int]) -> dict[str, int]:
    campaign = panel.services.campaign
    known = {code: campaign.texts_in(code).language_name for code in campaign.languages}
    return {known.get(code, code): count for code, count in by_language.items()}


def _sources(panel: Panel, by_source: Mapping[str | None, int]) -> dict[str, int]:
    # In brackets, which no payload of a link can have.
    direct, rest = panel.words.label("(directo)"), panel.words.label("(otros)")
    ranked = sorted(by_source.items(), key=lambda item: -item[1])
    shown = {source or direct: count for source, count in ranked[:_SOURCES_SHOWN]}
    left = sum(count for _, count in ranked[_SOURCES_SHOWN:])
    return {**shown, rest: left} if left else shown


def _listed(panel: Panel, heading: Html, counts: Mapping[str, int]) -> Html | None:
    if not counts:
        return None
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    lines = [
        panel.words.text("{name}: {count}", name=name, count=panel.words.number(count))
        for name, count in ranked
    ]
    return Html("\n".join([f"<b>{heading}</b>", *lines]))
