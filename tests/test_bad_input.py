"""Bad input by the thousand: an error in one line, and nothing else.

Generated, from a seed, by kinds of which each is known to be bad: whatever is
accepted, ends in another exception or writes a file is a defect.
"""

import contextlib
import dataclasses
import decimal
import fractions
import io
import math
import os
import random
import zipfile

import keras
import numpy as np
import pytest

import activations
from activations import shown
from comparison import cluster, data, runs, studies
from comparison.__main__ import main
from comparison.configuration import Configuration

# How many of each kind; `test_there_are_enough` adds them up.
CASES = {
    "command": 500,
    "configuration": 500,
    "layer": 400,
    "layer_object": 300,
    "swish": 300,
    "study": 200,
    "function": 300,
    "load": 300,
}
# Signs that no name has.
SIGNS = ["\n", "\r", "\t", " ", "\0", "?", "/", "é", "x", "%s", "{}", "ß" * 300]
HUGE = 10**5000
KERAS = set(dir(keras.activations))
# Of Keras's functions: one needs arguments, the other halves an axis.
NO_ACTIVATIONS = ["threshold", "glu"]
# By name, as a class, as an object.
WRONG_KINDS = {
    "beta_initializer": ["l2", keras.constraints.NonNeg()],
    "beta_regularizer": [
        *("non_neg", keras.constraints.NonNeg, keras.constraints.NonNeg()),
        keras.initializers.Ones(),
    ],
    "beta_constraint": ["l2", keras.regularizers.L2, keras.regularizers.L2()],
}
FUNCTIONS = {
    activations.step: [],
    activations.step_derivative: [],
    activations.linear: ["slope"],
    activations.linear_derivative: ["slope"],
    activations.sigmoid_derivative: [],
    activations.tanh_derivative: [],
    activations.relu_derivative: [],
    activations.leaky_relu: ["negative_slope"],
    activations.leaky_relu_derivative: ["negative_slope"],
    activations.swish: ["beta", "scale"],
    activations.swish_derivative: ["beta", "scale"],
}


def spoilt(rng, name):
    """A name with a sign in it that none has."""
    at = rng.randint(0, len(name))
    return name[:at] + rng.choice(SIGNS) + name[at:]


def no_text(rng):
    return rng.choice(
        [
            *(None, True, 0, 1.5, math.nan, HUGE, b"relu", ["relu"], ("relu",)),
            *({"relu"}, {"relu": 1}, 1j, object(), int, np.array(["relu"] * 9)),
            *(np.zeros((9, 9)), np.float64(1), slice(3), range(3), ...),
        ]
    )


def no_number(rng):
    """Neither a number nor a tensor."""
    return rng.choice(
        [
            *("1", "", "a\nb", "nan", b"1", True, False, 1j, complex("nan")),
            *([], [1.0], (1,), {}, {1}, {"a": 1}, object(), float, len, ...),
            *(decimal.Decimal(1), slice(1), range(2), np.array("a"), np.True_),
        ]
    )


def no_scalar(rng):
    """An array where a number is expected."""
    shape = rng.choice([(), (1,), (3,), (2, 2), (0,), (40, 40)])
    dtype = rng.choice(["float32", "int64", "bool", "complex64", "U3", "O"])
    return np.ones(shape, dtype)


def not_finite(rng):
    return rng.choice(
        [
            *(math.nan, math.inf, -math.inf, 10**400, -(10**400), HUGE, -HUGE),
            *(np.float32("nan"), np.float64("-inf"), np.float16("inf")),
            fractions.Fraction(10**400, 3),
        ]
    )


def below(rng, low):
    return low - rng.choice([1, 2, 1000, 10**9, rng.uniform(1e-3, 10)])


def above(rng, high):
    return high + rng.choice([1, 2, 1000, 10**9, rng.uniform(1e-3, 10)])


