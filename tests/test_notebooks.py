"""Tests of the notebooks as files, in Colab, and trained live.

What their cells print is compared by nbval; see pytest.ini.
"""

import os
import pathlib
import re
import runpy
import shutil
import subprocess
import sys

import nbclient
import nbformat
import pytest

from comparison import address, claims, runs, studies

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SLUG = address.REPOSITORY.removeprefix("https://github.com/")
COLAB = "https://colab.research.google.com/github/"


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def trains(path):
    """Whether a notebook takes its study from the environment."""
    sources = [cell.source for cell in code_cells(path)]
    return any("os.environ" in s and "STUDY" in s for s in sources)


each_notebook = pytest.mark.parametrize(
    "path", NOTEBOOKS, ids=lambda path: path.stem
)


def test_notebooks_are_there():
    assert [path.name for path in NOTEBOOKS] == [
        "01_functions_and_derivatives.ipynb",
        "02_mnist_comparison.ipynb",
        "03_published_or_controlled.ipynb",
        "04_why.ipynb",
    ]
    assert [trains(path) for path in NOTEBOOKS] == [False, True, False, True]


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
        pathlib.Path("README.md"),
        pathlib.Path("comparison/address.py"),
        *(path.relative_to(ROOT) for path in NOTEBOOKS),
    }
    slug = new.removeprefix("https://github.com/")
    for path in held:
        assert SLUG not in after[path]
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


# The setup cell.


def run_cell(cell, folder, before="", after=""):
    """Runs the text of a cell in a Python of its own, in a folder."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    environment.pop("PYTHONPATH", None)
    return subprocess.run(
        [sys.executable, "-c", f"{before}\nexec({cell!r})\n{after}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_setup_cell_in_colab(tmp_path):
    """An empty folder, a google.colab module, a local address."""
    source = tmp_path / "source"
    source.mkdir()
    shutil.copy(ROOT / "activations.py", source)
    shutil.copytree(
        ROOT / "comparison",
        source / "comparison",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    requirements = (ROOT / "requirements.txt").read_text()
    (source / "requirements.txt").write_text(
        requirements + "not-installed-anywhere~=1.0\n"
    )
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost"]
    for words in (
        ["init", "-q"],
        ["add", "."],
        ["commit", "-q", "-m", "Everything"],
    ):
        subprocess.run([*git, *words], cwd=source, check=True)
    content = tmp_path / "content"
    content.mkdir()
    cell = code_cells(NOTEBOOKS[0])[0].source
    assert address.REPOSITORY in cell
    cell = cell.replace(address.REPOSITORY, str(source))

    # pip is noted, and not run: the test has no network.
    before = """
import subprocess, sys, types
sys.modules["google.colab"] = types.ModuleType("google.colab")
installed, run = [], subprocess.run
def without_pip(command, *arguments, **keywords):
    if "pip" in command:
        installed.append(command[command.index("install"):])
    else:
        return run(command, *arguments, **keywords)
subprocess.run = without_pip
"""
    after = """
import activations, comparison.cnn
print(activations.__file__, comparison.__file__, installed, sep="\\n")
"""
    for _ in range(2):
        # Twice: the cell may be run again, and finds the clone.
        done = run_cell(cell, content, before, after)
        assert done.returncode == 0, done.stderr
        activations, comparison, installed = done.stdout.splitlines()
        clone = content / address.REPOSITORY.rpartition("/")[2]
        assert activations == str(clone / "activations.py")
        assert comparison == str(clone / "comparison" / "__init__.py")
        # What is missing is installed; nothing is upgraded.
        assert installed == str([["install", "-q", "not-installed-anywhere"]])
        assert done.stderr == ""


def test_setup_cell_without_a_clone(tmp_path):
    done = run_cell(code_cells(NOTEBOOKS[0])[0].source, tmp_path)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("FileNotFoundError: ")
    assert address.REPOSITORY in last
    assert str(tmp_path) in last
    assert list(tmp_path.iterdir()) == []


# Trained live.


@pytest.mark.parametrize(
    "path",
    [path for path in NOTEBOOKS if trains(path)],
    ids=lambda path: path.stem,
)
def test_trains_live(path, monkeypatch, tmp_path):
    results = tmp_path / "results"
    monkeypatch.setenv("STUDY", "smoke")
    monkeypatch.setenv("RESULTS", str(results))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = read(path)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    # Raises where a cell does.
    nbclient.NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()

    if path.stem == "04_why":
        # It trains networks of its own, and none of a study.
        made = {p.stem for p in (results / "smoke").iterdir()}
        assert made == set(claims.EXPERIMENTS)
    else:
        study = studies.study("smoke")
        for configuration in study.configurations:
            record = runs.read(
                results / f"{configuration.key}.json", configuration
            )
            assert len(record["history"]["loss"]) == 1
    outputs = [
        output
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]
    assert any("image/png" in output.get("data", {}) for output in outputs)
