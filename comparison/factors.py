"""How far each setting moves the accuracy, and the activation beside it.

A factor is something that is set, such as the batch size, and a level a value
of it. The runs of a level stand beside those of its reference, which have the
article's value and differ in nothing else.
"""

import dataclasses
import math

import pandas as pd

from comparison import statistics, studies, tables
from comparison.configuration import Configuration

SCALE, DIGITS = tables.SCALES["test_accuracy"]
MARGIN = SCALE * tables.MARGINS["test_accuracy"]
LEGEND = """\
Test accuracy in percentage points. effect: what the level adds to the
reference, the mean over the activations and seeds; low, high: its 95 %
interval (t), by the seeds alone. span: from the worst activation's mean to the
best's at this level, with what the simultaneous intervals of all pairs leave
of it. further: which of the two is larger, the setting's or the activation's;
undecided where the intervals overlap. between: the standard deviation between
activations without the noise of the seeds. shown: of the pairs of activations,
how many are shown to differ at this level. changed: how many differ otherwise
than at the reference. turned: how many differ at both, the other way round.
learned: runs above 50 %."""


@dataclasses.dataclass(frozen=True)
class Level:
    """Runs that differ in nothing but the activation and the seed.

    Attributes:
        factor: What is set.
        label: To what, as a reader says it.
        fields: The fields of `Configuration` that are not at their default.
        reference: The `Level` that it is compared with, or `None`.
        usual: What that has set, as a reader says it.
        epoch: Behind which the validation accuracy is taken; `None` for the
            test accuracy at the end.
        note: What else a reader has to know of it.
        chosen: Whether each activation has the learning rate of its own that
            `studies.CHOSEN` has for the batch size.
    """

    factor: str
    label: str
    fields: dict
    reference: "Level | None" = None
    usual: str = ""
    epoch: int | None = None
    note: str = ""
    chosen: bool = False

    def network(self, activation):
        """Returns an activation's fields as items; `None` if it has no run."""
        fields = self.fields
        if self.chosen:
            size = fields.get("batch_size", Configuration.batch_size)
            if activation not in studies.CHOSEN[size]:
                return None
            rate = studies.CHOSEN[size][activation]
            fields = _changed({**fields, "learning_rate": rate})
        return frozenset(fields.items())


def _levels(factor, usual, labels, reference, note=""):
    """Yields levels from labels, each with the fields that it changes."""
    for label, changes in labels.items():
        yield dataclasses.replace(
            reference,
            factor=factor,
            label=label,
            fields=_changed({**reference.fields, **changes}),
            reference=reference,
            usual=usual,
            note=note,
        )


def _changed(fields):
    """Returns the fields of a network that are not at their default."""
    return {
        field.name: fields[field.name]
        for field in dataclasses.fields(Configuration)
        if field.name not in ("activation", "seed")
        and fields.get(field.name, field.default) != field.default
    }


def _epochs(factor, fields, epochs):
    """Yields what runs had reached behind some epochs, less that behind 20.

    The schedule does not know how many epochs are to come, so that a run of so
    many would have been the same. Of those there is no test accuracy.
    """
    last = Level(factor, "20", fields, epoch=20)
    for epoch in epochs:
        fields = _changed({**last.fields, "epochs": max(epoch, 20)})
        yield Level(
            factor,
            str(epoch),
            fields,
            last,
            last.label,
            epoch,
            "accuracy on validation images",
        )


