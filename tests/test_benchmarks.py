"""Tests of benchmarks: every worker once, at a tiny size, and the tables.

What PyTorch does is tested where it is installed.
"""

import importlib.util
import os
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest

from benchmarks import __main__ as benchmarks
from benchmarks import workers
from comparison import networks, process
from comparison.configuration import Configuration


def needs_torch():
    # Not imported here: what it compiles with does not bear TensorFlow in the
    # same process.
    if importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed")


def check(measured, *names):
    assert set(measured) == set(names)
    assert measured["seconds"] > 0


@pytest.mark.parametrize(
    "name",
    # As a user starts it, it is measured in a process of its own, below.
    [name for name in benchmarks.STEPS if name != benchmarks.STARTED],
)
def test_each_step_is_measured(name):
    kind, *arguments = benchmarks.STEPS[name]
    if kind == "matrix_product":
        check(workers.matrix_product(*arguments, side=4)(), "seconds")
        return
    if kind == "pytorch":
        needs_torch()
        worker = benchmarks.Worker([kind, *arguments, 4, 3])
        measured = worker.measure()
        worker.finish()
    else:
        measured = getattr(workers, kind)(*arguments, batch=4, steps=3)()
    check(measured, "seconds", "faults")
    assert measured["faults"] >= 0


@pytest.mark.parametrize("name", benchmarks.ACTIVATIONS)
def test_each_activation_is_measured(name):
    measured = workers.activation(name, batch=1)()
    check(measured, "seconds", "kept")
    if name == "copy":
        # It has no backward pass.
        assert measured["kept"] is None
        return
    # Differentiated as they are, plain operations keep the sigmoid.
    kept = {"swish by autodiff": 1.0}
    # To two places: a beta is kept as well, whose size is next to nothing.
    assert measured["kept"] == pytest.approx(kept.get(name, 0.0), abs=5e-3)


@pytest.mark.parametrize("name", benchmarks.SIZES)
def test_each_size_is_new(name, monkeypatch):
    sizes = []

    class Watched(keras.layers.Layer):
        def call(self, inputs):
            sizes.append(inputs.shape[0])
            return inputs

    kind, layer = benchmarks.SIZES[name]
    check(getattr(workers, kind)(layer, count=2)(), "seconds")
    monkeypatch.setattr(workers, "_layer", lambda *a, **k: Watched())
    measure = getattr(workers, kind)(layer, count=3)
    measure()
    measure()
    # The sizes that a function is traced for are unknown ones at last.
    seen = [size for size in sizes if size is not None]
    assert len(seen) == len(set(seen))
    if kind == "new_sizes":
        assert seen == [1, 2, 3, 4, 5, 6]


def test_a_whole_run_is_measured(tiny):
    parts = workers.whole_run()()
    assert min(parts["data"], parts["training"], parts["run"]) > 0
    assert parts["run"] > parts["training"]


def test_memory_kept_counts_no_copy_that_is_none():
    @keras.ops.custom_gradient
    def square(x):
        def gradient(*args, upstream=None):
            return (upstream if upstream is not None else args[0]) * 2 * x

        return x * x, gradient

    class Layer(keras.layers.Layer):
        def call(self, inputs):
            return square(inputs)

    assert workers._kept(Layer(), (2, 3)) == 0.0


def test_operations_are_counted():
    # Worked out by hand: places, weights, and passes of each layer.
    by_hand = (
        2
        * 128
        * (
            2 * 26 * 26 * 3 * 3 * 32
            + 3 * 24 * 24 * 3 * 3 * 32 * 64
            + 3 * 9216 * 128
            + 3 * 128 * 10
        )
    )
    model = networks.build(Configuration("relu"))
    assert workers.operations(model, 128) == by_hand


