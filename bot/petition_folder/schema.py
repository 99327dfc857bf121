"""The schema of a petition's files: `petition.toml` and one text file per language.

The models refuse what one file cannot have, each error with its place and its sentence;
`bot.petition_folder.read` reads files into them. `bot.petition_folder.form` makes the form of the
preview's editor, and `bot.petition.petition` combines the files into the `Petition` that the bot
runs on.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self, cast

from pydantic import (
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from bot.petition_folder.field_types import (
    ByLanguage,
    Caption,
    Country,
    Dated,
    Email,
    Fault,
    FolderContext,
    FrozenModel,
    Goals,
    Heading,
    Html,
    LastDay,
    Lines,
    Picture,
    Plain,
    Slug,
    TimeZone,
    WebAddress,
    refuse_parts,
    refused,
)
from bot.petition_folder.files import Table
from bot.petition_folder.schema_fields import EVERY_LANGUAGE
from bot.text import text_limits
from bot.text.problems import Sentence
from bot.text.translations import mark

MONTHS_A_YEAR = 12


class Group(StrEnum):
    """What stands together in the form, in the order of the form."""

    OPENING = mark("Al abrir el bot")
    PICTURE = mark("La imagen")
    PARTIES = mark("Quién pide qué, y a quién")
    APPEAL = mark("El llamamiento")
    PRIVACY = mark("Antes de dar el nombre")
    SIGNING = mark("Al firmar")
    AFTER = mark("Después de firmar")
    END = mark("El final")
    PROFILE = mark("El perfil del bot")
    CONTACT = mark("Contacto de la organización")
    COURSE = mark("Cómo va la petición")
    KEPT = mark("Cuánto se guardan las firmas")
    VERSION = mark("Versión y lugar")
    EARLIER = mark("Versiones anteriores")
    OTHER = mark("Lo demás")

    def field(
        self,
        title: str,
        default: Any = ...,
        *,
        limit: int | None = None,
        screens: Sequence[str] = (),
        choices: Mapping[str, str] = MappingProxyType({}),
        **rules: Any,
    ) -> Any:
        """Returns a field of this group, with its name; what it is for stands below it.

        One without this is in the form all the same, at its end and under its own name. `limit` is
        how many characters a text can have, and `screens` on which it stands beside others, with
        which it has to fit; `choices` are the names of what can be chosen.
        """
        said: dict[str, Any] = {"group": self, "limit": limit, "choices": dict(choices)}
        said["screens"] = list(screens)
        return Field(default, title=title, json_schema_extra=said, **rules)


NOT_IN_FORM: Any = Field(json_schema_extra={"readOnly": True})
_Change = Annotated[Plain, Field(max_length=text_limits.CHANGED)]


class FileModel(FrozenModel):
    """The content of one file of a petition."""

    @classmethod
    def read(cls, table: Table, context: FolderContext) -> tuple[Self, list[ErrorDetails]]:
        """Returns the content of a file and what is wrong with it.

        What is wrong, or missing and not optional, is None, whatever its type says.
        """
        valid: dict[str, Any] = dict.fromkeys(cls.model_fields)
        valid |= {
            name: field.default
            for name, field in cls.model_fields.items()
            if not (field.is_required() or name in table)
        }
        try:
            return cls.model_validate(table, context=replace(context, valid=valid)), []
        except ValidationError as error:
            return cast(Self, cls.model_construct(**valid)), error.errors(include_url=False)

    @field_validator("*", mode="wrap")
    @classmethod
    def _noted(
        cls, value: object, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> object:
        found = handler(value)
        if info.context is not None:
            info.context.valid[info.field_name] = found
        return found


class EarlierVersion(FrozenModel):
    """An earlier version of the texts, which is published: its date, and what changed after it."""

    date: Annotated[Dated, NOT_IN_FORM]
    changed: ByLanguage[_Change] = Group.EARLIER.field(
        "Versión anterior {n}", limit=text_limits.CHANGED
    )
    """Qué cambió después de ella. Se lee al final de /privacy."""


class ImageFile(FrozenModel):
    """The petition's picture, one for all languages or one for each, and whom to credit."""

    file: Annotated[ByLanguage[Picture], NOT_IN_FORM]
    credit: ByLanguage[Caption] | None = Group.PICTURE.field("Crédito de la imagen", None)
    """De quién es la imagen. Se muestra siempre con ella."""


