"""Tests of records in packs, and of comparison/pack.py, which makes them."""

import errno
import json
import logging
import os
import shutil

import filelock
import pytest

from comparison import pack, records, runs, studies

STUDY = studies.study("smoke", ["relu", "tanh", "swish"])
RELU, TANH, SWISH = STUDY.configurations


def lines(found):
    """A pack's text, a record a line, as it has to be."""
    content = ",\n".join(
        f' "{name}": {json.dumps(record)}' for name, record in found.items()
    )
    return f"{{\n{content}\n}}\n"


@pytest.fixture
def made(write_record, tmp_path):
    """The records of the three runs by name; they lie in `made`."""
    return {
        c.key: write_record(c, tmp_path / "made", accuracy)
        for c, accuracy in zip(STUDY.configurations, (0.5, 0.6, 0.7))
    }


@pytest.fixture
def packed(made, tmp_path):
    """A pack of the three, the only file of the folder `some`."""
    path = tmp_path / "some" / "packed" / "any.json"
    path.parent.mkdir(parents=True)
    path.write_text(lines(made))
    return path


def find(configuration, *paths, on_damage=records.report):
    """Looks in the folders that packs are of."""
    folders = [path.parent.parent for path in paths]
    return runs.find(configuration, folders, on_damage)


def files(folder):
    """All files below a folder and what is in them, but for the locks."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".locks" not in path.parts
    }


# Finding.


@pytest.mark.parametrize(
    "layout",
    [
        lines,
        json.dumps,
        lambda found: json.dumps(found, indent=1),
        lambda found: json.dumps(found, indent=4),
        lambda found: lines(found).replace("\n", "\r\n"),
    ],
    ids=["lines", "one line", "indent 1", "indent 4", "carriage returns"],
)
def test_record_in_a_pack_is_found(packed, made, caplog, layout):
    packed.write_text(layout(made), newline="")
    for configuration in STUDY.configurations:
        assert find(configuration, packed) == made[configuration.key]
    other = studies.study("smoke", ["gelu"]).configurations[0]
    assert find(other, packed) is None
    assert not caplog.records


def test_own_file_comes_before_the_pack_and_folder_before_folder(
    packed, made, write_record, tmp_path
):
    other = tmp_path / "other"
    own = write_record(RELU, packed.parent.parent, 0.1)
    write_record(TANH, other, 0.2)
    folders = [packed.parent.parent, other]
    assert runs.find(RELU, folders) == own
    assert runs.find(TANH, folders) == made[TANH.key]
    assert studies.records(STUDY, folders) == [
        own,
        made[TANH.key],
        made[SWISH.key],
    ]


def test_all_packs_of_a_folder_are_looked_in(packed, made):
    last = packed.with_name("last.json")
    last.write_text(lines({SWISH.key: made[SWISH.key]}))
    packed.write_text(lines({RELU.key: made[RELU.key]}))
    packed.with_name(f"{TANH.key}.json").mkdir()
    assert find(RELU, packed) == made[RELU.key]
    assert find(TANH, packed) is None
    assert find(SWISH, packed) == made[SWISH.key]


def test_a_pack_is_read_once_a_version(packed, made, monkeypatch):
    read, seen = records.read_file, []
    monkeypatch.setattr(
        records, "read_file", lambda path: seen.append(path) or read(path)
    )
    folders = [packed.parent.parent]
    for _ in range(3):
        assert studies.records(STUDY, folders) == list(made.values())
    assert seen.count(packed) == 1
    # Another size, at the same time.
    found = packed.stat()
    packed.write_text(lines({RELU.key: made[RELU.key]}))
    os.utime(packed, ns=(0, found.st_mtime_ns))
    assert studies.records(STUDY, folders) == [made[RELU.key]]
    assert seen.count(packed) == 2
    # The same size, at another time.
    found = packed.stat()
    packed.write_text(packed.read_text().replace(RELU.key, RELU.key[::-1]))
    os.utime(packed, ns=(0, found.st_mtime_ns + 1))
    assert packed.stat().st_size == found.st_size
    assert studies.records(STUDY, folders) == []
    assert seen.count(packed) == 3


def test_what_was_found_may_be_changed(packed, made):
    find(RELU, packed)["history"].clear()
    assert find(RELU, packed) == made[RELU.key]


# What is damaged.


def in_place(name):
    """Makes a change of one record's text a change of the pack."""

    def change(path, found, edit):
        whole = json.dumps(found[name])
        text = path.read_text()
        assert text.count(whole) == 1
        path.write_text(text.replace(whole, edit(whole, found)))

    return change


