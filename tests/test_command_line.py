"""Tests of `python -m comparison`, in this process and in its own."""

import contextlib
import csv
import errno
import io
import os
import pathlib
import signal
import subprocess
import sys
import time

import keras
import pytest

from comparison import cluster, data, hardest, records, runs, studies
from comparison.__main__ import main
from comparison.configuration import Configuration

ROOT = pathlib.Path(__file__).resolve().parent.parent
COLUMNS = [
    "study",
    "activation",
    "seed",
    "dataset",
    "train_samples",
    "epochs",
    "batch_size",
    "parameters",
    "test_accuracy",
    "test_loss",
    "epoch_seconds",
    "dtype_policy",
    "backend",
    "variant",
]
PNG = b"\x89PNG\r\n\x1a\n"


def call(capsys, *words):
    """The status, standard output and standard error of a command."""
    try:
        status = main([str(word) for word in words])
    except SystemExit as error:
        status = error.code
    shown = capsys.readouterr()
    return status, shown.out, shown.err


@pytest.fixture
def process(tmp_path):
    """Starts the command in a process of its own, in an empty folder."""
    started = []

    def start(*words):
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
        }
        # As in a shell of one's own, where this process has it otherwise.
        environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", "comparison", *words],
                    cwd=tmp_path,
                    env=environment,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
        finally:
            signal.signal(signal.SIGINT, handler)
        return started[-1]

    yield start
    for process in started:
        with contextlib.suppress(OSError):
            process.kill()
        process.communicate()


# Bad input.


@pytest.mark.parametrize(
    "words, expected",
    [
        (
            "run smok",
            ["Did you mean 'smoke'", "quick, controlled, unnormalised"],
        ),
        ("table controled", ["Did you mean 'controlled'", "'controled'"]),
        ("figures smok", ["Did you mean 'smoke'"]),
        ("run smoke --activations relu swich", ["'swish'", "'swich'"]),
        ("run smoke --dataset mnst", ["'mnist'", "mnist_sample", "'mnst'"]),
        ("run smoke --epochs 0", ["`epochs`", "[1, 10000]", "epochs=0"]),
        ("run smoke --epochs many", ["`epochs`", "[1, 10000]", "'many'"]),
        ("run smoke --epochs 2.5", ["`epochs`", "an integer", "2.5"]),
        ("run smoke --epochs nan", ["`epochs`", "nan"]),
        ("run smoke --epochs -1", ["`epochs`", "epochs=-1"]),
        ("run smoke --batch-size 0", ["`batch_size`", "[1, 65536]"]),
        ("run smoke --dropout 1", ["`dropout`", "[0, 1)", "dropout=1"]),
        ("run smoke --dropout nan", ["`dropout`", "nan"]),
        ("run smoke --dropout inf", ["`dropout`", "inf"]),
        ("run smoke --seeds 0 -1", ["`seed`", "[0, 4294967295]", "seed=-1"]),
        ("run smoke --seeds x", ["`seed`", "seed='x'"]),
        ("run smoke --workers 0", ["--workers", "[1, 1000]", ": 0"]),
        ("run smoke --workers two", ["--workers", "an integer", "'two'"]),
        ("run smoke --workers 1.5", ["--workers", "an integer", "1.5"]),
        ("run smoke --cluster here", ["--cluster", "tcp://", "'here'"]),
        ("run smoke --cluster tcp://127.0.0.1:9", ["--cluster", "127.0.0.1:9"]),
        ("table smoke --epochs 0", ["`epochs`", "[1, 10000]"]),
        (
            "table smoke",
            ["no record of smoke", "python -m comparison run smoke"],
        ),
        ("figures smoke", ["no record of smoke"]),
        ("run controlled --data {tmp}/no.npz", ["no.npz", "does not exist"]),
        (
            "run controlled --data {tmp}/text.npz",
            ["text.npz", "cannot be read"],
        ),
        ("run controlled --data {tmp}", ["train-images-idx3-ubyte", ".npz"]),
    ],
)
def test_bad_input(capsys, monkeypatch, own_results, tmp_path, words, expected):
    monkeypatch.setattr(cluster, "_PATIENCE", 0.5)
    (tmp_path / "text.npz").write_text("no archive")
    data._arrays.cache_clear()
    results = tmp_path / "new"
    status, out, err = call(
        capsys,
        *words.format(tmp=tmp_path).split(),
        "--results",
        results,
    )
    assert status == 2, err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    for word in expected:
        assert word in err
    # No more than what the study is.
    assert len(out.splitlines()) <= 1
    assert not results.exists()


