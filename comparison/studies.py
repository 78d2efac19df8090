"""Studies: named lists of runs."""

import contextlib
import dataclasses
import functools
from collections.abc import Iterable

import filelock

from activations import shown, unknown
from comparison import runs
from comparison.configuration import Configuration
from comparison.progress import Progress
from comparison.records import claim, ignore

# The article's five, and what it leaves out: swish with a trained beta.
ARTICLE = ("sigmoid", "tanh", "relu", "leaky_relu", "swish")
COMPARED = (*ARTICLE, "swish_trainable")


@dataclasses.dataclass(frozen=True)
class Study:
    """A named list of runs, and what it can show.

    Attributes:
        name: What `study` and the command line know it by; of a changed copy,
            with what was changed.
        purpose: A sentence or two on what it is for.
        configurations: The runs.
        baseline: The study whose run of the same activation and seed each run
            is to be compared with, or `None`.
        published: Whether the published figures are of what it trains.
        cited: The file in `results/` with the table of single runs of it that
            were published elsewhere, or `None`; see `cited.published`.
        varying: The fields that differ within the study, but for activation
            and seed; a part of a study keeps those of the whole.
    """

    name: str
    purpose: str
    configurations: tuple
    baseline: "Study | None" = None
    published: bool = False
    cited: str | None = None
    varying: tuple | None = None

    def __post_init__(self):
        if self.varying is None:
            fields = tuple(
                field.name
                for field in dataclasses.fields(Configuration)
                if field.name not in ("activation", "seed")
                and len({getattr(c, field.name) for c in self.configurations})
                > 1
            )
            object.__setattr__(self, "varying", fields)

    def variant(self, configuration):
        """Returns the activation, and what else is the run's own in the study.

        That is the fields that vary where they are not at their default.
        """
        named = [configuration.activation]
        for field in dataclasses.fields(Configuration):
            value = getattr(configuration, field.name)
            if field.name in self.varying and value != field.default:
                named.append(
                    field.name
                    if value is True
                    else f"{field.name}={_worded(value)}"
                )
        return ", ".join(named)

    @property
    def seeds(self):
        """The seeds, each once, in the study's order."""
        return list(dict.fromkeys(c.seed for c in self.configurations))


def _worded(value):
    # Layers of one width, in short.
    if isinstance(value, tuple) and len(set(value)) == 1:
        return f"{len(value)}x{value[0]}"
    return value


def of_networks(name, purpose, seeds, networks=COMPARED, **fields):
    """Makes a study of networks, each an activation or a dict of fields.

    Args:
        name: Of the study.
        purpose: What it is for.
        seeds: Of every network.
        networks: Activations, or dicts of fields of `Configuration`.
        **fields: `baseline`, `published` and `cited` of `Study`, and fields
            of `Configuration` that all networks share.
    """
    about = {
        key: fields.pop(key)
        for key in ("baseline", "published", "cited")
        if key in fields
    }
    networks = [
        {"activation": network} if isinstance(network, str) else network
        for network in networks
    ]
    return Study(
        name,
        purpose,
        tuple(
            Configuration(**{**fields, **network}, seed=seed)
            for seed in seeds
            for network in networks
        ),
        **about,
    )


# What the published code has differently for one activation alone.
_SLOPE = {"negative_slope": 0.001}
_EXTRA = {"extra_dense": True}
_HE = {"kernel_initializer": "he_normal"}