# Other studies that have runs of levels, the first three on all images.
_BESIDE = ("controlled", "unnormalised", "controlled_fashion", "knobs_tuned")
_IMAGES = {"train_samples": 10_000}
_OFF = {"off": {"batch_normalization": False}}
_FASHION = {"Fashion-MNIST": {"dataset": "fashion_mnist"}}
_FEW_STEPS = "no schedule, and epochs for 800 steps"
ARTICLE = Level("the article's values", "10,000 images", _IMAGES)
UNSCHEDULED = Level(
    "schedule", "off", {**_IMAGES, **studies.UNSCHEDULED}, ARTICLE, "on"
)
TUNED = Level(
    "own learning rates",
    "chosen",
    UNSCHEDULED.fields,
    UNSCHEDULED,
    "0.001",
    note="no schedule",
    chosen=True,
)
_SMALL = {"32": {"batch_size": 32}}
_LARGE = {"512": {"batch_size": 512, "epochs": 40}}
_ALL = Level(
    "training images",
    "55,000",
    {},
    ARTICLE,
    "10,000",
    note="more steps, too: as many epochs",
)
LEVELS = (
    ARTICLE,
    *_levels("batch normalisation", "on", _OFF, ARTICLE),
    *_levels("batch normalisation, 55,000 images", "on", _OFF, _ALL),
    *_levels("dataset", "MNIST", _FASHION, ARTICLE),
    *_levels("dataset, 55,000 images", "MNIST", _FASHION, _ALL),
    *_levels(
        "fewer training images",
        "10,000",
        {
            "300": {"train_samples": 300, "epochs": 267},
            "1,000": {"train_samples": 1_000, "epochs": 100},
            "3,000": {"train_samples": 3_000, "epochs": 34},
        },
        UNSCHEDULED,
        _FEW_STEPS,
    ),
    _ALL,
    *_epochs("epochs", _IMAGES, (10, 50)),
    *_epochs("epochs, 55,000 images", {}, (2, 5, 10)),
    *_levels(
        "learning rate",
        "0.001",
        {"0.0001": {"learning_rate": 0.0001}, "0.01": {"learning_rate": 0.01}},
        ARTICLE,
    ),
    UNSCHEDULED,
    *_levels("batch size", "128", _SMALL, UNSCHEDULED, "no schedule"),
    *_levels("batch size", "128", _LARGE, UNSCHEDULED, _FEW_STEPS),
    TUNED,
    *_levels("batch size, own rates", "128", _SMALL, TUNED, "no schedule"),
    *_levels("batch size, own rates", "128", _LARGE, TUNED, _FEW_STEPS),
    *_levels(
        "dropout",
        "0.5",
        {"0": {"dropout": 0.0}, "0.75": {"dropout": 0.75}},
        ARTICLE,
    ),
)


def gather(study, found, folders):
    """Returns the records of `knobs`, and those that they stand beside.

    Of other studies, and of a changed copy of it, none.

    Args:
        study: A `studies.Study`.
        found: Its records.
        folders: Where those of other studies are looked for: `part`,
            `knobs_tuned`, and those on all images.
    """
    if study.name != "knobs":
        return []
    names = {record["configuration"]["activation"] for record in found}
    own = set(studies.STUDIES["knobs"].configurations)
    beside = [
        record
        for other in (study.baseline, *map(studies.study, _BESIDE))
        for record in studies.records(other, folders)
    ]
    return [
        *found,
        *(
            record
            for record in beside
            if record["configuration"]["activation"] in names
            # Where the article's rate was chosen, it is a run of the knobs.
            and Configuration.from_record(record["configuration"]) not in own
        ),
    ]


def accuracies(records):
    """Returns the accuracies in percent, a row a run of a level.

    The columns are `factor`, `level`, `at` (`"level"`, or `"reference"` for
    the runs that it is compared with), `activation`, `seed`, `backend` (what
    trained it) and `accuracy`, which is NaN if the run diverged.
    """
    networks = {}
    for record in records:
        configuration = record["configuration"]
        network = frozenset(_changed(configuration).items())
        of_network = networks.setdefault(configuration["activation"], {})
        of_network.setdefault(network, []).append(record)
    columns = ["factor", "level", "at"]
    columns += ["activation", "seed", "backend", "accuracy"]
    return pd.DataFrame(
        [
            {
                "factor": level.factor,
                "level": level.label,
                "at": at,
                "activation": name,
                "seed": record["configuration"]["seed"],
                "backend": record["environment"]["backend"],
                "accuracy": _accuracy(record, one.epoch),
            }
            for level in LEVELS
            for at, one in (("level", level), ("reference", level.reference))
            if one is not None and _has_its_own(one, networks)
            for name, of_network in networks.items()
            for record in of_network.get(one.network(name), [])
        ],
        columns=columns,
    )


