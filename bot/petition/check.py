"""Everything that is wrong with a petition's folder, at once, each with its file and its key."""

from pathlib import Path

from bot.petition.problems import Problem
from bot.petition.reading import Folder, read_folder
from bot.petition.shapes import shape_problems


def find_problems(folder: Path) -> list[Problem]:
    """Name every reason why the bot would not run on this petition, or should not."""
    return problems_of(read_folder(folder))


def problems_of(read: Folder) -> list[Problem]:
    """The same for a folder that has been read already."""
    if not read.path.is_dir():
        return list(read.problems)
    found = [*read.problems, *shape_problems(read)]
    return sorted(set(found))