_CONTROLLED = of_networks(
    "controlled",
    "The article's network on MNIST, everything but the activation "
    "held equal; 5,000 training images held out for validation.",
    seeds=range(10),
    published=True,
)
# The controlled networks on a part of the images, from which the knobs are
# turned: on all of them, the knobs alone would take two days.
_PART = of_networks(
    "part",
    "The controlled networks on 10,000 training images: from here each knob "
    "is turned.",
    seeds=range(3),
    train_samples=10_000,
)
# One thing at a time from the article's value. Where an epoch has few steps,
# two things go with it. The moving statistics of the batch normalisation need
# some 700 steps, whatever the epochs, to forget where they started, and until
# then validation is nonsense; so there are epochs enough for 800. And the
# schedule would take that nonsense for a loss that no longer falls, and lower
# the learning rate for good; so there is none, and the runs without it and
# with the article's values else are among the knobs, to compare with.
UNSCHEDULED = {"schedule": False}
BATCH_SIZES = (
    {"batch_size": 32},
    {"batch_size": 128},
    {"batch_size": 512, "epochs": 40},
)
KNOBS = (
    {"batch_normalization": False},
    {"dataset": "fashion_mnist"},
    {"learning_rate": 0.0001},
    {"learning_rate": 0.01},
    {"dropout": 0.0},
    {"dropout": 0.75},
    *({**UNSCHEDULED, **size} for size in BATCH_SIZES),
    {**UNSCHEDULED, "train_samples": 3_000, "epochs": 34},
    {**UNSCHEDULED, "train_samples": 1_000, "epochs": 100},
    {**UNSCHEDULED, "train_samples": 300, "epochs": 267},
    {"epochs": 50},
)
# Around the article's, for each batch size and activation to choose from.
RATES = (0.0003, 0.001, 0.003)
# What `knobs_rates` chose, by batch size, for each of `COMPARED` in its order.
CHOSEN = {
    size: dict(zip(COMPARED, rates, strict=True))
    for size, rates in (
        (32, (0.003, 0.001, 0.0003, 0.001, 0.0003, 0.0003)),
        (128, (0.0003, 0.001, 0.001, 0.001, 0.003, 0.001)),
        (512, (0.003, 0.0003, 0.0003, 0.001, 0.001, 0.001)),
    )
}
# Where the choice may matter: small dense networks, from shallow to deep.
DEPTHS = (2, 4, 8, 16, 32)
IN_DEPTH = (
    *("sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu"),
    *("gelu", "swish", "swish_trainable"),
)
# The last is the plain small Gaussian of before 2010.
INITIALIZERS = (
    {"kernel_initializer": "glorot_uniform"},
    {"kernel_initializer": "he_normal"},
    {"kernel_initializer": "lecun_normal"},
    {"kernel_initializer": "fan_out_normal"},
    {"kernel_initializer": "random_normal", "stddev": 0.01},
)
_SMALL = {
    "network": "dense",
    "batch_normalization": False,
    "dropout": 0.0,
    "schedule": False,
}


def _in_depth(name, purpose, initializers, **fields):
    """A study of dense networks, activation by depth by initializer."""
    return of_networks(
        name,
        purpose,
        seeds=range(3),
        networks=[
            {**initializer, "activation": activation, "hidden": (100,) * depth}
            for activation in IN_DEPTH
            for depth in DEPTHS
            for initializer in initializers
        ],
        **{**_SMALL, "train_samples": 10_000, "epochs": 10, **fields},
    )