STARTED = """
import os, sys
before = dict(os.environ)
from benchmarks import __main__, workers
assert dict(os.environ) == before, "the processes would inherit it"
assert not {"comparison", "keras", "tensorflow"} & set(sys.modules)
kind, *arguments = __main__.STEPS[__main__.STARTED]
measured = getattr(workers, kind)(*arguments, batch=4, steps=3)()
assert measured["seconds"] > 0 and measured["faults"] >= 0
assert "tensorflow" in sys.modules
assert not [name for name in sys.modules if name.startswith("comparison")]
changed = {k for k in os.environ if os.environ[k] != before.get(k)}
assert not changed & {"TF_ENABLE_ONEDNN_OPTS", "TF_NUM_INTRAOP_THREADS"}
"""


def test_a_peer_starts_as_a_user_starts_it():
    # Of what importing comparison has set here, nothing.
    ours = ("TF_NUM_INTRAOP_THREADS", "TF_CPP_MIN_LOG_LEVEL")
    names = {*process.ROUNDING, *ours}
    environment = {k: v for k, v in os.environ.items() if k not in names}
    subprocess.run(
        [sys.executable, "-c", STARTED],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )


def test_workers_measure_as_often_as_they_are_asked():
    found, peaks, absent = benchmarks.measured(
        {
            "product": ["matrix_product", "float32", 4],
            # PyTorch need not be there; what of it does not start is named.
            "peer": ["pytorch", "eager", "float32", "no batch"],
        },
        rounds=3,
        title="test",
    )
    assert list(found.columns) == [("seconds", "product")]
    assert len(found) == 3
    assert (found["seconds"]["product"] > 0).all()
    assert list(peaks.index) == ["product"]
    assert 50 < peaks["product"] < 100_000
    assert list(absent) == ["peer"]
    assert "Error: " in absent["peer"]


def test_a_worker_that_does_not_start_is_an_error():
    with pytest.raises(RuntimeError, match=r"nothing.*KeyError: 'nothing'"):
        benchmarks.measured({"a": ["nothing"]}, rounds=1, title="test")


SECONDS = {
    "Keras, as started": 0.100,
    "this project, float32": 0.065,
    "this project, bfloat16": 0.040,
    "PyTorch, float32": 0.070,
    "PyTorch, bfloat16": 0.080,
    "PyTorch compiled, float32": 0.060,
    "PyTorch compiled, bfloat16": 0.050,
    "matrix product, float32": 0.050,
}


def targets(wide, without=(), share=0.75, memory=1.1):
    medians = pd.Series(SECONDS).drop(list(without))
    found = benchmarks.step_targets(medians, share, memory, wide)
    return {target.name: target for target in found}


@pytest.mark.parametrize(
    "wide, aim, reached", [(True, 0.70, True), (False, 0.60, False)]
)
def test_the_step_s_target_is_the_processor_s(wide, aim, reached):
    target = targets(wide)["float32 step, of plain Keras"]
    assert target.aim == aim
    assert target.measured == pytest.approx(0.65)
    assert target.reached == reached


def test_targets_of_the_step():
    found = targets(wide=False)
    rate = found["share of the matrix rate, float32"]
    assert rate.reached and not targets(False, share=0.69)[rate.name].reached
    assert rate.name not in targets(wide=True)
    assert found["bfloat16 step, of plain Keras"].reached
    assert not found["peak memory, of plain Keras"].reached
    assert found["float32 step, of PyTorch"].reached
    compiled = found["float32 step, of PyTorch compiled"]
    assert compiled.aim == 1.0 and not compiled.reached
    assert compiled.missed_by == "8%"
    assert found["bfloat16 step, of PyTorch compiled"].reached
    assert found["bfloat16 step, of PyTorch"].measured == 0.5


def test_there_are_no_targets_of_what_was_not_measured():
    some = targets(True, [n for n in SECONDS if "PyTorch" in n])
    assert not [name for name in some if "PyTorch" in name]
    some = targets(True, [n for n in SECONDS if "bfloat16" in n])
    assert not [name for name in some if "bfloat16" in name]
    assert "float32 step, of PyTorch compiled" in some