def table(records):
    """Returns a row a level: how far it moves the accuracy, and what else does.

    In percentage points, of test images where `note` says nothing else:

    - `effect`, `low`, `high`: the level less its reference. Each run is set
      beside the one of the same activation and seed, the differences of a seed
      are averaged over the activations, and of these means the mean over the
      seeds is shown with its 95 % t interval: what is drawn anew is the seed,
      and three seeds are three values, however many activations share them.
      Seeds of which a run is missing are left out, and activations of which
      one diverged.
    - `span`, `span low`, `span high`: from the mean of the worst activation at
      this level to that of the best; see `statistics.span`.
    - `further`: which of the two is larger, `"setting"` or `"activation"`, and
      `"undecided"` where their intervals overlap; nothing where there is none.
    - `between`: the standard deviation between activations, less the noise of
      the seeds; see `statistics.spread_of_means`.

    And in numbers: `learned` runs, with an accuracy above `tables.LEARNED`, of
    so many `runs`; pairs of activations that are `shown` to differ at this
    level, by the rule in `comparison.statistics`, of so many `pairs`; and pairs
    whose difference has `changed` from the reference or `turned` round; see
    `interactions`.

    Each level's intervals hold by themselves, and not together with others'.
    """
    values, changes = accuracies(records), interactions(records)
    rows = {}
    for level in LEVELS:
        here, there = _at(values, level)
        if here.empty:
            continue
        effect = statistics.shared_gain(_gains(here, there))
        samples = _samples(here)
        span, pairs = _span(samples), _pairs(samples)
        found = changes[
            (changes["factor"] == level.factor)
            & (changes["level"] == level.label)
        ]
        rows[level.factor, level.label] = {
            "usual": level.usual,
            "learned": (here > SCALE * tables.LEARNED).sum(),
            "runs": len(here),
            **dict(zip(["effect", "low", "high"], effect, strict=True)),
            **span,
            "further": _further(level, effect, span),
            "between": _between(here),
            "shown": pairs["shown"].sum(),
            "pairs": len(pairs),
            "changed": found["shown"].sum(),
            "turned": found["turned"].sum(),
            "note": _note(values, level),
        }
    shown = pd.DataFrame.from_dict(rows, orient="index")
    shown.index = shown.index.set_names(["factor", "level"])
    return _rounded(shown)


def interactions(records):
    """Returns a row a level and pair of activations: does the level matter?

    Differences in accuracy, first minus second, in percentage points, `at
    reference` and `at level`, and the `change` from one to the other, with
    `low`, `high` and `verdict` by the rule in `comparison.statistics`. It is
    applied to what each activation gains in each seed, so that what its two
    runs have in common falls out, and the intervals hold together over the
    pairs of a level. `shown` says whether a change is; `turned`, whether a
    difference is shown at both levels, and of opposite signs.
    """
    values = accuracies(records)
    parts = []
    for level in LEVELS:
        here, there = _at(values, level)
        gains = _gains(here, there)
        if min(gains.shape) < 2:
            continue
        part = _pairs({name: row.to_numpy() for name, row in gains.iterrows()})
        found = [_pairs(_samples(one)) for one in (there, here)]
        # Of a pair that is not there, nothing is shown.
        first, second = (
            one["difference"].where(one["shown"]).reindex(part.index)
            for one in found
        )
        part = part.rename(columns={"difference": "change"}).assign(
            factor=level.factor,
            level=level.label,
            turned=first * second < 0,
            **{
                f"at {at}": one["difference"]
                for at, one in zip(("reference", "level"), found, strict=True)
            },
        )
        parts.append(part.reset_index())
    columns = ["factor", "level", "first", "second", "at reference", "at level"]
    columns += ["change", "low", "high", "verdict", "shown", "turned"]
    if not parts:
        return pd.DataFrame(columns=columns).astype(
            {"shown": bool, "turned": bool}
        )
    return _rounded(pd.concat(parts, ignore_index=True)[columns])


def rates(records):
    """Returns a row a batch size and activation of `knobs_rates`.

    A column a learning rate, with the validation accuracy behind the last
    epoch in percent, the mean over the seeds, and `chosen`: the rate with the
    highest, of equal ones the lowest. NaN where a run diverged.
    """
    rows = pd.DataFrame(
        [
            {
                **record["configuration"],
                "accuracy": math.nan
                if record["diverged"]
                else SCALE * record["history"]["val_accuracy"][-1],
            }
            for record in records
        ]
    )
    found = rows.pivot_table(
        index=["batch_size", "activation"],
        columns="learning_rate",
        values="accuracy",
        aggfunc=lambda values: values.mean(skipna=False),
        dropna=False,
    )
    networks = rows[["batch_size", "activation"]].drop_duplicates()
    found = found.loc[pd.MultiIndex.from_frame(networks)]
    chosen = found.dropna(how="all").idxmax(axis=1)
    return found.round(DIGITS).assign(chosen=chosen)


