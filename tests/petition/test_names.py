"""Tests that real names of every script are accepted, and others refused with a reason."""

import unicodedata
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.petition.names import NameProblem, NameRefused, clean_name, is_surely_a_name

NAMES = [
    *("O'Brien", "D’Angelo", "Iñaki", "Gal·la", "l·l", "Nguyễn", "Seán Ó Súilleabháin", "محمد"),
    *("王小明", "李娜", "María-José", "J. R. R. Tolkien", "J.R.R. Tolkien", "Dr. Ana", "Dr.Ana"),
    *("Mª José", "Ana (Anita) Pérez", "Łukasz Żółć", "Ἀριστοτέλης", "Владимир Ёлкин", "김민준"),
    *("ราตรี ศรีสุข", "अमिताभ बच्चन", "กฤษณ์", "さくら", "Jean-Luc d'Été", "Þórr Guðmundsdóttir"),
    *("ʻAkahi Kealoha", "Null", "Bobby'); DROP TABLE signatures;--", "Sr. Muñoz & hijas"),
    *("Ana <b>", "Ana ❤️", "R2-D2 Núñez", "ကျွန်ုပ်", "a" * 100, "😀" * 98 + "Li"),
    "نیک\u200cنام",  # a Persian surname, written with the non-joiner
    "അനില\u0d4d\u200d",  # Malayalam, whose last letter is a virama with its joiner
    "辻\U000e0100 花子",  # the variant of the character is part of the name
]

REFUSED: dict[NameProblem, tuple[str | None, ...]] = {
    NameProblem.NOT_TEXT: (None,),
    NameProblem.TOO_SHORT: ("", " \t ", "王", "A"),
    NameProblem.TOO_LONG: ("a" * 101,),
    NameProblem.LINE_BREAK: ("Ana\nPérez", "Ana\u2028Pérez", "Ana\r\nPérez"),
    NameProblem.CONTROL: (
        *("Ana\x00Pérez", "Ana\x1b[31m", "\u202egnp.anA", "Ana\u2066Pérez\u2069"),
        *("Ana\u200bPérez", "Ana\u200dPérez", "Ana\u200cPérez", "محمد\u200c", "Ana\u00adPérez"),
        *("\ufeffAna", "Ana\ue000", "Ana\U0010ffff", "Ana\U000e0061", "Ana\ud83d"),
        *("\u3164\u3164\u3164", "\u2800\u2800", "Jos\ufffd P\ufffdrez", "Ana\ufe0f\ufe0f"),
        *("\ufe0fAna", "\u200dAna", "\u200cمحمد", "م\u200dحمد", "Ana\u200cمحمد", "محمد\u200cAna"),
        "Ana \ufe0fPérez",
    ),
    NameProblem.LEADING_SIGN: (
        *('=HYPERLINK("x")', "+34 Ana", "-Ana", "—Ana", "@ana", "＝Ana", "/start"),
    ),
    NameProblem.LINK: (
        *("http://a.b Ana", "https:Ana", "Ana www.example", "Ana WWW.EXAMPLE", "t.me/ana"),
        *("únete t.me Ana", "example.es/ana", "Ana casino.com", "ana@example.es"),
        *("Ana @ana_perez", "Ana ｗｗｗ．example", "casino。com"),
    ),
    NameProblem.STACKED_MARKS: ("a\u0301\u0302\u0303\u0304\u0305na", "\u0301Ana"),
    NameProblem.FEW_LETTERS: ("12345", "😀😀😀", "A.", "...", "A\u0301\u0301"),
}


def test_a_name_of_a_person_passes() -> None:
    assert [clean_name(name) for name in NAMES] == [
        unicodedata.normalize("NFC", name) for name in NAMES
    ]


def test_what_is_no_name_is_refused_and_told_why() -> None:
    for problem, texts in REFUSED.items():
        for text in texts:
            with pytest.raises(NameRefused) as refused:
                clean_name(text)
            assert refused.value.problem is problem, text


def test_a_name_is_trimmed_and_composed_before_it_is_counted() -> None:
    assert clean_name("  Ana\u00a0\u3000 María\tPérez \n") == "Ana María Pérez"
    assert clean_name("In\u0303aki") == "Iñaki"
    assert clean_name("n\u0303" * 100) == "ñ" * 100


