"""The receipt for the consents that somebody gave."""

from collections.abc import Sequence

from bot.text.translations import Words
from handlers.screens.screen import lines, paragraphs
from handlers.screens.supporter_view import View
from handlers.screens.text_versions import version_date
from storage.consents import NEW_TEXTS
from storage.personal_data import Record
from telegram_text.markup import Html, parse


def consent_lines(words: Words, consent: Record) -> Html:
    """Says when a consent was given, for what, and what of it was taken back."""
    purposes, name_ended = consent["purposes"].split(","), consent["with_name_ended_at"]
    updates_ended, news_ended = consent["updates_ended_at"], consent["news_ended_at"]
    return lines(
        words.text("<b>Tu consentimiento</b>"),
        words.text(
            "Lo diste el {moment}, por {channel}.",
            moment=words.moment(consent["given_at"]),
            channel=consent["channel"].capitalize(),
        ),
        "signature" in purposes and words.text("Para firmar la petición."),
        NEW_TEXTS in purposes
        and words.text("Para que tu firma valga con los textos que cambiaron después."),
        words.text("Para que tu firma se entregue con tu nombre.")
        if consent["with_name"]
        else words.text("Para que tu firma se entregue sin tu nombre."),
        name_ended
        and words.text(
            "Desde el {moment} no quieres que se entregue tu nombre.",
            moment=words.moment(name_ended),
        ),
        "updates" in purposes
        and words.text(
            "Y para recibir novedades de esta petición, {n} como mucho.",
            n=words.number(consent["updates_at_most"]),
        ),
        "news" in purposes and words.text("Y para recibir noticias de otras acciones."),
        "updates" in purposes
        and updates_ended
        and words.text(
            "Desde el {moment} no quieres novedades de esta petición.",
            moment=words.moment(updates_ended),
        ),
        "news" in purposes
        and news_ended
        and words.text(
            "Desde el {moment} no quieres noticias de otras acciones.",
            moment=words.moment(news_ended),
        ),
        words.text(
            "Versión del texto que aceptaste: {version}",
            version=version_date(words, consent["text_version"]),
        ),
    )


def receipt(view: View, consents: Sequence[Record], file_name: str) -> str:
    """Returns a file that proves what somebody consented to, without their name.

    The words stand in it as they are stored, so that their hash can be computed from the file.
    """
    words, number = view.words, view.signature.number if view.signature else 0
    written: str = paragraphs(
        words.label("Justificante de lo que aceptaste al firmar: {title}", title=view.texts.title),
        words.label("Número de tu firma: {number}", number=words.number(number)),
        words.label(
            "Las palabras están como las guardamos: {name} es el lugar de tu nombre, y las "
            "marcas entre ángulos dan el formato.",
            name="{name}",
        ),
    )
    for consent in consents:
        about, sha256 = parse(consent_lines(words, consent)).text, consent["text_sha256"].hex()
        # The lines before the words: what is written, an empty one, about it, and six more.
        first = written.count("\n") + about.count("\n") + 10
        last = first + consent["text"].count("\n")
        written = "\n".join(
            (
                written,
                "",
                about,
                words.label(
                    "Momento exacto (UTC): {moment}",
                    moment=consent["given_at"].isoformat(timespec="seconds"),
                ),
                f"SHA-256: {sha256}",
                words.label("Para comprobarlo en una terminal, donde esté este archivo:"),
                f'printf %s "$(sed -n {first},{last}p {file_name})" | sha256sum',
                words.label("Las palabras:"),
                "",
                consent["text"],
            )
        )
    return f"{written}\n"
