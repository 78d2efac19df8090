"""Tests of comparison/terminal.py: streams, encodings, Ctrl-C."""

import concurrent.futures
import errno
import functools
import io
import os
import pathlib
import signal
import subprocess
import sys
import time
import weakref

import keras
import pytest
import tensorflow as tf

from comparison import (
    claims,
    figures,
    fused,
    progress,
    runs,
    studies,
    terminal,
)
from comparison.__main__ import main
from comparison.claims.__main__ import main as claims_main

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
    words,
    redirections="",
    program=("-m", "comparison"),
    cwd=ROOT,
    **environment,
):
    """Runs a command by a shell, as a user does."""
    return subprocess.run(
        [
            *("bash", "-o", "pipefail", "-c", f'"$@" {redirections}', "bash"),
            *(sys.executable, *program, *words),
        ],
        cwd=cwd,
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


class Broken(io.StringIO):
    """A stream that fails with EIO: a lost terminal, or a broken disk."""

    name = "<broken>"

    def __init__(self, is_terminal):
        super().__init__()
        self.isatty = lambda: is_terminal

    def write(self, text):
        raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_standard_output_of_a_terminal_that_is_lost(
    is_terminal, own_results, tmp_path, monkeypatch, capsys, fake_runs
):
    """The run goes on, and its figures are drawn."""
    drawn = []
    monkeypatch.setattr(
        figures, "save_all", lambda *arguments: drawn.append(1) or ["figure"]
    )
    monkeypatch.setattr(sys, "stdout", Broken(is_terminal))
    words = ["run", "smoke", "--results", str(tmp_path / "r")]
    status = main(words)
    err = capsys.readouterr().err
    if is_terminal:
        assert (status, drawn, len(fake_runs)) == (0, [1], 6)
    else:
        assert (status, drawn) == (2, [])
        assert err.startswith("error: [Errno 5] Input/output error: '<broken>'")


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
        ({"KERAS_HOME": "~"}, '{"backend": "nonsense"}', "{tmp}/keras.json"),
    ],
)
def test_backend_that_is_not_there(tmp_path, environment, keras_json, expected):
    environment = {
        "HOME": str(tmp_path),
        "KERAS_HOME": str(tmp_path),
        **environment,
    }
    expected = expected.replace("{tmp}", str(tmp_path))
    if keras_json:
        (tmp_path / "keras.json").write_text(keras_json)
    # Keras makes a folder called ~ where it is.
    done = of_shell(["table", "smoke"], cwd=tmp_path, **environment)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: Keras does not start") and expected in line


def test_ctrl_c_while_it_imports(tmp_path):
    """Before Keras, and behind it, in front of work that would take seconds."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for module in ("joblib", "comparison.records"):
            command = subprocess.Popen(
                [
                    *(sys.executable, "-X", "importtime", "-m", "comparison"),
                    *("run", "smoke", "--results", tmp_path),
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
            else:
                raise AssertionError(f"{module} was not seen")
            command.send_signal(signal.SIGINT)
            rest = command.communicate(timeout=300)[1]
            assert command.returncode == -signal.SIGINT, (module, rest)
            assert "Traceback" not in rest
    finally:
        signal.signal(signal.SIGINT, handler)


@pytest.fixture
def press(monkeypatch):
    """Presses Ctrl-C, to a process as a shell of one's own starts it."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    # Not pytest's, which is silent until the test is over.
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    yield lambda: signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, handler)


@pytest.fixture
def drop(press):
    """Presses Ctrl-C where Python drops what it raises."""

    class Finalized:
        def __del__(self):
            press()

    # It is finalized at once.
    return lambda: Finalized() and None


def in_py_function(press):
    tf.py_function(press, [], [])


def in_conversion(press):
    class Images:
        def __len__(self):
            return 1

        def __getitem__(self, index):
            press()

    tf.convert_to_tensor(Images())


def in_an_exit(press):
    try:
        press()
    except KeyboardInterrupt:
        raise TimeoutError("the cluster does not close") from None


