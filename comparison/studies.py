"""Studies: named lists of runs."""

import dataclasses
import difflib
import sys

from tqdm import tqdm

from comparison import runs

# The article's five, and what it leaves out: swish with a trained beta.
ARTICLE = ("sigmoid", "tanh", "relu", "leaky_relu", "swish")
COMPARED = (*ARTICLE, "swish_trainable")


@dataclasses.dataclass(frozen=True)
class Study:
    """A named list of runs, and what it can show."""

    name: str
    purpose: str
    configurations: tuple

    def variant(self, configuration):
        """Returns the activation, and what else is the run's own in the study.

        That is the fields which differ within the study, but for the seed,
        where they are not at their default.
        """
        named = [configuration.activation]
        for field in dataclasses.fields(runs.Configuration):
            value = getattr(configuration, field.name)
            if field.name in ("activation", "seed") or value == field.default:
                continue
            if not _is_shared(STUDIES[self.name].configurations, field.name):
                named.append(
                    field.name if value is True else f"{field.name}={value}"
                )
        return ", ".join(named)


def _is_shared(configurations, field):
    return len({getattr(c, field) for c in configurations}) == 1


def _study(name, purpose, seeds, networks=COMPARED, **fields):
    """Makes a study of networks, each an activation or a dict of fields."""
    networks = [
        {"activation": network} if isinstance(network, str) else network
        for network in networks
    ]
    return Study(
        name,
        purpose,
        tuple(
            runs.Configuration(**{**fields, **network}, seed=seed)
            for seed in seeds
            for network in networks
        ),
    )


# What the published code has differently for one activation alone.
_SLOPE = {"negative_slope": 0.001}
_EXTRA = {"extra_dense": True}
_HE = {"kernel_initializer": "he_normal"}


STUDIES = {
    study.name: study
    for study in (
        _study(
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
        _study(
            "controlled",
            "The article's network on MNIST, everything but the activation "
            "held equal; 5,000 training images held out for validation.",
            seeds=range(5),
        ),
        _study(
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
        ),
        _study(
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
        ),
        _study(
            "precision",
            "The controlled relu in float32 and with matrix products in "
            "bfloat16: what half the bits change.",
            seeds=[0],
            networks=[
                {"activation": "relu"},
                {"activation": "relu", "dtype_policy": "mixed_bfloat16"},
            ],
        ),
        _study(
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
        activations: Instead of the study's own activations.
        seeds: Instead of the study's own seeds.
        **changes: Fields of `runs.Configuration` to set in every run. Such
            runs have records of their own and never enter the study's.

    Raises:
        ValueError: If a name is unknown or a value out of range.
    """
    if name not in STUDIES:
        nearest = difflib.get_close_matches(str(name), STUDIES, 1, cutoff=0.0)
        raise ValueError(
            f"Unknown study. Did you mean {nearest[0]!r}? "
            f"Known are {', '.join(STUDIES)}. Received: study={name!r}"
        )
    found = STUDIES[name]
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
    if seeds is None:
        seeds = [c.seed for c in found.configurations]
    # A run named twice is one run.
    configurations = tuple(
        dict.fromkeys(
            dataclasses.replace(network, seed=seed, **changes)
            for seed in seeds
            for network in networks
        )
    )
    return dataclasses.replace(found, configurations=configurations)


def _of_activation(study, networks, activation):
    """Returns the study's networks with an activation, or one made like them.

    Raises:
        ValueError: If the study's networks differ in more than the activation,
            so that none can be made like them.
    """
    same = [n for n in networks if n.activation == activation]
    if same:
        return same
    others = {dataclasses.replace(n, activation=activation) for n in networks}
    if len(others) > 1:
        names = dict.fromkeys(n.activation for n in networks)
        raise ValueError(
            f"{study.name} has networks of its own for {', '.join(names)}, "
            f"and for no other activation. Received: activations={activation!r}"
        )
    return list(others)


def records(study, folders):
    """Returns the records that there are of a study, in its order."""
    found = [runs.find(c, folders) for c in study.configurations]
    return [record for record in found if record is not None]


def run(study, results, folders=(), data_path=None):
    """Runs what has no record yet; returns the records of the whole study.

    Args:
        study: A `Study`.
        results: The folder for new records.
        folders: Further folders whose records count as well.
        data_path: Where the dataset lies; see `data.load`.
    """
    folders = (results, *folders)
    done = {c: runs.find(c, folders) for c in study.configurations}
    to_do = [c for c, record in done.items() if record is None]
    if to_do:
        with _Progress(to_do, len(done)) as progress:
            for configuration in to_do:
                progress.start(configuration)
                done[configuration] = runs.run(
                    configuration, results, data_path, progress.on_epoch
                )
                progress.finish(done[configuration])
    return list(done.values())


class _Progress:
    """Two bars on a terminal, runs and epochs; elsewhere a line a run."""

    def __init__(self, to_do, total):
        shown = {"file": sys.stderr, "disable": None, "dynamic_ncols": True}
        self.runs = tqdm(
            total=total, initial=total - len(to_do), unit="run", **shown
        )
        self.epochs = tqdm(unit="epoch", leave=False, **shown)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.epochs.close()
        self.runs.close()

    def start(self, configuration):
        self.name = f"{configuration.activation}, seed {configuration.seed}"
        self.epochs.reset(total=configuration.epochs)
        self.runs.set_description("runs")
        self.epochs.set_description(self.name)

    def on_epoch(self, history):
        # A resumed run starts behind its first epoch.
        self.epochs.n = len(history["loss"])
        self.epochs.set_postfix_str(self._accuracy(history))

    def finish(self, record):
        self.runs.update()
        if self.runs.disable:
            print(
                f"{self.name}: {self._accuracy(record['history'])}",
                file=sys.stderr,
            )

    @staticmethod
    def _accuracy(history):
        return f"validation accuracy {history['val_accuracy'][-1]:.4f}"