STUDIES = {
    study.name: study
    for study in (
        of_networks(
            "quick",
            "3,000 digits, 5 epochs, one seed: it shows that everything works "
            "and how the curves look. It ranks nothing.",
            seeds=[0],
            dataset="mnist_sample",
            epochs=5,
            # With few images, small batches: the moving statistics of the
            # batch normalisation (momentum 0.99) need many steps to forget
            # where they started. At 32, relu's validation accuracy ends at
            # 0.81 beside 0.98 in training.
            batch_size=16,
        ),
        _CONTROLLED,
        of_networks(
            "unnormalised",
            "The controlled networks without batch normalisation: where what "
            "the article says of gradients has its best chance.",
            seeds=range(5),
            batch_normalization=False,
        ),
        of_networks(
            "controlled_fashion",
            "The controlled networks on Fashion-MNIST, whose ten kinds of "
            "clothing are harder to tell apart than digits.",
            seeds=range(5),
            dataset="fashion_mnist",
        ),
        of_networks(
            "published",
            "The five networks as the author's code has them, their "
            "differences included, validated on the test images; swish once "
            "more with a second fit.",
            seeds=[0],
            networks=[
                "sigmoid",
                "tanh",
                "relu",
                {"activation": "leaky_relu", **_EXTRA, **_SLOPE},
                {"activation": "swish", **_HE},
                {"activation": "swish", **_HE, "fits": 2},
            ],
            validation="test",
            published=True,
        ),
        of_networks(
            "ablations",
            "The controlled networks with one thing at a time as it was "
            "published; to be compared with the controlled run of the same "
            "seed.",
            seeds=range(2),
            networks=[
                {"activation": "leaky_relu", **_EXTRA},
                {"activation": "leaky_relu", **_SLOPE},
                {"activation": "leaky_relu", **_EXTRA, **_SLOPE},
                {"activation": "swish", **_HE},
                {"activation": "relu", "validation": "test"},
            ],
            baseline=_CONTROLLED,
        ),
        of_networks(
            "precision",
            "The controlled relu in float32 and with matrix products in "
            "bfloat16: what half the bits change.",
            seeds=[0],
            networks=[
                {"activation": "relu"},
                {"activation": "relu", "dtype_policy": "mixed_bfloat16"},
            ],
            baseline=_CONTROLLED,
        ),
        _PART,
        of_networks(
            "knobs",
            "One thing at a time from the article's value, on 10,000 training "
            "images; to be compared with the run of `part` of the same "
            "activation and seed.",
            seeds=range(3),
            networks=[
                {"train_samples": 10_000, **knob, "activation": activation}
                for knob in KNOBS
                for activation in COMPARED
            ],
            baseline=_PART,
        ),
        of_networks(
            "knobs_rates",
            "Three learning rates for each batch size and activation, on "
            "10,000 training images, to choose one by its validation "
            "accuracy; of a seed that nothing else uses.",
            seeds=[100],
            networks=[
                {**size, "activation": activation, "learning_rate": rate}
                for size in BATCH_SIZES
                for activation in COMPARED
                for rate in RATES
            ],
            train_samples=10_000,
            **UNSCHEDULED,
        ),
        of_networks(
            "knobs_tuned",
            "Each batch size with the learning rate that `knobs_rates` chose "
            "for each activation, on seeds that the choice has not seen.",
            seeds=range(3),
            networks=[
                {
                    **size,
                    "activation": activation,
                    "learning_rate": CHOSEN[size["batch_size"]][activation],
                }
                for size in BATCH_SIZES
                for activation in COMPARED
            ],
            train_samples=10_000,
            **UNSCHEDULED,
        ),
        _in_depth(
            "depth",
            "Dense networks of 100 units a layer, as Pedamonti has them, 2 to "
            "32 layers deep, from five initialisations, without batch "
            "normalisation; 10,000 digits, 10 epochs of Adam.",
            INITIALIZERS,
        ),
        _in_depth(
            "depth_normalised",
            "The networks of `depth` with batch normalisation, from Glorot's "
            "initialisation and from the plain small Gaussian.",
            (INITIALIZERS[0], INITIALIZERS[-1]),
            batch_normalization=True,
        ),
        _in_depth(
            "depth_sgd",
            "The networks of `depth` from two initialisations, trained as "
            "Pedamonti has it, by plain gradient descent at 0.1.",
            INITIALIZERS[:2],
            optimizer="sgd",
            learning_rate=0.1,
            batch_size=64,
        ),
        _in_depth(
            "depth_epsilon",
            "The networks of `depth` from Glorot's initialisation and from the "
            "plain small Gaussian, with an epsilon of Adam far below most of "
            "their gradients: 1e-16, where Keras has 1e-7.",
            (INITIALIZERS[0], INITIALIZERS[-1]),
            epsilon=1e-16,
        ),
        of_networks(
            "cited_swish",
            "The experiment on MNIST that the article cites for swish: dense "
            "256-64, weights and biases from a Gaussian cut off at two "
            "standard deviations of 0.1, 0.5 or 1.",
            seeds=range(10),
            networks=[
                {"activation": activation, "stddev": stddev}
                for activation in (
                    *("linear", "sigmoid", "relu"),
                    *("swish", "swish_trainable"),
                )
                for stddev in (0.1, 0.5, 1.0)
            ],
            **_SMALL,
            hidden=(256, 64),
            kernel_initializer="truncated_normal",
            random_biases=True,
            output="sigmoid",
            learning_rate=0.0001,
            batch_size=64,
            epochs=10,
            train_samples=54_000,
            shuffle=False,
            cited="published_swish_experiment.csv",
        ),
        of_networks(
            "cited_eswish",
            "E-swish's small network on MNIST, dense 200-100-60-30: ReLU, "
            "swish, and swish times 1.25 to 2.",
            seeds=range(10),
            networks=[
                "relu",
                "swish",
                *(
                    {"activation": "swish", "scale": scale}
                    for scale in (1.25, 1.5, 1.75, 2.0)
                ),
            ],
            **{**_SMALL, "dropout": 0.2},
            hidden=(200, 100, 60, 30),
            optimizer="sgd",
            learning_rate=0.1,
            cited="published_eswish.csv",
        ),
        of_networks(
            "cited_mish",
            "Mish's networks on MNIST, two convolutions and 12, 17 or 22 "
            "dense layers with batch normalisation: its 15, 20 and 25 layers.",
            seeds=range(3),
            networks=[
                {"activation": activation, "hidden": (500,) * dense}
                for dense in (12, 17, 22)
                for activation in ("relu", "swish", "mish")
            ],
            network="mish",
            dropout=0.25,
            optimizer="sgd",
            learning_rate=0.01,
            epochs=10,
            schedule=False,
            cited="published_mish_depths.csv",
        ),
        of_networks(
            "smoke",
            "300 digits, one epoch: for tests of the code, not of anything "
            "else.",
            seeds=[0],
            dataset="mnist_sample",
            epochs=1,
            batch_size=32,
            train_samples=300,
        ),
    )
}