def test_backend_that_trains_nothing(capsys, monkeypatch, tmp_path, no_runs):
    monkeypatch.setattr(keras.backend, "backend", lambda: "numpy")
    status, out, err = call(
        capsys, "run", "smoke", "--results", tmp_path / "new"
    )
    assert (status, out) == (2, "")
    assert err.startswith("error: ") and "KERAS_BACKEND='numpy'" in err
    for name in ("tensorflow", "jax", "torch"):
        assert name in err
    assert not (tmp_path / "new").exists()


def test_all_data_are_looked_at_before_anything_is_trained(
    capsys, monkeypatch, own_results, tmp_path, no_runs
):
    """Those of the last run, too."""
    load = data.load

    def no_fashion(name, *arguments):
        if name == "fashion_mnist":
            raise data.DataError("no such thing as fashion")
        return load("mnist_sample", None, "held_out", 300)

    monkeypatch.setattr(data, "load", no_fashion)
    status, _, err = call(
        capsys, "run", "knobs", "--activations", "relu", "--results", tmp_path
    )
    assert (status, err) == (2, "error: no such thing as fashion\n")
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize(
    "words",
    ["frobnicate", "run smoke --frobnicate", "table", "run smoke --seeds"],
)
def test_words_that_are_no_command(capsys, no_runs, words):
    status, out, err = call(capsys, *words.split())
    assert status == 2, err
    assert out == ""
    assert "usage: python -m comparison" in err
    assert "error: " in err.splitlines()[-1]


def trouble(path, kind):
    """A place that records cannot be kept in."""
    if kind == "dangling link":
        path.symlink_to(path.with_name("nowhere"))
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "below a dangling link":
        path.symlink_to(path.with_name("nowhere"))
        path = path / "below"
    elif kind == "file":
        path.write_text("mine")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "home of nobody":
        return "~nosuchuser/runs"
    elif kind == "new line":
        path = path.with_name("a\nb")
        path.write_text("mine")
    elif kind == "figures that are a file":
        path.mkdir()
        (path / "figures").write_text("mine")
    return path


@pytest.mark.parametrize("command", ["run", "table", "figures"])
@pytest.mark.parametrize(
    "kind, reason",
    [
        ("dangling link", "a link to what does not exist"),
        ("below a dangling link", "a link to what does not exist"),
        ("loop", "symbolic links"),
        ("file", "Not a directory"),
        ("pipe", "Not a directory"),
        ("home of nobody", "home"),
        ("new line", "Not a directory"),
        ("figures that are a file", "Not a directory"),
    ],
)
def test_results_that_cannot_be_used(
    capsys, tmp_path, no_runs, own_results, command, kind, reason
):
    path = trouble(tmp_path / "r", kind)
    before = sorted(tmp_path.rglob("*"))
    status, out, err = call(capsys, command, "smoke", "--results", path)
    assert (status, out) == (2, "")
    assert err.startswith("error: ") and err.count("\n") == 1
    if kind == "figures that are a file" and command == "table":
        assert "no record" in err
    else:
        assert reason in err and "`results` must be a folder" in err
        assert repr(str(path))[:-1] in err.rpartition("Received: results=")[2]
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "command, lacking, exists, is_refused",
    [
        ("run", "R_OK", True, True),
        ("run", "W_OK", True, True),
        ("run", "X_OK", True, True),
        ("run", "W_OK", False, True),
        ("run", "X_OK", False, True),
        ("figures", "W_OK", True, True),
        # As a folder that is not there is made in one that cannot be listed.
        ("figures", "R_OK", False, False),
        ("table", "R_OK", True, True),
        ("table", "X_OK", True, True),
        ("table", "W_OK", True, False),
        ("table", "W_OK", False, False),
    ],
)
def test_results_without_the_permission(
    capsys,
    monkeypatch,
    tmp_path,
    no_runs,
    own_results,
    command,
    lacking,
    exists,
    is_refused,
):
    """As a folder of somebody else has it; the tests may run as root."""
    folder = tmp_path / "r"
    if exists:
        folder.mkdir()
    asked = []

    def access(path, mode):
        asked.append(path)
        return not mode & getattr(os, lacking)

    monkeypatch.setattr(os, "access", access)
    status, _, err = call(capsys, command, "smoke", "--results", folder)
    assert asked[0] == (folder if exists else tmp_path)
    assert status == 2, err
    if is_refused:
        assert "Permission denied" in err
        assert err.endswith(f"Received: results={str(folder)!r}\n")
    else:
        assert "no record of smoke" in err
    assert folder.exists() == exists


