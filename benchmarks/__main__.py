"""`python -m benchmarks`: speed and memory, side by side in one run.

Every line of a table is measured in a process of its own, and the processes
take turns, so that a change in the machine's speed meets all of them. What is
shown are medians, the middle half of the measurements, and ratios of medians.
About twelve minutes and 12 GB of memory, on two cores that have nothing else
to do.

This process imports neither Keras nor `comparison`, whose settings the others
would inherit: a peer has to start as a user would start it.
"""

import dataclasses
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import pandas as pd
from tqdm import tqdm

from benchmarks import workers

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS = 15
STARTED = "Keras, as started"
OWN = "this project, {}"
EAGER = "PyTorch, {}"
COMPILED = "PyTorch compiled, {}"
MATRIX = "matrix product, {}"
DTYPES = ("float32", "bfloat16")
# What is compared runs on TensorFlow, whatever the user has chosen otherwise.
ENVIRONMENT = {**os.environ, "KERAS_BACKEND": "tensorflow"}
STEPS = {
    STARTED: ["published_keras", "as started"],
    "Keras, this project's settings": ["published_keras", "this project"],
    OWN.format("float32"): ["this_project", "float32"],
    OWN.format("bfloat16"): ["this_project", "mixed_bfloat16"],
    **{EAGER.format(d): ["pytorch", "eager", d] for d in DTYPES},
    **{COMPILED.format(d): ["pytorch", "compiled", d] for d in DTYPES},
    **{MATRIX.format(d): ["matrix_product", d] for d in DTYPES},
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
SIZES = {
    f"{what}, {name}": [worker, layer]
    for what, worker in (
        ("forward and backward", "new_sizes"),
        ("predict_on_batch", "new_batch_sizes"),
    )
    for name, layer in (
        ("Swish", "swish, one beta"),
        ("plain operations", "swish by autodiff"),
    )
}
# The instructions without which bfloat16 is put together from others: slower
# than float32, which is no use to measure.
BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16"}


@dataclasses.dataclass(frozen=True)
class Target:
    """What was measured, and what it should be at most, or at least."""

    name: str
    measured: float
    aim: float
    at_least: bool = False

    @property
    def reached(self):
        if self.at_least:
            return self.measured >= self.aim
        return self.measured <= self.aim

    @property
    def missed_by(self):
        if self.aim == 0:
            return f"{self.measured:.2f}"
        return f"{abs(self.measured / self.aim - 1):.0%}"


class Worker:
    """A process that measures one thing, whenever it is asked to.

    Raises:
        RuntimeError: If the process ends early; with what it said last.
    """

    def __init__(self, arguments):
        # Not a pipe, which would be full one day and stop the process.
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.workers", json.dumps(arguments)],
            cwd=HERE.parent,
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        # One after the other, so that none is ready in another's way.
        self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            said = self.errors.read()
            print(said, file=sys.stderr)
            errors = [line for line in said.splitlines() if "Error" in line]
            raise RuntimeError(
                f"{self.process.args[-1]} ended early: "
                f"{errors[-1] if errors else 'no error was shown'}"
            )
        return line

    def measure(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self._answer())

    def finish(self):
        """Ends the process; returns the most memory it took, in MiB."""
        self.process.stdin.close()
        peak = float(self._answer())
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()
        return peak


def measured(named, rounds, title):
    """Measures in turns.

    PyTorch is not needed: what of it does not start is left out.

    Returns:
        A table, a row a turn, its columns (what is measured, name); the peak
        memory by name; and why what is left out did not start, by name.
    """
    processes, absent = {}, {}
    for name, arguments in tqdm(named.items(), desc=f"{title}: starting"):
        try:
            processes[name] = Worker(arguments)
        except RuntimeError as error:
            if arguments[0] != "pytorch":
                raise
            absent[name] = str(error)
    rows = [
        {
            (quantity, name): value
            for name, worker in processes.items()
            for quantity, value in worker.measure().items()
        }
        for _ in tqdm(range(rounds), desc=title)
    ]
    peaks = {name: worker.finish() for name, worker in processes.items()}
    found = pd.DataFrame(rows)
    found.columns = pd.MultiIndex.from_tuples(found.columns)
    return found, pd.Series(peaks), absent


def spread(seconds, unit="ms"):
    """Returns median and middle half of each column, in milliseconds or s."""
    quartiles = seconds.quantile([0.25, 0.5, 0.75]).T
    quartiles *= {"ms": 1e3, "s": 1}[unit]
    return pd.DataFrame(
        {
            f"median {unit}": quartiles[0.5],
            "middle half": [
                f"{low:.1f} to {high:.1f}"
                for low, high in zip(quartiles[0.25], quartiles[0.75])
            ],
        }
    ).round(1)


def step_section(about, rounds=ROUNDS):
    """Returns the text, the targets, and the seconds of a float32 step."""
    instructions = about["environment"]["instructions"]
    named = dict(STEPS)
    if not BFLOAT16.intersection(instructions):
        named = {n: a for n, a in named.items() if "bfloat16" not in n}
    found, peaks, absent = measured(named, rounds, "training step")
    medians = found["seconds"].median()
    products = [name for name in named if name.startswith("matrix")]
    rates = {name: 2 * workers.SIDE**3 / medians[name] for name in products}
    single = rates[MATRIX.format("float32")]
    table = step_table(found, medians, about["operations"], single, products)
    lines = [
        f"A training step, batch {workers.BATCH}, real digits "
        f"(medians of {rounds} turns of {workers.STEPS} steps)",
        "",
        table.to_string(na_rep=""),
        "",
        f"The step's products: {about['operations'] / 1e9:.2f} thousand "
        "million operations. "
        + "; ".join(
            f"{name}: {rate / 1e9:.0f} GFLOP/s, a floor of "
            f"{about['operations'] / rate * 1e3:.1f} ms"
            for name, rate in rates.items()
        )
        + ".",
        "compiled: PyTorch, by torch.compile as it comes. faults: minor page "
        "faults of the process, a step.",
        *(f"{name} is left out. {why}" for name, why in absent.items()),
    ]
    memory = pd.DataFrame(
        {
            "peak MiB": peaks.round(),
            "of Keras": (peaks / peaks[STARTED]).round(3),
        }
    ).drop(products)
    lines += ["", "Peak memory of that process", "", memory.to_string()]
    targets = step_targets(
        medians,
        share=table.loc[OWN.format("float32"), "of the float32 rate"],
        memory=memory.loc[OWN.format("float32"), "of Keras"],
        wide="avx512f" in instructions,
    )
    return lines, targets, medians[OWN.format("float32")]


def step_table(found, medians, operations, rate, products):
    """Returns the table of the steps; ratios are of medians."""
    table = spread(found["seconds"])
    faults = found["faults"].median().reindex(table.index)
    table["faults"] = faults.map("{:.0f}".format, na_action="ignore")
    table["of Keras"] = medians / medians[STARTED]
    for dtype in DTYPES:
        if COMPILED.format(dtype) in medians:
            other = medians[COMPILED.format(dtype)]
            table[f"of compiled {dtype}"] = medians / other
    table["of the float32 rate"] = operations / medians / rate
    table.loc[products, table.columns[3:]] = None
    return table.round(3)


def step_targets(medians, share, memory, wide):
    """Returns the targets of the step; `wide` says that there is AVX-512."""
    single, half = (medians.get(OWN.format(dtype)) for dtype in DTYPES)
    targets = [
        Target(
            "float32 step, of plain Keras",
            single / medians[STARTED],
            0.70 if wide else 0.60,
        ),
        Target("peak memory, of plain Keras", memory, 1.0),
    ]
    if not wide:
        targets.append(
            Target("share of the matrix rate, float32", share, 0.70, True)
        )
    if half is not None:
        targets.append(
            Target(
                "bfloat16 step, of plain Keras", half / medians[STARTED], 0.46
            )
        )
    for dtype, own, peer, aim in (
        ("float32", single, EAGER, 1.0),
        ("float32", single, COMPILED, 1.0),
        ("bfloat16", half, COMPILED, 1.0),
        ("bfloat16", half, EAGER, 0.60),
    ):
        other = peer.format(dtype)
        if other in medians:
            name = f"{dtype} step, of {peer.removesuffix(', {}')}"
            targets.append(Target(name, own / medians[other], aim))
    return targets


def activation_section(rounds=2 * ROUNDS):
    named = {name: ["activation", name] for name in ACTIVATIONS}
    found, _, _ = measured(named, rounds, "activations")
    medians = found["seconds"].median()
    table = spread(found["seconds"])
    table["of silu"] = (medians / medians["silu"]).round(3)
    table["of copy"] = (medians / medians["copy"]).round(2)
    # + 0.0 makes a rounded -0.0 a 0.0.
    table["kept"] = found["kept"].astype(float).median().round(1) + 0.0
    lines = [
        "Activations, forward and backward, on the network's three shapes "
        f"({rounds} turns)",
        "",
        table.to_string(na_rep=""),
        "",
        "kept: what is held for the backward pass besides input and output, "
        "in tensors of the input's size.",
    ]
    one, channel = "swish, one beta", "swish, a beta a channel"
    kept = table["kept"]
    targets = [
        Target("Swish with one beta, of silu", table.loc[one, "of silu"], 1.0),
        Target(
            "Swish with a beta a channel, of silu",
            table.loc[channel, "of silu"],
            1.2,
        ),
        Target("Swish keeps, more than silu", kept[one] - kept["silu"], 0.0),
    ]
    return lines, targets


def size_section(rounds=5):
    found, _, _ = measured(SIZES, rounds, "new sizes")
    medians = found["seconds"].median()
    table = spread(found["seconds"])
    targets = []
    for own, plain in zip(list(SIZES)[::2], list(SIZES)[1::2]):
        ratio = medians[own] / medians[plain]
        table.loc[own, "of plain"] = ratio
        what = own.removesuffix(", Swish")
        targets.append(
            Target(f"Swish, a new size, of plain ({what})", ratio, 3.0)
        )
    lines = [
        "An input of a size that was never there before, a size "
        f"(medians of {rounds} turns of {workers.NEW_SIZES} new sizes)",
        "",
        table.round(2).to_string(na_rep=""),
    ]
    return lines, targets


def run_section(step, rounds=3):
    rows = []
    for _ in tqdm(range(rounds), desc="whole run"):
        worker = Worker(["whole_run"])
        rows.append(worker.measure())
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
        "A whole small run: 3 epochs of 3,000 digits, seconds, medians of "
        f"{rounds}",
        "",
        spread(seconds, "s").to_string(),
        "",
        "From these, a run of 20 epochs of 55,000 images: "
        f"{training:.0f} s in training steps, {outside:.0f} s outside them.",
    ]
    share = outside / (outside + training)
    name = "outside the training step, of a 20-epoch run"
    return lines, [Target(name, share, 0.1)]


