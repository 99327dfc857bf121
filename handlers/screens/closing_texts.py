"""The admins' screens of /closing: what late visitors read of the end, and what is to change."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from operator import attrgetter

from bot.petition.petition import Petition
from bot.text.translations import Words, mark
from handlers.broadcasts.screens.labels import admin_name
from handlers.screens.buttons import AdminAction, Button, ClosingStep
from handlers.screens.screen import Screen, lines
from storage.closing_texts import (
    CLOSING_UPDATE,
    AwaitedText,
    ClosingText,
    ClosingTextKind,
    Publication,
    publication_id,
)
from telegram_text.markup import Html

# Versions in the history, and entries that can be changed; a message's length is limited.
_LISTED, _CHANGEABLE = 20, 5

_NAMES: Mapping[ClosingTextKind, str] = {
    ClosingTextKind.CLOSING_UPDATE: mark("el mensaje final"),
    ClosingTextKind.DELIVERED: mark("la entrega del {date}"),
    ClosingTextKind.ANSWERED: mark("la respuesta del {date}"),
    ClosingTextKind.DECIDED: mark("la decisión del {date}"),
}
_ADDED: Mapping[ClosingTextKind, str] = {
    ClosingTextKind.DELIVERED: mark("Las firmas se han entregado"),
    ClosingTextKind.ANSWERED: mark("Ha habido una respuesta"),
    ClosingTextKind.DECIDED: mark("Se ha tomado una decisión"),
}
UNKNOWN_AUTHOR = mark(
    "⚠️ No se puede leer quién lo pidió, porque ese dato está dañado, así que nadie puede "
    "aprobarlo. Para publicarlo, elige «No aprobarlo» y pídelo otra vez."
)
"""Why nobody can approve what waits, and what is to be done."""


@dataclass(frozen=True, slots=True)
class ClosingTextsView:
    """Everything that the screens of /closing are drawn from.

    Attributes:
        versions: every version ever written, oldest first.
        names: how to call the admins of whom a name is known, by user id.
        reader: the user id of the admin who reads this.
    """

    words: Words
    petition: Petition
    versions: Sequence[ClosingText]
    names: Mapping[int, str]
    reader: int

    @property
    def published(self) -> list[ClosingText]:
        """The versions that late visitors read, or read before the next one."""
        return [each for each in self.versions if each.is_published]

    @property
    def left(self) -> list[ClosingText]:
        """The versions that can be published."""
        return [each for each in self.versions if each.is_left]

    @property
    def waiting(self) -> list[ClosingText]:
        """The versions of the change that waits for a second admin."""
        return [each for each in self.versions if each.waits]

    @property
    def request(self) -> Publication | None:
        """What waits for a second admin; nothing else is published meanwhile."""
        return self.waiting[0].publication if self.waiting else None

    def made(self, key: str) -> Publication | None:
        """Returns the change of this id, published or waiting; None if there is none."""
        made = (each.publication for each in self.versions)
        return next((each for each in made if each is not None and each.id.hex() == key), None)

    def about(self, sentence: str, version: ClosingText, **values: object) -> Html:
        """Says a sentence that is marked for translation, about a version."""
        words = self.words
        return words.text(
            sentence,
            what=entry_name(words, version.kind, version.day),
            language=words.language_name(version.language),
            number=version.number,
            who=self.who(version.author),
            moment=words.moment(version.written_at),
            **values,
        )

    def button(self, label: str, step: ClosingStep, value: str = "", **values: object) -> Button:
        """Returns a button of /closing; `label` is a source sentence, `values` what it names."""
        said = self.words.label(label, **values)
        return Button(said, AdminAction.CLOSING_TEXT, f"{step}:{value}")

    @property
    def back(self) -> Button:
        """The button that leads back to the overview."""
        return self.button("Volver", ClosingStep.OVERVIEW)

    @property
    def discard(self) -> Button:
        """The button that discards what is left, and nothing that is written later."""
        left = publication_id(self.left).hex()
        return self.button("Descartar lo que no está publicado", ClosingStep.DISCARD, left)

    def who(self, admin: int | None) -> str:
        """Returns how the reader calls an admin."""
        return admin_name(self.words, admin, self.names, self.reader)


def overview(view: ClosingTextsView) -> Screen:
    """Shows where each text stands, and what can be done."""
    words, days = view.words, _days(view)
    published = {each.entry for each in view.published}
    later = [f"• {entry_name(words, *days[entry])}" for entry in days if entry in published]
    return Screen.of(
        words.text("<b>Cómo ha terminado: lo que lee quien entra con la petición cerrada</b>"),
        lines(words.text("El mensaje final:"), *_what_people_read(view)),
        _list(words.text("Lo que ha pasado después:"), *later),
        _list(words.text("<b>Sin publicar</b>, no lo lee nadie:"), *_written(view, view.left)),
        _waiting(view, view.waiting),
        buttons=[
            *_change_buttons(view, CLOSING_UPDATE, ClosingTextKind.CLOSING_UPDATE, None),
            view.button("Añadir lo que ha pasado después", ClosingStep.ADD),
            bool(days) and view.button("Escribir o corregir lo de después", ClosingStep.ENTRIES),
            view.button(
                "👁 Ver antes de publicar" if view.left else "👁 Ver cómo se lee",
                ClosingStep.PREVIEW,
            ),
            view.request is not None
            and view.button("Revisar el cambio que espera", ClosingStep.REVIEW),
            bool(view.left) and view.discard,
            bool(view.versions) and view.button("Todas las versiones", ClosingStep.HISTORY),
        ],
    )


def ask_text(view: ClosingTextsView, awaited: AwaitedText) -> Screen:
    """Asks for a text; the admin's next message is it."""
    words = view.words
    return Screen.of(
        words.text(
            "Escríbeme esto en un solo mensaje, en {language}: {what}.\n\n"
            "Se conserva el formato: negrita, cursiva, enlaces, citas. Donde escribas "
            "<code>{{people}}</code> se leerá cuántas personas han firmado.",
            what=entry_name(words, awaited.kind, awaited.day),
            language=words.language_name(awaited.language),
        ),
        awaited.day is not None
        and words.text(
            "Si fue otro día, pon la fecha sola en la primera línea: <code>{example}</code>",
            example=words.typed_day(awaited.day),
        ),
        words.text("Nadie lo leerá hasta que lo publiques. Para dejarlo, escribe /cancel."),
    )


