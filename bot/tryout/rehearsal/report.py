"""What a rehearsal found, in words: sections that a terminal prints and a page shows alike."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.petition.petition import Petition
from bot.petition.stages import Stage
from bot.settings import FREE_RATE, PAID_RATE
from bot.text.translations import Words, is_spoken, mark
from bot.tryout.rehearsal.journeys import Reason, Step
from bot.tryout.rehearsal.reading import MeasuredScreen, Part
from bot.tryout.rehearsal.run import RehearsalResult
from handlers.broadcasts.screens.draft_view import MESSAGES_A_STAR

_EXAMPLES = (1_530, 100_000)
"""So many people stand in the table of how long telling takes, beside those of the rehearsal."""

_STEPS = {
    Step.OPENED: mark("Abrieron el bot"),
    Step.READ: mark("Leyeron de qué trata"),
    Step.NAME: mark("Llegaron al nombre"),
    Step.CONSENT: mark("Llegaron al consentimiento"),
    Step.SIGNED: mark("Firmaron"),
}
_STAGES = {
    Stage.HOME: Part.WELCOME,
    Stage.LANGUAGE: Part.LANGUAGE,
    Stage.APPEAL: Part.APPEAL,
    Stage.NAME: Part.NAME,
    Stage.CONSENT: Part.CONSENT,
}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report: sentences, and perhaps a table under them.

    Attributes:
        is_alarming: whether it tells of something that has to be looked at.
        head, rows: of the table.
        first_number: the first of its columns that has numbers.
    """

    title: str
    sentences: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    is_alarming: bool = False
    first_number: int = 1


@dataclass(frozen=True, slots=True)
class Report:
    """The report; `faults` are what went wrong, one sentence each; without its end, not whole."""

    title: str
    sentences: tuple[str, ...]
    faults: tuple[str, ...]
    sections: tuple[Section, ...]
    is_whole: bool


def write_report(words: Words, result: RehearsalResult, petition: Petition, seed: int) -> Report:
    """Returns the report of a rehearsal, also of one that was interrupted.

    It is in the language of `words`; by the seed, the rehearsal can be repeated.
    """
    people = len(result.came)
    sentences = [
        words.plural_label(
            "{n} persona pasó por la petición: {simulated} de tiempo simulado, en {real}.",
            "{n} personas pasaron por la petición: {simulated} de tiempo simulado, en {real}.",
            people,
            simulated=words.duration(result.simulated),
            real=words.duration(result.real),
        ),
        words.label(
            "Las personas se sortean con la semilla {seed}; con «--seed {seed}» se repite el "
            "mismo ensayo. Siguen reglas sencillas: dicen dónde cuesta, no cuánta gente va a "
            "firmar.",
            seed=seed,
        ),
    ]
    if not result.is_over:
        sentences.append(
            words.label("El ensayo no llegó al final: aquí está lo que se vio hasta entonces.")
        )
    return Report(
        title=words.label("Ensayo de «{title}»", title=petition.texts_in(words.language).title),
        sentences=tuple(sentences),
        faults=tuple(faults(words, result)),
        sections=tuple(_sections(words, result, petition)),
        is_whole=result.is_over,
    )


def faults(words: Words, result: RehearsalResult) -> Iterator[str]:
    """Yields what went wrong that no person of the rehearsal did, in sentences."""
    if result.broken:
        yield words.label(result.broken)
    if result.passed_over:
        yield words.plural_label(
            "El bot no pudo atender {n} mensaje o toque.",
            "El bot no pudo atender {n} mensajes o toques.",
            result.passed_over,
        )
    if result.verdict is not None:
        refused = Counter(f"{call.method}: {call.error}" for call in result.verdict.refused)
        for call, times in sorted(refused.items()):
            yield words.plural_label(
                "Telegram rechazaría {n} vez «{call}».",
                "Telegram rechazaría {n} veces «{call}».",
                times,
                call=call,
            )
    if result.stored != result.thanked:
        yield words.label(
            "El bot dio las gracias a {thanked} personas y guardó {stored} firmas.",
            thanked=words.number(result.thanked),
            stored=words.number(result.stored),
        )
    if result.untold > 0:
        yield words.plural_label(
            "{n} persona no recibió el mensaje final aunque consta como entregado.",
            "{n} personas no recibieron el mensaje final aunque consta como entregado.",
            result.untold,
        )
    stuck = sum(each.journey.left_for is Reason.BUG for each in result.came)
    if stuck:
        yield words.plural_label(
            "{n} persona se quedó sin un botón que tocar.",
            "{n} personas se quedaron sin un botón que tocar.",
            stuck,
        )


