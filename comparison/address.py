"""The repository's address: `python -m comparison.address https://...`.

The address stands in the README's and the notebooks' badges and setup cells,
and in CITATION.cff.
This is its source, and the one command that changes it everywhere.
"""

import pathlib
import re
import sys

REPOSITORY = "https://github.com/OWNER/activation-comparison"
# What a badge says while the address is one that nobody has set.
NOT_YET = " *(once the repository has an address)*"
_BADGE = re.compile(
    r"(colab\.research\.google\.com/github/[^)\s]+\.ipynb\))"
    rf"(?:{re.escape(NOT_YET)})?"
)


def change(address, root):
    """Writes the new address into every file of the project that has it.

    Args:
        address: `https://github.com/OWNER/NAME`.
        root: The project's folder.

    Returns:
        The changed files.

    Raises:
        ValueError: If it is no GitHub address, which Colab's badges need.
    """
    # No ".git" at the end: a Colab badge does not know it.
    form = r"https://github\.com/[\w-]+/[\w.-]*[\w-](?<!\.git)"
    if not re.fullmatch(form, address, re.ASCII):
        raise ValueError(
            "The address must be https://github.com/OWNER/NAME. "
            f"Received: {address!r}"
        )
    # Behind "github.com/", or "github/" in a badge: elsewhere, in a notebook's
    # pictures, a short address may occur by chance.
    old = re.compile(
        rf"(github(?:\.com)?/){re.escape(_slug(REPOSITORY))}(?![\w-])"
    )
    new = rf"\g<1>{_slug(address)}"
    note = NOT_YET if "/OWNER/" in address else ""
    changed = []
    for path in (
        *sorted(root.glob("*.md")),
        root / "CITATION.cff",
        *sorted(root.glob("notebooks/*.ipynb")),
        root / "comparison" / "address.py",
    ):
        text = path.read_text(encoding="utf-8")
        if old.search(text):
            text = _BADGE.sub(rf"\g<1>{note}", old.sub(new, text))
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def _slug(address):
    return address.removeprefix("https://github.com/")


if __name__ == "__main__":
    root = pathlib.Path(__file__).resolve().parent.parent
    try:
        print(*change(sys.argv[1] if sys.argv[1:] else "", root), sep="\n")
    except ValueError as error:
        sys.exit(f"error: {error}")