def ask_kind(view: ClosingTextsView) -> Screen:
    """Asks what has happened since the closing."""
    words, language = view.words, view.petition.source_language
    kinds = [
        view.button(label, ClosingStep.WRITE, f"new:{kind}:{language}")
        for kind, label in _ADDED.items()
    ]
    return Screen(words.text("<b>¿Qué ha pasado?</b>"), [*kinds, view.back])


def ask_entry(view: ClosingTextsView) -> Screen:
    """Asks which entry is to be changed, in which language."""
    days = list(_days(view).items())[-_CHANGEABLE:]
    buttons = [_change_buttons(view, entry, kind, day) for entry, (kind, day) in days]
    return Screen(
        view.words.text("<b>¿Qué quieres corregir?</b>"),
        [*chain.from_iterable(buttons), view.back],
    )


def publish_question(view: ClosingTextsView, when_read: Html) -> Screen:
    """Stands below the preview: asks whether what is left is to be published."""
    words, left = view.words, view.left
    if not left:
        return Screen(words.text("Así se lee ahora. No hay nada sin publicar."), [view.back])
    publish = view.button("Publicar", ClosingStep.PUBLISH, publication_id(left).hex())
    return Screen.of(
        _list(words.text("<b>¿Publicar esto?</b>"), *_written(view, left)),
        when_read,
        words.text("Se lo diremos a todas las personas que administran la petición."),
        buttons=[publish, view.discard, view.back],
    )


def approval_question(view: ClosingTextsView, request: Publication) -> Screen:
    """Stands below the preview of what waits: asks the second admin, or who asked for it."""
    key = request.id.hex()
    is_own, is_known = request.requested_by == view.reader, request.requested_by is not None
    approve = view.button("Aprobar y publicar", ClosingStep.APPROVE, key)
    decline = view.button(
        "Dejar de pedirlo" if is_own else "No aprobarlo", ClosingStep.DECLINE, key
    )
    return Screen.of(
        _waiting(view, (each for each in view.waiting if each.publication == request)),
        None if is_known else view.words.text(UNKNOWN_AUTHOR),
        buttons=[approve if is_known and not is_own else None, decline, view.back],
    )


def history(view: ClosingTextsView) -> Screen:
    """Lists the newest versions, newest first, with what became of each."""
    words, more = view.words, len(view.versions) - _LISTED
    listed = [
        view.about(
            mark("• {what}, en {language}, versión {number}: de {who}, {moment}. {state}"),
            each,
            state=_state(words, each),
        )
        for each in list(reversed(view.versions))[:_LISTED]
    ]
    return Screen.of(
        _list(words.text("<b>Todas las versiones</b>"), *listed),
        more > 0 and words.plural("Y {n} anterior.", "Y {n} anteriores.", more),
        buttons=[view.back],
    )


