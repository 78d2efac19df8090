"""The site and its explorers, in a browser.

Skipped where Sphinx, Playwright or Chromium is missing:

    pip install -r site/requirements.txt
"""

import functools
import http.server
import importlib
import inspect
import json
import math
import re
import shutil
import subprocess
import sys
import threading
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import keras
import numpy as np
import pytest
import tensorflow as tf

import activations
from comparison import studies, style

ROOT = Path(__file__).parents[1]
CHROMIUM = next(
    filter(
        None,
        map(shutil.which, ("chromium", "chromium-browser", "google-chrome")),
    ),
    None,
)
INSTALL = "needs `pip install -r site/requirements.txt`"
pytest.importorskip("sphinx", reason=INSTALL)
pytest.importorskip("furo", reason=INSTALL)
sync_api = pytest.importorskip("playwright.sync_api", reason=INSTALL)
in_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Chromium: `apt-get install chromium`"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder of the site, and what its making warned of."""
    folder = tmp_path_factory.mktemp("site")
    warnings = folder / "warnings.txt"
    subprocess.run(
        [
            *[sys.executable, "-m", "sphinx", "-q", "-w", warnings],
            *["-c", ROOT / "site", ROOT, folder / "html"],
        ],
        check=True,
        capture_output=True,
    )
    return folder / "html", warnings.read_text()


class Page(HTMLParser):
    """What a page has as ids, what it refers to, and its words but code."""

    def __init__(self, page):
        super().__init__()
        self.ids, self.links, self.words, self._code = set(), [], [], []
        self.feed(page.read_text())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids.add(attrs.get("id"))
        for name in ("href", "src"):
            if attrs.get(name) is not None:
                self.links.append((tag, attrs[name]))
        if tag in ("code", "pre", "script", "style"):
            self._code.append(tag)

    def handle_endtag(self, tag):
        if self._code and self._code[-1] == tag:
            self._code.pop()

    def handle_data(self, data):
        if not self._code:
            self.words.append(data)


@pytest.fixture(scope="module")
def pages(built):
    return {page.resolve(): Page(page) for page in built[0].rglob("*.html")}


def test_nothing_is_warned_of(built):
    assert built[1] == ""


def test_has_the_notebooks_the_documents_and_the_api(built):
    html, _ = built
    pages = {str(page.relative_to(html)) for page in html.rglob("*.html")}
    for folder, ending in (("notebooks", "ipynb"), ("docs", "md")):
        for source in (ROOT / folder).glob(f"*.{ending}"):
            assert f"{folder}/{source.stem}.html" in pages
    assert {"index.html", "site/api.html", "site/explorer.html"} <= pages
    api = (html / "site/api.html").read_text()
    for name in ("step", "swish_derivative", "softmax_jacobian", "Swish"):
        assert f'id="activations.{name}"' in api
    assert "Markdown" not in api and "](" not in api


def described(built, name):
    """What the page of the API has of a function or class, as HTML."""
    api = (built[0] / "site/api.html").read_text()
    return re.search(
        rf'<dt[^>]* id="activations\.{name}">.*?(?=<dt[^>]* id="|</article>)',
        api,
        re.DOTALL,
    )[0]


DESCRIBED = [
    name
    for name, member in vars(activations).items()
    if (inspect.isfunction(member) or inspect.isclass(member))
    and member.__module__ == "activations"
    and not name.startswith("_")
]


