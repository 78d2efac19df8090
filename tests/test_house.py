"""Which module imports which: no circle, and nothing imports a command."""

import ast
import graphlib
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent


def imports():
    """Returns the modules of the project that each one imports, by name."""
    files = [ROOT / "activations.py", *(ROOT / "comparison").rglob("*.py")]
    names = {}
    for path in files:
        parts = path.relative_to(ROOT).with_suffix("").parts
        names[".".join(p for p in parts if p != "__init__")] = path
    graph = {}
    for name, path in names.items():
        found = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                # A package's member is a module, or something in the package.
                for alias in node.names:
                    member = f"{node.module}.{alias.name}"
                    found.add(member if member in names else node.module)
        graph[name] = found & set(names) - {name}
    return graph


def test_no_circle():
    # Raises where there is one, and names it.
    order = list(graphlib.TopologicalSorter(imports()).static_order())
    assert order.index("activations") < order.index("comparison.configuration")


def test_nothing_imports_a_command():
    for name, found in imports().items():
        assert not [m for m in found if m.endswith("__main__")], name


def test_arrows_go_one_way():
    """From what is compared to what is said of it: none looks ahead.

    What can be configured is what there is, so data and networks come before
    the configuration.
    """
    rooms = [
        *("activations", "data", "networks", "configuration", "records"),
        *("runs", "studies", "statistics", "tables", "report", "__main__"),
    ]
    graph = imports()
    for place, room in enumerate(rooms):
        name = room if room == "activations" else f"comparison.{room}"
        ahead = {f"comparison.{later}" for later in rooms[place + 1 :]}
        assert not graph[name] & ahead, name
    # Pictures are drawn of what there is, and nothing rests on them.
    for name, found in graph.items():
        if name in ("comparison.report", "comparison.__main__"):
            continue
        drawn = {m for m in found if m.endswith("figures")}
        assert not drawn or name.endswith("figures"), name
    assert "comparison.studies" not in graph["comparison.statistics"]
    assert graph["activations"] == set()
