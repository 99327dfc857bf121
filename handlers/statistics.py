"""/stats: counts of signatures in total, today, by language and by source."""

from collections.abc import Mapping, Sequence

from bot.petition.counts import told_apart
from bot.petition.retention_days import start_of
from bot.text.translations import Words, capitalised
from handlers.chat_context import AdminContext
from handlers.screens.screen import lines, paragraphs
from storage.signatures import Stats, signature_statistics
from telegram_text.markup import Html

_SOURCES_SHOWN = 15


async def stats(ctx: AdminContext) -> None:
    """Handles /stats; "today" is counted in the petition's time zone."""
    services, words = ctx.services, ctx.words
    midnight = start_of(services.today, services.petition.zone)
    counts = await services.storage.read(signature_statistics, since=midnight)
    await ctx.say(
        paragraphs(
            words.text("<b>Firmas: {total}</b>", total=words.number(counts.total)),
            with_and_without_name(words, counts),
            words.text("Hoy: {today}", today=words.number(counts.today)),
            counts.invalidated
            and words.text("Sin contar, por anuladas: {n}", n=words.number(counts.invalidated)),
            _by_language(words, counts.by_language),
            _by_source(words, counts.by_source),
            words.text(
                "Personas que han bloqueado el bot o han dejado Telegram: {unreachable}",
                unreachable=words.number(counts.unreachable),
            ),
            counts.erased
            and words.text(
                "Ya borradas, porque su plazo ha vencido: {erased}. Cuentan en el total y en su "
                "idioma, pero ya no se sabe por dónde llegaron.",
                erased=words.number(counts.erased),
            ),
        )
    )


def with_and_without_name(words: Words, counts: Stats) -> Html:
    """Says how many signatures are handed over with their name, and how many only counted."""
    return words.text(
        "Con su nombre: {named}. Sin su nombre: {unnamed}.",
        named=words.number(counts.with_name),
        unnamed=words.number(counts.without_name),
    )


def _by_language(words: Words, counts: Mapping[str, int]) -> Html:
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    named = [(capitalised(words.language_name(code)), count) for code, count in ranked]
    return _listed(words, words.text("Por idioma"), named)


def _by_source(words: Words, counts: Mapping[str | None, int]) -> Html:
    large, others = told_apart(counts.items())
    listed, unnamed = list(large.items())[:_SOURCES_SHOWN], list(large.values())[_SOURCES_SHOWN:]
    # In parentheses, which the payload of a start link cannot contain.
    if unnamed:
        listed.append((words.label("(otros enlaces)"), sum(unnamed)))
    if others:
        listed.append((words.label("(directo y otros)"), others))
    together = others and words.text(
        "<i>En «(directo y otros)» van juntas las firmas de quienes llegaron sin enlace y las de "
        "enlaces con pocas firmas: un enlace hecho para una sola persona diría que esa persona "
        "ha firmado.</i>"
    )
    return lines(_listed(words, words.text("Por origen"), listed), together)


def _listed(words: Words, heading: Html, counts: Sequence[tuple[str, int]]) -> Html:
    counted = (
        words.text("{name}: {count}", name=name, count=words.number(count))
        for name, count in counts
    )
    return lines(f"<b>{heading}</b>", *counted) if counts else Html()