class Controller(FrozenModel):
    """Who is responsible for the data, with at least one way to contact them."""

    name: ByLanguage[str] = Group.PARTIES.field("Tu organización")
    """Quién responde de las firmas y sus datos, de modo que quepa en una frase."""
    email: Email | None = Group.CONTACT.field("Correo", None)
    """Donde la gente pregunta por sus datos. Hace falta al menos un contacto: correo, página o
    dirección."""
    web_form: WebAddress | None = Group.CONTACT.field("Página para firmar fuera de Telegram", None)
    """La dirección entera, con https://"""
    data_protection_officer: Email | None = Group.CONTACT.field(
        "Correo de protección de datos", None
    )
    """Si tenéis una persona delegada de protección de datos."""
    address: Plain | None = Group.CONTACT.field("Dirección postal", None)
    """Si queréis recibir cartas."""

    @model_validator(mode="after")
    def _reachable(self) -> "Controller":
        if not (self.email or self.web_form or self.address):
            raise refused("pon al menos una forma de contacto: email, web_form o address")
        return self


class RetentionTable(FrozenModel):
    """How many months signatures are kept; afterwards only the counts remain."""

    months_after_delivery: int = Group.KEPT.field("Meses después de la entrega", 1, ge=1, le=120)
    """Pasado ese tiempo, el bot borra las firmas y solo quedan los totales."""
    months_at_most: int = Group.KEPT.field("Meses como mucho", 21, ge=1, le=120)
    """Desde que se da cada firma, haya entrega o no."""

    @model_validator(mode="after")
    def _ordered(self) -> "RetentionTable":
        if self.months_at_most < self.months_after_delivery:
            raise refused("months_at_most no puede ser menor que months_after_delivery")
        return self


class PetitionFile(FileModel):
    """The content of `petition.toml`: all that is not a text in one language."""

    slug: Annotated[Slug, NOT_IN_FORM]
    version: Dated = Group.VERSION.field("Fecha de los textos")
    """Con la petición ya abierta, pon otra cada vez que cambies lo que la gente lee o acepta: cada
    firma guarda la suya."""
    earlier_versions: Lines[EarlierVersion] = ()
    asks_again_since: Dated | None = Group.VERSION.field("Pedir de nuevo el consentimiento", None)
    """Solo si un cambio lo exige: la fecha de la versión desde la que hace falta. Quien firmó
    antes puede aceptarla, o quedarse como estaba, cuando vuelva a abrir el bot. No se escribe a
    nadie."""
    time_zone: TimeZone = Group.VERSION.field("Zona horaria", "Europe/Madrid")
    """De qué lugar son las fechas y las horas, como Europe/Madrid."""
    source_language: Annotated[str, NOT_IN_FORM] = "es"
    closes_on: LastDay | None = Group.COURSE.field("Último día para firmar", None)
    """Quien firma lo lee. Déjalo vacío si no hay fecha; también se elige con /close."""
    closing_is_draft: bool = Group.COURSE.field("El mensaje final es un borrador", False)
    """Mientras lo sea, ni se ve ni se envía."""
    goals: Goals = Group.COURSE.field("Metas")
    """Las de la barra de progreso, de menor a mayor: 100, 500, 1000"""
    addressee: ByLanguage[str] = Group.PARTIES.field(
        "A quién va dirigida", screens=("welcome", "closed")
    )
    """De modo que quepa en una frase, con su artículo: «la alcaldía de Vigo»."""
    demands: ByLanguage[Lines[str]] = Group.PARTIES.field("Lo que se pide")
    """Punto por punto, una frase cada uno. El bot los numera."""
    image: ImageFile | None = None
    controller: Controller
    retention: RetentionTable = RetentionTable()
    updates_at_most: int = Group.COURSE.field("Novedades, como mucho", 0, ge=0, le=100)
    """Cuántos mensajes sobre la petición recibe quien los pida, además del final. Con 0 no se
    ofrecen."""
    handed_over: Literal["with_name", "without_name", "ask"] = Group.COURSE.field(
        "Firmar con nombre o sin él",
        "ask",
        choices={
            "ask": mark("Cada persona elige"),
            "without_name": mark("Nadie da su nombre"),
            "with_name": mark("Todo el mundo da su nombre"),
        },
    )
    """Es lo primero que se elige. De quien firma sin dar su nombre no se guarda ninguno."""
    names_go_to: Country | None = Group.COURSE.field("País al que van los nombres", None)
    """El de quien los recibe, en dos letras, como ES o GB; EU si es una institución europea. Sin
    él, o fuera de Europa sin una decisión de adecuación, no se puede pedir el nombre a todo el
    mundo."""

    @field_validator("earlier_versions")
    @classmethod
    def _newest_first(
        cls, versions: tuple[EarlierVersion, ...], known: ValidationInfo
    ) -> tuple[EarlierVersion, ...]:
        faults: list[Fault] = []
        later = known.data.get("version")
        for number, each in enumerate(versions):
            if later is not None and each.date >= later:
                sentence = Sentence(
                    "pon primero la más reciente, y cada una anterior a la de encima; {later} no "
                    "es posterior",
                    later=later,
                )
                faults.append(((number, "date"), sentence))
            later = each.date
        refuse_parts(faults)
        return versions

    @field_validator("asks_again_since")
    @classmethod
    def _of_a_version(cls, since: str | None, known: ValidationInfo) -> str | None:
        earlier = known.data.get("earlier_versions")
        if since is None or earlier is None or "version" not in known.data:
            return since
        dates = [each.date for each in earlier]
        if since not in (known.data["version"], *dates):
            raise refused("ninguna versión de la petición es de ese día: pon la fecha de una")
        if not any(day < since for day in dates):
            raise refused(
                "a quien firmó antes se le dice qué ha cambiado, y ninguna versión anterior lo "
                "cuenta: añádela al final, debajo de [[earlier_versions]]"
            )
        return since