@pytest.mark.parametrize("option", ["--results", "--data"])
def test_path_without_a_letter(capsys, no_runs, own_results, option):
    status, _, err = call(capsys, "run", "smoke", option, "")
    assert status == 2, err
    assert err.endswith("must be a path. Received: ''\n")


@pytest.mark.parametrize(
    "words, advised",
    [
        ("table smoke --epochs 7", "smoke --epochs 7"),
        (
            "table smoke --csv --activations relu gelu --seeds 3",
            "smoke --activations relu gelu --seeds 3",
        ),
        ("table --csv smoke --dropout 0.25", "smoke --dropout 0.25"),
        ("figures quick --batch-size 64", "quick --batch-size 64"),
    ],
)
@pytest.mark.parametrize("folder", ["a b", "a\nb \\'\té", "\x1b[0m$HOME"])
def test_advice_is_in_the_words_that_were_used(
    capsys, tmp_path, own_results, words, advised, folder
):
    words = [*words.split(), "--results", tmp_path / folder]
    status, _, err = call(capsys, *words)
    assert status == 2 and len(err.splitlines()) == 1, err
    advice = err.rpartition("Make them with: ")[2]
    # As a shell reads it.
    read = subprocess.check_output(["bash", "-c", f"printf '%s\\0' {advice}"])
    assert read.decode().split("\0")[:-1] == [
        *("python", "-m", "comparison", "run"),
        *advised.split(),
        *("--results", str(tmp_path / folder)),
    ]


@pytest.mark.parametrize(
    "words", ["table --cs smoke", "run smoke --work 2", "figures smoke --e 1"]
)
def test_options_are_not_shortened(capsys, no_runs, own_results, words):
    """Or the advice would be of another option one day."""
    status, _, err = call(capsys, *words.split())
    assert status == 2 and "unrecognized arguments: --" in err


@pytest.mark.parametrize("value", ["x", "", "1.5", "-1"])
def test_number_of_threads_that_is_none(
    capsys, monkeypatch, tmp_path, no_runs, own_results, value
):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", value)
    status, out, err = call(capsys, "run", "smoke", "--results", tmp_path / "r")
    assert (status, out) == (2, "")
    assert err.startswith("error: TF_NUM_INTRAOP_THREADS must be an integer")
    assert err.endswith(f"Received: TF_NUM_INTRAOP_THREADS={value!r}\n")
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("below", ["", "below"])
def test_results_that_are_no_folder(capsys, tmp_path, tiny, own_results, below):
    path = tmp_path / "file"
    path.write_text("mine")
    words = ("run", "smoke", "--activations", "relu")
    status, _, err = call(capsys, *words, "--results", path / below)
    assert status == 2, err
    assert err.startswith("error: ") and str(path) in err
    assert err.count("\n") == 1
    assert path.read_text() == "mine"


def test_no_network_and_no_mnist(capsys, monkeypatch, tmp_path, own_results):
    def load_data():
        raise OSError("no route to host")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", load_data)
    monkeypatch.setenv("HOME", str(tmp_path))
    data._arrays.cache_clear()
    results = tmp_path / "new"
    status, _, err = call(capsys, "run", "controlled", "--results", results)
    assert status == 2, err
    assert err.count("\n") == 1
    for word in ("no route", "--data PATH", "--dataset mnist_sample", "online"):
        assert word in err
    assert not results.exists()


# Tables.


