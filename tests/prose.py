"""Numbers in prose, held to what the records say.

A fact is a template, the text of a part of a sentence with `{}` for every
number, and a function that returns those numbers. Each template has to be
found in the text, each number has to be what the function returns, rounded to
the digits that are shown, and no number may be left that no fact has named.
"""

import math
import re

import nbformat

# What is no claim: code, mathematics, links' targets, HTML, and names such as
# C1 or 28x28, which are no numbers of their own.
_ASIDE = re.compile(
    r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|!\[[^\]]*\]\([^)]*\)|\]\([^)]*\)|<[^>]*>",
    re.DOTALL,
)
NUMBER = r"[+\u2212-]?(?<![\w.])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[+-]?\d+)?(?![\w])"
_LIST = re.compile(r"^\s*(?:\d+\.|#+ \d+)\s", re.MULTILINE)


def cells(path):
    """Returns the prose of a notebook or a Markdown file: (place, text)."""
    if path.suffix == ".md":
        return [(path.name, path.read_text(encoding="utf-8"))]
    notebook = nbformat.read(path, as_version=4)
    return [
        (f"{path.stem}, cell {number}", cell.source)
        for number, cell in enumerate(notebook.cells)
        if cell.cell_type == "markdown"
    ]


def check(places, facts):
    """Returns what is wrong: a line a number or a template, with its place."""
    wrong, found = [], set()
    for place, text in places:
        text = _blank(_ASIDE, _blank(_LIST, text))
        covered = set()
        for index, (template, values) in enumerate(facts):
            for match in _pattern(template).finditer(text):
                found.add(index)
                expected = values()
                # A number that the template itself writes out is named too.
                covered.update(range(*match.span()))
                for group, value in enumerate(expected, 1):
                    shown = match[group]
                    if shown != _as_shown(value, shown):
                        wrong.append(
                            f"{place}: {shown} in {template!r} should be "
                            f"{_as_shown(value, shown)} ({value!r})"
                        )
                assert len(expected) == len(match.groups()), template
        wrong += [
            f"{place}: {number[0]} is no fact: ...{_around(text, number)}..."
            for number in re.finditer(NUMBER, text)
            if number.start() not in covered
        ]
    wrong += [
        f"{template!r} stands nowhere"
        for index, (template, _) in enumerate(facts)
        if index not in found
    ]
    return wrong


def where(holds, value):
    """A number, if what the words around it say holds; else no number."""
    return value if holds else math.nan


def _blank(pattern, text):
    """Returns the text with spaces where the pattern is, places kept."""
    return pattern.sub(lambda found: " " * len(found[0]), text)


def _pattern(template):
    parts = [re.escape(part) for part in template.split("{}")]
    return re.compile(rf"({NUMBER})".join(parts))


def _as_shown(value, shown):
    """Returns a value with the sign, digits and exponent that are shown."""
    digits = shown.partition("e")[0].partition(".")[2]
    form = f".{len(digits)}{'e' if 'e' in shown else 'f'}"
    plain = shown.lstrip("+\u2212-")
    text = f"{abs(value):{',' if ',' in plain else ''}{form}}"
    # Of what is no number, there is none.
    if "e" in text:
        mantissa, _, exponent = text.partition("e")
        text = f"{mantissa}e{int(exponent)}"
    negative = value < 0 and float(text.replace(",", "")) != 0
    if negative:
        return ("\u2212" if shown[0] == "\u2212" else "-") + text
    return ("+" if shown[0] == "+" else "") + text


def _around(text, number):
    start = max(number.start() - 30, 0)
    return " ".join(text[start : number.end() + 20].split())
