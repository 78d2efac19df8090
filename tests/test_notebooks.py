"""Tests of the notebooks as files, and in Colab.

What their cells print is compared by nbval; see pyproject.toml.
"""

import ast
import base64
import contextlib
import errno
import io
import os
import pathlib
import re
import runpy
import shutil
import subprocess
import symtable
import sys

import matplotlib.pyplot as plt
import nbformat
import pytest
from PIL import Image

from comparison import address, records

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SLUG = address.REPOSITORY.removeprefix("https://github.com/")
COLAB = "https://colab.research.google.com/github/"


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def tagged(path):
    """The cells whose values papermill sets."""
    cells = code_cells(path)
    return [c for c in cells if "parameters" in c.metadata.get("tags", [])]


def python(cell):
    """A cell's code but for lines with a magic, which are IPython's."""
    lines = [x for x in cell.source.splitlines() if x[:1] not in "%!"]
    return "\n".join(lines)


def assigned(cell):
    """The names that a cell assigns to."""
    names = ast.walk(ast.parse(python(cell)))
    names = [node for node in names if isinstance(node, ast.Name)]
    return {node.id for node in names if isinstance(node.ctx, ast.Store)}


def read_and_bound(cell):
    """The global names that a cell reads from elsewhere, and those it binds.

    A text reads what it calls.
    """
    if cell.cell_type == "markdown":
        nodes = []
        for code in re.findall(r"`([^`\n]+\))`", cell.source):
            with contextlib.suppress(SyntaxError):
                nodes += ast.walk(ast.parse(code))
        found = [n for n in nodes if isinstance(n, ast.Name)]
        return {n.id for n in found if isinstance(n.ctx, ast.Load)}, set()
    top = symtable.symtable(python(cell), "cell", "exec")
    binds = {
        s.get_name()
        for s in top.get_symbols()
        if s.is_assigned() or s.is_imported()
    }
    reads, tables = set(), [top]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        reads |= {
            s.get_name()
            for s in table.get_symbols()
            if s.is_referenced() and (table is top or s.is_global())
        }
    return reads - binds, binds


def trains(path):
    """Whether a notebook trains a study, or reads its records."""
    return any("STUDY" in assigned(cell) for cell in tagged(path))


each_notebook = pytest.mark.parametrize(
    "path", NOTEBOOKS, ids=lambda path: path.stem
)


def test_notebooks_are_there():
    assert [path.name for path in NOTEBOOKS] == [
        "01_functions_and_derivatives.ipynb",
        "02_mnist_comparison.ipynb",
        "03_published_or_controlled.ipynb",
        "04_why.ipynb",
        "05_depth_and_initialisation.ipynb",
        "06_what_else_matters.ipynb",
    ]
    assert [trains(path) for path in NOTEBOOKS] == [
        False,
        True,
        False,
        True,
        False,
        False,
    ]


# As files.


@each_notebook
def test_is_stored_as_executed_in_order(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    cells = code_cells(path)
    assert [c.execution_count for c in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            if output.output_type == "stream":
                assert output.name == "stdout", output.text
    assert any(cell.outputs for cell in cells)


@each_notebook
def test_cell_can_be_run_again_when_all_have_run(path):
    """What it reads of earlier cells, no later cell has made something else.

    Else what a reader changes in it shows another thing than it says.
    """
    cells = [read_and_bound(cell) for cell in read(path).cells]
    for place, (reads, _) in enumerate(cells):
        before = set().union(*(binds for _, binds in cells[:place]))
        behind = set().union(*(binds for _, binds in cells[place + 1 :]))
        assert not reads & before & behind, place


@each_notebook
def test_figures_are_sharp_and_said_in_words(path):
    """200 dots an inch; and a caption before the next figure comes."""
    wants_words = False
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            wants_words &= "*Figure:" not in cell.source
            continue
        for output in cell.outputs:
            picture = output.get("data", {}).get("image/png")
            # Beside HTML it stands in where that cannot be shown.
            if picture is None or "text/html" in output.data:
                continue
            assert not wants_words, cell.source
            wants_words = True
            width = Image.open(io.BytesIO(base64.b64decode(picture))).width
            shown = output.metadata["image/png"]["width"]
            assert width >= 1.9 * shown, cell.source
    assert not wants_words


@each_notebook
def test_names_nobodys_folders(path):
    for cell in read(path).cells:
        texts = [cell.source]
        for output in cell.get("outputs", []):
            texts.append(output.get("text", ""))
            for kind, content in output.get("data", {}).items():
                if kind.startswith("text/"):
                    texts.append(content)
        for text in texts:
            assert not re.search(r"/(home|root|work|Users|tmp)/", text), text


@each_notebook
def test_opens_with_title_badge_and_setup(path):
    first, second, *_ = read(path).cells
    assert first.cell_type == "markdown"
    assert re.match(r"# \w", first.source)
    assert f"({COLAB}{SLUG}/blob/main/notebooks/{path.name})" in first.source
    assert second.cell_type == "code"
    assert f'REPOSITORY = "{address.REPOSITORY}"' in second.source
    assert second.outputs == []


def test_setup_cell_is_the_same_everywhere():
    assert len({code_cells(path)[0].source for path in NOTEBOOKS}) == 1


def test_readme_has_a_badge_for_each_notebook():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(rf"{re.escape(COLAB)}(\S+?\.ipynb)\)", readme)
    expected = [f"{SLUG}/blob/main/notebooks/{p.name}" for p in NOTEBOOKS]
    assert found == expected
    for path in NOTEBOOKS:
        assert f"](notebooks/{path.name})" in readme


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", *NOTEBOOKS], ids=lambda path: path.stem
)
def test_badges_say_when_nobody_has_set_the_address(path):
    text = path.read_text(encoding="utf-8")
    behind = re.findall(rf"{re.escape(COLAB)}\S+?\.ipynb\)(.{{0,60}})", text)
    assert behind
    for words in behind:
        said = words.startswith(address.NOT_YET)
        assert said == ("/OWNER/" in address.REPOSITORY)


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", *NOTEBOOKS], ids=lambda path: path.stem
)
def test_no_other_address(path):
    text = path.read_text(encoding="utf-8")
    name = SLUG.partition("/")[2]
    for found in re.findall(rf"{re.escape(COLAB)}([\w-]+/[\w.-]+)", text):
        assert found == SLUG
    for owner in re.findall(
        rf"github\.com/([\w-]+)/{re.escape(name)}(?![\w-])", text
    ):
        assert f"{owner}/{name}" == SLUG