@pytest.mark.parametrize(
    "lands, error",
    [
        (in_py_function, tf.errors.UnknownError),
        (in_conversion, ValueError),
        (in_an_exit, OSError),
    ],
)
def test_ctrl_c_of_which_others_make_an_error(
    lands,
    error,
    press,
    capsys,
    monkeypatch,
    own_results,
    tmp_path,
    write_record,
):
    raised = []

    def run(configuration, results, data_path=None, on_epoch=None, wait=True):
        if configuration.activation == "tanh":
            try:
                lands(press)
            except Exception as made:
                raised.append(made)
                raise
        return write_record(configuration, results)

    monkeypatch.setattr(runs, "run", run)
    words = ["run", "smoke", "--activations", "relu", "tanh", "--results"]
    status = main([*words, str(tmp_path)])
    err = capsys.readouterr().err
    assert isinstance(raised[0], error)
    assert status == 130, err
    *_, last = err.splitlines()
    assert last.startswith("Interrupted: 1 of 2 runs are on disk")
    assert "Traceback" not in err and "error:" not in err


def test_ctrl_c_that_is_dropped_ends_with_the_epoch(
    drop, tiny, capsys, monkeypatch, own_results, tmp_path
):
    """And the next command knows nothing of it."""
    words = ["run", "smoke", "--activations", "relu", "--epochs", "2"]
    words += ["--batch-size", "16", "--results", str(tmp_path)]

    def epoch(self):
        train(self)
        drop()

    train = runs.Training.epoch
    with monkeypatch.context() as patch:
        patch.setattr(runs.Training, "epoch", epoch)
        status = main(words)
    err = capsys.readouterr().err
    assert status == 130, err
    assert "Traceback" not in err
    first, _, said = err.splitlines()
    assert first.startswith("relu, seed 0: epoch 1 of 2")
    assert said.startswith("Interrupted: 0 of 1 runs are on disk")

    status = main(words)
    err = capsys.readouterr().err
    assert status == 0, err
    (second,) = err.splitlines()
    assert second.startswith("relu, seed 0: epoch 2 of 2")


def test_ctrl_c_that_is_dropped_behind_the_last_epoch(
    drop, fake_runs, capsys, monkeypatch, own_results, tmp_path
):
    def finish(*arguments):
        shown(*arguments)
        drop()

    shown = progress.Progress.finish
    monkeypatch.setattr(progress.Progress, "finish", finish)
    words = ["run", "smoke", "--activations", "relu", "--results"]
    status = main([*words, str(tmp_path)])
    out, err = capsys.readouterr()
    assert status == 130, err
    assert err.splitlines()[-1].startswith("Interrupted: 1 of 1 runs")
    assert len(out.splitlines()) == 1


def test_ctrl_c_that_is_dropped_in_a_claim(drop, capsys, monkeypatch, tmp_path):
    done = []

    def recorded(name, *arguments, **keywords):
        done.append(name)
        drop()
        return []

    monkeypatch.setattr(claims, "recorded", recorded)
    assert claims_main(["--results", str(tmp_path)]) == 130
    assert done == list(claims.EXPERIMENTS)[:1]
    assert capsys.readouterr().err == "\nInterrupted.\n"


class Failing:
    """What fails when it is finalized, if it has an error to fail with."""

    def __init__(self, error=None):
        self.error = error

    def __del__(self):
        if self.error is not None:
            raise self.error


def test_what_else_is_dropped_is_told(drop, capsys):
    def watch(reference):
        raise KeyError("broken")

    @terminal.command
    def main(arguments):
        # Nobody has pressed anything yet.
        Failing(KeyboardInterrupt("of its own"))
        Failing(OSError("full"))
        drop()
        watched = Failing()
        reference = weakref.ref(watched, watch)
        del watched
        assert reference() is None

    assert main([]) == 130
    err = capsys.readouterr().err
    assert "KeyboardInterrupt: of its own" in err
    assert "OSError: full" in err
    assert "KeyError: 'broken'" in err
    assert err.count("Traceback") == 3


