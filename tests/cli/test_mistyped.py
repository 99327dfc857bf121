"""What was mistyped is refused without a word that only programmers know."""

from typer.testing import CliRunner

from bot.cli.main import app


def test_a_word_that_is_none_of_the_choices_is_refused_with_the_choices() -> None:
    said = CliRunner().invoke(app, ["person", "12", "dance"]).output
    assert "Invalid value for 'WHAT': 'dance' is not one of 'show', 'correct'" in said
