"""Runs the notebooks' setup cell as Colab would, in an empty folder.

To be run by a Python that has what Colab has and no more. A clone of this
repository's last commit stands in for the one that the cell would fetch from
its address; what it installs is really installed.
"""

import importlib.metadata
import json
import os
import pathlib
import re
import sys
import tempfile
import types

ROOT = pathlib.Path(__file__).resolve().parent.parent


def installed():
    """Returns each installed package's version."""
    found = importlib.metadata.distributions()
    return {d.metadata["Name"]: d.version for d in found}


(path, *_) = sorted((ROOT / "notebooks").glob("*.ipynb"))
cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
cell = next("".join(c["source"]) for c in cells if c["cell_type"] == "code")
cell = re.sub(r"https://github\.com/[\w./-]+", str(ROOT), cell)

before = installed()
sys.modules["google.colab"] = types.ModuleType("google.colab")
# Where the cell would find the project: beside this file, and this Python.
sys.path[0] = ""
sys.prefix = sys.base_prefix
with tempfile.TemporaryDirectory() as content:
    os.chdir(content)
    exec(cell)
    import activations
    import comparison.studies

    for module in (activations, comparison):
        assert pathlib.Path(module.__file__).is_relative_to(content), module
    os.chdir(ROOT)
after = installed()

changed = {name for name in before if after.get(name) != before[name]}
assert not changed, f"The cell changed {changed}"
fetched = sorted(after.keys() - before.keys())
assert len(fetched) <= 2, f"The cell fetched {fetched}"
print("The setup cell fetched", ", ".join(fetched) or "nothing")