def test_the_table_of_targets():
    table = benchmarks.verdicts(
        [
            benchmarks.Target("a", 0.5, 0.7),
            benchmarks.Target("b", 0.5, 0.7, at_least=True),
        ]
    )
    rows = [" ".join(line.split()) for line in table.splitlines()[1:]]
    assert rows == ["a at most 0.70 0.5 yes", "b at least 0.70 0.5 no"]


def test_a_missed_target_says_by_how_much_and_why(monkeypatch):
    monkeypatch.setattr(benchmarks, "WHY", {"a": "Because."})
    lines = benchmarks.missed(
        [
            benchmarks.Target("a", 0.9, 0.6),
            benchmarks.Target("b", 0.35, 0.7, at_least=True),
            benchmarks.Target("c", 1.0, 0.0),
            benchmarks.Target("d", 0.5, 0.6),
        ]
    )
    assert lines == [
        "a: missed by 50%. Because.",
        "b: missed by 50%.",
        "c: missed by 1.00.",
    ]


def test_the_table_of_steps():
    found = pd.DataFrame(
        {
            ("seconds", name): [seconds, seconds, 9.0]
            for name, seconds in SECONDS.items()
        }
    )
    for name in SECONDS:
        # A product has none.
        if "matrix" not in name:
            found["faults", name] = 7.0
    medians = found["seconds"].median()
    table = benchmarks.step_table(
        found, medians, 3e9, 100e9, ["matrix product, float32"]
    )
    own = table.loc["this project, float32"]
    assert own["median ms"] == 65.0
    assert own["faults"] == "7"
    assert own["of Keras"] == 0.65
    assert own["of compiled float32"] == 1.083
    # 3 of 100 thousand million operations a second: 30 ms of 65.
    assert own["of the float32 rate"] == 0.462
    assert table.loc["matrix product, float32"].iloc[2:].isna().all()
    assert "nan" not in table.to_string(na_rep="").lower()


class Told(benchmarks.Worker):
    """A worker that answers at once."""

    def __init__(self, arguments):
        self.arguments = arguments

    def measure(self):
        kind, name, *_ = [*self.arguments, None]
        if kind == "whole_run":
            parts = "start data network training checkpoint run"
            parts = [*parts.split(), "first step", "first validation"]
            return dict.fromkeys([*parts, "validation"], 1.0)
        if kind == "about":
            environment = {
                **dict.fromkeys(
                    ("time", "device", "cores", "python", "keras"), "x"
                ),
                "tensorflow": "2",
                "threads": 2,
                "onednn": True,
                "instructions": ["avx512f"],
                "variables": {"TF_ENABLE_ONEDNN_OPTS": "1"},
            }
            return {"environment": environment, "operations": 1e9}
        kept = None if name == "copy" else 0.0
        return {"seconds": 0.1, "faults": 3.0, "kept": kept}

    def finish(self):
        return 1000.0