@pytest.mark.parametrize("name", DESCRIBED)
def test_api_has_signatures_formulas_and_errors(built, name):
    member = getattr(activations, name)
    text = described(built, name)
    signature, _, rest = re.sub("<[^>]+>", "", text).partition("¶")
    parameters = list(inspect.signature(member).parameters)
    assert re.findall(r"[(,] ?\*{0,2}(\w+)", signature) == parameters
    if parameters[:1] != ["x"]:
        return
    formula = unescape(re.search(r"\\\[(.*?)\\\]", rest)[1])
    signs = {
        "beta": r"\beta",
        "scale": r"\mathtt{scale}",
        "slope": r"\mathtt{slope}",
        "negative_slope": r"\mathtt{negative\_slope}",
    }
    for parameter, sign in signs.items():
        assert (sign in formula) == (parameter in parameters)
    assert "Raises" in rest and "ValueError" in rest
    for refused in (np.array([1j]), "text"):
        with pytest.raises(ValueError):
            member(refused, **({"beta": 1.0} if "beta" in parameters else {}))


def test_api_has_the_catalogue_as_a_table(built):
    api = (built[0] / "site/api.html").read_text()
    table = unescape(re.search("<table.*?</table>", api, re.DOTALL)[0])
    rows = re.findall("<tr.*?</tr>", table, re.DOTALL)[1:]
    assert len(rows) == len(activations.CATALOG)
    for row, (name, entry) in zip(rows, activations.CATALOG.items()):
        assert f">{name}<" in row
        for formula in (
            entry.formula,
            entry.derivative_formula,
            entry.range_formula,
        ):
            assert rf"\({formula}\)" in row
        assert re.findall("yes|no", re.sub("<[^>]+>", "", row)) == [
            "yes" if fact else "no"
            for fact in (entry.monotonic, entry.zero_centred, entry.trainable)
        ]


def test_api_lays_out_its_examples(built):
    for example in re.findall(
        "<pre>(.*?)</pre>", described(built, "unknown"), re.DOTALL
    ):
        assert "   " not in re.sub("<[^>]+>", "", example)


def test_the_advice_is_a_page_that_says_what_the_chapter_says(built, pages):
    def said(path, start):
        text = (built[0] / path).read_text()
        section = text.partition(start)[2].partition("</section>")[0]
        return re.sub("<[^>]+>", "", section).split()

    words = said("site/advice.html", "behind each sentence.</em></p>")
    heading = "<h2>How to choose an activation"
    # The chapter has a sign behind its heading, for a link to it.
    assert words == said("notebooks/04_why.html", heading)[1:]
    assert len(words) > 100
    page = pages[(built[0] / "site/advice.html").resolve()]
    chapter = "../notebooks/04_why.html#how-to-choose-an-activation"
    assert ("a", chapter) in page.links
    front = pages[(built[0] / "index.html").resolve()]
    assert ("a", "site/advice.html") in front.links


def test_links_of_the_advice_are_made_right(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "site")
    notebook = tmp_path / "notebooks/04_why.ipynb"
    notebook.parent.mkdir()
    cells = [
        "Before [it](#How-to-choose-an-activation).",
        "## Else\n\n## How to choose an activation\n\n[a](03.ipynb#b) "
        "[c](#d) [e](../docs/f.md) [g](https://h.i)\n\n### Also\n\n"
        "j\n## Next\n\nk",
        "## Last",
    ]
    alone = cells[1].split("## Next")[0].strip()
    first = alone.removeprefix("## Else\n\n")
    for source in (cells, [alone, *cells[::2]], [cells[0], first, cells[2]]):
        notebook.write_text(
            json.dumps({"cells": [{"source": [text]} for text in source]})
        )
        assert importlib.import_module("pages").advice(notebook).strip() == (
            "[a](../notebooks/03.ipynb#b) [c](../notebooks/04_why.ipynb#d) "
            "[e](../docs/f.md) [g](https://h.i)\n\n### Also\n\nj"
        )


def test_code_is_highlighted_and_tables_are_not(built):
    def marked(page):
        return re.findall(
            '<span class="(?:gp|kn|mf)">', (built[0] / page).read_text()
        )

    for page in ("README", "docs/command-line", "site/api"):
        assert marked(f"{page}.html")
    assert not marked("docs/results.html")


