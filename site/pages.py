"""What the site needs beyond Sphinx's settings, as an extension of Sphinx."""

import json
import re
import shutil
import sys
from pathlib import Path

from docutils import nodes
from sphinx.ext.autodoc.mock import MockFinder
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective
from sphinx.util.inspect import signature, stringify_signature

FRONT = "README"
ADVICE = "site/advice"
SOURCE = "04_why.ipynb"  # Has the advice, in `notebooks`.
HEADING = "## How to choose an activation"
CHAPTERS = """
```{toctree}
:hidden:
:caption: Lessons
:glob:
notebooks/*
site/advice
```
```{toctree}
:hidden:
:caption: To play with
site/explorer
site/beta
```
```{toctree}
:hidden:
:caption: Reference
:glob:
site/api
docs/*
CONTRIBUTING
```
"""


# With the parameters as the signatures name them; those that CATALOG has are at
# the defaults.
FORMULAS = {
    "linear": r"f(x) = \mathtt{slope}\,x",
    "linear_derivative": r"f'(x) = \mathtt{slope}",
    "leaky_relu": (
        r"f(x) = x\;\mathrm{if}\;x > 0"
        r"\;\mathrm{else}\;\mathtt{negative\_slope}\,x"
    ),
    "leaky_relu_derivative": (
        r"f'(x) = 1\;\mathrm{if}\;x > 0"
        r"\;\mathrm{else}\;\mathtt{negative\_slope}"
    ),
    "swish": r"f(x) = \mathtt{scale}\,x\,\sigma(\beta x)",
    "swish_derivative": (
        r"f'(x) = \mathtt{scale}\,\sigma(\beta x)"
        r"\,(1 + \beta x\,\sigma(-\beta x))"
    ),
    "swish_beta_derivative": (
        r"\frac{\partial f(x)}{\partial\beta}"
        r" = \mathtt{scale}\,x^2\,\sigma(\beta x)\,\sigma(-\beta x)"
    ),
    "Swish": r"f(x) = x\,\sigma(\beta x)",
}


def anchor(heading):
    """Returns a heading's anchor as Jupyter makes it: the notebooks link it."""
    return heading.replace(" ", "-")


class Anchors(SphinxTransform):
    """Makes `<a id="name"></a>` in a notebook what `[text](#name)` finds."""

    default_priority = 870  # Before MyST looks for what links name.

    def apply(self):
        """Puts docutils' own target in place of each opening tag."""
        for raw in list(self.document.findall(nodes.raw)):
            found = re.fullmatch('<a id="(.+)">', raw.astext())
            if found:
                target = nodes.target(ids=[found[1]], names=[found[1]])
                self.document.note_explicit_target(target)
                raw.replace_self(target)


def add_chapters(app, docname, source):
    """Gives the front page, which GitHub shows as well, its chapters."""
    if docname == FRONT:
        source[0] += CHAPTERS


def advice(notebook):
    """Returns what a notebook's cell has from `HEADING` to the next, if any.

    Args:
        notebook: Its path; links to what lies beside it are made right for a
            page in a folder beside its own.
    """
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    (text,) = re.findall(
        rf"^{HEADING}\n(.*?)(?=^## |^\0)",
        # A cell ends with a line of its own: a heading may begin the next.
        "".join("".join(cell["source"]) + "\n\0\n" for cell in cells),
        re.MULTILINE | re.DOTALL,
    )
    folder = f"../{notebook.parent.name}/"
    text = text.replace("](#", f"]({notebook.name}#")
    return re.sub(r"\]\((?!https?://|\.\./)", f"]({folder}", text)


def add_advice(app, docname, source):
    """Gives the page of the advice its text, which a notebook has."""
    if docname == ADVICE:
        notebook = Path(app.srcdir, "notebooks", SOURCE)
        app.env.note_dependency(notebook)
        source[0] += advice(notebook)


def stay_on_this_host(app, doctree):
    """Puts its alternative text in place of an image on another host."""
    for image in list(doctree.findall(nodes.image)):
        if re.match("https?://", image["uri"]):
            image.replace_self(
                nodes.inline(text=image["alt"], classes=["badge-link"])
            )


