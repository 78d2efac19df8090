"""Tests of comparison/terminal.py: streams, encodings, Ctrl-C at the start."""

import io
import os
import pathlib
import signal
import subprocess
import sys

import pytest

from comparison import studies
from comparison.__main__ import main

ROOT = pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture
def two_seeds(tmp_path, own_results, write_record):
    """Records whose table has a ±; gives the words that print it."""
    for seed, accuracy in ((0, 0.75), (1, 0.5)):
        study = studies.study("smoke", ["relu"], [seed])
        write_record(study.configurations[0], tmp_path, accuracy)
    words = ["table", "smoke", "--activations", "relu", "--seeds", "0", "1"]
    return [*words, "--results", str(tmp_path)]


@pytest.fixture
def spoilt(two_seeds):
    """The same with a spoilt record besides, of which standard error tells."""
    (configuration,) = studies.study("smoke", ["relu"], [2]).configurations
    path = pathlib.Path(two_seeds[-1]) / f"{configuration.key}.json"
    path.write_text("spoilt")
    return [*two_seeds[:-2], "2", *two_seeds[-2:]]


def of_shell(
    words, redirections="", program=("-m", "comparison"), **environment
):
    """Runs a command by a shell, as a user does."""
    return subprocess.run(
        [
            *("bash", "-o", "pipefail", "-c", f'"$@" {redirections}', "bash"),
            *(sys.executable, *program, *words),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_reader_that_closes_and_standard_error_that_is_full(spoilt):
    done = of_shell(spoilt, "2>/dev/full | head -n 1")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1
    assert "test accuracy" in done.stdout


def test_streams_that_are_closed(spoilt):
    """No file gets the descriptor of one."""
    script = (
        "import os, sys; from comparison.__main__ import main; "
        "status = main(); places = map(os.readlink, "
        "('/proc/self/fd/0', '/proc/self/fd/2')); print(*places); "
        "sys.exit(status)"
    )
    done = of_shell(spoilt, "<&- 2>&-", ("-c", script))
    assert done.returncode == 0
    header, *_, last = done.stdout.splitlines()
    assert "test accuracy" in header
    assert last == f"{os.devnull} {os.devnull}"


def test_full_standard_output_is_an_error(two_seeds, monkeypatch, capsys):
    with pytest.raises(OSError):
        with open("/dev/full", "w") as full:
            monkeypatch.setattr(sys, "stdout", full)
            assert main(two_seeds) == 2
    err = capsys.readouterr().err
    assert err == "error: [Errno 28] No space left on device: '/dev/full'\n"


@pytest.mark.parametrize(
    "encoding, expected",
    [("ascii", "+-"), ("latin-1", "±"), ("cp1252", "±"), ("utf-8", "±")],
)
def test_table_on_an_encoding_without_its_signs(
    two_seeds, monkeypatch, encoding, expected
):
    content = io.BytesIO()
    stream = io.TextIOWrapper(content, encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(two_seeds) == 0
    assert sys.stdout is stream and stream.errors == "strict"
    header = content.getvalue().decode(encoding).splitlines()[0]
    # Of the accuracy, and of the loss.
    assert header.split().count(expected) == 2


def test_signs_of_other_encodings():
    signs = "0.5 ± 0.1, β = −1, é"
    plain = signs.encode("ascii", "comparison.plain")
    assert plain == b"0.5 +- 0.1, beta = -1, ?"
    plain = signs.encode("latin-1", "comparison.plain").decode("latin-1")
    assert plain == "0.5 ± 0.1, beta = -1, é"
    # A letter in a file's name that is none.
    assert "r\udcff".encode("utf-8", "comparison.plain") == b"r?"


@pytest.mark.parametrize(
    "environment, keras_json, expected",
    [
        ({"KERAS_BACKEND": "nonsense"}, None, "KERAS_BACKEND='nonsense'"),
        ({}, '{"backend": "nonsense"}', "keras.json"),
        ({}, '["tensorflow"]', "keras.json"),
    ],
)
def test_backend_that_is_not_there(tmp_path, environment, keras_json, expected):
    environment = {"KERAS_HOME": str(tmp_path), **environment}
    if keras_json:
        (tmp_path / "keras.json").write_text(keras_json)
    done = of_shell(["table", "smoke"], **environment)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: Keras does not start") and expected in line


def test_ctrl_c_while_it_imports():
    """Before Keras, and behind it."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for module in ("joblib", "filelock"):
            command = subprocess.Popen(
                [
                    *(sys.executable, "-X", "importtime", "-m", "comparison"),
                    *("table", "smoke"),
                ],
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            for line in command.stderr:
                # It is written behind the import.
                if line.rpartition("|")[2].strip() == module:
                    break
            command.send_signal(signal.SIGINT)
            rest = command.communicate(timeout=300)[1]
            assert command.returncode == -signal.SIGINT, (module, rest)
            assert "Traceback" not in rest
    finally:
        signal.signal(signal.SIGINT, handler)


def test_library_keeps_its_ctrl_c():
    handler = signal.getsignal(signal.SIGINT)
    main(["table", "nonsense"])
    assert signal.getsignal(signal.SIGINT) is handler