# The address, changed.


@pytest.fixture
def copy(tmp_path):
    """A copy of the files that may hold the address."""
    root = tmp_path / "copy"
    (root / "comparison").mkdir(parents=True)
    shutil.copy(ROOT / "README.md", root)
    shutil.copy(ROOT / "CITATION.cff", root)
    shutil.copy(ROOT / "comparison" / "address.py", root / "comparison")
    shutil.copytree(
        ROOT / "notebooks",
        root / "notebooks",
        ignore=shutil.ignore_patterns(".*"),
    )
    return root


def texts(root):
    return {
        path.relative_to(root): path.read_text(encoding="utf-8")
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize(
    "new", ["https://github.com/some-one/other.name", "https://github.com/a/b"]
)
def test_address_is_changed_everywhere(copy, new):
    before = texts(copy)
    changed = address.change(new, copy)
    after = texts(copy)
    held = {path for path, text in before.items() if SLUG in text}
    assert {path.relative_to(copy) for path in changed} == held
    assert held == {
        pathlib.Path("CITATION.cff"),
        pathlib.Path("README.md"),
        pathlib.Path("comparison/address.py"),
        *(path.relative_to(ROOT) for path in NOTEBOOKS),
    }
    slug = new.removeprefix("https://github.com/")
    for path in held:
        assert SLUG not in after[path]
        if path.name != "address.py":
            assert address.NOT_YET not in after[path]
        assert after[path].count(slug) >= before[path].count(SLUG)
    module = runpy.run_path(str(copy / "comparison" / "address.py"))
    assert module["REPOSITORY"] == new
    # Back again it is as it was: nothing else was touched on either way, not
    # even where a short address occurs by chance in a picture.
    module["change"](address.REPOSITORY, copy)
    assert texts(copy) == before


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "owner/name",
        "http://github.com/owner/name",
        "https://gitlab.com/owner/name",
        "https://github.com/owner",
        "https://github.com/owner/name/",
        "https://github.com/owner/name.git",
        "https://github.com/owner/name/tree/main",
        "https://github.com/../..",
        "https://github.com/owner/na me",
        "https://github.com/owner/name\n",
        "git@github.com:owner/name",
    ],
)
def test_bad_address(copy, bad):
    before = texts(copy)
    with pytest.raises(ValueError) as caught:
        address.change(bad, copy)
    assert "https://github.com/OWNER/NAME" in str(caught.value)
    assert repr(bad) in str(caught.value)
    assert texts(copy) == before


def test_address_on_a_full_disk(copy, monkeypatch, capsys):
    """No file is torn, and the same command goes on later."""
    before = texts(copy)
    monkeypatch.setattr(records, "ROOT", copy)
    new = "https://github.com/some-one/other.name"
    full = []
    with monkeypatch.context() as patch:

        def fail(file):
            full.append(file)
            if len(full) == 3:
                raise OSError(errno.ENOSPC, "No space left on device")

        patch.setattr(records.os, "fsync", fail)
        assert address.main([new]) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1
    assert err.startswith("error: [Errno 28] No space left on device: ")
    between = texts(copy)
    assert address.main([new]) == 0
    after = texts(copy)
    assert before.keys() == between.keys() == after.keys()
    changed = [path for path in before if between[path] != before[path]]
    assert len(changed) == 2
    assert all(between[path] == after[path] for path in changed)
    assert not any(SLUG in text for text in after.values())