@pytest.mark.parametrize("on_damage", [records.report, records.set_aside])
@pytest.mark.parametrize(
    "edit, words",
    [
        (lambda text, found: text.replace("0.6", "0.9"), "was edited"),
        (lambda text, found: text[:-40], "no whole record"),
        (lambda text, found: text.replace("0.75", "NaN", 1), "no whole record"),
        (lambda text, found: "[" * 100_000, "no whole record"),
        (lambda text, found: "{}", "no whole record"),
        (lambda text, found: "7", "no whole record"),
        (lambda text, found: json.dumps(found[RELU.key]), "another run"),
    ],
    ids=["edited", "cut", "NaN", "deep", "no fields", "a number", "another"],
)
def test_damaged_record_is_named_and_the_others_are_good(
    packed, made, caplog, edit, words, on_damage
):
    in_place(TANH.key)(packed, made, edit)
    before = files(packed.parent)
    assert find(RELU, packed, on_damage=on_damage) == made[RELU.key]
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        assert find(TANH, packed, on_damage=on_damage) is None
    (message,) = caplog.messages
    assert message.startswith(f"{packed}/{TANH.key} is not used: ")
    assert words in message
    assert find(SWISH, packed, on_damage=on_damage) == made[SWISH.key]
    assert files(packed.parent) == before
    # Somebody else will say it.
    caplog.clear()
    assert find(TANH, packed, on_damage=records.ignore) is None
    assert not caplog.records


def test_next_place_is_looked_at_where_a_packed_record_is_damaged(
    packed, made, tmp_path
):
    in_place(TANH.key)(packed, made, lambda text, found: text[:-1])
    assert (
        runs.find(TANH, [packed.parent.parent, tmp_path / "made"])
        == (made[TANH.key])
    )
    packed.with_name("z.json").write_text(lines(made))
    assert find(TANH, packed) == made[TANH.key]


def conflict(text):
    first, second, rest = text.split("\n", 2)
    return "\n".join([first, "<<<<<<< HEAD", second, "=======", rest])


@pytest.mark.parametrize(
    "spoil, whole",
    [
        (lambda text: text[: text.index(SWISH.key) + 99], [RELU, TANH]),
        (lambda text: text[: text.index(SWISH.key) - 3], [RELU, TANH]),
        (lambda text: text[text.index(f' "{TANH.key}') :], [TANH, SWISH]),
        (conflict, [RELU, TANH, SWISH]),
        (lambda text: "", []),
        (lambda text: "[1, 2]", []),
        (lambda text: "[" * 100_000, []),
    ],
    ids=["cut", "cut between", "headless", "conflict", "empty", "list", "deep"],
)
def test_what_is_whole_in_a_damaged_pack_is_used(
    packed, made, caplog, spoil, whole
):
    packed.write_text(spoil(packed.read_text()))
    before = files(packed.parent)
    for _ in range(2):
        for configuration in STUDY.configurations:
            found = find(configuration, packed, on_damage=records.set_aside)
            expected = made[configuration.key]
            assert found == (expected if configuration in whole else None)
    # Of the pack once; of a record whose name can be read whenever it is asked
    # for.
    of_pack = [m for m in caplog.messages if m.startswith(f"{packed} is no")]
    assert len(of_pack) == 1
    assert len(caplog.messages) in (1, 3)
    assert files(packed.parent) == before


def test_pack_that_is_not_in_utf_8(packed, made, caplog):
    spoilt = packed.read_bytes().replace(b"0.6", b"\xff.6", 1)
    packed.write_bytes(spoilt)
    assert find(RELU, packed) == made[RELU.key]
    assert find(TANH, packed) is None
    assert f"{packed}/{TANH.key} is not used" in caplog.text


def test_pack_that_may_not_be_read(packed, made, caplog, monkeypatch):
    read = records.read_file

    def refuse(path):
        if path == packed:
            raise PermissionError(errno.EACCES, "Permission denied")
        return read(path)

    monkeypatch.setattr(records, "read_file", refuse)
    for configuration in STUDY.configurations:
        assert find(configuration, packed) is None
    (message,) = caplog.messages
    assert message.startswith(f"{packed} is not used: it cannot be read (Perm")


def test_pipe_in_place_of_a_pack(packed, caplog):
    """It would never end."""
    packed.unlink()
    os.mkfifo(packed)
    assert find(RELU, packed, on_damage=records.set_aside) is None
    assert f"{packed}/{RELU.key}" in caplog.text
    assert packed.is_fifo()