def _sections(words: Words, result: RehearsalResult, petition: Petition) -> Iterator[Section]:
    yield _way(words, result)
    yield _reasons(words, result)
    yield _answers(words, result)
    yield _screens(words, result.screens, petition)
    if cut := dict.fromkeys((each.part, label) for each in result.screens for label in each.cut):
        rows = tuple((words.label(part.value), label) for part, label in cut)
        yield _cut(words, rows)
    yield _missing(words, petition)
    yield _told(words, result, petition)
    yield _telling(words, result)


def _way(words: Words, result: RehearsalResult) -> Section:
    everybody, rows = len(result.came) or 1, []
    for step, name in _STEPS.items():
        came = sum(each.journey.furthest >= step for each in result.came)
        rows.append((words.label(name), words.number(came), words.percent(came / everybody)))
    head = (words.label("Paso"), words.label("Personas"), words.label("Parte"))
    return Section(words.label("Hasta dónde llegaron"), (), head, tuple(rows))


def _reasons(words: Words, result: RehearsalResult) -> Section:
    left: Counter[tuple[Reason, Stage | None]] = Counter()
    for journey in (each.journey for each in result.came):
        if journey.left_for is not None:
            left[journey.left_for, journey.left_at] += 1
    rows = [
        (
            words.label(reason.value),
            words.label(_STAGES[stage].value) if stage in _STAGES else "",
            words.number(number),
        )
        for (reason, stage), number in left.most_common()
    ]
    refused = sum(each.journey.refused for each in result.came)
    sentences = []
    if refused:
        sentences.append(
            words.plural_label(
                "{n} vez se rechazó lo escrito como nombre; quien lo intentó otra vez pudo "
                "seguir.",
                "{n} veces se rechazó lo escrito como nombre; quien lo intentó otra vez pudo "
                "seguir.",
                refused,
            )
        )
    if not rows:
        sentences.append(words.label("Nadie se fue sin firmar."))
    head = (words.label("Motivo"), words.label("Pantalla"), words.label("Personas"))
    return Section(
        words.label("Por qué se fueron sin firmar"),
        tuple(sentences),
        head if rows else (),
        tuple(rows),
        first_number=2,
    )