@pytest.mark.parametrize("words", [[], ["https://github.com/a/b", "more"]])
def test_words_that_are_no_address(copy, monkeypatch, words):
    monkeypatch.setattr(records, "ROOT", copy)
    before = texts(copy)
    with pytest.raises(SystemExit) as ended:
        address.main(words)
    assert ended.value.code == 2 and texts(copy) == before


# The setup cell.

SETUP = code_cells(NOTEBOOKS[0])[0].source
# A module that makes Python look like Colab's; the tests have no network, so
# that pip is noted, and not run.
COLAB_STUB = """
import subprocess, sys, types
sys.modules["google.colab"] = types.ModuleType("google.colab")
"""


def run_cell(cell, folder, before="", after="", **variables):
    """Runs the text of a cell in a Python of its own, in a folder."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    environment.pop("PYTHONPATH", None)
    # The environment's own place would give the project away.
    before = f"import sys; sys.prefix = sys.base_prefix\n{before}"
    return subprocess.run(
        [sys.executable, "-c", f"{before}\nexec({cell!r})\n{after}"],
        cwd=folder,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )


def copy_of_the_project(folder):
    """Copies what the notebooks import, and what says what that needs."""
    folder.mkdir()
    for name in ("activations.py", "requirements.txt"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(
        ROOT / "comparison",
        folder / "comparison",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return folder


def test_setup_cell_in_colab(tmp_path):
    """An empty folder, a google.colab module, a local address."""
    source = copy_of_the_project(tmp_path / "source")
    requirements = source / "requirements.txt"
    first, rest = requirements.read_text().split("\n\n", 1)
    requirements.write_text(
        f"{first}\nnot-installed-anywhere~=1.0\n\n{rest}\nnor-this-one~=1.0\n"
    )
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost"]
    for words in (
        ["init", "-q"],
        ["add", "."],
        ["commit", "-q", "-m", "Everything"],
    ):
        subprocess.run([*git, *words], cwd=source, check=True)
    # pip is noted, and not run: the tests need no network.
    pip = tmp_path / "stub" / "pip.py"
    pip.parent.mkdir()
    pip.write_text("import sys; print(*sys.argv[1:])")
    content = tmp_path / "content"
    content.mkdir()
    assert address.REPOSITORY in SETUP
    cell = SETUP.replace(address.REPOSITORY, str(source))
    clone = content / "activation-comparison"
    real = """