def test_damaged_record_in_a_pack_is_made_anew_beside_it(
    tiny, packed, made, caplog
):
    folder = packed.parent.parent
    in_place(TANH.key)(packed, made, lambda text, found: text[:-9])
    before = packed.read_bytes()
    record = runs.run(TANH, folder)
    assert f"{packed}/{TANH.key} is not used" in caplog.text
    assert packed.read_bytes() == before
    assert set(files(folder)) == {"packed/any.json", f"{TANH.key}.json"}
    # From now on it is read, and nothing more is said.
    caplog.clear()
    assert runs.run(TANH, folder) == record
    assert runs.run(RELU, folder) == made[RELU.key]
    assert not caplog.records


def test_nothing_is_run_that_is_in_a_pack(no_runs, packed, made):
    folder = packed.parent.parent
    assert studies.run(STUDY, folder) == list(made.values())
    assert list(files(folder)) == ["packed/any.json"]


# Packing.


@pytest.fixture
def scattered(own_results, write_record, tmp_path):
    """A study's records in the pack, in `results/` and in another folder.

    And in both folders one of another study.
    """
    study = studies.study("smoke")
    three = study.configurations[:3]
    found = {
        c.key: write_record(c, tmp_path / "packed", number / 8)
        for number, c in enumerate(three)
    }
    path = own_results / "packed" / "smoke.json"
    path.parent.mkdir()
    path.write_text(lines(dict(sorted(found.items())[:1])))
    (tmp_path / "runs").mkdir()
    shutil.move(tmp_path / "packed" / f"{sorted(found)[1]}.json", own_results)
    shutil.move(
        tmp_path / "packed" / f"{sorted(found)[2]}.json", tmp_path / "runs"
    )
    other = studies.study("quick", ["relu"]).configurations[0]
    write_record(other, own_results)
    write_record(other, tmp_path / "runs")
    return dict(sorted(found.items()))


def test_packing(scattered, own_results, tmp_path, caplog):
    before = files(tmp_path / "runs")
    _, in_results, _ = scattered
    kept = files(own_results)
    del kept[f"{in_results}.json"]
    assert pack.write("smoke", tmp_path / "runs") == scattered

    path = own_results / "packed" / "smoke.json"
    assert path.read_text() == lines(scattered)
    assert json.loads(path.read_text()) == scattered
    assert files(tmp_path / "runs") == before
    kept["packed/smoke.json"] = path.read_bytes()
    assert files(own_results) == kept
    found = studies.records(studies.study("smoke"), [own_results])
    assert {runs.of_record(r).key: r for r in found} == scattered

    # Once more changes nothing.
    pack.write("smoke", tmp_path / "runs")
    assert files(own_results) == kept
    shutil.rmtree(tmp_path / "runs")
    pack.write("smoke", tmp_path / "runs")
    assert files(own_results) == kept
    assert not caplog.records


def test_packing_a_study_that_was_run_in_the_results(own_results, write_record):
    expected = {
        c.key: write_record(c, own_results) for c in STUDY.configurations
    }
    pack.write("smoke", own_results)
    assert list(files(own_results)) == ["packed/smoke.json"]
    path = own_results / "packed" / "smoke.json"
    assert path.read_text() == lines(dict(sorted(expected.items())))


def test_record_in_the_pack_is_kept(
    scattered, own_results, write_record, tmp_path, caplog
):
    """Another of the same run stays where it is: it is nowhere else."""
    first = next(
        c
        for c in studies.study("smoke").configurations
        if c.key == next(iter(scattered))
    )
    write_record(first, tmp_path / "runs", 0.99)
    write_record(first, own_results, 0.98)
    stays = own_results / f"{first.key}.json"
    content = stays.read_bytes()
    assert pack.write("smoke", tmp_path / "runs") == scattered
    assert stays.read_bytes() == content
    path = own_results / "packed" / "smoke.json"
    assert path.read_text() == lines(scattered)
    assert caplog.messages == [
        f"{stays} stays: {path} has another of that run."
    ]


def test_run_of_two_studies_stays_in_the_pack_that_has_it(
    scattered, own_results, tmp_path
):
    path = own_results / "packed" / "smoke.json"
    path.rename(path.with_name("other.json"))
    _, *rest = scattered
    packed = pack.write("smoke", tmp_path / "runs")
    assert packed == {key: scattered[key] for key in rest}
    assert path.read_text() == lines(packed)
    found = studies.records(studies.study("smoke"), [own_results])
    assert {runs.of_record(r).key: r for r in found} == scattered