def study(name, activations=None, seeds=None, **changes):
    """Returns a study, or a part of it, or a changed copy of it.

    Args:
        name: A name in `STUDIES`.
        activations: Instead of the study's own activations, a list.
        seeds: Instead of the study's own seeds, a list.
        **changes: Fields of `Configuration` to set in every run. Such runs
            have records of their own and never enter the study's; they have
            no published counterpart, and a baseline changed alike.

    Raises:
        ValueError: If a name is unknown or a value out of range.
    """
    if not isinstance(name, str) or name not in STUDIES:
        raise unknown("study", name, STUDIES)
    # The two have arguments of their own.
    known = {field.name for field in dataclasses.fields(Configuration)}
    known = known - {"activation", "seed"} | {"activations", "seeds"}
    for change in changes:
        if change not in known:
            raise unknown("argument", change, sorted(known))
    if activations is None and seeds is None and not changes:
        return STUDIES[name]
    return _copy(
        STUDIES[name],
        _listed("activations", activations, "names, such as relu and tanh"),
        _listed("seeds", seeds, "integers, such as 0 and 1"),
        changes,
    )


def _copy(found, activations, seeds, changes):
    """Returns a study, or a part of it, or a changed copy; see `study`."""
    networks = list(
        dict.fromkeys(
            dataclasses.replace(c, seed=0) for c in found.configurations
        )
    )
    if activations is not None:
        networks = [
            network
            for activation in activations
            for network in _of_activation(found, networks, activation)
        ]
    # What is as it was is no change; 1 is not True, and no array a number.
    changes.update(Configuration.checked(changes))
    changes = {
        field: value
        for field, value in changes.items()
        if any(getattr(c, field, None) != value for c in networks)
    }
    configurations = tuple(
        # A run named twice is one run.
        dict.fromkeys(
            dataclasses.replace(network, seed=seed, **changes)
            for seed in (found.seeds if seeds is None else seeds)
            for network in networks
        )
    )
    if found.baseline is not None:
        # Beside the runs of these seeds; the spread is that of all there are.
        seeds = {*found.baseline.seeds, *(c.seed for c in configurations)}
        baseline = _copy(found.baseline, None, sorted(seeds), changes)
        found = dataclasses.replace(found, baseline=baseline)
    if changes:
        # It is not to be taken for the study, nor are its figures.
        words = [f"{k}={_worded(v)}" for k, v in sorted(changes.items())]
        found = dataclasses.replace(
            found,
            name="-".join([found.name, *words]),
            purpose=f"{found.purpose} Here with {', '.join(words)}.",
        )
    return dataclasses.replace(
        found,
        configurations=configurations,
        published=found.published and not changes,
        cited=None if changes else found.cited,
        # What is changed no longer varies.
        varying=tuple(f for f in found.varying if f not in changes),
    )