import activations, comparison.studies
assert activations.__file__ == str(root / "activations.py")
assert comparison.__file__ == str(root / "comparison" / "__init__.py")
"""
    # Then again, as it may be: it finds the clone. Importing takes no time.
    stub = COLAB_STUB + "sys.modules['comparison'] = types.ModuleType('stub')\n"
    for before, after in ((COLAB_STUB, real), (stub, "")):
        done = run_cell(
            cell,
            content,
            before,
            after + "print(root)",
            PYTHONPATH=str(pip.parent),
        )
        assert done.returncode == 0, done.stderr
        installed, root = done.stdout.splitlines()
        assert root == str(clone)
        # What the notebooks need and is missing; nothing is upgraded.
        assert installed.split()[0] == "install"
        assert installed.split()[-1] == "not-installed-anywhere~=1.0"
        assert not re.search("nor-this-one|upgrade|-U|keras", installed)
        assert "--no-deps" in installed
        assert done.stderr == ""


def test_setup_cell_in_colab_without_an_address(tmp_path):
    """Whoever owns the placeholder's name would run code in a reader's Colab."""
    assert address.REPOSITORY.startswith("https://github.com/OWNER/"), (
        "The address is set: this test may go, with the refusal in the cell."
    )
    before = COLAB_STUB + "subprocess.run = None\n"
    done = run_cell(SETUP, tmp_path, before)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("FileNotFoundError: ")
    assert f"cannot be fetched from {address.REPOSITORY}" in last
    assert "python -m comparison.address" in last
    assert list(tmp_path.iterdir()) == []


def test_setup_cell_without_a_clone(tmp_path):
    done = run_cell(SETUP, tmp_path)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("FileNotFoundError: ")
    assert address.REPOSITORY in last
    assert str(tmp_path) in last
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def stub(tmp_path_factory):
    """A clone that takes no time to import, with a notebook that names it."""
    root = tmp_path_factory.mktemp("somewhere") / "clone"
    (root / "comparison").mkdir(parents=True)
    for name in ("__init__", "address"):
        (root / "comparison" / f"{name}.py").touch()
    (root / "notebooks").mkdir()
    (root / ".venv").mkdir()
    cells = [SETUP, "assert comparison.__file__.startswith(str(root))\nroot"]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells],
        metadata=read(NOTEBOOKS[0]).metadata,
    )
    nbformat.write(notebook, root / "notebooks" / "stub.ipynb")
    return root


@pytest.mark.parametrize(
    "place, before, variables",
    [
        (".", "", {}),
        ("notebooks", "", {}),
        ("..", "", {"PYTHONPATH": "{clone}"}),
        ("/", "", {"PYTHONPATH": "{clone}"}),
        # The virtual environment that the README's commands make.
        ("/", "sys.prefix = '{clone}/.venv'", {}),
    ],
)
def test_setup_cell_finds_the_project(stub, place, before, variables):
    done = run_cell(
        SETUP,
        stub / place,
        before.format(clone=stub),
        "print(root)",
        **{k: v.format(clone=stub) for k, v in variables.items()},
    )
    assert done.stdout.strip() == str(stub), done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["jupyter", "execute", "{notebook}", "--output={out}"],
        [
            *["jupyter", "nbconvert", "--execute", "--to", "notebook"],
            *["{notebook}", "--output={out}"],
        ],
        ["papermill", "{notebook}", "{out}"],
    ],
    ids=["execute", "nbconvert", "papermill"],
)
def test_runs_from_any_working_directory(stub, tmp_path, command):
    out = tmp_path / "out.ipynb"
    names = {"notebook": stub / "notebooks" / "stub.ipynb", "out": out}
    program, *words = [word.format(**names) for word in command]
    scripts = pathlib.Path(sys.executable).parent
    variables = {"IPYTHONDIR": str(tmp_path / "ipython")}
    if program == "papermill":
        # It alone runs a notebook where it is itself.
        variables["PYTHONPATH"] = str(stub)
    subprocess.run(
        [scripts / program, *words],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
            **variables,
        },
        check=True,
        capture_output=True,
        timeout=300,
    )
    (output,) = code_cells(out)[-1].outputs
    assert str(stub) in output.data["text/plain"]


# The code of answers.

# What it prints, as they say it.
PRINTED = {"03_published_or_controlled": {"75 0.027", "10 0.081"}}


def answers(path):
    """The code of the answers, which a reader copies into a cell."""
    return [
        code
        for cell in read(path).cells
        if cell.cell_type == "markdown"
        for code in re.findall(r"```python\n(.*?)```", cell.source, re.DOTALL)
    ]


@pytest.mark.parametrize(
    "path",
    [path for path in NOTEBOOKS if answers(path)],
    ids=lambda path: path.stem,
)
def test_code_of_answers_runs(path, capsys):
    """Behind all cells."""
    names = {}
    try:
        for cell in code_cells(path):
            exec(python(cell), names)
        for code in answers(path):
            exec(code, names)
    finally:
        plt.close("all")
        plt.rcdefaults()
    printed = capsys.readouterr().out.splitlines()
    assert PRINTED[path.stem] <= set(printed)


# The parameter cells.


@each_notebook
def test_parameters(path):
    """One cell behind the setup has them, and no other assigns to them."""
    cells = code_cells(path)
    (cell,) = tagged(path)
    assert cells.index(cell) == 1
    names = assigned(cell)
    assert names and all(name.isupper() for name in names)
    for other in cells[2:]:
        assert not names & assigned(other), other.source


@each_notebook
def test_parameters_are_taken_from_the_environment(path, monkeypatch):
    (cell,) = tagged(path)
    known = {"STUDY": "smoke", "RESULTS": "/some/folder", "DATA": "a/file"}
    for name, value in known.items():
        monkeypatch.setenv(name, value)
    values = {"root": ROOT}
    exec(cell.source, values)
    for name in assigned(cell) & known.keys():
        assert values[name] == known[name]
        monkeypatch.delenv(name)
    exec(cell.source, values)
    for name in assigned(cell) & known.keys():
        assert values[name] != known[name]


@pytest.mark.parametrize("seeds", [[0], [0, 10_000]])
def test_published_or_controlled_needs_two_seeds(seeds, tmp_path):
    path = ROOT / "notebooks" / "03_published_or_controlled.ipynb"
    # The setup cell, the parameters, and what reads the records.
    *_, cell = code_cells(path)[:3]
    values = {"SEEDS": seeds, "RESULTS": tmp_path}
    with pytest.raises(ValueError, match=re.escape(f"SEEDS={seeds}")):
        exec(cell.source, values)
    values["SEEDS"] = [1, 0]
    exec(cell.source, values)
    assert len(values["runs"]) == 12
