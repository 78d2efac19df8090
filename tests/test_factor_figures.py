"""What the figures of factors show, read off the drawn objects."""

import matplotlib
import numpy as np
import pandas as pd
import pytest
import test_factors as made_up
from matplotlib import colors

from comparison import factor_figures, factors, figures, studies, style

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def closed():
    yield
    matplotlib.pyplot.close("all")


def row(**values):
    usual = {
        "usual": "on",
        "learned": 18,
        "runs": 18,
        "low": np.nan,
        "high": np.nan,
        "span": 0.5,
        "span low": 0.1,
        "span high": 1.0,
        "further": "undecided",
        "changed": 0,
        "turned": 0,
        "note": "",
    }
    return {**usual, **values}


@pytest.fixture
def table():
    rows = {
        ("the article's values", "10,000 images"): row(
            usual="",
            effect=np.nan,
            further="",
            **{"span": 0.3, "span low": 0.0},
        ),
        ("dropout", "0"): row(effect=-0.2, low=-0.5, high=0.1, usual="0.5"),
        ("dropout", "0.75"): row(effect=0.01, low=-0.1, high=0.12, usual="0.5"),
        ("dataset", "Fashion-MNIST"): row(
            effect=-8.0,
            low=-9.0,
            high=-7.0,
            usual="MNIST",
            note="a note",
            further="setting",
        ),
        ("schedule", "off"): row(effect=0.3, low=0.2, high=0.4, turned=1),
    }
    found = pd.DataFrame.from_dict(rows, orient="index")
    found.index = found.index.set_names(["factor", "level"])
    return found


def test_settings_are_the_table_sorted_by_what_moves_most(table):
    figure = factor_figures.settings(table)
    (axes,) = figure.axes
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert names == [
        "the article's values: 10,000 images",
        "dataset: MNIST → Fashion-MNIST¹",
        "schedule: on → off",
        "dropout: 0.5 → 0",
        "dropout: 0.5 → 0.75",
    ]
    points = {
        line.get_marker(): dict(
            zip(np.round(line.get_ydata()).astype(int), line.get_xdata())
        )
        for line in axes.get_lines()
        if len(line.get_xdata()) and line.get_marker() in "<>D"
    }
    # What is less than the axis shows is at its edge.
    least = factor_figures.LEAST
    assert points == {
        ">": {2: 0.3, 4: least},
        "<": {1: 8.0, 3: 0.2},
        "D": {0: 0.3, 1: 0.5, 2: 0.5, 3: 0.5, 4: 0.5},
    }
    assert axes.get_xscale() == "log" and axes.get_xlim()[0] < least
    effects, spans = (
        # An interval that is not there is a segment without ends.
        [s[:, 0].tolist() for s in bars.get_segments() if s.ndim == 2]
        for bars in axes.collections
    )
    # Intervals without and with zero; the last has its farther end.
    assert effects[:2] == [[9.0, 7.0], [0.2, 0.4]]
    assert effects[2:] == [[least / 2, 0.5], [least / 2, 0.12]]
    assert spans == [[least / 2, 1.0]] + [[0.1, 1.0]] * 4
    assert figure.get_suptitle() == (
        "In 1 of 4 settings the setting moves the accuracy further,\n"
        "in 0 the activation does; in 3 the intervals overlap"
    )
    (key,) = figure.legends
    assert "a note" in [text.get_text() for text in key.get_texts()]


def test_setting_that_does_nothing_has_its_mark(table):
    table.loc[("dropout", "0.75"), "effect"] = 0.0
    figure = factor_figures.settings(table)
    (mark,) = [
        line
        for line in figure.axes[0].get_lines()
        if str(line.get_label()).startswith("the setting leaves it")
    ]
    assert mark.get_xdata() == [factor_figures.LEAST]
    assert mark.get_ydata() == pytest.approx(4 - 0.17)


def test_title_of_settings_of_single_runs(table):
    figure = factor_figures.settings(table.assign(further=""))
    assert "Of single runs there is no interval" in figure.get_suptitle()


def test_orders_are_errors_over_their_median(table):
    means = {"dropout": 0.0}, {}, {"dropout": 0.75}
    errors = {"sigmoid": (4, 2, 32), "tanh": (2, 2, 2), "relu": (1, 2, 4)}
    runs = [
        made_up.record(
            {**made_up.PART, **fields}, name, seed, 100 - error[place]
        )
        for place, fields in enumerate(means)
        for name, error in errors.items()
        for seed in range(2)
    ]
    figure = factor_figures.orders(factors.accuracies(runs), table)
    # Factors of which there is one level have no panel.
    (axes,) = figure.axes
    assert axes.get_title() == "dropout" and axes.get_yscale() == "log"
    names = [text.get_text() for text in axes.get_xticklabels()]
    assert names == ["0\n(0)", "0.5", "0.75\n(0)"]
    drawn = {line.get_color(): line.get_ydata() for line in axes.get_lines()}
    for name, expected in (
        # Far off, it moves no other.
        ("sigmoid", (2, 1, 8)),
        ("tanh", (1, 1, 0.5)),
        ("relu", (0.5, 1, 1)),
    ):
        np.testing.assert_allclose(drawn[style.colour(name)], expected)
    assert figure.get_suptitle().startswith("At 1 of 4 settings")