def test_the_whole_file(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(benchmarks, "Worker", Told)
    monkeypatch.setattr(
        benchmarks,
        "study_section",
        lambda: (["quick"], [benchmarks.Target("quick", 121, 120)]),
    )
    monkeypatch.setattr(benchmarks, "HERE", tmp_path)
    benchmarks.main()
    text = (tmp_path / "last_run.txt").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["last_run.txt"]
    assert text in capsys.readouterr().out
    assert "avx512f" in text and "TF_ENABLE_ONEDNN_OPTS=1" in text
    for name in [*benchmarks.ACTIVATIONS, *benchmarks.SIZES]:
        assert name in text
    # There is no instruction for bfloat16 here.
    steps = [name for name in benchmarks.STEPS if "bfloat16" not in name]
    assert all(name in text for name in steps)
    assert "bfloat16" not in text.replace("Targets", "")
    assert "quick: missed by 1%." in text


TORCH = """
import copy, sys
import numpy as np
import torch
from benchmarks import workers

given = dict(np.load(sys.argv[1]))
model = workers.torch_network()
x, y = workers._torch_digits(3 * 32)
batches = list(zip(x.split(32), y.split(32)))
found = {}
for mode in ("eager", "compiled"):
    first, second = (
        workers.torch_step(copy.deepcopy(model), mode, "float32")(*batches[0])
        for _ in range(2)
    )
    found[mode + " drops"] = (first != second).numpy()
model[7].p = model[12].p = 0.0
for place in (0, 1, 3, 4, 9, 10, 13):
    for name in ("weight", "bias"):
        value = torch.from_numpy(given[f"{place} {name}"])
        getattr(model[place], name).data.copy_(value)
for mode in ("eager", "compiled"):
    own = copy.deepcopy(model)
    step = workers.torch_step(own, mode, "float32")
    losses = [step(*batches[0]).numpy()]
    for name, weight in own.named_parameters():
        found[f"{mode} gradient {name}"] = weight.grad.numpy().copy()
    for name, value in own.named_buffers():
        found[f"{mode} {name}"] = value.numpy().copy()
    losses += [step(*batch).numpy() for batch in batches[1:]]
    found[mode + " losses"] = np.array(losses)
np.savez(sys.argv[2], **found)
"""


PLACES = {
    0: "conv_1",
    1: "normalization_1",
    3: "conv_2",
    4: "normalization_2",
    9: "dense",
    10: "normalization_3",
    13: "output",
}


def as_torch(array, name):
    """Returns a weight of Keras's layer as PyTorch has it."""
    if array.ndim == 4:
        return array.transpose(3, 2, 0, 1)
    if array.ndim == 2 and name == "dense":
        # Keras flattens (12, 12, 64), PyTorch (64, 12, 12).
        array = array.reshape(12, 12, 64, 128).transpose(2, 0, 1, 3)
        array = array.reshape(-1, 128)
    return array.T


def test_pytorch_eager_and_compiled_train_keras_s_network(tmp_path):
    needs_torch()
    # Without dropout, whose masks are others.
    plain = networks.build(Configuration("relu", dropout=0.0))
    given = {}
    for place, name in PLACES.items():
        for what, value in zip(
            ("weight", "bias"), plain.get_layer(name).get_weights()
        ):
            given[f"{place} {what}"] = as_torch(value, name)
    np.savez(tmp_path / "given.npz", **given)
    files = [str(tmp_path / name) for name in ("given.npz", "found.npz")]
    subprocess.run([sys.executable, "-c", TORCH, *files], check=True)
    found = dict(np.load(files[1]))
    images, labels = workers._digits(3 * 32)
    batches = zip(np.split(images / 255, 3), np.split(labels, 3))
    losses = [plain.train_on_batch(*next(batches))[0]]
    # Adam's first moments are now a tenth of the gradients.
    moments = map(keras.ops.convert_to_numpy, plain.optimizer._momentums)
    expected = {}
    for place, name in PLACES.items():
        kernel, bias = (10 * as_torch(next(moments), name) for _ in range(2))
        # A normalisation takes the bias before it away: its gradient is
        # nothing but rounding, and is held to the kernel's size.
        size = np.linalg.norm(kernel)
        expected[f"gradient {place}.weight"] = kernel, size
        expected[f"gradient {place}.bias"] = bias, size
        for what, value in zip(
            ("mean", "var"), plain.get_layer(name).get_weights()[2:]
        ):
            expected[f"{place}.running_{what}"] = value, np.linalg.norm(value)
    losses += [plain.train_on_batch(*batch)[0] for batch in batches]
    for mode in ("eager", "compiled"):
        assert found[f"{mode} drops"]
        for name, (value, size) in expected.items():
            error = np.linalg.norm(found[f"{mode} {name}"] - value)
            # Rounding puts a unit on the other side of a kink now and then,
            # half a percent of a gradient each; the loss has no such jumps.
            assert error < 2e-2 * size, f"{mode}: {name}"
        # Epsilon is added to the root before or after its correction, which
        # counts where a gradient is as small: about one step in a thousand.
        np.testing.assert_allclose(
            found[f"{mode} losses"], losses, rtol=3e-3, err_msg=mode
        )
        assert found[f"{mode} losses"][0] == pytest.approx(losses[0], rel=1e-5)
