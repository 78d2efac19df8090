"""Every number in prose is one that the records give; see tests/prose.py."""

import importlib
import pathlib

import prose
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Each text with the module that has its facts.
TEXTS = {
    "README.md": "prose_readme",
    "notebooks/01_functions_and_derivatives.ipynb": "prose_01",
    "notebooks/02_mnist_comparison.ipynb": "prose_02",
    "notebooks/03_published_or_controlled.ipynb": "prose_03",
    "notebooks/04_why.ipynb": "prose_04",
    "notebooks/05_depth_and_initialisation.ipynb": "prose_05",
    "notebooks/06_what_else_matters.ipynb": "prose_06",
}


@pytest.mark.parametrize(
    ("text", "module"), TEXTS.items(), ids=lambda item: pathlib.Path(item).stem
)
def test_numbers_are_those_of_the_records(text, module):
    facts = importlib.import_module(module).FACTS
    wrong = prose.check(prose.cells(ROOT / text), facts)
    assert not wrong, "\n".join(wrong)


SENTENCE = "ReLU ends at 99.33 %, 0.31 points above tanh, of 10,000 images."


def facts(first=0.9933, second=-0.31):
    return [
        ("ReLU ends at {} %", lambda: [100 * first]),
        ("{} points above tanh", lambda: [abs(second)]),
        ("of {} images", lambda: [10_000]),
    ]


def test_true_numbers_pass():
    assert prose.check([("here", SENTENCE)], facts()) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("99.33", "99.32"),
        ("0.31", "0.3"),
        ("10,000", "1,000"),
        ("0.31", "-0.31"),
    ],
)
def test_a_changed_number_is_found(old, new):
    changed = SENTENCE.replace(old, new)
    wrong = prose.check([("here", changed)], facts())
    # 0.3 is 0.31 with the digits that it shows.
    assert bool(wrong) == (new != "0.3"), wrong
    assert all(line.startswith("here: ") and new in line for line in wrong)


def test_a_changed_record_is_found():
    (wrong,) = prose.check([("here", SENTENCE)], facts(first=0.9934))
    assert "99.33 in" in wrong
    assert "should be 99.34" in wrong


def test_a_number_that_is_no_fact_is_found():
    text = SENTENCE + " It took 7 epochs, `n = 8`, $x_9$ and [more](a/10.md)."
    (wrong,) = prose.check([("here", text)], facts())
    assert wrong.startswith("here: 7 is no fact")


def test_a_fact_that_stands_nowhere_is_found():
    (wrong,) = prose.check([("here", SENTENCE)], [*facts(), ("{} or", list)])
    assert "stands nowhere" in wrong


@pytest.mark.parametrize(
    ("shown", "value"),
    [
        ("1.3e-12", 1.34e-12),
        ("+0.03", 0.031),
        ("-0.10", -0.098),
        ("0.00", -0.001),
        ("\u22120.10", -0.1),
        ("1,200,778", 1_200_778),
    ],
)
def test_digits_signs_and_exponents(shown, value):
    text = f"It is {shown} wide."
    assert (
        prose.check([("here", text)], [("is {} wide", lambda: [value])]) == []
    )
    wrong = prose.check(
        [("here", text)], [("is {} wide", lambda: [2 * value + 1])]
    )
    assert len(wrong) == 1
