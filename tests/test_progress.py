"""Tests of comparison/progress.py: lines, bars, and terminals that fail."""

import dataclasses
import errno
import io
import re
import sys

import pytest

from comparison import progress, runs, studies


def without_times(line):
    return re.sub(r"\b(\d+:)?\d\d:\d\d left", "TIME left", line)


def test_a_line_an_epoch_where_there_is_no_terminal(
    fake_runs, tmp_path, capsys
):
    study = studies.study("quick", ["relu", "tanh"], epochs=2)
    studies.run(study, tmp_path)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert list(map(without_times, shown.err.splitlines())) == [
        f"{name}, seed 0: epoch {epoch} of 2, validation accuracy 0.8750, "
        f"TIME left; {finished} of 2 runs, TIME left"
        for finished, name in enumerate(["relu", "tanh"])
        for epoch in (1, 2)
    ]


def test_time_left_where_bars_are_off(
    monkeypatch, tmp_path, write_record, capsys
):
    """As TQDM_DISABLE has it, when tqdm is imported."""

    class Disabled(progress.tqdm):
        def __init__(self, *arguments, **keywords):
            super().__init__(*arguments, **{"disable": True, **keywords})

    monkeypatch.setattr(progress, "tqdm", Disabled)
    test_time_left(monkeypatch, tmp_path, write_record, capsys)


def test_time_left(monkeypatch, tmp_path, write_record, capsys):
    """From the epochs done here; those of before took no time."""
    now = [0.0]
    monkeypatch.setattr("tqdm.std.time", lambda: now[0])
    study = studies.study("quick", ["relu", "tanh"], epochs=10)
    relu, tanh = study.configurations
    history = write_record(relu, tmp_path)["history"]
    with progress.Progress(study, [relu, tanh], 5) as bars:
        bars.start(relu)
        # It goes on behind epoch 6: 3 epochs left, 60 s each.
        now[0] += 60
        bars.epoch(relu, {k: v[:7] for k, v in history.items()})
        (line,) = capsys.readouterr().err.splitlines()
        assert "epoch 7 of 10" in line
        assert "03:00 left; 3 of 5 runs, 13:00 left" in line
        # A second beside it.
        bars.start(tanh)
        now[0] += 60
        bars.epoch(tanh, {k: v[:1] for k, v in history.items()})
        (line,) = capsys.readouterr().err.splitlines()
        assert "tanh, seed 0: epoch 1 of 10" in line
        assert "09:00 left; 3 of 5 runs, 12:00 left" in line
        # relu diverges: its other epochs are not waited for.
        bars.finish(relu, write_record(relu, tmp_path, diverged=True))
        now[0] += 60
        bars.epoch(tanh, {k: v[:2] for k, v in history.items()})
        (line,) = capsys.readouterr().err.splitlines()
        assert "08:00 left; 4 of 5 runs, 08:00 left" in line


def test_time_left_of_runs_with_more_and_with_fewer_images(
    monkeypatch, tmp_path, write_record, capsys
):
    """10,000 images take longer than 1,000, and 5,000 validate both."""
    now = [0.0]
    monkeypatch.setattr("tqdm.std.time", lambda: now[0])
    few, many = (
        dataclasses.replace(
            studies.study("part").configurations[0],
            train_samples=samples,
            epochs=epochs,
        )
        for samples, epochs in ((1_000, 4), (10_000, 2))
    )
    history = write_record(few, tmp_path)["history"]
    study = studies.study("part")
    with progress.Progress(study, [few, many], 2) as bars:
        bars.start(few)
        now[0] += 8.01
        bars.epoch(few, {k: v[:1] for k, v in history.items()})
        (line,) = capsys.readouterr().err.splitlines()
        # 8 s for 1,000 images and a third of 5,000, for 2,667; so three times
        # that, and twice 35 s for 11,667.
        assert "00:24 left; 0 of 2 runs, 01:34 left" in line


def test_run_that_had_all_its_epochs_behind_it(
    monkeypatch, write_record, tmp_path, capsys
):
    """As one that was interrupted in its test: no epoch is left to report."""

    def run(configuration, results, data_path=None, on_epoch=None, wait=True):
        return write_record(configuration, results)

    monkeypatch.setattr(runs, "run", run)
    studies.run(studies.study("quick", ["relu"]), tmp_path)
    (line,) = capsys.readouterr().err.splitlines()
    assert "epoch 5 of 5, validation accuracy 0.8750" in line


def test_bars_on_a_terminal(fake_runs, tmp_path, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "120")
    studies.run(studies.study("quick", ["relu", "tanh"]), tmp_path)
    shown = terminal.getvalue()
    assert "1 of 2 runs" in shown and "2 of 2 runs" in shown
    assert "tanh, seed 0" in shown
    assert "validation accuracy 0.8750" in shown


class Failing(io.StringIO):
    """A terminal that is lost behind the first line."""

    def __init__(self, error, on_terminal):
        super().__init__()
        self.error = error
        self.on_terminal = on_terminal
        self.lines = 0

    def isatty(self):
        return self.on_terminal

    def write(self, text):
        self.lines += text.count("\n") or text.count("\r")
        if self.lines > 1:
            raise self.error
        return super().write(text)

    def flush(self):
        if self.lines > 1:
            raise self.error


@pytest.mark.parametrize("on_terminal", [True, False])
@pytest.mark.parametrize(
    "error",
    [
        BrokenPipeError(errno.EPIPE, "Broken pipe"),
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EIO, "Input/output error"),
        ValueError("I/O operation on closed file"),
    ],
    ids=lambda error: str(error),
)
def test_stream_that_fails_ends_no_run(
    fake_runs, tmp_path, monkeypatch, error, on_terminal
):
    stream = Failing(error, on_terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    study = studies.study("quick", ["relu", "tanh"])
    found = studies.run(study, tmp_path)
    assert stream.lines > 1
    assert fake_runs == list(study.configurations)
    assert studies.records(study, [tmp_path]) == found


def test_closed_stream_ends_no_run(fake_runs, tmp_path, monkeypatch):
    stream = io.StringIO()
    stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    studies.run(studies.study("quick", ["relu"]), tmp_path)
    assert len(fake_runs) == 1