def test_csv(capsys, tmp_path, own_results, write_record):
    study = studies.study("controlled", ["relu", "tanh"], [0, 1])
    for number, configuration in enumerate(study.configurations):
        # One record among the project's own, the others the user's.
        folder = own_results if number == 2 else tmp_path / "r"
        write_record(configuration, folder, accuracy=0.9 + number / 100)
    status, out, err = call(
        capsys, "table", "controlled", "--csv", "--results", tmp_path / "r"
    )
    assert (status, err) == (0, "")
    rows = list(csv.reader(io.StringIO(out)))
    assert rows[0] == COLUMNS
    assert [row[1:3] for row in rows[1:]] == [
        ["tanh", "0"],
        ["relu", "0"],
        ["tanh", "1"],
        ["relu", "1"],
    ]
    found = {tuple(row[1:3]): dict(zip(COLUMNS, row)) for row in rows[1:]}
    row = found["relu", "1"]
    assert row == {
        "study": "controlled",
        "activation": "relu",
        "seed": "1",
        "dataset": "mnist",
        "train_samples": "3000",
        "epochs": "20",
        "batch_size": "128",
        "parameters": "1234",
        "test_accuracy": "0.92",
        "test_loss": "0.25",
        # The median of 1 to 20.
        "epoch_seconds": "10.5",
        "dtype_policy": "float32",
        "backend": "numpy",
        "variant": "relu",
    }


def test_changed_copy_is_not_taken_for_the_study(
    capsys, tmp_path, own_results, fake_runs
):
    words = ["controlled", "--activations", "relu", "--seeds", "0"]
    words += ["--results", tmp_path]
    assert call(capsys, "run", *words)[0] == 0
    drawn = {p: p.read_bytes() for p in (tmp_path / "figures").iterdir()}
    words += ["--dataset", "mnist_sample", "--epochs", "4"]
    status, out, err = call(capsys, "run", *words)
    assert status == 0, err
    name = "controlled-dataset=mnist_sample-epochs=4"
    first, *_ = out.splitlines()
    assert first.startswith(f"{name}: ")
    assert first.endswith(" Here with dataset=mnist_sample, epochs=4.")
    for path, content in drawn.items():
        assert path.read_bytes() == content
    others = {p.name for p in (tmp_path / "figures").iterdir()}
    others -= {path.name for path in drawn}
    assert len(others) == len(drawn)
    assert all(other.startswith(name) for other in others)
    out = call(capsys, "table", *words, "--csv")[1]
    assert [row["study"] for row in csv.DictReader(io.StringIO(out))] == [name]


def test_table(capsys, tmp_path, own_results, write_record):
    for seed, accuracy in ((0, 0.75), (1, 0.5)):
        study = studies.study("controlled", ["relu"], [seed])
        write_record(study.configurations[0], tmp_path, accuracy)
    status, out, err = call(capsys, "table", "quick", "--results", tmp_path)
    assert status == 2 and "no record of quick" in err
    study = studies.study("quick", ["relu", "tanh"])
    for configuration, accuracy in zip(study.configurations, (0.75, 0.5)):
        write_record(configuration, tmp_path, accuracy)
    status, out, err = call(capsys, "table", "quick", "--results", tmp_path)
    assert (status, err) == (0, "")
    rows = [line.split() for line in out.splitlines()]
    shown = {
        row[0]: [float(value) for value in row[1:]]
        for row in rows
        if row and row[0] in ("relu", "tanh")
    }
    # Seeds, parameters, training, validation and test accuracy, test loss;
    # and how many learned, which is more than a half.
    assert shown == {
        "relu": [1, 1234, 0.75, 0.875, 0.75, 0.25, 1],
        "tanh": [1, 1234, 0.75, 0.875, 0.5, 0.25, 0],
    }
    assert "2 of 6 runs have a record." in out
    assert "not a ranking" in out


def test_mean_and_spread_over_seeds(
    capsys, tmp_path, own_results, write_record
):
    for seed, accuracy in ((0, 0.75), (1, 0.5)):
        study = studies.study("quick", ["relu"], [seed])
        write_record(study.configurations[0], tmp_path, accuracy)
    status, out, err = call(
        capsys,
        *("table", "quick", "--activations", "relu", "--seeds", "0", "1"),
        *("--results", tmp_path),
    )
    assert status == 0, err
    # The standard deviation of 0.75 and 0.5, with one degree of freedom.
    (row,) = [line for line in out.splitlines() if line.startswith("relu")]
    assert "0.625" in row and "0.1768" in row
    assert "not a ranking" not in out