def test_no_markdown_is_left(pages):
    left = [
        (page.name, words)
        for page, parsed in pages.items()
        for words in parsed.words
        if re.search(r"\$|\|--|\]\(", words)
    ]
    assert left == []


def test_no_link_is_broken(pages):
    broken = []
    for page, parsed in pages.items():
        for _, link in parsed.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            path = unquote(parts.path)
            target = (page.parent / path).resolve() if path else page
            if target.is_dir():
                target /= "index.html"
            if not target.is_file() or (
                parts.fragment
                and target in pages
                and unquote(parts.fragment) not in pages[target].ids
            ):
                broken.append((page.name, link))
    assert broken == []


@pytest.fixture(scope="module")
def address(built):
    """Where the site is served, on this machine alone."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=built[0])
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@in_browser
@pytest.mark.parametrize("width, scheme", [(400, "dark"), (1200, "light")])
def test_pages_load_whole_from_one_host(built, address, browser, width, scheme):
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    wrong = []
    page.on(
        "console",
        lambda m: m.type == "error" and wrong.append((page.url, m.text)),
    )
    page.on("pageerror", lambda error: wrong.append((page.url, str(error))))
    page.on(
        "request",
        lambda r: (
            r.url.startswith((address, "data:", "blob:"))
            or wrong.append((page.url, r.url))
        ),
    )
    seen = 0
    for file in sorted(built[0].rglob("*.html")):
        page.goto(f"{address}{file.relative_to(built[0])}")
        page.wait_for_function(
            "!window.MathJax || window.MathJax.startup?.promise"
        )
        page.evaluate("window.MathJax?.startup?.promise")
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            wrong.append((page.url, f"{wide} pixels wide"))
        for image in page.query_selector_all("article img, article svg"):
            seen += 1
            text, loaded, box = image.evaluate(
                "i => [i.alt ?? 'drawn', i.naturalWidth ?? 1,"
                " i.getBoundingClientRect().width]"
            )
            if not (loaded and box) or len(text) < 3 or text[:3] == "../":
                wrong.append((page.url, f"{text!r}: no size or no text"))
    page.close()
    assert wrong == []
    assert seen > 20


@in_browser
def test_mathematics_is_set(address, browser):
    page = browser.new_page()
    page.goto(f"{address}site/api.html")
    page.wait_for_selector("mjx-container")
    formulas = len(page.query_selector_all("div.math"))
    assert formulas == len(page.query_selector_all("div.math mjx-container"))
    assert formulas >= 10
    page.close()


@in_browser
@pytest.mark.parametrize("width, bar", [(400, "header"), (1200, "content")])
def test_controls_follow_the_switch_of_the_page(address, browser, width, bar):
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(f"{address}site/explorer.html")
    select = page.wait_for_selector('select[name="first"]')
    seen = set()
    for system in ("light", "dark"):
        page.emulate_media(color_scheme=system)
        for _ in range(3):
            page.click(f".theme-toggle-{bar} button")
            theme = page.evaluate("document.body.dataset.theme")
            scheme = system if theme == "auto" else theme
            seen.add((system, scheme))
            # White or black, as the system's own controls are.
            page.wait_for_function(
                "([select, dark]) => { const colour = getComputedStyle(select)"
                ".color; return (colour === 'rgb(255, 255, 255)') === dark; }",
                arg=[select, scheme == "dark"],
            )
    assert len(seen) == 4
    page.close()


@in_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_tables_of_notebooks_are_set(address, browser, scheme):
    page = browser.new_page(
        viewport={"width": 400, "height": 900}, color_scheme=scheme
    )
    page.goto(f"{address}notebooks/03_published_or_controlled.html")
    place = page.query_selector(".output:has(table.dataframe)")
    looks = place.query_selector("td").evaluate(
        "cell => { const s = getComputedStyle(cell); return [s.textAlign,"
        " parseFloat(s.paddingLeft) > 5, s.borderLeftWidth,"
        " s.borderBottomWidth] }"
    )
    assert looks == ["right", True, "0px", "1px"]
    # Wider than the phone: a shadow says that there is more.
    assert place.evaluate(
        "place => place.scrollWidth > place.clientWidth"
        " && getComputedStyle(place).backgroundImage.includes('gradient')"
    )
    page.close()


@in_browser
def test_the_catalogue_fits_beside_the_navigation(address, browser):
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.goto(f"{address}site/api.html")
    page.wait_for_selector("table.catalogue mjx-container")
    assert page.evaluate(
        "MathJax.startup.promise.then(() => [...document.querySelectorAll("
        "'.table-wrapper')].every(t => t.scrollWidth <= t.clientWidth))"
    )
    page.close()


@pytest.fixture(scope="module")
def explorer(browser):
    """The explorer alone, from its file, without a network."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto((ROOT / "site/explorer.html").as_uri())
    page.wait_for_selector("#vega-explorer svg")
    yield page
    context.close()


