"""The bot of the README, which is nobody's here, and its test, as they stand there."""

import re
from pathlib import Path

import simulator
from tests import aiogram_models  # noqa: F401 - whose models are then built when they are needed

_README = Path(simulator.__file__).with_name("README.md")
_BLOCKS = re.findall(
    r"^```python\n(.*?)^```", _README.read_text("utf-8"), re.DOTALL | re.MULTILINE
)

exec(compile("".join(_BLOCKS), _README, "exec"))  # noqa: S102 - it is the test