def no_axes(rng):
    return rng.choice(
        [
            *(0, -1, 1.0, 1.5, math.nan, True, "1", "x", b"1", [0], [1, 1]),
            *(
                [1, 0],
                [[1]],
                [None],
                ["1"],
                {1: 2},
                1j,
                object(),
                [True],
                -HUGE,
            ),
            *(np.array([1.5]), np.array("x"), (1, 1), [1.5], ..., slice(2)),
        ]
    )


def bad_number(rng):
    return rng.choice([no_number, no_scalar, not_finite])(rng)


def bad_layer_keyword(rng):
    """A name or a dtype that no layer can have."""
    return rng.choice(
        [
            ("name", ""),
            ("name", rng.choice([1, 1.5, b"a", ["a"], "a\nb", "a/b", True])),
            ("dtype", rng.choice(["float31", "float", "", "int3", b"float32"])),
            ("dtype", rng.choice([32, 1.5, ["float32"], object(), True, 1j])),
            (rng.choice(["axes", "alpha", "betta", "Beta", "slope"]), 1),
        ]
    )


# The kinds. Each gives what it is, for the report, and a call.


def configuration(rng):
    field = rng.choice(dataclasses.fields(Configuration))
    limits = field.metadata["limits"]
    if field.name in ("activation", "dataset", "kernel_initializer"):
        known = {
            "activation": [*activations.CATALOG, "swish_trainable", "gelu"],
            "dataset": list(data.DATASETS),
            "kernel_initializer": ["glorot_uniform", "he_normal"],
        }[field.name]
        value = rng.choice(
            [
                no_text(rng),
                spoilt(rng, rng.choice(known)),
                *{
                    "activation": NO_ACTIVATIONS,
                    "dataset": ["", "MNIST"],
                    "kernel_initializer": ["", "constant", "orthogonall"],
                }[field.name],
            ]
        )
    elif int in limits or float in limits:
        kind, low, high = limits[:3]
        value = rng.choice(
            [
                bad_number(rng),
                below(rng, low),
                above(rng, high),
                *([low + 0.5, float(high), "1"] if kind is int else ["0.5"]),
            ]
        )
    else:
        value = rng.choice(
            [
                bad_number(rng),
                spoilt(rng, "float32"),
                spoilt(rng, "test"),
                *(0, 1, "True", "Test", "float64", None, np.zeros(3)),
            ]
        )
        # The values that a choice has.
        if any(value is limit for limit in limits):
            value = 0
    values = {"activation": "relu", field.name: value}
    return values, lambda: Configuration(**values)


def layer(rng):
    kind = rng.randrange(5)
    arguments = {}
    name = rng.choice([*activations.CATALOG, "swish_trainable", "gelu"])
    if kind == 0:
        name = rng.choice(
            [spoilt(rng, name), "", no_text(rng), *NO_ACTIVATIONS]
        )
        # A class is a callable, and `int` is one of one argument.
        name = "" if name is int else name
    elif kind == 1:
        key, value = bad_layer_keyword(rng)
        arguments = {key: value}
    elif kind == 2:
        name, argument = rng.choice(
            [
                ("leaky_relu", "negative_slope"),
                ("swish", "beta"),
                ("swish_trainable", "beta"),
            ]
        )
        arguments = {argument: rng.choice([bad_number(rng), None])}
        if name == "leaky_relu":
            arguments[argument] = rng.choice(
                [arguments[argument], -1, -0.001, -math.inf]
            )
    elif kind == 3:
        # Infinite in the layer's dtype, and finite outside.
        name, argument = rng.choice(
            [
                ("leaky_relu", "negative_slope"),
                ("swish", "beta"),
                ("swish_trainable", "beta"),
            ]
        )
        arguments = {
            argument: rng.uniform(65520, 1e30),
            "dtype": rng.choice(["float16", "mixed_float16"]),
        }
    else:
        name, argument = rng.choice(
            [("softmax", "axis"), ("swish_trainable", "shared_axes")]
        )
        value = no_axes(rng)
        if argument == "axis":
            # Axes of every sign, and of no size.
            value = rng.choice([1.5, "x", True, 1.0, math.nan, b"1", [1.5], {}])
        arguments = {argument: value}
    return (name, arguments), lambda: activations.layer(name, **arguments)