def move(page, **values):
    """Moves controls as a reader does, by their names."""
    for name, value in values.items():
        if name in ("first", "second", "initializer"):
            page.select_option(f'select[name="{name}"]', value)
        else:
            page.fill(f'input[name="{name}"]', str(value))
    # Controls wait a little before they act.
    page.wait_for_function(
        """values => {
          const view = document.querySelector(".vega-embed").view;
          return Object.entries(values).every(
            ([name, value]) => view.signal(name) === value);
        }""",
        arg=values,
    )
    page.evaluate(
        "document.querySelector('.vega-embed').view.runAsync().then(() => 0)"
    )


def drawn(page, *fields):
    """The rows behind the marks that have these fields."""
    return page.evaluate(
        """fields => {
          const rows = new Set();
          const walk = item => {
            if (item.datum && fields.every(f => f in item.datum))
              rows.add(item.datum);
            (item.items ?? []).forEach(walk);
          };
          const view = document.querySelector(".vega-embed").view;
          walk(view.scenegraph().root);
          return [...rows].map(
            row => Object.fromEntries(fields.map(f => [f, row[f]])));
        }""",
        list(fields),
    )


def value_and_slope(name, x, **parameters):
    """Those of `activations` and of Keras, in float64."""
    x = tf.constant(x, "float64")
    if name in activations.CATALOG:
        function = getattr(activations, name)
        slope = getattr(activations, f"{name}_derivative")
        return np.array(function(x, **parameters)), np.array(
            slope(x, **parameters)
        )
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = getattr(keras.activations, name)(x, **parameters)
    return np.array(value), np.array(tape.gradient(value, x))


PARAMETERS = {
    "linear": ("c", "slope"),
    "leaky_relu": ("slope", "negative_slope"),
    "swish": ("beta", "beta"),
    "elu": ("alpha", "alpha"),
}


def offered(page):
    return page.evaluate(
        "[...document.querySelector('select[name=first]').options]"
        ".map(option => option.value)"
    )


@in_browser
def test_explorer_offers_the_article_and_keras(explorer):
    expected = set(activations.CATALOG) - {"softmax"}
    expected |= {"elu", "gelu", "mish", "selu", "softplus"}
    assert expected <= set(offered(explorer))
    assert "softmax" not in offered(explorer)
    text = (ROOT / "site/explorer.md").read_text(encoding="utf-8")
    assert re.search(
        r"softmax is not here, since it takes a whole\s+vector", text
    )
    shown = explorer.evaluate(
        "[...document.querySelectorAll('select[name=first] option')]"
        ".map(option => option.textContent)"
    )
    assert shown == [style.label(name) for name in offered(explorer)]


