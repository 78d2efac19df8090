"""`python -m benchmarks`: speed and memory, side by side in one run.

Every line of a table is measured in a process of its own, and the processes
take turns, so that a change in the machine's speed meets all of them. What is
shown are medians, the middle half of the measurements, and ratios of medians.
About eight minutes on two cores that have nothing else to do.
"""

import importlib.util
import io
import json
import math
import os
import pathlib
import subprocess
import sys

import numpy as np
import pandas as pd
from tqdm import tqdm

from benchmarks import workers
from comparison import cnn, runs

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS = 15
STEPS = {
    "Keras, published code": ["published_keras"],
    "this project, float32": ["this_project", "relu", "float32"],
    "this project, mixed_bfloat16": ["this_project", "relu", "mixed_bfloat16"],
    "PyTorch, float32": ["pytorch", "float32"],
    "PyTorch, bfloat16": ["pytorch", "bfloat16"],
    "matrix product, float32": ["matrix_product", "float32"],
    "matrix product, bfloat16": ["matrix_product", "bfloat16"],
}
ACTIVATIONS = [
    "copy",
    "relu",
    "leaky_relu",
    "sigmoid",
    "tanh",
    "silu",
    "swish, one beta",
    "swish, a beta a channel",
    "swish by autodiff",
]


class Worker:
    """A process that measures one thing, whenever it is asked to."""

    def __init__(self, arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.workers", json.dumps(arguments)],
            cwd=HERE.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args[-1]} ended early.")
        return line

    def measure(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.answer())

    def finish(self):
        """Ends the process; returns the most memory it took, in MiB."""
        self.process.stdin.close()
        peak = float(self.answer())
        self.process.wait()
        return peak


def measured(named, rounds, title):
    """Measures in turns; returns a table, a column each, and peak memory."""
    processes = {}
    for name, arguments in tqdm(named.items(), desc=f"{title}: starting"):
        # One after the other, so that none is ready in another's way.
        processes[name] = Worker(arguments)
        processes[name].answer()
    rows = [
        {name: worker.measure() for name, worker in processes.items()}
        for _ in tqdm(range(rounds), desc=title)
    ]
    peaks = {name: worker.finish() for name, worker in processes.items()}
    return pd.DataFrame(rows), pd.Series(peaks)


def spread(seconds):
    """Returns median and middle half of each column, in milliseconds."""
    quartiles = seconds.quantile([0.25, 0.5, 0.75]).T * 1e3
    return pd.DataFrame(
        {
            "median ms": quartiles[0.5],
            "middle half": [
                f"{low:.1f} to {high:.1f}"
                for low, high in zip(quartiles[0.25], quartiles[0.75])
            ],
        }
    ).round(1)


def operations(model, batch):
    """Returns the floating-point operations of the products in one step.

    A multiplication and an addition for every weight and place, in the
    forward pass, for the gradient of the weights, and, but in the first
    layer, for that of the input.
    """
    total = 0
    layers = [layer for layer in model.layers if hasattr(layer, "kernel")]
    for layer in layers:
        places = np.prod(layer.output.shape[1:-1], dtype=int)
        passes = 2 if layer is layers[0] else 3
        total += passes * 2 * batch * places * np.prod(layer.kernel.shape)
    return int(total)


def step_section():
    named = dict(STEPS)
    if importlib.util.find_spec("torch") is None:
        named = {n: a for n, a in named.items() if a[0] != "pytorch"}
    seconds, peaks = measured(named, ROUNDS, "training step")
    medians = seconds.median()
    table = spread(seconds)
    plain = medians["Keras, published code"]
    table["of Keras"] = (medians / plain).round(3)
    for dtype in ("float32", "bfloat16"):
        other = f"PyTorch, {dtype}"
        if other in medians:
            table[f"of PyTorch {dtype}"] = (medians / medians[other]).round(3)
    products = [name for name in named if name.startswith("matrix")]
    needed = operations(cnn.build(runs.Configuration("relu")), workers.BATCH)
    rates = {
        name: 2 * workers.SIDE**3 / medians[name] / 1e9 for name in products
    }
    single = rates["matrix product, float32"]
    of_rate = needed / 1e9 / medians / single
    table["of the float32 rate"] = of_rate.round(3)
    table.loc[products, table.columns[2:]] = np.nan
    lines = [
        f"A training step, batch {workers.BATCH}, real digits "
        f"(medians of {ROUNDS} turns of {workers.STEPS} steps)",
        "",
        table.to_string(na_rep=""),
        "",
        f"The step's products: {needed / 1e9:.2f} thousand million "
        "operations. "
        + "; ".join(
            f"{name}: {rate:.0f} GFLOP/s, a floor of "
            f"{needed / rate / 1e6:.1f} ms"
            for name, rate in rates.items()
        )
        + ".",
    ]
    memory = pd.DataFrame(
        {
            "peak MiB": peaks.round(),
            "of Keras": (peaks / peaks["Keras, published code"]).round(3),
        }
    ).drop(products)
    lines += ["", "Peak memory of that process", "", memory.to_string()]
    own, half = "this project, float32", "this project, mixed_bfloat16"
    targets = [
        ("float32 step, of plain Keras", medians[own] / plain, 0.75),
        ("mixed_bfloat16 step, of plain Keras", medians[half] / plain, 0.46),
        ("share of the matrix rate, float32", of_rate[own], -0.72),
        ("peak memory, of plain Keras", memory.loc[own, "of Keras"], 1.0),
    ]
    if "PyTorch, float32" in medians:
        targets += [
            (
                "float32 step, of PyTorch",
                medians[own] / medians["PyTorch, float32"],
                0.65,
            ),
            (
                "mixed_bfloat16 step, of PyTorch's bfloat16",
                medians[half] / medians["PyTorch, bfloat16"],
                0.60,
            ),
        ]
    return lines, targets, medians[own]