def _answers(words: Words, result: RehearsalResult) -> Section:
    waits = sorted(wait for each in result.came for wait in each.journey.waits)
    sentences = []
    if waits:
        sentences.append(
            words.label(
                "La mitad de las respuestas tardó menos de {half} s, y 99 de cada 100 menos de "
                "{most} s.",
                half=words.speed(waits[len(waits) // 2]),
                most=words.speed(waits[len(waits) * 99 // 100]),
            )
        )
    if result.verdict is not None:
        sentences.append(
            words.label(
                "Llamadas a Telegram: {calls}; con un fallo simulado, {failed}; por encima de su "
                "límite (429), {many}. El bot repitió las que fallaron.",
                calls=words.number(result.verdict.calls),
                failed=words.number(result.verdict.failed),
                many=words.number(result.verdict.too_many),
            )
        )
    return Section(words.label("Qué rápido se respondía"), tuple(sentences))


def _screens(words: Words, screens: Sequence[MeasuredScreen], petition: Petition) -> Section:
    high = {(each.part, each.page, each.language): each.screenfuls for each in screens}
    pages = {key[:2] for key in high}
    rows = []
    for part, page in sorted(pages, key=lambda each: (list(Part).index(each[0]), each[1])):
        found = [high.get((part, page, language)) for language in petition.languages]
        # The model is not exact to a twentieth of a phone.
        if any(round(each or 0.0, 1) > 1 for each in found):
            rows.append(
                (_part(words, part, page), *("" if n is None else words.speed(n) for n in found))
            )
    sentences = [
        words.label(
            "En un teléfono de 390 × 844 puntos, con texto de 17. El número dice cuántas alturas "
            "del teléfono ocupa cada pantalla; las que caben enteras no están."
        )
    ]
    if not rows:
        sentences.append(words.label("Todas las pantallas caben sin desplazarlas."))
    languages = (words.language_name(language) for language in petition.languages)
    head = (words.label("Pantalla"), *languages)
    return Section(
        words.label("Pantallas que hay que desplazar"),
        tuple(sentences),
        head if rows else (),
        tuple(rows),
    )


def _cut(words: Words, rows: tuple[tuple[str, ...], ...]) -> Section:
    sentence = words.label(
        "Un teléfono acorta estos botones con «…»: lo que no cabe no se lee. Lo que importe, dilo "
        "en el texto."
    )
    title = words.label("Botones que un teléfono corta")
    return Section(title, (sentence,), (words.label("Pantalla"), words.label("Botón")), rows)


def _part(words: Words, part: Part, page: int) -> str:
    name = words.label(part.value)
    return words.label("{screen}, página {page}", screen=name, page=page) if page else name


def missing_texts(petition: Petition, language: str) -> list[str]:
    """Returns the keys of the texts that a language lacks, or has as in the source language."""
    source, texts = petition.texts[petition.source_language], petition.texts[language]
    found = []
    for key in type(texts).model_fields:
        theirs, mine = getattr(source, key), getattr(texts, key)
        is_short = isinstance(mine, tuple | list) and len(mine) < len(theirs)
        if (theirs and not mine) or (theirs and mine == theirs) or is_short:
            found.append(key)
    return found


def _missing(words: Words, petition: Petition) -> Section:
    sentences = []
    for language in petition.languages:
        name = words.language_name(language)
        if not is_spoken(language):
            sentences.append(
                words.label(
                    "{language}: los botones y las respuestas del bot están en español.",
                    language=name,
                )
            )
        if language == petition.source_language:
            continue
        sentences.extend(
            words.label(
                "{language}: falta «{key}», o está como en el idioma de origen.",
                language=name,
                key=key,
            )
            for key in missing_texts(petition, language)
        )
    said = tuple(sentences) or (words.label("No falta ninguno."),)
    return Section(words.label("Textos que faltan"), said, is_alarming=bool(sentences))


def _told(words: Words, result: RehearsalResult, petition: Petition) -> Section:
    sentences = []
    if petition.closing_is_draft:
        sentences.append(
            words.label(
                "El mensaje final todavía es un borrador; se ensayó tal como está. Mientras lo "
                "sea, no se envía a nadie."
            )
        )
    tally = result.told
    if tally is None:
        sentences.append(words.label("El mensaje final no llegó a enviarse."))
        return Section(
            words.label("A quién no se le contó cómo acabó"), tuple(sentences), is_alarming=True
        )
    if result.told_twice:
        sentences.append(
            words.plural_label(
                "{n} persona lo recibió por duplicado: se perdió la respuesta de Telegram, y es "
                "mejor que no recibirlo.",
                "{n} personas lo recibieron por duplicado: se perdió la respuesta de Telegram, y "
                "es mejor que no recibirlo.",
                result.told_twice,
            )
        )
    rows = (
        (words.label("Lo recibieron"), tally.delivered),
        (words.label("Pidieron que no se les escribiera"), result.muted),
        (words.label("Bloquearon el bot o borraron su cuenta"), tally.unreachable),
        (words.label("Retiraron su firma mientras se enviaba"), tally.withdrawn),
        (words.label("Telegram no aceptó el mensaje"), tally.rejected),
        (words.label("No se sabe: se perdió la respuesta de Telegram"), tally.unconfirmed),
        (words.label("Quedaron sin enviar"), tally.open),
    )
    return Section(
        words.label("A quién no se le contó cómo acabó"),
        tuple(sentences),
        (words.label("Qué fue de quienes firmaron"), words.label("Personas")),
        tuple((name, words.number(n)) for name, n in rows if n),
        is_alarming=petition.closing_is_draft or tally.open > 0,
    )


def _telling(words: Words, result: RehearsalResult) -> Section:
    return Section(
        words.label("Cuánto se tarda en contárselo a todo el mundo"),
        (
            words.label(
                "Gratis, a {free} mensajes por segundo. Pagando, Telegram admite hasta 1.000 por "
                "segundo, a 0,1 estrellas por mensaje entregado; el bot envía entonces {paid}. "
                "Telegram pide además que el bot tenga muchas estrellas: cuántas, lo dice "
                "@BotFather.",
                free=words.speed(FREE_RATE),
                paid=words.speed(PAID_RATE),
            ),
        ),
        (
            words.label("Personas"),
            words.label("Gratis"),
            words.label("Pagando"),
            words.label("Estrellas, como mucho"),
        ),
        tuple(
            (
                words.number(n),
                words.duration(n / FREE_RATE),
                words.duration(n / PAID_RATE),
                words.number(-(-n // MESSAGES_A_STAR)),
            )
            for n in (result.stored, *_EXAMPLES)
            if n
        ),
    )