@in_browser
@pytest.mark.parametrize("moved", [None, 0.3, 0.9])
def test_explorer_draws_the_functions(explorer, moved):
    for name in offered(explorer) if moved is None else PARAMETERS:
        control, argument = PARAMETERS.get(name, (None, None))
        parameters = {} if moved is None else {argument: moved}
        move(
            explorer,
            first=name,
            second="tanh" if name == "relu" else "relu",
            **({} if moved is None else {control: moved}),
        )
        by_row = {
            row["i"]: row
            for row in drawn(
                explorer, "name", "i", "x", "value", "slope", "flat"
            )
            if row["name"] == name
        }
        # Odd rows: no kink is among them.
        rows = [by_row[i] for i in range(1, 600, 6)]
        assert len(rows) == 100
        x, value, slope, flat = (
            np.array([row[field] for row in rows])
            for field in ("x", "value", "slope", "flat")
        )
        right, right_slope = value_and_slope(name, x, **parameters)
        np.testing.assert_allclose(value, right, atol=1e-6, err_msg=name)
        np.testing.assert_allclose(slope, right_slope, atol=1e-6, err_msg=name)
        clear = np.abs(np.abs(right_slope) - 0.01) > 1e-6
        assert (flat == (np.abs(right_slope) < 0.01))[clear].all()
    move(explorer, beta=1, slope=0.01, alpha=1, c=1)


def words(page):
    return [text.text_content() for text in page.query_selector_all("svg text")]


@in_browser
def test_explorer_says_the_numbers_at_x(explorer):
    for x, layers in ((2.0, 20), (-1.5, 1)):
        move(explorer, first="sigmoid", second="relu", point=x, layers=layers)
        said = words(explorer)
        assert {"sigmoid", "ReLU"} <= set(said)
        at = f"at x = {x}".replace("-", "−")
        value = 1 / (1 + math.exp(-x))
        slope = value * (1 - value)
        assert f"value {value:.4f}, slope {slope:.4f} {at}" in said
        assert f"value {max(x, 0):.4f}, slope {x > 0:.4f} {at}" in said
        kept = left(explorer, "relu")[layers]
        behind = [text for text in said if "left of the gradient" in text]
        assert len(behind) == 2
        assert all(
            text.endswith(f"after {layers} layer{'s' * (layers > 1)}")
            for text in behind
        )
        numbers = [float(text.split()[0]) for text in behind]
        assert any(n == pytest.approx(kept, rel=0.06) for n in numbers)


def left(page, name):
    rows = drawn(page, "name", "which", "layer", "left")
    return {row["layer"]: row["left"] for row in rows if row["name"] == name}


@in_browser
def test_beta_moves_the_gradient_that_is_left(explorer):
    move(explorer, first="swish", second="linear", initializer="Glorot", beta=0)
    assert left(explorer, "swish")[50] == pytest.approx(0.5**49, rel=0.01)
    at = []
    for beta in (0, 1, 3, 10):
        move(explorer, beta=beta)
        at.append(left(explorer, "swish")[30])
    assert at == sorted(at)
    # Towards ReLU, which halves the square at every layer.
    assert at[-1] < 0.5 ** (29 / 2)
    move(explorer, beta=1)


@in_browser
def test_gradient_left_has_its_closed_forms(explorer):
    for initializer, scale in (
        ("Glorot", 1),
        ("He", 2),
        ("LeCun", 1),
        ("He, fan-out", 2),
        ("Gaussian of 0.01", 0.01),
    ):
        move(
            explorer,
            first="relu",
            second="linear",
            initializer=initializer,
            c=0.9,
        )
        relu, linear = left(explorer, "relu"), left(explorer, "linear")
        for layer in (1, 2, 20, 50):
            assert relu[layer] == pytest.approx(
                (scale / 2) ** ((layer - 1) / 2), rel=0.01
            )
            assert linear[layer] == pytest.approx(
                (0.9 * scale**0.5) ** (layer - 1), rel=0.01
            )
        move(explorer, first="leaky_relu", slope=0.5)
        assert left(explorer, "leaky_relu")[20] == pytest.approx(
            (scale * 1.25 / 2) ** (19 / 2), rel=0.01
        )
        # With α = 0 elu is ReLU, with 1 its slope is near 1 about zero.
        move(explorer, first="elu", alpha=0)
        assert left(explorer, "elu")[20] == pytest.approx(relu[20], rel=0.01)
        move(explorer, alpha=1)
        assert left(explorer, "elu")[20] > 2 * relu[20]
    move(explorer, slope=0.01, c=1, first="step", initializer="Glorot")
    assert left(explorer, "step")[1] == 1
    assert left(explorer, "step")[2] is None