def layer_object(rng):
    """A layer class, or a layer, and arguments that it cannot have."""
    one, argument = rng.choice(
        [
            (keras.layers.ReLU, "max_value"),
            (keras.layers.ReLU, "negative_slope"),
            (keras.layers.ReLU, "threshold"),
            (keras.layers.LeakyReLU, "negative_slope"),
            (keras.layers.ELU, "alpha"),
            (keras.layers.Softmax, "axis"),
            (keras.layers.PReLU, "alpha_initializer"),
            (activations.Swish, "beta_initializer"),
            (activations.Swish, "shared_axes"),
        ]
    )
    if argument == "axis":
        value = rng.choice([1.5, "x", True, 1.0, math.nan, b"1", [1.5], {}])
    elif argument == "shared_axes":
        value = no_axes(rng)
    elif argument.endswith("initializer"):
        value = rng.choice(["nonsense", spoilt(rng, "ones"), 3, b"ones"])
    else:
        value = bad_number(rng)
    arguments = {argument: value}
    kind = rng.randrange(4)
    if kind == 0:
        key, value = bad_layer_keyword(rng)
        arguments = {rng.choice([key, "foo", "é", "units"]): value}
        if one is keras.layers.ELU:
            # It has an `alpha`.
            arguments = {"foo": value}
    elif kind == 1 and one in (keras.layers.LeakyReLU, keras.layers.ELU):
        # Infinite in the layer's dtype, and finite outside.
        arguments = {argument: rng.uniform(65520, 1e30), "dtype": "float16"}
    elif kind == 2:
        # What it needs is not there.
        one = rng.choice([keras.layers.Dense, keras.layers.Activation])
        arguments = rng.choice([{}, {"name": "a"}, {"foo": 1}])
    if kind != 2 and rng.random() < 0.5:
        one = one()
    return (one, arguments), lambda: activations.layer(one, **arguments)


def study(rng):
    name = rng.choice([*studies.STUDIES])
    arguments = {}
    kind = rng.randrange(4)
    if kind == 0:
        name = rng.choice([spoilt(rng, name), "", no_text(rng)])
    elif kind == 1:
        arguments["activations"] = rng.choice(
            [
                *([], (), {}, "relu", b"relu", 3, 1.5, object(), True),
                *([no_text(rng)], ["relu", spoilt(rng, "tanh")], [""]),
                *(["threshold"], ["glu"], np.array([]), [["relu"]]),
            ]
        )
    elif kind == 2:
        arguments["seeds"] = rng.choice(
            [
                *([], (), "01", b"01", 3, 1.5, object(), True, np.array([])),
                *([bad_number(rng)], [0, -1], [0.5], ["0"], [2**32], [None]),
            ]
        )
    else:
        values, _ = configuration(rng)
        field = list(values)[-1]
        if field == "seed" or len(values) == 1:
            values = {"batch_size": 0}
        arguments = {k: v for k, v in values.items() if k != "activation"}
    return (name, arguments), lambda: studies.study(name, **arguments)


def swish(rng):
    argument = rng.choice(
        [
            *("beta_initializer", "beta_regularizer", "beta_constraint"),
            *("shared_axes", "other"),
        ]
    )
    if argument == "shared_axes":
        value = no_axes(rng)
    elif argument == "other":
        argument, value = bad_layer_keyword(rng)
        if argument not in ("name", "dtype"):
            argument, value = "name", ""
    else:
        value = rng.choice(
            [
                *("nonsense", spoilt(rng, "ones"), True, 1j, object(), 1.5, 3),
                *(np.float32(1), np.ones(3), math.nan, b"ones", [1], np.True_),
                *WRONG_KINDS[argument],
            ]
        )
    arguments = {argument: value}
    return arguments, lambda: activations.Swish(**arguments)