def test_run_named_twice_is_one_row(
    capsys, tmp_path, own_results, write_record
):
    write_record(studies.study("quick", ["relu"]).configurations[0], tmp_path)
    words = "table quick --csv --seeds 0 0 --activations relu relu --results"
    status, out, err = call(capsys, *words.split(), tmp_path)
    assert status == 0, err
    assert len(out.splitlines()) == 2


def test_diverged_run_in_the_tables(
    capsys, tmp_path, own_results, write_record
):
    study = studies.study("quick", ["relu", "tanh"])
    write_record(study.configurations[0], tmp_path)
    write_record(study.configurations[1], tmp_path, diverged=True)
    words = ("--activations", "relu", "tanh", "--results", tmp_path)
    status, out, err = call(capsys, "table", "quick", "--csv", *words)
    assert (status, err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert rows[0]["test_accuracy"] == "0.9"
    assert rows[1]["test_accuracy"] == rows[1]["test_loss"] == ""
    assert rows[1]["epochs"] == "5"

    status, out, err = call(capsys, "table", "quick", *words)
    assert (status, err) == (0, "")
    header, *rest = out.splitlines()
    assert "diverged" in header
    (row,) = [line for line in rest if line.startswith("tanh")]
    # No test accuracy, no test loss; none that learned, one that diverged.
    assert row.split()[-4:] == ["-", "-", "0", "1"]


def test_spoilt_record_in_a_table(
    capsys, caplog, tmp_path, own_results, write_record
):
    study = studies.study("quick", ["relu", "tanh"])
    for configuration in study.configurations:
        write_record(configuration, tmp_path)
    path = tmp_path / f"{study.configurations[1].key}.json"
    path.write_text(path.read_text().replace("0.9", "0.95"))
    status, out, err = call(
        capsys, "table", "quick", "--csv", "--results", tmp_path
    )
    assert status == 0, err
    assert [row["activation"] for row in csv.DictReader(io.StringIO(out))] == [
        "relu"
    ]
    assert str(path) in caplog.text
    # Reading renames nothing.
    assert "0.95" in path.read_text()


# Runs.


def test_run_then_read(capsys, monkeypatch, tmp_path, own_results):
    """A whole run of smoke: its record, its table, its figures."""
    results = tmp_path / "deep" / "results"
    words = ("run", "smoke", "--activations", "relu", "--results", results)
    status, out, err = call(capsys, *words)
    assert status == 0, err
    (line,) = err.splitlines()
    assert line.startswith("relu, seed 0: epoch 1 of 1, validation accuracy")
    (configuration,) = studies.study("smoke", ["relu"]).configurations
    record = records.read(results / f"{configuration.key}.json")
    assert record["parameters"] == 1_200_778
    assert record["train_samples"] == 300
    assert len(record["history"]["loss"]) == 1
    assert f"Records: 1 of 1 in {results}\n" in out
    figures = [
        pathlib.Path(line.removeprefix("Figure: "))
        for line in out.splitlines()
        if line.startswith("Figure: ")
    ]
    assert figures
    for path in figures:
        assert results in path.parents
        assert path.read_bytes().startswith(PNG)

    def fail(*arguments, **keywords):
        raise AssertionError("a run was started")

    monkeypatch.setattr(runs, "run", fail)
    status, again, err = call(capsys, *words)
    assert (status, again, err) == (0, out, "")
    words = ("--activations", "relu", "--results", results)
    status, out, err = call(capsys, "table", "smoke", "--csv", *words)
    assert (status, err) == (0, "")
    header, row = csv.reader(io.StringIO(out))
    assert header == COLUMNS
    assert float(row[8]) == record["test"]["accuracy"]
    status, out, err = call(capsys, "figures", "smoke", *words)
    assert (status, err) == (0, "")
    assert [f"Figure: {path}" for path in figures] == out.splitlines()


def test_whose_records_are_read(
    capsys, tmp_path, own_results, write_record, fake_runs
):
    """The project's own count; with `--anew` they are not looked at."""
    relu, tanh = studies.study("smoke", ["relu", "tanh"]).configurations
    write_record(relu, own_results)
    words = ["run", "smoke", "--activations", "relu", "tanh", "--results"]
    status, out, err = call(capsys, *words, tmp_path / "r")
    assert status == 0, err
    assert fake_runs == [tanh]
    assert (
        f"Records: 1 of 2 in {tmp_path / 'r'}, the others in {own_results}\n"
        in out
    )
    status, out, err = call(capsys, *words, tmp_path / "r", "--anew")
    assert status == 0, err
    assert fake_runs == [tanh, relu]
    assert f"Records: 2 of 2 in {tmp_path / 'r'}\n" in out


def test_figures_where_all_runs_diverged(
    capsys, tmp_path, own_results, write_record
):
    (configuration,) = studies.study("quick", ["relu"]).configurations
    write_record(configuration, tmp_path, diverged=True)
    words = ("--activations", "relu", "--results", tmp_path)
    status, _out, err = call(capsys, "figures", "quick", *words)
    assert (status, err) == (0, "")


def test_no_words_run_quick(
    capsys, monkeypatch, tmp_path, own_results, write_record
):
    monkeypatch.chdir(tmp_path)
    run = []

    def pretend(
        configuration, results, data_path=None, on_epoch=None, wait=True
    ):
        run.append((configuration, results, data_path))
        return write_record(configuration, results)

    monkeypatch.setattr(runs, "run", pretend)
    status, out, err = call(capsys)
    assert status == 0, err
    expected = studies.study("quick").configurations
    assert run == [(c, pathlib.Path("runs"), None) for c in expected]
    assert "ranks nothing" in out
    assert "Records: 6 of 6 in runs\n" in out
    assert list((tmp_path / "runs").glob("figures/*.png"))


def test_options_reach_the_run(
    capsys, monkeypatch, tmp_path, own_results, write_record
):
    run, checked = [], []

    def pretend(
        configuration, results, data_path=None, on_epoch=None, wait=True
    ):
        run.append((configuration, data_path))
        return write_record(configuration, results)

    monkeypatch.setattr(runs, "run", pretend)
    monkeypatch.setattr(runs, "check_data", lambda *of: checked.append(of))
    status, _, err = call(
        capsys,
        *[
            "run",
            "quick",
            "--activations",
            "gelu",
            "--seeds",
            "4",
            "--epochs",
            "2",
        ],
        *[
            "--batch-size",
            "64",
            "--dropout",
            "0.25",
            "--dataset",
            "fashion_mnist",
        ],
        *("--results", tmp_path, "--data", "somewhere"),
    )
    assert status == 0, err
    expected = Configuration(
        "gelu",
        seed=4,
        epochs=2,
        batch_size=64,
        dropout=0.25,
        dataset="fashion_mnist",
    )
    assert run == [(expected, pathlib.Path("somewhere"))]
    assert checked == [([expected], pathlib.Path("somewhere"))]


def test_ctrl_c_says_how_to_go_on(
    capsys, monkeypatch, tmp_path, own_results, write_record
):
    started = []

    def interrupt(
        configuration, results, data_path=None, on_epoch=None, wait=True
    ):
        started.append(configuration)
        if len(started) == 3:
            raise KeyboardInterrupt
        return write_record(configuration, results)

    monkeypatch.setattr(runs, "run", interrupt)
    status, _out, err = call(
        capsys, "run", "smoke", "--results", tmp_path / "r"
    )
    assert status == 130, err
    assert "2 of 6 runs" in err and "goes on" in err
    assert str(tmp_path / "r") in err
    assert len(list((tmp_path / "r").glob("*.json"))) == 2


def test_full_disk_under_a_run(
    capsys, monkeypatch, tmp_path, own_results, tiny
):
    """What was there stays; the same command goes on when there is space."""
    words = "run smoke --activations relu tanh --epochs 3 --batch-size 16"
    words = (*words.split(), "--results", tmp_path / "r")
    full = []
    fsync = os.fsync

    def fail(file):
        full.append(file)
        # The first checkpoint of the second run fits, the next does not.
        if len(full) == 6:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(file)

    monkeypatch.setattr(records.os, "fsync", fail)
    status, _, err = call(capsys, *words)
    assert status == 2, err
    error = err.splitlines()[-1]
    study = studies.study("smoke", ["relu", "tanh"], epochs=3, batch_size=16)
    relu, tanh = study.configurations
    checkpoint = tmp_path / "r" / f"{tanh.key}.checkpoint.npz"
    assert error.startswith("error: [Errno 28] No space left on device: ")
    for word in (f"'{checkpoint}'", "1 of 2 runs", "The same command goes on"):
        assert word in error
    files = {p.name for p in (tmp_path / "r").iterdir() if p.is_file()}
    assert files == {f"{relu.key}.json", checkpoint.name}

    status, _, err = call(capsys, *words)
    assert status == 0, err
    # Behind the first epoch, which is on disk.
    assert [line.partition(" of")[0] for line in err.splitlines()] == [
        "tanh, seed 0: epoch 2",
        "tanh, seed 0: epoch 3",
    ]


def test_full_disk_under_a_figure(
    capsys, monkeypatch, tmp_path, own_results, write_record
):
    """No torn picture under its name, and the path is named."""
    write_record(studies.study("quick", ["relu"]).configurations[0], tmp_path)
    words = ("figures", "quick", "--activations", "relu", "--results", tmp_path)
    picture = tmp_path / "figures" / "quick.png"
    picture.parent.mkdir()
    picture.write_text("old")

    def fail(file):
        os.truncate(file, 10)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(records.os, "fsync", fail)
    status, out, err = call(capsys, *words)
    assert (status, out) == (2, "")
    assert err == f"error: [Errno 28] No space left on device: '{picture}'\n"
    assert [p.read_text() for p in picture.parent.iterdir()] == ["old"]


def test_hardest_images_of_a_wrong_path(capsys, tmp_path, own_results):
    with pytest.raises(SystemExit):
        hardest.main(["--nonsense"])
    capsys.readouterr()
    assert hardest.main([str(tmp_path / "a\nb.npz")]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert err.startswith(f"error: {tmp_path}/a b.npz does not exist")
    assert list(own_results.iterdir()) == []


# In a process of its own.


def test_table_in_a_process(process, tmp_path, write_record):
    """Nothing but the table: no line of TensorFlow's on any stream."""
    (configuration,) = studies.study("smoke", ["relu"]).configurations
    write_record(configuration, tmp_path / "runs")
    table = process("table", "smoke", "--csv")
    out, err = table.communicate(timeout=300)
    assert (table.returncode, err) == (0, "")
    header, row = csv.reader(io.StringIO(out))
    assert header == COLUMNS
    assert row[:2] == ["smoke", "relu"]


def wait_for(process, condition):
    """Waits until a condition holds, while the process is at work."""
    for _ in range(30_000):
        if condition():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    raise AssertionError("it never happened")


def is_still(path, before):
    """Whether a file is the one that it was."""
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), before)
    return False