def text(study, found, folders):
    """Returns what these tables say of a study's records, or nothing.

    Args:
        study: A `studies.Study`.
        found: Its records, one or more.
        folders: Where the records that they stand beside are looked for.
    """
    if study.name == "knobs_rates":
        return f"Validation accuracy, %:\n\n{_shown(rates(found))}"
    records = gather(study, found, folders)
    if not records:
        return ""
    parts = [_shown(table(records)), LEGEND]
    changes = interactions(records)
    turned = changes[changes["turned"]].drop(columns=["shown", "turned"])
    if len(turned):
        parts.append(f"Pairs that turn:\n\n{turned.to_string(index=False)}")
    return "\n\n".join(parts)


def _has_its_own(level, networks):
    """Whether it has runs of every activation.

    Where each has a rate of its own, some are runs of another level as well,
    and those alone would look like the level.
    """
    return not level.chosen or all(
        level.network(name) in (None, *of_network)
        for name, of_network in networks.items()
    )


def _accuracy(record, epoch):
    if epoch is None:
        if record["test"] is None:
            return math.nan
        return SCALE * record["test"]["accuracy"]
    epochs = record["history"]["val_accuracy"]
    # The last of one that diverged is where it did.
    if epoch > len(epochs) - record["diverged"]:
        return math.nan
    return SCALE * epochs[epoch - 1]


def _at(values, level, column="accuracy"):
    """Returns a column of a level's runs, and of its reference's.

    Each a `Series` by activation, in the order of `studies.COMPARED`, and
    seed.
    """
    of_level = values[
        (values["factor"] == level.factor) & (values["level"] == level.label)
    ]
    return tuple(
        of_level[of_level["at"] == at]
        .set_index(["activation", "seed"])[column]
        .sort_index(key=_order)
        for at in ("level", "reference")
    )


def _note(values, level):
    """Returns the level's note, and whether the backend changes with it."""
    here, there = map(set, _at(values, level, "backend"))
    other = "in part on another backend" if there and here != there else ""
    return ", and ".join(filter(None, [level.note, other]))


def _order(keys):
    if keys.name == "seed":
        return keys
    known = {name: place for place, name in enumerate(studies.COMPARED)}
    return keys.map(lambda name: (known.get(name, len(known)), name))


def _gains(here, there):
    """Returns level less reference, a row an activation, a column a seed."""
    both = pd.concat([here, there], axis=1, join="inner")
    gains = _by_seed(both.iloc[:, 0] - both.iloc[:, 1])
    runs = _by_seed(pd.Series(1, both.index))
    return gains.loc[:, runs.notna().all()].dropna()


def _by_seed(values):
    """Returns a row an activation, in the order given, and a column a seed."""
    # Not `unstack(sort=False)`: before pandas 3 it mixes up rows where a value
    # is missing.
    return values.unstack().reindex(values.index.unique("activation"))


def _samples(values):
    """Returns the values of each activation with two or more."""
    samples = {
        name: group.dropna().to_numpy()
        for name, group in values.groupby("activation", sort=False)
    }
    return {name: sample for name, sample in samples.items() if len(sample) > 1}


def _pairs(samples):
    """Returns `statistics.compare`, and whether a difference is `shown`."""
    pairs = statistics.compare(samples, MARGIN)
    return pairs.assign(shown=pairs["verdict"].isin(statistics.VERDICTS[:2]))


def _span(samples):
    found = [math.nan] * 3
    if len(samples) > 1:
        found = map(float, statistics.span(list(samples.values())))
    return dict(zip(("span", "span low", "span high"), found, strict=True))


def _further(level, effect, span):
    """Returns which of the two is larger beyond the intervals of both."""
    _, low, high = effect
    # Of single runs there is no interval.
    ends = low, span["span low"]
    if level.reference is None or any(map(math.isnan, ends)):
        return ""
    least = 0 if low < 0 < high else min(abs(low), abs(high))
    most = max(abs(low), abs(high))
    if least > span["span high"]:
        return "setting"
    return "activation" if span["span low"] > most else "undecided"


def _between(values):
    whole = _by_seed(values).dropna()
    if min(whole.shape) < 2:
        return math.nan
    return float(statistics.spread_of_means(whole.to_numpy()))


def _rounded(found):
    numbers = found.select_dtypes("float").columns
    # + 0.0 makes a rounded -0.0 a 0.0.
    return found.assign(**(found[numbers].round(DIGITS) + 0.0))


def _shown(found):
    return found.to_string(na_rep="-", sparsify=False)