def function(rng):
    called = rng.choice(list(FUNCTIONS))
    named = FUNCTIONS[called]
    x = np.linspace(-1, 1, 3, dtype="float32")
    arguments = {}
    if named and rng.random() < 0.6:
        argument = rng.choice(named)
        # A beta may be a tensor.
        kinds = [no_number, not_finite]
        value = rng.choice(kinds)(rng)
        if argument == "beta" and isinstance(value, (np.ndarray, np.generic)):
            value = math.nan
        arguments[argument] = value
    else:
        x = rng.choice(
            [
                *("x", b"x", "", None, object(), {}, {"a": 1}, [1, "a"], 1j),
                *([1j], np.ones(3, "complex64"), np.array(["a"]), int, ...),
                *([[1], [1, 2]], np.array([None]), HUGE, [HUGE], len, {1}),
            ]
        )
    if rng.random() < 0.1:
        called, x = activations.softmax_jacobian, np.ones((2, 3), "float32")
        arguments = {"axis": rng.choice([1.5, "x", 2, -3, None, True, [0], 9])}
    return (called.__name__, x, arguments), lambda: called(x, **arguments)


def bad_paths(folder):
    """What no dataset is in, and an error or another."""
    (folder / "empty").mkdir()
    (folder / "text").write_text("no archive")
    (folder / "a\nb").write_text("no archive")
    np.savez(folder / "other.npz", x=np.ones(3))
    with zipfile.ZipFile(folder / "surplus.npz", "w") as archive:
        for key in data.IDX_FILES:
            archive.writestr(f"{key}.npy", "no array")
            archive.writestr(key, "surplus")
    whole = (folder / "other.npz").read_bytes()
    (folder / "cut.npz").write_bytes(whole[: len(whole) // 2])
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "dangling").symlink_to(folder / "nowhere")
    return [
        *sorted(folder.iterdir()),
        *(folder / "nowhere", folder / "text" / "below", folder / "\0"),
        *("~nosuchuser/mnist.npz", folder / ("x" * 300), "\udcff", "a" * 5000),
    ]


def load(rng, paths):
    name = rng.choice(["mnist", "fashion_mnist"])
    kind = rng.randrange(4)
    arguments = {}
    if kind == 0:
        name = rng.choice([no_text(rng), spoilt(rng, name), "", "MNIST"])
    elif kind == 1:
        path = rng.choice(paths)
        arguments["path"] = rng.choice(
            [path, str(path), "", 3, b"mnist.npz", 1.5, ["mnist"], {}, True]
        )
    else:
        name = "mnist_sample"
        argument = rng.choice(["train_samples", "validation"])
        if argument == "train_samples":
            value = rng.choice(
                [bad_number(rng), below(rng, 10), above(rng, 2990), 100.0]
            )
        else:
            value = rng.choice([no_text(rng), spoilt(rng, "test"), "", "TEST"])
        arguments[argument] = value
    return (name, arguments), lambda: data.load(name, **arguments)


def command(rng, paths, results):
    words = [rng.choice(["run", "table", "figures"])]
    number = rng.choice(
        [
            *(
                "0",
                "-1",
                "nan",
                "inf",
                "-inf",
                "1e400",
                "x",
                "",
                "1.5x",
                "9" * 5000,
            ),
            *("a\nb", "0x10", "1 2", "None", "True", "1e9", "-0.5", "1j", "\0"),
        ]
    )
    bad = rng.choice(
        [
            [rng.choice(["smok", "", "Smoke", spoilt(rng, "smoke"), "a\nb"])],
            ["smoke", "--epochs", rng.choice([number, "0.5", "10001", "2.5"])],
            ["smoke", "--batch-size", rng.choice([number, "1.5", "65537"])],
            ["smoke", "--dropout", rng.choice([number, "1", "1.5", "-0.001"])]
            if number not in ("0", "-0.5")
            else ["smoke", "--dropout", "1"],
            [
                "smoke",
                "--seeds",
                "0",
                number if number != "0" else "4294967296",
            ],
            ["smoke", "--seeds"],
            ["smoke", "--activations", "relu", spoilt(rng, "tanh")],
            ["smoke", "--activations", rng.choice([*NO_ACTIVATIONS, "", "\n"])],
            ["smoke", "--activations"],
            ["smoke", "--dataset", rng.choice(["", spoilt(rng, "mnist")])],
            ["smoke", "--results", ""],
            ["smoke", "--results", str(results["text"] / "below")],
            ["smoke", "--results", str(rng.choice(list(results.values())[1:]))],
            ["smoke", f"--{spoilt(rng, 'epochs')}", "1"],
            ["smoke", "extra"],
            ["published", "--activations", "gelu"],
        ]
    )
    words += bad
    if words[0] == "run" and rng.random() < 0.4:
        words = rng.choice(
            [
                [
                    *("run", "smoke", "--dataset", "mnist", "--data"),
                    str(rng.choice(paths)),
                ],
                ["run", "smoke", "--workers", rng.choice([number, "1001"])],
                ["run", "smoke", "--workers", "1", "--cluster", "tcp://a:1"],
                [
                    *("run", "smoke", "--cluster"),
                    rng.choice(
                        ["", "here", "tcp://", "a\nb", "foo://a:1", "\0"]
                    ),
                ],
            ]
        )
    if "--results" not in words:
        words += ["--results", str(results["new"])]
    return words, lambda: main(words)


# What is done with them.


def complaint(call):
    """What is wrong with how a call fails, or `None`."""
    try:
        found = call()
    except ValueError as error:
        message = str(error)
        if len(message.splitlines()) != 1:
            return f"not one line: {message!r}"
        if "Received: " not in message and not isinstance(
            error, data.DataError
        ):
            return f"not what was received: {message!r}"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]!r}"
    else:
        return f"accepted: {shown(found)}"