def describe_figures(app, doctree, docname):
    """Gives a notebook's figures the caption below them as their text."""
    figures = []
    for node in doctree.findall():
        if isinstance(node, nodes.image) and not node.get("alt"):
            figures.append(node)
        elif isinstance(node, nodes.paragraph):
            caption = node.astext()
            if caption.startswith("Figure: "):
                for figure in figures:
                    figure["alt"] = caption.removeprefix("Figure: ")
                figures = []


def _formulas():
    """The formulas in LaTeX, by the names of what they are of."""
    import activations

    found = {}
    for entry in activations.CATALOG.values():
        derivative = getattr(entry.derivative, "__name__", "")
        for name, left, right in (
            (entry.name, "f(x)", entry.formula),
            (derivative, "f'(x)", entry.derivative_formula),
        ):
            found[name] = right if "=" in right else f"{left} = {right}"
    return found | FORMULAS


class Catalogue(SphinxDirective):
    """`.. catalogue::`, the table of the functions in CATALOG."""

    def run(self):
        """Writes the table, as the notebooks have it."""
        import activations

        heading = "function value derivative range"
        rows = [[*heading.split(), "monotonic", "zero-centred", "trainable"]]
        for name, entry in activations.CATALOG.items():
            formulas = (
                entry.formula,
                entry.derivative_formula,
                entry.range_formula,
            )
            facts = entry.monotonic, entry.zero_centred, entry.trainable
            rows.append(
                [f":py:obj:`~activations.{name}`"]
                + [f":math:`{formula}`" for formula in formulas]
                + ["yes" if fact else "no" for fact in facts]
            )
        lines = [".. list-table::", "   :header-rows: 1"]
        lines += ["   :class: catalogue", ""]
        for first, *others in rows:
            lines.append(f"   * - {first}")
            lines += [f"     - {cell}" for cell in others]
        return self.parse_text_to_nodes("\n".join(lines))


def sign_as_written(app, what, name, obj, options, text, returns):
    """Gives a class the signature of its `__init__`: Keras's base is a mock."""
    if what == "class":
        written = signature(obj.__init__, bound_method=True)
        text = stringify_signature(written, show_annotation=False)
        return text, None
    return None


def write_as_rst(app, what, name, obj, options, lines):
    """Rewrites a docstring in Keras's Markdown for Napoleon, formula first."""
    text = "\n".join(lines)
    # What Napoleon would not know as sections, since Keras does not indent it.
    text = re.sub(
        r"^(Example|Formula|Reference):\n",
        r".. rubric:: \1\n\n",
        text,
        flags=re.MULTILINE,
    )
    text = re.sub(
        r"^``` ?python\n(.*?)^```$",
        lambda found: (
            ".. code-block:: python\n\n"
            + re.sub("^", "    ", found[1], flags=re.MULTILINE)
            + "\n"
        ),
        text,
        flags=re.MULTILINE | re.DOTALL,
    )
    text = re.sub(r"\[([^\]]+)\]\(\s*(\S+?)\)", r"`\1 <\2>`__", text)
    formula = app.config.catalogue_formulas.get(name.rpartition(".")[2])
    if formula:
        summary, _, rest = text.partition("\n\n")
        text = f"{summary}\n\n.. math:: {formula}\n\n{rest}"
    lines[:] = text.split("\n")


def copy_front_page(app, exception):
    """Makes the front page the one that a server shows first."""
    if not exception:
        out = Path(app.outdir)
        shutil.copy(out / f"{FRONT}.html", out / "index.html")


def setup(app):
    """Connects what is above."""
    # To the end: the API is read without Keras, so that building needs no
    # backend, and does not wait for one that is installed.
    sys.meta_path.insert(0, MockFinder(["keras"]))
    app.add_config_value("catalogue_formulas", _formulas(), "env")
    app.add_directive("catalogue", Catalogue)
    app.add_transform(Anchors)
    app.connect("source-read", add_chapters)
    app.connect("source-read", add_advice)
    app.connect("doctree-read", stay_on_this_host)
    app.connect("doctree-resolved", describe_figures)
    app.connect("autodoc-process-signature", sign_as_written)
    # Before Napoleon, which has the priority 500.
    app.connect("autodoc-process-docstring", write_as_rst, priority=400)
    app.connect("build-finished", copy_front_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