@settings(max_examples=30)
@given(st.text(max_size=130))
def test_any_text_gives_a_name_or_a_reason_and_nothing_else(text: str) -> None:
    try:
        name = clean_name(text)
    except NameRefused:
        return
    assert clean_name(name) == name
    assert unicodedata.is_normalized("NFC", name)
    assert name == " ".join(name.split(" "))
    assert 2 <= len(name) <= 100
    assert name[0] not in "=+-@/"
    assert not {unicodedata.category(c) for c in name} & {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(st.text(alphabet=st.characters(categories=["Lu", "Ll"]), min_size=2, max_size=50))
def test_plain_letters_always_pass(name: str) -> None:
    assert clean_name(name) == unicodedata.normalize("NFC", name)


PROFILE = "Ana Sofía García-Ruiz"
SURELY = [
    *("Ana", "ana", "ANA", "ana sofia", "sofía ana", "García-Ruiz", "  Ana\tSofía ", "Ana."),
    *("ana sofía garcía-ruiz", "María G", "María G.", "María I. López", "J. R. R. Tolkien"),
    *("María Pérez", "Seán O'Brien", "Iñaki de la Torre y Ruiz", "Jean-Luc D'Été"),
    *("Ángel Luis María Pérez Ruiz Sanz", "Marie van der Berg", "Владимир Ёлкин"),
    # What stands beside a word of one's own profile is about oneself.
    *("Soy Ana", "Gracias Ana", "Firma Ana Pérez", "Hola Soy Sofía"),
]
SURELY += [
    f"Iker {particle} Zubiri"
    for particle in (
        *("de", "del", "la", "las", "los", "y", "e", "i", "da", "das", "do", "dos", "di", "du"),
        *("van", "von", "der", "den", "bin", "ibn", "al", "el", "ben", "le"),
    )
]
# Names that are words too.
WORDS_THAT_ARE_NAMES = [
    *("Rosa Blanca", "Dolores Fuertes", "Amparo Casas", "Esperanza Guerra", "Mercedes Paz"),
    *("Luz Bueno", "Sol Campos", "Consuelo Vida", "Pilar Iglesias", "Libertad Leal"),
    *("Juan de Dios Reyes", "Ángeles Santos", "Artur Mas", "Inocente Bravo", "Hugo Claro"),
    *("Milagros Feliz", "Paz Amor Delgado", "Victoria Rey", "João Dias", "Perfecto Amigo"),
    *("Will Mark", "Grace Hope", "Faith Love", "Joy Good", "Summer Close", "Frank Justice"),
    *("Thomas More", "Jay English", "Chance Read", "May Back", "Ella Fitzgerald", "Nada Saleh"),
    *("My Linh", "Can Yılmaz", "An Do", "Le Van Hay", "Son Min Ho", "Ola Nordmann", "He Jian"),
    *("Or Levy", "Saber Mansour", "Nao Sono", "Stepan Bandera"),
]
NOT_SURELY = [
    *("", "x", "hola", "cuando termina", "Hola, ¿cuándo termina?", "Ana?", "¿Ana García", "ana؟"),
    *("María", "maría pérez", "Quiero firmar", "María pérez", "María Pérez firma", "de la"),
    *(
        "María de la",
        "CUANDO TERMINA",
        "什么时候结束",
        "王小明",
        "Ana Ruiz!",
        "/start Ana",
        "Hola\nAna",
    ),
    "María OK",
    *("Uno Dos Tres Cuatro Cinco Seis Siete", "12 Ana"),
]
# Some phones, and some people, begin every word with a capital.
QUESTIONS_IN_CAPITALS = [
    *("Muchas Gracias", "Buenas Tardes", "Buen Día", "Hola Buenas", "Hola, María Pérez"),
    *("Sí Quiero", "Retirar Mi Firma", "Quiero Firmar", "Ya Firmé", "Cómo Firmo"),
    *("No Puedo Firmar", "Como Va", "Cuándo Termina Esto", "Qué Es Esto", "Quién Eres Tú"),
    *("Dónde Está Andry", "Para Qué Sirve", "Viva Venezuela Libre", "Libertad Para Andry"),
    *("Libertad Ya", "Derechos Humanos", "No Más", "Borrar Mis Datos", "Cambiar El Idioma"),
    *("Está Cerrada", "Bendiciones A Todos", "Vale Gracias", "Free Andry Now", "Thank You All"),
    *("Thank You", "Good Morning", "How Can I Help", "Yes Please", "Remove My Name"),
    *("I Want To Sign", "When Does It End", "Human Rights", "Is This Safe", "Who Are You"),
    *("Good Luck", "Bring Them Home", "God Bless You", "Delete My Data", "Hi There"),
    *("Muito Obrigado", "Boa Tarde", "Quero Assinar", "Merci Beaucoup", "Je Veux Signer"),
    *("Moltes Gràcies", "Bona Tarda", "Vull Signar", "Visca Andry", "Grazie Mille", "Guten Tag"),
    *("Vielen Dank", "Eskerrik Asko", "Moitas Grazas"),
]


def test_what_is_written_as_a_name_is_one_beyond_doubt_and_a_question_never() -> None:
    names, questions = [*SURELY, *WORDS_THAT_ARE_NAMES], [*NOT_SURELY, *QUESTIONS_IN_CAPITALS]
    assert [each for each in [*names, *questions] if is_surely_a_name(each, PROFILE)] == names


def test_what_the_profile_says_makes_no_other_text_a_name() -> None:
    assert not is_surely_a_name("ana", "")
    assert not is_surely_a_name("ana", "☆")
    assert is_surely_a_name("María Pérez", "Nightbird 7")
    assert is_surely_a_name("María Pérez", "")
    assert not is_surely_a_name("Viva Venezuela", "Venezuela Libre")
    assert is_surely_a_name("Venezuela Libre", "Venezuela Libre")


@pytest.mark.parametrize(
    ("name", "passes"),
    [
        ("n\u0330\u0331\u0332a", True),  # three, none of which composes with its letter
        ("n\u0330\u0331\u0332\u0333a", False),
        ("n\u20dd\u20dd\u20dd\u20dda", False),
        ("क\u093e\u0941\u0902\u0901ख", True),  # the first stands beside its letter
    ],
)
def test_three_marks_stand_on_a_letter_and_four_do_not(name: str, passes: bool) -> None:
    composed = unicodedata.normalize("NFC", name)
    stacked = sum(unicodedata.category(c) in ("Mn", "Me") for c in composed)
    if passes:
        assert clean_name(name) == composed
        assert stacked == 3
        return
    with pytest.raises(NameRefused) as refused:
        clean_name(name)
    assert refused.value.problem is NameProblem.STACKED_MARKS


class TestOfAnyLength:
    """Sixty-four thousand stacked marks took the normalisation 22 seconds, for everybody."""

    @pytest.fixture(autouse=True)
    def longest_normalised(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        lengths: list[int] = [0]
        real = unicodedata.normalize

        def normalize(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
            lengths[0] = max(lengths[0], len(text))
            return real(form, text) if len(text) <= 1000 else text

        monkeypatch.setattr(unicodedata, "normalize", normalize)
        return lengths

    @pytest.mark.parametrize("text", ["a" + "\u0315\u0316" * 32_767, "Ana " * 16_384])
    def test_what_is_far_too_long_is_refused_before_it_is_normalised(
        self, text: str, longest_normalised: list[int]
    ) -> None:
        with pytest.raises(NameRefused) as refused:
            clean_name(text)
        assert refused.value.problem is NameProblem.TOO_LONG
        assert longest_normalised == [0]

    def test_a_profile_of_any_length_is_compared_no_further_than_a_name_goes(
        self, longest_normalised: list[int]
    ) -> None:
        assert is_surely_a_name("Ana Pérez", "Ana Pérez " + "\u0315\u0316" * 32_767)
        assert longest_normalised == [400]

    def test_a_hundred_letters_typed_in_four_pieces_each_are_a_hundred(self) -> None:
        letter = "\u03b1\u0313\u0300\u0345"
        assert clean_name(f"  {letter * 100}  ") == "\u1f82" * 100
        with pytest.raises(NameRefused):
            clean_name(letter * 101)