@in_browser
def test_gradient_left_is_what_networks_have(explorer):
    record = json.loads((ROOT / "results/claims/depth.json").read_text())
    measured = {}
    for row in record["rows"]:
        key = row["initializer"].partition("_")[0], row["activation"]
        if row["left"]:
            measured.setdefault((*key, row["depth"]), []).append(row["left"])
    shown = set(offered(explorer)) - {"step"}
    compared = 0
    for initializer in ("Glorot", "He"):
        for name in sorted(shown):
            move(explorer, first=name, initializer=initializer)
            curve = left(explorer, name)
            for (start, activation, depth), values in measured.items():
                if (start, activation) == (initializer.lower(), name):
                    # The sums of 64 units are not quite normal, as the
                    # quadrature has them; a little is lost at every layer.
                    factor = curve[depth] / np.exp(np.mean(np.log(values)))
                    assert 1 / 2.5 < factor < 2.5, (name, initializer, depth)
                    compared += 1
    assert compared > 100


@in_browser
def test_beta_follows_the_records(browser):
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto((ROOT / "site/beta.html").as_uri())
    page.wait_for_selector("#vega-beta svg")
    # Those of other studies with the same activation are not shown.
    study = studies.study("controlled", ["swish_trainable"])
    records = [
        record["history"]["beta"]
        for record in studies.records(study, [ROOT / "results"])
    ]
    move(page, epoch=0)
    assert sum("β = 1.00" in text for text in words(page)) == 3
    for epoch in (1, 20):
        move(page, epoch=epoch)
        text = " ".join(words(page))
        for layer in ("activation_1", "activation_2", "activation_3"):
            mean = np.mean([record[layer][epoch - 1] for record in records])
            assert f"β = {mean:.2f} after epoch {epoch}" in text
    context.close()


@in_browser
@pytest.mark.parametrize("name", ["explorer", "beta"])
def test_an_image_stands_in_where_scripts_do_not_run(browser, name):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((ROOT / f"site/{name}.html").as_uri())
    image = page.locator("img")
    assert image.bounding_box()["width"] > 300
    assert len(image.get_attribute("alt")) > 40
    context.close()


STATES = (
    {"first": "sparse_sigmoid", "second": "leaky_relu", "point": -6},
    {"initializer": "Gaussian of 0.01", "layers": 50, "slope": 1},
    {"first": "linear", "second": "log_sigmoid", "c": 2, "initializer": "He"},
)


@in_browser
@pytest.mark.parametrize(
    "path, width, scheme",
    [
        ("site/explorer.html", 400, "dark"),
        ("site/explorer.html", 1200, "light"),
        ("notebooks/01_functions_and_derivatives.html", 400, "light"),
    ],
)
def test_explorer_works_whole_in_its_pages(
    address, browser, path, width, scheme
):
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    page.goto(f"{address}{path}")
    page.wait_for_selector("#vega-explorer svg")
    places = []
    for state in STATES:
        move(page, **state)
        texts = page.evaluate(
            """[...document.querySelectorAll("#vega-explorer svg text")].map(
              text => {
                const box = text.getBoundingClientRect();
                const place = document.getElementById("vega-explorer");
                return [text.textContent, box.left, box.right,
                  box.top - place.getBoundingClientRect().top,
                  getComputedStyle(text).fill === getComputedStyle(place).color];
            })"""
        )
        for text, start, end, _, ink in texts:
            assert start >= 0 and end <= width, text
            assert ink, text
        # Within the explorer no state moves a panel, by more than a third of
        # a line: the words at its axes are of different sizes.
        places.append([t[1:4] for t in texts if t[0] in ("Value", "Slope")])
        np.testing.assert_allclose(places[0], places[-1], atol=4)
        controls = page.query_selector_all(
            "#vega-explorer .vega-bind > label > *"
        )
        assert len(controls) >= 18
        for control in controls:
            box = control.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= width
    page.close()


