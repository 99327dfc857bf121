"""Mistakes that campaigners make, each with the sentence that they read about it in Spanish."""

from collections.abc import Iterator
from pathlib import Path

from bot.petition_folder.read import read_folder
from bot.petition_folder.toml_errors import read_toml
from bot.petition_folder.warnings import find_warnings, text_faults
from bot.text.problems import Sentence
from bot.text.translations import Catalogs
from tests.petition_folder.conftest import Change

SPANISH = Catalogs.load().words("es")


MEAN_THEMSELVES = (
    "2 * 3 * 4 son 24, y 2*3*4 también",
    "libre* y justo*, tod*s y l*s demás\n\n*Nota de la redacción",
    "snake_case_names, amig_s y compañer_s, ana_maria_ruiz@rio.org, @ana_perez_",
    "* uno\n* dos\n- tres",
    "#RíoLibre y 3 # 4",
    '<a href="https://rio.org/a_b_c?x=*y*">El mapa</a>, <code>a*b*c _x_</code>',
    "https://rio.org/_a_/b y https://es.wikipedia.org/wiki/R%C3%ADo_(hidrología).",
    "«El río […] se muere», dijo [sic], y “it [the river] is […] dead”[1]",
    "En el siglo XX de nuestra era, Juan XXIII. Y lo perdimos TODO...",
    "Entre «—» y — así…\n\n5 &lt; 6 &amp; 7, el 50 % y ¿qué?",
    "Te toca rellenar el formulario y confirmar la fecha. https://t.me/rio",
    '<a href="{web_form}">Firma en {web_form}</a>, antes de {kept_at_most}',
    '<a href="tg://resolve?domain=rio">El canal</a> http://rio.org:8080/mapa',
)


def told_mistakes(file: str) -> Iterator[tuple[str, list[str]]]:
    """Yields what stands in a file of a petition, and what is read about it, behind > there."""
    for block in Path(__file__).with_name(file).read_text("utf-8").split("\n\n\n"):
        written, *told = block.strip("\n").split("\n> ")
        yield written, told


def mistake(toml: str) -> str:
    wrong = read_toml(toml)
    assert isinstance(wrong, Sentence)
    return wrong.said(SPANISH)


def text_problems(text: str) -> list[str]:
    return [sentence.said(SPANISH) for sentence in text_faults(text, is_plain=False)]


def test_whoever_has_never_seen_toml_reads_what_to_type() -> None:
    for written, told in told_mistakes("mistakes.txt"):
        assert [mistake(written)] == told
    for written in (f"a = {'9' * 5000}", f"a = {'[' * 5000}"):  # which no parser understands
        assert mistake(written)
    assert read_toml("") == {}


def test_what_would_be_read_as_it_was_typed_is_a_warning() -> None:
    for written, told in told_mistakes("text_mistakes.txt"):
        assert text_problems(written) == told, written
    for written in MEAN_THEMSELVES:
        assert text_problems(written) == [], written


def test_facts_are_dated_by_days_that_have_come(change: Change, folder: Path) -> None:
    change("petition.toml", 'es = "la persona titular', 'es = "la **persona** titular')
    change("petition.toml", "Que ponga fin", "<b>Que</b> ponga fin")
    change("petition.toml", 'version = "2026-11-30"', 'version = "2999-11-26"')
    change("es.toml", "<b>Cómo ha terminado</b>", "<b>Cómo terminó el XX de julio</b>")
    known = [problem.said(SPANISH) for problem in find_warnings(read_folder(folder))]
    blank = "es.toml: closing_update: queda un hueco por rellenar: XX"
    for told in (
        blank,
        "petition.toml: addressee.es: **persona** se leería tal cual: escribe persona",
        "petition.toml: demands.es, número 3: aquí no hay formato, y <b> se leería tal cual: "
        "quítalo",
        "petition.toml: version: 2999-11-26 aún no ha llegado: pon el día en que cambiaste los "
        "textos",
    ):
        assert told in known
    # A closing update that is a draft may have it.
    change("petition.toml", "closing_is_draft = false", "closing_is_draft = true")
    assert blank not in [problem.said(SPANISH) for problem in find_warnings(read_folder(folder))]


def test_any_other_mistake_is_shown_in_the_words_of_the_parser_above_its_place() -> None:
    assert mistake('slug = "rio"\ntítulo = "Salvemos el río"\n').split("\n") == [
        "línea 2: Expected '=' after a key in a key/value pair",
        'título = "Salvemos el río"',
        " ^",
        "Corrígelo en el archivo, o escríbelo en la página de «petition-bot preview».",
    ]


def test_a_file_saved_under_another_name_is_read_and_renamed(folder: Path) -> None:
    name = "es.toml"
    for now, told in {
        "es.toml.txt": "el editor le ha añadido .txt al guardarlo: cambia su nombre a es.toml. Si "
        "no ves el .txt en Windows, marca Ver, Mostrar, Extensiones de nombre de archivo",
        "ES.toml": "cambia el nombre de este archivo a es.toml, en minúsculas",
    }.items():
        (folder / name).rename(folder / now)
        name = now
        assert [each.said(SPANISH) for each in read_folder(folder).problems] == [f"{now}: {told}"]
    (folder / "en.toml").rename(folder / "en_GB.toml")
    known = [each.said(SPANISH) for each in read_folder(folder).problems]
    assert "en_GB.toml: cambia el nombre de este archivo a en-gb.toml, en minúsculas" in known