def study_section(study="quick"):
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        command = [sys.executable, "-m", "comparison", "run", study]
        subprocess.run(
            [*command, "--results", folder],
            cwd=HERE.parent,
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        seconds = time.perf_counter() - start
        # A record that was there already would have been read, not made.
        records = len(list(pathlib.Path(folder).glob("*.json")))
    lines = [
        f"`python -m comparison run {study}`, the whole process, once: "
        f"{seconds:.1f} s for {records} networks trained, their table and "
        "figures.",
    ]
    return lines, [Target(f"seconds of `run {study}`", seconds, 120)]


def verdicts(targets):
    """Returns a table of what was aimed at, and whether it was reached."""
    return pd.DataFrame(
        [
            {
                "target": target.name,
                "aim": f"at {'least' if target.at_least else 'most'} "
                f"{target.aim:.2f}",
                "measured": round(float(target.measured), 3),
                "reached": "yes" if target.reached else "no",
            }
            for target in targets
        ]
    ).to_string(index=False)


# From profiles of the step.
_HALF = (
    "TensorFlow's gradient of ReLU is not vectorised in bfloat16 and takes "
    "five times what XLA would need; then as in float32."
)
_SWISH = (
    "It is plain operations, with no compiler: beta breaks oneDNN's fused "
    "x * sigmoid(x), and its own gradient takes two passes more. XLA is faster "
    "and compiles for every new size, which `jit_compile=True` leaves to users."
)
WHY = {
    "float32 step, of plain Keras": "With AVX-512 TensorFlow has oneDNN on by "
    "itself, and plain Keras is held up by no page faults here: the fused "
    "normalisation and optimizer are all that is saved.",
    "Swish with one beta, of silu": _SWISH,
    "Swish with a beta a channel, of silu": _SWISH,
    "share of the matrix rate, float32": "The convolutions are at that rate. "
    "Normalisation, activations, pooling, dropout and the optimizer wait for "
    "memory, and weigh more the faster the cores multiply.",
    "float32 step, of PyTorch compiled": "What is left beside the "
    "convolutions is mostly batch normalisation's passes over memory, which "
    "PyTorch's compiler joins with the activation's, and dropout's random "
    "bits; fewer bits would do, and would change the masks.",
    "bfloat16 step, of PyTorch": _HALF,
    "bfloat16 step, of PyTorch compiled": _HALF,
}


def missed(targets):
    """Returns a line for each target that was not reached: by how much, why."""
    return [
        f"{target.name}: missed by {target.missed_by}. "
        f"{WHY.get(target.name, '')}".rstrip()
        for target in targets
        if not target.reached
    ]


def header(environment):
    """Returns the lines that name the processor, versions and settings."""
    try:
        torch = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        torch = "not installed"
    variables = environment["variables"].items()
    return [
        f"{environment['time']}, {environment['device']}, "
        f"{environment['cores']} cores, Python {environment['python']}, "
        f"TensorFlow {environment['tensorflow']}, "
        f"Keras {environment['keras']}, PyTorch {torch}",
        f"Instructions: {', '.join(environment['instructions'])}. In this "
        f"project's processes: {environment['threads']} threads, oneDNN "
        f"{'on' if environment['onednn'] else 'off'}, "
        f"{' '.join(f'{name}={value}' for name, value in variables)}",
    ]


def main():
    worker = Worker(["about"])
    about = worker.measure()
    worker.finish()
    steps, targets, step = step_section(about)
    sections = [steps]
    for section in (
        activation_section,
        size_section,
        lambda: run_section(step),
        study_section,
    ):
        lines, more = section()
        sections.append(lines)
        targets += more
    sections.append(["Targets", "", verdicts(targets), "", *missed(targets)])
    text = "\n".join(
        "\n".join([*lines, ""])
        for lines in [header(about["environment"]), *sections]
    )
    aside = HERE / ".last_run.txt.partial"
    aside.write_text(text, encoding="utf-8")
    os.replace(aside, HERE / "last_run.txt")
    print(text)


if __name__ == "__main__":
    main()