@in_browser
def test_gradient_left_is_what_the_fifth_notebook_draws(explorer):
    """Layers of 100 units, of digits' size, from its other initialisers."""
    variances = {
        "LeCun": lambda n_in, n_out: 1 / n_in,
        "He, fan-out": lambda n_in, n_out: 2 / n_out,
        "Gaussian of 0.01": lambda n_in, n_out: 1e-4,
    }
    rng = np.random.default_rng(0)
    inputs = rng.normal(0, (87.6 / 784) ** 0.5, (200, 784))
    for initializer, variance in variances.items():
        move(explorer, first="tanh", initializer=initializer)
        kernels = [
            rng.normal(0, variance(n_in, 100) ** 0.5, (n_in, 100))
            for n_in in [784, *[100] * 9]
        ]
        a, slopes = inputs, []
        for kernel in kernels:
            a = np.tanh(a @ kernel)
            slopes.append(1 - a**2)
        gradient = last = slopes[-1] * rng.normal(size=a.shape)
        for kernel, slope in zip(kernels[:0:-1], slopes[-2::-1]):
            gradient = slope * (gradient @ kernel.T)
        kept = (np.mean(gradient**2) / np.mean(last**2)) ** 0.5
        assert left(explorer, "tanh")[10] == pytest.approx(kept, rel=0.3)


@in_browser
def test_search_finds(address, browser):
    page = browser.new_page()
    page.goto(f"{address}search.html?q=softmax_jacobian")
    page.wait_for_selector("#search-results a[href*='site/api.html']")
    page.close()


def test_every_chapter_opens_in_colab(built, pages):
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        page = built[0] / f"notebooks/{notebook.stem}.html"
        links = pages[page.resolve()].links
        assert any(
            link.startswith("https://colab.research.google.com/")
            and link.endswith(f"/notebooks/{notebook.name}")
            for _, link in links
        )


def test_the_first_notebook_holds_the_explorer():
    path = ROOT / "notebooks/01_functions_and_derivatives.ipynb"
    outputs = [
        output["data"]["text/html"]
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        for output in cell.get("outputs", ())
        if "vega-explorer"
        in "".join(output.get("data", {}).get("text/html", ""))
    ]
    page = (ROOT / "site/explorer.html").read_text(encoding="utf-8")
    assert outputs == [page.splitlines(keepends=True)]


def embedded(name):
    """What a file says to draw."""
    page = (ROOT / f"site/{name}.html").read_text(encoding="utf-8")
    return json.loads(re.search('-chart">(.*?)</script>', page)[1])


@pytest.mark.parametrize("name", ["explorer", "beta"])
def test_files_are_what_their_scripts_make(name, monkeypatch):
    """Those of functions and records as they are now, in under 1.5 MB."""
    monkeypatch.syspath_prepend(ROOT / "site")
    script, vega = map(importlib.import_module, (name, "vega"))
    spec = embedded(name)
    if name == "explorer":
        (data,) = (data for data in spec["data"] if data["name"] == "depths")
        # The whole takes a while, and its last digit is the processor's.
        monkeypatch.setattr(script, "depth_table", lambda: data["values"])
    made = vega.responsive(script.chart())
    made["description"] = spec["description"]
    assert made == spec
    assert (ROOT / f"site/{name}.html").stat().st_size < 1.5e6