def change_notice(view: ClosingTextsView, made: Publication) -> Screen:
    """Tells an admin who changed what, or that it waits for a second admin."""
    words, who = view.words, view.who(made.requested_by)
    changed = (each for each in view.versions if each.publication == made)
    listed = _listed(view, (each for each in changed if each.discarded_at is None))
    if made.published_at is None:
        return Screen.of(
            words.text(
                "⏳ <b>Un cambio en el texto sobre el final de la petición espera aprobación.</b>"
            ),
            listed,
            words.text(
                "Lo pide {who}. Tiene que aprobarlo otra persona antes de que lo lea quien entre.",
                who=who,
            ),
            buttons=[view.button("Revisar el cambio que espera", ClosingStep.REVIEW)],
        )
    return Screen.of(
        words.text("<b>Ha cambiado lo que se lee de cómo ha terminado la petición.</b>"),
        listed,
        words.text(
            "Lo ha publicado {who}.\n\nPara verlo, escribe /closing."
            if made.approved_by is None
            else "Lo pidió {who} y lo ha aprobado {approver}.\n\nPara verlo, escribe /closing.",
            who=who,
            approver=view.who(made.approved_by),
        ),
    )


def declined_notice(view: ClosingTextsView, declined: Publication) -> Screen:
    """Tells who asked for a change that another admin declined it."""
    words = view.words
    versions = [each for each in view.versions if each.declined == declined]
    return Screen.of(
        words.text("<b>Tu cambio en el texto sobre el final no se ha aprobado.</b>"),
        _listed(view, versions),
        words.text(
            "Lo ha decidido {who}. El texto sigue guardado y no lo lee nadie. Para cambiarlo, o "
            "pedirlo otra vez, escribe /closing."
            if not any(each.discarded_at for each in versions)
            else "Lo ha decidido {who}. Lo que ya tenía una versión más nueva se ha descartado. "
            "Para ver lo que queda, escribe /closing.",
            who=view.who(declined.approved_by),
        ),
    )


def _listed(view: ClosingTextsView, versions: Iterable[ClosingText]) -> Html:
    return lines(*(view.about(mark("• {what}, en {language}"), each) for each in versions))


def entry_name(words: Words, kind: ClosingTextKind, day: date | None) -> str:
    """Returns what an entry is called inside a sentence."""
    return words.label(_NAMES[kind], date="" if day is None else words.date(day))


def _what_people_read(view: ClosingTextsView) -> Iterator[Html]:
    """Yields a line for each language of the closing update."""
    by_number = sorted(view.published, key=attrgetter("number"))
    newest = {each.language: each for each in by_number if each.entry == CLOSING_UPDATE}
    for language in view.petition.languages:
        if (last := newest.get(language)) is not None:
            yield view.about(mark("• {language}: de {who}, {moment}"), last)
        else:
            yield view.words.text(
                "• {language}: el de la carpeta es un borrador, y no se muestra"
                if view.petition.closing_is_draft
                else "• {language}: el de la carpeta de la petición",
                language=view.words.language_name(language),
            )


def _days(view: ClosingTextsView) -> dict[str, tuple[ClosingTextKind, date]]:
    """Returns the kind and the day of every entry but the closing update."""
    return {
        each.entry: (each.kind, each.day)
        for each in view.versions
        if each.day is not None and (each.is_left or each.publication)
    }


def _written(view: ClosingTextsView, versions: Iterable[ClosingText]) -> list[Html]:
    sentence = mark("• {what}, en {language}: de {who}, {moment}")
    return [view.about(sentence, each) for each in versions]


def _waiting(view: ClosingTextsView, waiting: Iterable[ClosingText]) -> Html | None:
    heading = view.words.text("⏳ <b>Espera la aprobación de otra persona:</b>")
    return _list(heading, *_written(view, waiting))


def _state(words: Words, version: ClosingText) -> Html:
    made = version.publication
    if made is not None and made.published_at is not None:
        return words.text("Publicada el {moment}.", moment=words.moment(made.published_at))
    if version.waits:
        return words.text("Espera aprobación.")
    if made is not None:
        return words.text("La sustituyó una posterior.")
    return words.text("No se publicó." if version.discarded_at else "Sin publicar.")


def _change_buttons(
    view: ClosingTextsView, entry: str, kind: ClosingTextKind, day: date | None
) -> Iterator[Button]:
    words = view.words
    what = entry_name(words, kind, day)
    for language in view.petition.languages:
        yield view.button(
            "✏️ En {language}: {what}",  # a phone may cut the date, but not the language
            ClosingStep.WRITE,
            f"{entry}:{kind}:{language}",
            what=what,
            language=words.language_name(language),
        )


def _list(heading: Html, *parts: str) -> Html | None:
    return lines(heading, *parts) if parts else None