def test_what_ctrl_c_left_half_made(press, capsys):
    """Its finalizer fails, behind the message: nobody needs to know."""

    class HalfMade:
        def __init__(self):
            press()
            self.whole = True

        def __del__(self):
            assert self.whole

    main = terminal.command(lambda arguments: HalfMade())
    assert main([]) == 130
    assert capsys.readouterr().err == "\nInterrupted.\n"


def test_put_off(press):
    """To the end, or a check; the second one is not."""
    passed = []
    with pytest.raises(KeyboardInterrupt), terminal.put_off():
        press()
        passed.append("the end")
    with pytest.raises(KeyboardInterrupt), terminal.put_off():
        with terminal.put_off():
            terminal.check_interrupt()
        press()
        passed.append("a check")
        terminal.check_interrupt()
        passed.append("not this")
    with pytest.raises(KeyboardInterrupt), terminal.put_off():
        press()
        passed.append("the second")
        press()
        passed.append("not this")
    assert passed == ["the end", "a check", "the second"]
    assert not terminal.interrupted()


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("when", ["before", "behind"])
def test_ctrl_c_as_handlers_change(press, monkeypatch, number, when):
    """All is as it was, and nothing of it is left to the next."""

    def pressed(*handlers):
        calls.append(handlers)
        if (len(calls), when) == (number, "before"):
            press()
        exchange(*handlers)
        if (len(calls), when) == (number, "behind"):
            press()

    calls, hook, exchange = [], sys.unraisablehook, terminal._exchange
    monkeypatch.setattr(terminal, "_exchange", pressed)
    with pytest.raises(KeyboardInterrupt):
        with terminal.put_off():
            pass
    assert len(calls) == 2
    assert sys.unraisablehook is hook
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with terminal.put_off():
        terminal.check_interrupt()


def test_second_ctrl_c_in_a_command(press, capfd):
    """It ends what is put off; the first is answered."""

    @terminal.command
    def main(arguments):
        with terminal.put_off():
            press()
            passed.append("the first")
            press()
            passed.append("not this")

    passed = []
    assert main([]) == 130
    assert passed == ["the first"]
    err = capfd.readouterr().err
    assert err == terminal.PUT_OFF.decode() + "\nInterrupted.\n"


def test_put_off_in_another_thread(press):
    """It is not interrupted, and changes nothing for the one that is."""

    def wait():
        with terminal.put_off():
            hooks.append(sys.unraisablehook)

    hooks = []
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(wait).result()
    assert hooks == [sys.unraisablehook]
    with pytest.raises(KeyboardInterrupt):
        press()


# Where TensorFlow is left half made if it is broken off: in the trace of a
# network that is built, of a step, and where it makes a dataset.
TRACES = [
    (keras.layers.Dense, "call"),
    (fused.FusedAdam, "update_step"),
    (runs.Batches, "feed"),
]


@pytest.fixture(params=TRACES, ids=[name for _, name in TRACES])
def press_in_trace(request, press, monkeypatch):
    """Presses Ctrl-C once, in a trace; gives what was then gone through."""
    owner, name = request.param
    traced, whole = getattr(owner, name), []

    # Keras looks at the names of arguments.
    @functools.wraps(traced)
    def pressed(*arguments, **keywords):
        first, whole[:] = not whole, [*whole, False]
        if first:
            press()
        made = traced(*arguments, **keywords)
        whole[-1] = True
        return made

    monkeypatch.setattr(owner, name, pressed)
    # A model of an earlier test would not be traced.
    monkeypatch.setattr(runs, "_idle", {})
    return whole


def test_ctrl_c_in_a_trace(press_in_trace, tiny, capsys, own_results, tmp_path):
    """The trace is gone through, the epoch is not; then it goes on."""
    words = ["run", "smoke", "--activations", "relu", "--epochs", "2"]
    words += ["--batch-size", "16", "--results", str(tmp_path)]
    status = main(words)
    err = capsys.readouterr().err
    assert status == 130, err
    assert press_in_trace and all(press_in_trace)
    assert err.startswith("\nInterrupted: 0 of 1 runs are on disk")
    assert err.count("\n") == 2
    assert not any(path.is_file() for path in tmp_path.iterdir())

    status = main(words)
    err = capsys.readouterr().err
    assert status == 0, err
    assert len(err.splitlines()) == 2