def test_seeds_are_points_about_their_mean():
    errors = {"tanh": (4.0, 2.0, 3.0), "relu": (1.0, 2.0, 1.5)}
    runs = [
        made_up.record(
            {**made_up.PART, "learning_rate": rate},
            name,
            seed,
            None if (rate, seed) == (0.01, 2) else 100 - factor * error,
        )
        # The article's rate lies between the others.
        for rate, factor in ((0.01, 1), (0.0001, 3), (0.001, 2))
        for name, of_seeds in errors.items()
        for seed, error in enumerate(of_seeds)
    ]
    figure = factor_figures.seeds(factors.accuracies(runs), "learning rate")
    (axes,) = figure.axes
    names = [text.get_text() for text in axes.get_xticklabels()]
    assert names == ["0.0001", "0.001", "0.01"]
    assert axes.get_yscale() == "log"
    points = {}
    for line in axes.get_lines():
        for place, error in line.get_xydata():
            key = (line.get_color(), round(place))
            points.setdefault(key, []).append(error)
    for name, of_seeds in errors.items():
        for place, factor in enumerate((3, 2, 1)):
            # What diverged has no point.
            kept = of_seeds if factor > 1 else of_seeds[:2]
            np.testing.assert_allclose(
                points[style.colour(name), place], np.multiply(kept, factor)
            )
    means = [bar.get_segments()[0][0, 1] for bar in axes.collections]
    np.testing.assert_allclose(sorted(means), [1.5, 3, 3, 4.5, 6, 9])
    assert axes.get_title() == (
        "From the worst mean to the best, in points:\n"
        "0.0001: 4.50,  0.001: 3.00,  0.01: 1.50"
    )
    key = [text.get_text() for text in axes.get_legend().get_texts()]
    assert key == ["tanh", "ReLU"]


def test_rates_have_a_ring_where_chosen():
    runs = [
        made_up.record(
            {**made_up.FREE, "learning_rate": rate, "batch_size": size},
            name,
            100,
            90.0,
            (97 + size / 100 + bonus,),
        )
        for size in (32, 128)
        for name, best in (("relu", 0.001), ("tanh", 0.003))
        for rate in studies.RATES
        for bonus in [float(rate == best)]
    ]
    figure = factor_figures.rates(factors.rates(runs))
    figure.canvas.draw()
    for axes, size in zip(figure.axes, (32, 128), strict=True):
        assert axes.get_title() == f"batches of {size}"
        rings = [
            line.get_xydata()[0].tolist()
            for line in axes.get_lines()
            if line.get_fillstyle() == "none"
        ]
        error = 100 - round(98 + size / 100, 2)
        np.testing.assert_allclose(rings, [[0.001, error], [0.003, error]])
    assert figure.get_suptitle().startswith("2 of 4 best rates")
    # A study that was stopped, and a network that diverged at every rate.
    stopped = [
        r
        for r in runs
        if r["configuration"]["batch_size"] == 32
        or r["configuration"]["activation"] == "tanh"
    ]
    for r in stopped:
        c = r["configuration"]
        r["diverged"] = (c["batch_size"], c["activation"]) == (32, "tanh")
    table = factors.rates(stopped)
    assert list(table.index) == [(32, "relu"), (32, "tanh"), (128, "tanh")]
    figure = factor_figures.rates(table)
    assert figure.get_suptitle().startswith("1 of 2 best rates")


def test_marks_of_settings_and_activations_differ_in_more_than_colour():
    one, other = (
        np.array(colors.to_rgb(look["color"]))
        for look in (factor_figures.SETTING, factor_figures.ACTIVATION)
    )
    assert np.abs(one - other).max() > 0.3


def test_figures_of_knobs_are_written(write_record, tmp_path):
    for name in ("part", "knobs"):
        study = studies.study(name, ["relu", "tanh"], [0, 1])
        found = [
            write_record(c, tmp_path, 0.97 + 0.0001 * place)
            for place, c in enumerate(study.configurations)
        ]
    paths = figures.save_all(study, found, tmp_path / "figures", [tmp_path])
    assert [p.name for p in paths] == ["knobs-settings.png", "knobs-orders.png"]
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in paths)


def test_knobs_of_which_no_level_can_be_compared(write_record, tmp_path):
    study = studies.study("knobs", ["mish"], [0, 1])
    found = [
        write_record(c, tmp_path)
        for c in study.configurations
        if c.dropout == 0.0
    ]
    assert [*factor_figures.drawn(study, found, [tmp_path])] == [
        "knobs-settings"
    ]


def test_other_studies_have_no_such_figures():
    assert factor_figures.drawn(studies.study("part"), [], []) == {}
