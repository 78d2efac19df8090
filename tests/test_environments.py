"""Tests of what is installed where: requirements, Colab, and CI's files."""

import ast
import importlib.metadata
import json
import pathlib
import re
import subprocess
import sys

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from comparison import colab

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def requirements(text):
    lines = [x for x in text.splitlines() if x and not x.startswith("#")]
    found = [Requirement(line) for line in lines]
    return {canonicalize_name(r.name): r for r in found}


NOTEBOOKS_NEED = requirements(colab.REQUIREMENTS.read_text().split("\n\n")[0])
ALL = requirements(colab.REQUIREMENTS.read_text())
COLAB = requirements(read(".ci/colab.txt"))


# Requirements.


# The others there are what Colab has and Jupyter brings.
@pytest.mark.parametrize("name", sorted(COLAB.keys() & NOTEBOOKS_NEED))
def test_lower_bounds_are_colabs_versions(name):
    (pinned,) = COLAB[name].specifier
    assert pinned.operator == "=="
    bounds = {s.operator: s.version for s in NOTEBOOKS_NEED[name].specifier}
    assert (
        bounds[">="].split(".")
        == pinned.version.split(".")[: len(bounds[">="].split("."))]
    )
    assert NOTEBOOKS_NEED[name].specifier.contains(pinned.version)


@pytest.mark.parametrize("name", ALL)
def test_this_environment_is_within_the_bounds(name):
    version = importlib.metadata.version(name)
    assert ALL[name].specifier.contains(version, prereleases=True), version


def imported(source):
    """The top names of all that a source imports, wherever it does."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


def packages(names):
    """The installed packages that modules come from, without the project's."""
    distributions = importlib.metadata.packages_distributions()
    # Keras's other backends are there or are not.
    names -= sys.stdlib_module_names | {"activations", "comparison"}
    names -= {"jax", "jaxlib", "torch"}
    return {canonicalize_name(distributions[n][0]) for n in names}


def test_requirements_are_what_is_imported():
    """No notebook lacks a package in Colab, and none is fetched in vain."""
    names = imported(read("activations.py"))
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                source = "".join(cell["source"])
                names |= imported(re.sub(r"(?m)^[%!].*", "", source))
    for path in (ROOT / "comparison").rglob("*.py"):
        if path.name != "cluster.py":
            names |= imported(path.read_text(encoding="utf-8"))
    assert packages(names) == set(NOTEBOOKS_NEED)
    assert packages(imported(read("comparison/cluster.py"))) <= set(ALL) | {
        # distributed's other half, of the same version.
        "dask"
    }


# What the setup cell installs.


def test_missing():
    text = (
        "# Why.\nkeras>=1\nnot-there>=2,<3\nnor.this\n\n# Tests.\nnot-either\n"
    )
    assert colab.missing(text) == ["not-there>=2,<3", "nor.this"]
    # Too old or too new is not missing: nothing is upgraded.
    assert colab.missing("keras>=99\n") == []


# Files that others' programs read.


@pytest.mark.parametrize(
    "schema, path",
    [
        *[("github-workflows", path) for path in WORKFLOWS],
        ("citation-file-format", ROOT / "CITATION.cff"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_valid_by_its_schema(schema, path):
    command = ["check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    done = subprocess.run(
        [
            *[sys.executable, "-m", *command],
            *["--default-filetype", "yaml", str(path)],
        ],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout


def test_readme_commands_are_what_ci_runs():
    """The README's command for the tests, as it stands there."""
    (command,) = re.findall(r"(?m)^    (python3 .*pytest)$", read("README.md"))
    assert command in read(".ci/run")
    workflow = read(".github/workflows/tests.yml")
    assert f"- run: {command}\n" in workflow
    assert '["3.11", "3.12", "3.13"]' in workflow
    for file in (read(".ci/run"), workflow):
        assert "-r requirements.txt -c .ci/colab.txt" in file
    subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], check=True)


def test_ci_runs_what_is_skipped_without_jax():
    commands = re.findall(r"(?m)^.*\bjax\b.*$", read(".ci/run"))
    workflow = read(".github/workflows/tests.yml")
    assert [f"          {command}\n" in workflow for command in commands] == [
        True,
        True,
        True,
    ]


def test_licence():
    text = read("LICENSE")
    assert "Apache License\n                           Version 2.0" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert "\nlicense: Apache-2.0\n" in read("CITATION.cff")