class Texts(FileModel):
    """All that a supporter reads of the petition in one language.

    `name_consent` may be missing: then the bot's own words ask for what it does. What is not in
    Telegram's HTML is shown without markup by Telegram, and a `Heading` has no placeholders.
    """

    language_name: str = Group.PROFILE.field("Nombre del idioma", limit=40)
    """Como lo leerá quien quiera elegirlo."""
    title: Heading = Group.OPENING.field(
        "Título", screens=("welcome", "appeal", "closed", "closing_update")
    )
    """Lo primero que se lee, en una o dos líneas."""
    summary: Html = Group.OPENING.field("Resumen", screens=("welcome",))
    """La primera pantalla: quién, qué y por qué, en pocas líneas."""
    appeal: Lines[Html] = Group.APPEAL.field("Llamamiento", screens=("appeal",))
    """El caso entero, en páginas. Cada una debería caber en la pantalla de un teléfono."""
    privacy_short: Html = Group.PRIVACY.field(
        "Aviso breve de privacidad", screens=("name", "consent")
    )
    """Se lee justo antes de dar el primer dato. Sin plegar: quién responde, para qué, los
    derechos, y a quién y a qué país va el nombre. El resto se puede plegar."""
    privacy: Lines[Html] = Group.PRIVACY.field(
        "Aviso completo de privacidad", screens=("privacy",)
    )
    """En páginas, con /privacy. Que lo lea tu asesoría jurídica antes de empezar."""
    consent: Html = Group.SIGNING.field("Consentimiento", screens=("consent",))
    """Lo que acepta quien firma, dé o no su nombre; se guarda como prueba, palabra por palabra."""
    name_consent: Html | None = Group.SIGNING.field(
        "Consentimiento para dar el nombre", None, screens=("consent",)
    )
    """Lo que acepta además quien da su nombre, al firmar o después, en /mydata. Di quién lo sabrá,
    en qué país y qué puede suponer. Si lo dejas vacío, el bot usa palabras suyas."""
    news: Html = Group.SIGNING.field("Lo que precede a las opciones", screens=("consent",))
    """Una línea bajo el consentimiento; después van los botones que pone el bot."""
    thanks: Html = Group.AFTER.field("Gracias", screens=("thanks",))
    """Se lee nada más firmar."""
    share: Plain = Group.AFTER.field("Mensaje para compartir", limit=text_limits.SHARE)
    """Va junto al enlace, sin formato. Que hable de la petición y no de quien la comparte: decir
    que alguien ha firmado puede ser peligroso."""
    closed: Html = Group.END.field("Petición cerrada", screens=("closed",))
    """Lo que lee quien llega después del cierre. Debajo va cómo terminó."""
    closing_update: Html = Group.END.field("Mensaje final", screens=("closed", "closing_update"))
    """Cómo ha terminado. Lo recibe cada persona que firmó, cuando lo envías."""
    description: Plain = Group.PROFILE.field("Descripción del bot", limit=text_limits.DESCRIPTION)
    """En el chat vacío, antes de pulsar «Iniciar». Sin formato."""
    short_description: Plain = Group.PROFILE.field(
        "Descripción en una línea", limit=text_limits.SHORT_DESCRIPTION
    )
    """En el perfil del bot y al compartirlo. Sin formato."""


def in_language(texts: dict[str, Any], language: str) -> Any:
    """Returns the entry for a language, or the one for every language."""
    return texts.get(language, texts.get(EVERY_LANGUAGE))


def months_later(day: date, months: int) -> date:
    """Returns the same day some months later, or the last of a month that has no such day."""
    year, month = divmod(day.year * MONTHS_A_YEAR + day.month - 1 + months, MONTHS_A_YEAR)
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