def complaint_of_command(call):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = call()
        except SystemExit as error:
            status = error.code
        except Exception as error:
            return f"{type(error).__name__}: {str(error)[:200]!r}"
    said = err.getvalue()
    if status != 2:
        return f"status {status}: {said!r}"
    # What argparse refuses has its usage above it.
    if not said.startswith("usage: ") and (
        not said.startswith("error: ") or len(said.splitlines()) != 1
    ):
        return f"not one line: {said!r}"
    if len(out.getvalue().splitlines()) > 1:
        return f"printed: {out.getvalue()!r}"
    return None


def check(make, count, complain, folder):
    """Makes so many, and says of each kind of defect what it is about."""
    rng = random.Random(0)
    before = sorted(folder.rglob("*"))
    defects = {}
    for _ in range(count):
        what, call = make(rng)
        found = complain(call)
        if found is not None:
            defects.setdefault(found, shown(what))
    report = "\n".join(f"{what}\n    {is_}" for is_, what in defects.items())
    assert not defects, f"{len(defects)} kinds of defects:\n{report}"
    assert sorted(folder.rglob("*")) == before


def test_there_are_enough():
    assert sum(CASES.values()) >= 2000


@pytest.mark.parametrize(
    "make", [configuration, layer, layer_object, swish, function, study]
)
def test_arguments(monkeypatch, tmp_path, make):
    monkeypatch.chdir(tmp_path)
    check(make, CASES[make.__name__], complaint, tmp_path)


def test_loading(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    paths = bad_paths(tmp_path)
    data._arrays.cache_clear()
    check(lambda rng: load(rng, paths), CASES["load"], complaint, tmp_path)


def test_commands(monkeypatch, tmp_path, own_results):
    monkeypatch.chdir(tmp_path)
    # Data are looked at first; nothing comes as far as a network.
    monkeypatch.setattr(runs, "Training", None)
    data._arrays.cache_clear()
    monkeypatch.setattr(cluster, "_PATIENCE", 0.2)
    folder = tmp_path / "data"
    folder.mkdir()
    paths = bad_paths(folder)
    results = {
        "new": tmp_path / "new",
        **{
            name: folder / name
            for name in ("text", "pipe", "loop", "dangling", "a\nb")
        },
        "nobody": "~nosuchuser/runs",
    }
    check(
        lambda rng: command(rng, paths, results),
        CASES["command"],
        complaint_of_command,
        tmp_path,
    )