def _listed(name, value, words):
    """Returns what names several things as a list; `None` stays."""
    if value is None:
        return None
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise ValueError(
            f"`{name}` must be a list of {words}. "
            f"Received: {name}={shown(value)}"
        )
    listed = list(value)
    if not listed:
        raise ValueError(
            f"`{name}` must name one or more. Received: {name}={shown(value)}"
        )
    return listed


def _of_activation(study, networks, activation):
    """Returns the study's networks with an activation, or one made like them.

    Raises:
        ValueError: If the study's networks differ in more than the activation,
            so that none can be made like them.
    """
    of = {}
    for network in networks:
        rest = dataclasses.asdict(network)
        of.setdefault(rest.pop("activation"), []).append(rest)
    found = of.get(activation) if isinstance(activation, str) else None
    if found is None:
        first, *others = of.values()
        if any(other != first for other in others):
            raise ValueError(
                f"{study.name} has networks of its own for {', '.join(of)}, "
                "and for no other activation. Received: "
                f"activations={shown(activation)}"
            )
        found = first
    return [Configuration(activation, **rest) for rest in found]


def records(study, folders):
    """Returns the records that there are of a study, in its order."""
    found = [runs.find(c, folders) for c in study.configurations]
    return [record for record in found if record is not None]


def run(study, results, folders=(), data_path=None, client=None):
    """Runs what has no record yet; returns the records of the whole study.

    Level by level: a study that is stopped has whole ones. What another
    process is at is left to it, and waited for at the end.

    Args:
        study: A `Study`.
        results: The folder for new records.
        folders: Further folders whose records count as well.
        data_path: Where the dataset lies; see `data.load`.
        client: A Dask client whose workers do the runs; by default this
            process does them, one after the other.

    Raises:
        OSError: If the disk is full; or, when the others are done, if a run
            could not be kept.
    """
    # Of the whole, so that a level that was begun is the first to go on.
    order = _by_level(study.configurations)
    done = {
        # What is damaged in `results` is said when it is made anew.
        c: runs.find(c, [results], ignore) or runs.find(c, folders)
        for c in study.configurations
    }
    to_do = []
    for configuration in order:
        if done[configuration] is None:
            to_do.append(configuration)
        else:
            # Of a process that was killed between its last two steps.
            runs.discard_checkpoint(configuration, results)
    failed = []
    if to_do:
        if client is None:
            do = _one_by_one
        else:
            # Not at the top: Dask takes a while to import.
            from comparison import cluster

            do = functools.partial(cluster.run, client=client)
        with Progress(study, to_do, len(done)) as progress:
            while to_do:
                held = []
                with contextlib.closing(
                    do(to_do, results, data_path, progress, failed)
                ) as ended:
                    for configuration, record in ended:
                        if record is None:
                            held.append(configuration)
                            continue
                        done[configuration] = record
                        progress.finish(configuration, record)
                for configuration in held:
                    with claim(configuration.key, results):
                        # Whoever was at it has made it, or was lost.
                        pass
                to_do = held
    if failed:
        raise failed[0]
    return list(done.values())


def _by_level(configurations):
    """Puts runs together that differ in nothing but the activation and seed."""
    levels = {}
    for configuration in configurations:
        fields = dataclasses.asdict(configuration)
        del fields["activation"], fields["seed"]
        levels.setdefault(tuple(fields.items()), []).append(configuration)
    return [one for level in levels.values() for one in level]


def _one_by_one(to_do, results, data_path, progress, failed):
    """Runs in this process; yields as `cluster.run` does."""
    runs.check_data(to_do, data_path)
    for configuration in to_do:
        progress.start(configuration)
        try:
            record = runs.run(
                configuration,
                results,
                data_path,
                functools.partial(progress.epoch, configuration),
                wait=False,
            )
        except filelock.Timeout:
            record = None
        except OSError as error:
            runs.leave_out(configuration, error, failed)
            continue
        yield configuration, record
