"""Installs what the notebooks import and this Python lacks.

The notebooks' setup cell runs this file in Colab, by its path and before
anything of the project is imported: it needs Python alone.
"""

import importlib.metadata
import pathlib
import re
import subprocess
import sys

REQUIREMENTS = pathlib.Path(__file__).parent.parent / "requirements.txt"


def missing(text):
    """Returns the requirements of a file's first part that are not installed.

    The first part, up to an empty line, has what the project and its notebooks
    import; the others have what Jupyter, a cluster and the tests need.
    """
    lines = text.partition("\n\n")[0].splitlines()
    return [line for line in lines if not _installed(line)]


def _installed(line):
    name = re.match(r"[\w.-]*", line).group()
    try:
        # No name: a comment.
        return not name or bool(importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return False


if __name__ == "__main__":
    lacking = missing(REQUIREMENTS.read_text(encoding="utf-8"))
    if lacking:
        # Without their dependencies, which may ask for other versions of what
        # is there: those that matter are requirements themselves.
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps"]
        subprocess.run([*pip, *lacking], check=True)