def test_record_in_the_results_comes_before_that_in_the_folder(
    own_results, write_record, tmp_path
):
    own = write_record(RELU, own_results, 0.5)
    write_record(RELU, tmp_path / "runs", 0.6)
    assert pack.write("smoke", tmp_path / "runs") == {RELU.key: own}


def test_record_that_the_study_no_longer_has_stays_in_the_pack(
    scattered, own_results, write_record, tmp_path
):
    gelu = studies.study("smoke", ["gelu"]).configurations[0]
    path = own_results / "packed" / "smoke.json"
    record = write_record(gelu, tmp_path / "made")
    path.write_text(lines({gelu.key: record}))
    packed = pack.write("smoke", tmp_path / "runs")
    assert packed[gelu.key] == record
    assert runs.find(gelu, [own_results]) == record


def test_damaged_record_is_not_packed(
    scattered, own_results, write_record, tmp_path, caplog
):
    _, in_results, in_runs = scattered
    spoilt = own_results / f"{in_results}.json"
    spoilt.write_text(spoilt.read_text().replace("0.25", "0.26"))
    content = spoilt.read_bytes()
    packed = pack.write("smoke", tmp_path / "runs")
    assert in_results not in packed and in_runs in packed
    assert spoilt.read_bytes() == content
    (message,) = caplog.messages
    assert message.startswith(f"{spoilt} is not used: ")


@pytest.mark.parametrize(
    "spoil, words",
    [
        (lambda text: text.replace("0.75", "0.76"), "its hash does not fit"),
        (lambda text: text[:-9], "line 2 column"),
        (conflict, "line 2 column"),
        (lambda text: "[]", "list"),
    ],
    ids=["edited", "cut", "conflict", "list"],
)
def test_damaged_pack_is_not_written_over(
    scattered, own_results, tmp_path, capsys, spoil, words
):
    path = own_results / "packed" / "smoke.json"
    path.write_text(spoil(path.read_text()))
    before = files(tmp_path)
    assert pack.main(["smoke", "--results", str(tmp_path / "runs")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = [line for line in err.splitlines() if line.startswith("error")]
    assert line.startswith(f"error: {path} has to be restored or mended first:")
    assert words in line
    assert files(tmp_path) == before


def test_nothing_is_removed_where_the_pack_cannot_be_written(
    scattered, own_results, tmp_path, monkeypatch
):
    before = files(tmp_path)

    def fail(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="No space left"):
        pack.write("smoke", tmp_path / "runs")
    assert files(tmp_path) == before


def test_packing_twice_at_once(scattered, own_results, tmp_path, monkeypatch):
    """The second waits until the first has removed what it packed."""
    write, held = records.write_whole, []

    def watched(path, content):
        write(path, content)
        with pytest.raises(filelock.Timeout):
            with records.claim("packed-smoke", own_results, wait=False):
                pass
        held.append(path)

    monkeypatch.setattr(records, "write_whole", watched)
    pack.write("smoke", tmp_path / "runs")
    assert held == [own_results / "packed" / "smoke.json"]


def test_what_another_packed_meanwhile_is_kept(
    scattered, own_results, tmp_path, monkeypatch
):
    """Between the search and the lock."""
    search = studies.records
    first, in_results, in_runs = scattered

    def records_and_then(*arguments):
        found = search(*arguments)
        path = own_results / "packed" / "smoke.json"
        path.write_text(lines({k: scattered[k] for k in (first, in_results)}))
        (own_results / f"{in_results}.json").unlink(missing_ok=True)
        return [r for r in found if runs.of_record(r).key == in_runs]

    monkeypatch.setattr(studies, "records", records_and_then)
    assert pack.write("smoke", tmp_path / "runs") == scattered


@pytest.mark.parametrize(
    "words, message",
    [
        (["smok"], "Did you mean 'smoke'"),
        (["smoke", "--results", "nowhere"], "no record of smoke in nowhere or"),
        (["smoke"], "no record of smoke in runs or"),
        (
            ["smoke", "--results", "a file"],
            "must be a folder that can be listed",
        ),
        (["smoke", "--results", ""], "must be a folder that can be listed"),
    ],
)
def test_bad_words(own_results, tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a file").write_text("no folder")
    before = sorted(tmp_path.rglob("*"))
    assert pack.main(words) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert err.startswith("error: ") and message in err
    assert sorted(tmp_path.rglob("*")) == before


def test_command(scattered, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert pack.main(["smoke"]) == 0
    assert capsys.readouterr() == (
        "3 records in results/packed/smoke.json\n",
        "",
    )
    with pytest.raises(SystemExit):
        pack.main([])
