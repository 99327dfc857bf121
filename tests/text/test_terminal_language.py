"""The language of the terminal."""

import pytest

from bot.text.terminal_language import terminal_language, terminal_words


@pytest.mark.parametrize(
    ("given", "language"),
    [
        ({"LANG": "es_VE.UTF-8"}, "es-ve"),
        ({"LANG": "en_GB.UTF-8"}, "en-gb"),
        ({"LANG": "es_ES.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en-us"),
        ({"LANG": "es_ES.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "ca_ES@valencia"}, "en"),
        ({}, "en"),
    ],
)
def test_the_environment_says_which(
    given: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert terminal_language() == language
    assert terminal_words().language == language.partition("-")[0]
