"""The studies and claims of the notebooks, trained at the smallest size.

A file of its own, so that another core can have it.
"""

import nbformat
import papermill
import pytest
import test_notebooks

from comparison import claims, runs, studies

# One without a weight of its own, and the one with.
ACTIVATIONS = ["relu", "swish_trainable"]


@pytest.mark.parametrize(
    "path",
    [p for p in test_notebooks.NOTEBOOKS if test_notebooks.trains(p)],
    ids=lambda path: path.stem,
)
def test_trains_live(path, monkeypatch, tmp_path):
    """By papermill, whose values take effect, from an empty folder."""
    results = tmp_path / "results"
    # What a lesson trains in its own cells needs neither, and nbval runs it.
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [
        cell
        for cell in notebook.cells
        if "live" not in cell.metadata.get("tags", ())
    ]
    # Two of the study's networks do.
    for cell in notebook.cells:
        cell.source = cell.source.replace(
            "studies.study(STUDY, seeds=SEEDS)",
            f"studies.study(STUDY, {ACTIVATIONS}, SEEDS)",
        )
    source = tmp_path / f"source_{path.name}"
    nbformat.write(notebook, source)
    # The parameters' values count, and not the environment's.
    monkeypatch.setenv("STUDY", "no study")
    monkeypatch.setenv("RESULTS", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTHONPATH", str(test_notebooks.ROOT))
    # Raises where a cell does.
    notebook = papermill.execute_notebook(
        source,
        tmp_path / path.name,
        {"STUDY": "smoke", "RESULTS": str(results)},
        kernel_name="python3",
        progress_bar=False,
        cwd=tmp_path,
        execution_timeout=600,
    )
    assert not (tmp_path / "elsewhere").exists()

    if path.stem == "04_why":
        # It trains networks of its own, and none of a study.
        made = {p.stem for p in (results / "smoke").iterdir()}
        assert made == set(claims.EXPERIMENTS)
    else:
        made = {p.stem for p in results.glob("*.json")}
        study = studies.study("smoke", ACTIVATIONS)
        assert made == {c.key for c in study.configurations}
        for configuration in study.configurations:
            record = runs.find(configuration, [results])
            assert len(record["history"]["loss"]) == 1
    outputs = [
        output
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]
    assert any("image/png" in output.get("data", {}) for output in outputs)
