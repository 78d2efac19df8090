"""Facts of the depth section, to go into tests/prose_05.py (needs: from
comparison import depth), and into FACTS between the two networks and the cited
experiment. Functions first, then facts."""


@functools.cache
def by_depth():
    """Median test accuracy and seeds that learned, a row a network."""
    study = studies.study("depth")
    found = studies.records(study, [records.RESULTS])
    table = depth.accuracies(depth.ends(study, found))
    return table.droplevel(["optimizer", "normalised"]).reset_index()


def fields(words):
    return by_depth().query(words)


def span(words, learned=None):
    """Least and most of the medians, in %."""
    median = 100 * fields(words)["median"]
    return [median.min(), median.max()]


def none_learned(words, value):
    return where(fields(words)["learned"].sum() == 0, value)


SCALED = f"initializer != '{GAUSSIAN}'"
ONE = "initializer in ('glorot_uniform', 'lecun_normal')"
SWISHES = "activation in ('gelu', 'swish', 'swish_trainable')"
NO_SIGMOID = "activation != 'sigmoid'"


@functools.cache
def left_at_start():
    """The gradient left by the algebra, a row a network of `by_depth`."""
    found = cells()["found"]
    table = by_depth()
    return table.assign(
        left=[
            np.prod(
                found[row.activation.removesuffix("_trainable"), row.initializer][
                    1
                ][: row.depth - 1]
            )
            for row in table.itertuples()
        ]
    )


def largest_selu():
    table = left_at_start().query("activation == 'selu'")
    row = table.loc[table["left"].idxmax()]
    return [100 * row["median"], row["left"]]


DEPTH_FACTS = [
    ("in dense networks of {} units on MNIST", lambda: [WIDTH]),
    (
        "five depths from {} to {} layers",
        lambda: [by_depth()["depth"].min(), by_depth()["depth"].max()],
    ),
    (
        "three seeds each, {} runs: {} epochs of Adam at a rate of {} on {} "
        "digits",
        lambda: [
            len(studies.study("depth").configurations),
            studies.study("depth").configurations[0].epochs,
            studies.study("depth").configurations[0].learning_rate,
            studies.study("depth").configurations[0].train_samples,
        ],
    ),
    ("rows bright at {} layers", lambda: [LAYERS]),
    ("that still reached {} % in", lambda: [100 * depth.REACHED]),
    ("; 0 where none did, and {} is the", lambda: [LAYERS]),
    (
        "**With 2 layers the choice hardly matters:** the {} medians lie "
        "between {} and {} %",
        lambda: [len(fields("depth == 2")), *span("depth == 2")],
    ),
    (
        "with {} layers no seed of it learns from any",
        lambda: [none_learned("activation == 'sigmoid' and depth >= 16", 16)],
    ),
    (
        "With {} layers it is the pair",
        lambda: [
            where(
                none_learned(f"{ONE} and {SWISHES} and depth == 32", True)
                and none_learned(f"not ({SCALED}) and depth >= 16", True),
                32,
            )
        ],
    ),
    (
        "ReLU and leaky ReLU end between {} and {} %; from He's all but "
        "sigmoid end between {} and {} %",
        lambda: [
            *span(f"{ONE} and activation in ('relu', 'leaky_relu') and depth == 32"),
            *span(f"initializer == '{HE}' and {NO_SIGMOID} and depth == 32"),
        ],
    ),
    (
        "end at {} % or more from those three",
        lambda: [
            span(
                f"({ONE} or initializer == '{HE}') and depth == 32 and "
                "activation in ('tanh', 'elu', 'selu')"
            )[0]
        ],
    ),
    ("it starts at 1, and where", list),
    (
        "accuracy of {} networks over the gradient",
        lambda: [len(by_depth())],
    ),
    ("for each of the {} networks a number", lambda: [len(by_depth())]),
    (
        "they lie between {} and {} %.*",
        lambda: [
            100 * left_at_start().query("left > 1e-3")["median"].min(),
            100 * left_at_start().query("left > 1e-3")["median"].max(),
        ],
    ),
    (
        "with less than {} of the gradient left no seed learns",
        lambda: [
            where(
                left_at_start().query("left < 1e-9")["learned"].sum() == 0, 1e-9
            )
        ],
    ),
    (
        "of those with 1e-3 or more every median is at {} % or above",
        lambda: [100 * left_at_start().query("left >= 1e-3")["median"].min()],
    ),
    ("from 1 on accuracy falls again, down to {} % for SELU with {} times", largest_selu),
]