def test_interrupted_and_killed(
    process, capsys, tmp_path, own_results, write_record
):
    """Ctrl-C in the second run, then kill -9, then to the end."""
    # Enough to be in their midst, however late the signal comes.
    study = studies.study("smoke", ["relu", "tanh"], epochs=5)
    results = tmp_path / "results"
    first, second = (results / f"{c.key}.json" for c in study.configurations)
    checkpoint = results / f"{study.configurations[1].key}.checkpoint.npz"
    words = "run smoke --activations relu tanh --epochs 5 --results results"
    finished = write_record(study.configurations[0], results)

    run = process(*words.split())
    wait_for(run, checkpoint.exists)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=300)
    assert run.returncode == 130, err
    assert "1 of 2 runs" in err and "The same command goes on" in err
    assert "Traceback" not in err
    assert len(out.splitlines()) == 1
    assert records.read(first) == finished
    assert not second.exists()
    assert checkpoint.exists()

    saved = checkpoint.stat()
    run = process(*words.split())
    # Killed behind another epoch.
    wait_for(run, lambda: not is_still(checkpoint, saved))
    run.kill()
    run.communicate(timeout=300)
    assert records.read(first) == finished
    assert not second.exists()

    status, out, err = call(capsys, *words.split()[:-1], results)
    assert status == 0, err
    assert "damaged" not in err
    assert records.read(first) == finished
    record = records.read(second)
    assert len(record["history"]["loss"]) == 5
    assert not checkpoint.exists()
    assert "relu" in out and "tanh" in out