def activation_section():
    seconds, _ = measured(
        {name: ["activation", name] for name in ACTIVATIONS},
        2 * ROUNDS,
        "activations",
    )
    kept, _ = measured(
        {name: ["kept_tensors", name] for name in ACTIVATIONS[1:]},
        1,
        "tensors kept",
    )
    medians = seconds.median()
    table = spread(seconds)
    table["of silu"] = (medians / medians["silu"]).round(3)
    table["of copy"] = (medians / medians["copy"]).round(2)
    # + 0.0 makes a rounded -0.0 a 0.0.
    table["kept"] = kept.median().round(1) + 0.0
    lines = [
        "Activations, forward and backward, on the network's three shapes "
        f"({2 * ROUNDS} turns)",
        "",
        table.to_string(na_rep=""),
        "",
        "kept: what is held for the backward pass besides input and output, "
        "in tensors of the input's size.",
    ]
    targets = [
        (
            "Swish with one beta, of silu",
            table.loc["swish, one beta", "of silu"],
            1.0,
        ),
        (
            "Swish with a beta a channel, of silu",
            table.loc["swish, a beta a channel", "of silu"],
            1.2,
        ),
        (
            "Swish keeps, more than silu",
            table.loc["swish, one beta", "kept"] - table.loc["silu", "kept"],
            0.0,
        ),
    ]
    return lines, targets


def run_section(step):
    rows = []
    for _ in tqdm(range(5), desc="whole run"):
        worker = Worker(["whole_run"])
        worker.answer()
        worker.process.stdin.write("\n")
        worker.process.stdin.flush()
        rows.append(json.loads(worker.answer()))
        worker.finish()
    seconds = pd.DataFrame(rows)
    parts = seconds.median()
    # The article's run: 430 steps an epoch, 5,000 images to validate, 10,000
    # to test; the small run validates and tests 1,000.
    training = 20 * 430 * step
    outside = (
        parts["start"]
        + parts["data"]
        + parts["network"]
        + parts["first step"]
        + parts["first validation"]
        + 20 * (5 * parts["validation"] + parts["checkpoint"])
        + 10 * parts["validation"]
    )
    lines = [
        "A whole small run: 3 epochs of 3,000 digits, seconds, medians of 5",
        "",
        spread(seconds / 1e3)
        .rename(columns={"median ms": "median s"})
        .to_string(),
        "",
        "From these, a run of 20 epochs of 55,000 images: "
        f"{training:.0f} s in training steps, {outside:.0f} s outside them.",
    ]
    share = outside / (outside + training)
    return lines, [("outside the training step, of a 20-epoch run", share, 0.1)]


def is_reached(value, aim):
    return value >= -aim if aim < 0 else value <= aim


def verdicts(targets):
    """Returns a table of what was aimed at; a negative aim is a least one."""
    return pd.DataFrame(
        [
            {
                "target": name,
                "aim": f"at {'least' if aim < 0 else 'most'} {abs(aim):.2f}",
                "measured": round(float(value), 3),
                "reached": "yes" if is_reached(value, aim) else "no",
            }
            for name, value, aim in targets
        ]
    ).to_string(index=False)


# From profiles of the step.
WHY = {
    "share of the matrix rate, float32": "The convolutions are at that rate. "
    "Normalisation, activations, pooling, dropout and the optimizer wait for "
    "memory, and weigh more the faster the cores multiply.",
    "float32 step, of PyTorch": "What is left beside the convolutions is "
    "mostly batch normalisation's passes over memory and dropout's random "
    "bits; fewer bits would do, and would change the masks.",
    "mixed_bfloat16 step, of PyTorch's bfloat16": "TensorFlow's gradient of "
    "ReLU is not vectorised in bfloat16 and takes five times what XLA would "
    "need; then as in float32.",
}


def missed(targets):
    """Returns a line for each target that was not reached: by how much, why."""
    lines = []
    for name, value, aim in targets:
        if not is_reached(value, aim):
            by = abs(abs(value / aim) - 1) if aim else math.inf
            why = WHY.get(name, "")
            lines.append(f"{name}: missed by {by:.0%}. {why}".rstrip())
    return lines


def main():
    output = io.StringIO()
    environment = runs.environment()
    print(
        f"{environment['time']}, {environment['device']}, "
        f"{os.cpu_count()} cores, Python {environment['python']}, "
        f"TensorFlow {environment['tensorflow']}, "
        f"Keras {environment['keras']}",
        file=output,
    )
    steps, targets, step = step_section()
    activations, more = activation_section()
    whole, overhead = run_section(step)
    for lines in (steps, activations, whole):
        print("", *lines, sep="\n", file=output)
    print("", "Targets", "", sep="\n", file=output)
    targets = targets + more + overhead
    print(verdicts(targets), "", *missed(targets), sep="\n", file=output)
    (HERE / "last_run.txt").write_text(output.getvalue())
    print(output.getvalue())


if __name__ == "__main__":
    main()
