"""The repository's address: `python -m comparison.address https://...`.

The address stands in the README's and the notebooks' badges and setup cells,
and in CITATION.cff.
This is its source, and the one command that changes it everywhere.
"""

import argparse
import re
import sys

from comparison import records, terminal

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
            records.write_whole(path, text.encode())
            changed.append(path)
    return changed


def _slug(address):
    return address.removeprefix("https://github.com/")


@terminal.command
def main(arguments):
    """Changes the address, prints the files; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m comparison.address",
        description="Changes the repository's address everywhere.",
    )
    parser.add_argument("address", metavar="https://github.com/OWNER/NAME")
    address = parser.parse_args(arguments).address
    print(*change(address, records.ROOT), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