@pytest.mark.parametrize("press_in_trace", TRACES[1:2], indirect=True)
def test_ctrl_c_in_a_trace_outside_of_commands(
    press_in_trace, tiny, own_results, tmp_path
):
    """As in a notebook, whose kernel is used again."""
    study = studies.study("smoke", ["tanh"], epochs=1, batch_size=16)
    with pytest.raises(KeyboardInterrupt):
        studies.run(study, tmp_path)
    assert press_in_trace and all(press_in_trace)
    assert not any(path.is_file() for path in tmp_path.iterdir())
    (record,) = studies.run(study, tmp_path)
    assert len(record["history"]["loss"]) == 1


def test_ctrl_c_ends_with_the_batch(press, tiny, monkeypatch):
    """Or with one soon after it: an epoch may take minutes."""

    def slow(self, index):
        time.sleep(0.05)
        if len(taken) == 3:
            # In a thread of TensorFlow's; it is the main one that gets it.
            press()
        taken.append(index)
        return take(self, index)

    taken = []
    take = runs.Batches.__getitem__
    monkeypatch.setattr(runs.Batches, "__getitem__", slow)
    (configuration,) = studies.study(
        "smoke", ["relu"], batch_size=1
    ).configurations
    training = runs.Training(configuration, tiny)
    with pytest.raises(KeyboardInterrupt), terminal.put_off():
        training.epoch()
    assert 3 < len(taken) < 60
    assert training.history == {}


def test_epoch_that_was_cut_off_is_none(tiny, monkeypatch):
    """Whatever is known of Ctrl-C behind it, as in another thread."""
    answers = [True, False]
    monkeypatch.setattr(terminal, "interrupted", lambda: answers.pop(0))
    (configuration,) = studies.study("smoke", ["relu"]).configurations
    training = runs.Training(configuration, tiny)
    with pytest.raises(KeyboardInterrupt):
        training.epoch()
    assert training.history == {}


def test_ctrl_c_in_a_claim(press, monkeypatch, tmp_path):
    """The row is gone through, and no other."""

    def pressed():
        for row in range(3):
            began.append(row)
            if row == 1 and len(began) == 2:
                press()
            ended.append(row)
            yield {"row": row}

    began, ended = [], []
    experiments = {"pressed": claims.registry.Experiment(pressed, {})}
    for module in (claims, claims.registry):
        monkeypatch.setattr(module, "EXPERIMENTS", experiments)
    with pytest.raises(KeyboardInterrupt):
        claims.recorded("pressed", tmp_path)
    assert began == ended == [0, 1]
    assert claims_main(["--results", str(tmp_path)]) == 0
    assert ended == [0, 1, 0, 1, 2]


def test_ctrl_c_outside_of_commands(drop, fake_runs, capsys, tmp_path):
    """As in a notebook: what is dropped there is told, and nothing ends."""

    @terminal.command
    def interrupted(arguments):
        drop()

    assert interrupted([]) == 130
    capsys.readouterr()
    drop()
    assert "KeyboardInterrupt" in capsys.readouterr().err
    studies.run(studies.study("quick", ["relu"]), tmp_path)
    assert len(fake_runs) == 1


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda *event: None])
def test_library_keeps_its_ctrl_c(handler, capfd):
    """As where a shell starts it in the background."""

    @terminal.command
    def pressed(arguments):
        with terminal.put_off():
            signal.raise_signal(signal.SIGINT)
        return 0

    before = signal.signal(signal.SIGINT, handler)
    try:
        assert pressed([]) == 0
        assert capfd.readouterr().err == ""
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_command_in_another_thread(press):
    """No handler can be set there, and none is needed."""
    main = terminal.command(lambda arguments: 0)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert pool.submit(main, []).result() == 0
