"""Experiments on the article's claims C1 to C8, and their records.

`python -m comparison.claims` makes the records that are missing from
`results/claims`; `... --again cost` makes one anew.

An experiment is a seeded function that returns rows, plain dicts; `recorded`
reads its record or makes it. What follows from the rows is in
`comparison.verdicts`.
"""

import argparse
import functools
import inspect
import json
import math
import pathlib
import sys
import time

import keras
import numpy as np
import pandas as pd
from scipy import optimize
from sklearn import datasets

import activations
from comparison import cnn, data, fused, probes, records, studies
from comparison.configuration import Configuration

HIDDEN = ("step", "linear", *studies.ARTICLE)
TOYS = {
    "circles": lambda n, seed: datasets.make_circles(
        n, noise=0.1, factor=0.5, random_state=seed
    ),
    "moons": lambda n, seed: datasets.make_moons(
        n, noise=0.2, random_state=seed
    ),
    "blobs": lambda n, seed: datasets.make_blobs(
        n, centers=[[-1, -1], [1, 1]], cluster_std=0.6, random_state=seed
    ),
}
# Where the pictures of the toy data are computed, each way.
GRID = np.linspace(-2.5, 2.5, 33)


# The networks, and how they are trained.


def dense_network(
    activation,
    depth,
    width=64,
    inputs=784,
    classes=10,
    kernel_initializer="glorot_uniform",
    batch_normalization=False,
):
    """Builds a plain dense network that gives logits.

    Args:
        activation: What `activations.layer` takes, or `None` for no activation
            at all.
        depth: The number of hidden layers, each `dense_i`, then
            `normalization_i` if asked for, then `activation_i`.
        width: The number of units of each.
        inputs: The number of inputs.
        classes: The number of logits.
        kernel_initializer: Keras's name, for every layer.
        batch_normalization: Whether each activation is preceded by one.
    """
    stack = [keras.Input((inputs,))]
    for i in range(1, depth + 1):
        stack.append(
            keras.layers.Dense(
                width,
                kernel_initializer=kernel_initializer,
                name=f"dense_{i}",
            )
        )
        if batch_normalization:
            stack.append(
                keras.layers.BatchNormalization(name=f"normalization_{i}")
            )
        if activation is not None:
            stack.append(activations.layer(activation, name=f"activation_{i}"))
    stack.append(
        keras.layers.Dense(
            classes, kernel_initializer=kernel_initializer, name="output"
        )
    )
    return keras.Sequential(stack)


def restart(model, initial, seed):
    """Gives a model the weights that a seed stands for.

    With the same seed, networks that differ in the activation start from the
    same kernels. `initial` is `state(model)` of the new model, from which come
    all other weights, moving averages and the random states of dropout.
    """
    for variable, value in zip(_variables(model), initial, strict=True):
        variable.assign(value)
    layers = [la for la in model.layers if hasattr(la, "kernel_initializer")]
    seeds = np.random.SeedSequence(seed).generate_state(len(layers))
    for layer, drawn in zip(layers, seeds, strict=True):
        draw = cnn.seeded(layer.kernel_initializer, int(drawn))
        layer.kernel.assign(draw(layer.kernel.shape))


def state(model):
    """Returns the values of a model's variables, for `restart`."""
    return [keras.ops.convert_to_numpy(v) for v in _variables(model)]


def _variables(model):
    return [v for layer in model.layers for v in layer.variables]


class Trainer:
    """Trains a network again and again, from new weights, traced once.

    A traced network costs more than these trainings: Keras's `fit` would trace
    it anew for every seed. Adam, shuffled batches of one size; cross-entropy
    and the model's own penalties.
    """

    def __init__(self, model, batch_size=32, from_logits=True):
        import tensorflow as tf

        self.model = model
        self.batch_size = batch_size
        self.initial = state(model)
        self.loss = keras.losses.SparseCategoricalCrossentropy(from_logits)
        self.optimizer = fused.FusedAdam()
        self.optimizer.build(model.trainable_variables)
        self._epoch = tf.function(self._steps)

    def restart(self, seed, learning_rate=0.001):
        self.seed, self.epoch = seed, 0
        restart(self.model, self.initial, seed)
        for variable in self.optimizer.variables:
            variable.assign(keras.ops.zeros_like(variable))
        self.optimizer.learning_rate = learning_rate

    def train(self, x, y, epochs=1):
        """Trains for some epochs; returns the mean loss of the last.

        Without an epoch to train, it is NaN.
        """
        loss = math.nan
        steps = len(x) // self.batch_size
        for _ in range(epochs):
            order = np.random.default_rng([self.seed, self.epoch]).permutation(
                len(x)
            )[: steps * self.batch_size]
            shape = (steps, self.batch_size)
            loss = self._epoch(
                x[order].reshape(*shape, *x.shape[1:]),
                y[order].reshape(shape),
            )
            self.epoch += 1
        return float(loss)

    def _steps(self, x, y):
        import tensorflow as tf

        total = 0.0
        for batch in tf.range(tf.shape(x)[0]):
            with tf.GradientTape() as tape:
                output = self.model(x[batch], training=True)
                loss = self.loss(y[batch], output) + sum(self.model.losses)
            variables = self.model.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            total += loss
        return total / tf.cast(tf.shape(x)[0], tf.float32)

    def accuracy(self, x, y):
        output = keras.ops.convert_to_numpy(self.model(x, training=False))
        return float(np.mean(output.argmax(axis=1) == y))

    def probe(self, x, y):
        return probes.probe(self.model, x, y, self.loss)


def digits(train=3000, flat=True):
    """Returns the sample's digits in [0, 1]: to train, and 1,000 held out.

    Returns:
        (x, y), (x, y): x float32 of shape (n, 784), or (n, 28, 28, 1) if not
        flat; y int64 of shape (n,).
    """
    images = data.load("mnist_sample")
    shape = (-1, 784) if flat else (-1, 28, 28, 1)

    def scaled(x, y):
        return x.reshape(shape).astype("float32") / np.float32(255), y

    return (
        scaled(images.x_train[:train], images.y_train[:train]),
        scaled(images.x_validation, images.y_validation),
    )


# C1


def collapse(activation="linear", depth=10, width=64, seeds=(0, 1, 2, 3, 4)):
    """Compares a deep network with the one layer of its weights' product.

    W = W_1 W_2 ... and b = (b_1 W_2 + b_2) W_3 ..., in float64; the network is
    computed in float32, for 100 inputs of a standard normal distribution, and
    has biases of the same. `difference` is the largest difference over the
    largest output; `rounding` is (depth + 1) * width * eps, eps = 2^-23, the
    order of the worst that rounding does.
    """
    model = dense_network(activation, depth, width, inputs=20, classes=5)
    initial = state(model)
    rows = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        restart(model, initial, seed)
        layers = [la for la in model.layers if hasattr(la, "kernel")]
        kernel, bias = np.eye(20), np.zeros(20)
        for layer in layers:
            layer.bias.assign(rng.normal(size=layer.bias.shape))
            w, b = (v.astype(np.float64) for v in layer.get_weights())
            kernel, bias = kernel @ w, bias @ w + b
        x = rng.normal(size=(100, 20)).astype("float32")
        deep = keras.ops.convert_to_numpy(model(x))
        difference = np.abs(deep - (x @ kernel + bias)).max()
        rows.append(
            {
                "activation": activation,
                "seed": seed,
                "difference": difference / np.abs(deep).max(),
                "rounding": (depth + 1) * width * 2.0**-23,
            }
        )
    return rows


def boundaries(
    networks=("none", *HIDDEN),
    seeds=(0, 1, 2),
    samples=200,
    epochs=150,
    depth=2,
    width=16,
):
    """Trains small networks on three toy problems of two inputs.

    Two hidden layers, Adam at 0.01, batches of 50; "none" has no activation.
    `curvature` is the part of the variance of the difference of the two logits
    over the grid that no plane explains: 0 for a straight boundary.
    `probability`, of the first seed alone, is that of class 1 in percent, a
    row of the grid after the other.
    """
    grid = np.stack(np.meshgrid(GRID, GRID), -1).reshape(-1, 2)
    grid = grid.astype("float32")
    plane = np.column_stack([grid, np.ones(len(grid))])
    rows = []
    for network in networks:
        activation = None if network == "none" else network
        model = dense_network(activation, depth, width, inputs=2, classes=2)
        trainer = Trainer(model, batch_size=50)
        for toy in TOYS:
            for seed in seeds:
                x, y = toy_data(toy, 2 * samples, seed)
                trainer.restart(seed, learning_rate=0.01)
                trainer.train(x[:samples], y[:samples], epochs)
                logits = keras.ops.convert_to_numpy(model(grid))
                margin = (logits[:, 1] - logits[:, 0]).astype(np.float64)
                residual = margin - plane @ np.linalg.lstsq(plane, margin)[0]
                percent = np.round(100 / (1 + np.exp(-margin)))
                rows.append(
                    {
                        "network": network,
                        "data": toy,
                        "seed": seed,
                        "accuracy": trainer.accuracy(x[samples:], y[samples:]),
                        "curvature": residual.var() / margin.var()
                        if margin.var()
                        else 0.0,
                        "probability": percent.astype(int)
                        if seed == seeds[0]
                        else None,
                    }
                )
    return rows


def toy_data(name, samples, seed):
    """Returns points, (samples, 2) of mean 0 and variance 1, and labels."""
    x, y = TOYS[name](samples, seed)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    return x.astype("float32"), y


# C2


def movement(
    names=("step", "sigmoid"), seeds=(0, 1, 2), epochs=3, train=3000, depth=2
):
    """Trains dense networks and measures how far each layer's kernel moves.

    `moved` is the Frobenius norm of the kernel's change over that of the
    kernel at the start; Adam at 0.001, no penalty and no weight decay, which
    would move weights without backpropagation.
    """
    (x, y), held_out = digits(train)
    rows = []
    for name in names:
        trainer = Trainer(dense_network(name, depth))
        for seed in seeds:
            trainer.restart(seed)
            dense = [la for la in trainer.model.layers if la.weights]
            before = [la.get_weights()[0] for la in dense]
            trainer.train(x, y, epochs)
            for layer, old in zip(dense, before, strict=True):
                change = layer.get_weights()[0] - old
                rows.append(
                    {
                        "activation": name,
                        "seed": seed,
                        "layer": layer.name,
                        "hidden": layer is not dense[-1],
                        "moved": np.linalg.norm(change) / np.linalg.norm(old),
                        "accuracy": trainer.accuracy(*held_out),
                    }
                )
    return rows


# C3, C4, C8


def depth(
    names=HIDDEN,
    depths=(2, 5, 10, 20),
    initializers=("glorot_uniform", "he_normal"),
    seeds=(0, 1, 2),
    samples=200,
):
    """Probes dense networks of several depths at their initialisation.

    64 units a layer, no normalisation, biases 0, digits as inputs. `gradient`
    is the root mean square of dL/dz, a value a hidden layer from the first to
    the last; `slope` and `saturated` are means over the layers.
    """
    (x, y), _ = digits(samples)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    rows = []
    for initializer in initializers:
        for name in names:
            for layers in depths:
                model = dense_network(
                    name, layers, kernel_initializer=initializer
                )
                initial = state(model)
                for seed in seeds:
                    restart(model, initial, seed)
                    found = probes.summary(probes.probe(model, x, y, loss))
                    rows.append(
                        {
                            "initializer": initializer,
                            "activation": name,
                            "depth": layers,
                            "seed": seed,
                            "slope": found["slope"].mean(),
                            "saturated": found["saturated"].mean(),
                            "gradient": found["gradient"].tolist(),
                        }
                    )
    return rows


def learning(
    names=("sigmoid", "tanh", "relu"),
    depths=(2, 8),
    seeds=(0, 1, 2, 3, 4),
    epochs=5,
    train=3000,
):
    """Trains dense networks with and without batch normalisation.

    Adam at 0.001, batches of 32. `accuracy` is of the held-out digits and
    `loss` the mean over the epoch in training, a value an epoch; `slope`,
    `saturated` and `mean` are means over the hidden layers, in the state of
    inference, at the end.
    """
    (x, y), held_out = digits(train)
    rows = []
    for layers in depths:
        for normalised in (False, True):
            for name in names:
                trainer = Trainer(
                    dense_network(name, layers, batch_normalization=normalised)
                )
                for seed in seeds:
                    trainer.restart(seed)
                    losses, accuracies = [], []
                    for _ in range(epochs):
                        losses.append(trainer.train(x, y))
                        accuracies.append(trainer.accuracy(*held_out))
                    found = probes.summary(trainer.probe(*held_out))
                    rows.append(
                        {
                            "activation": name,
                            "depth": layers,
                            "normalised": normalised,
                            "seed": seed,
                            "loss": losses,
                            "accuracy": accuracies,
                            "slope": found["slope"].mean(),
                            "saturated": found["saturated"].mean(),
                            "mean": found["mean"].mean(),
                        }
                    )
    return rows


def distributions(
    names=("sigmoid", "tanh", "relu"),
    layers=8,
    epochs=(0, 1, 5),
    seed=0,
    train=3000,
):
    """Probes a deep network's layers at the start and during training.

    Quantiles of pre-activations, activations and gradients on 500 held-out
    digits; trained as in `learning`, without normalisation.
    """
    (x, y), (x_held, y_held) = digits(train)
    rows = []
    for name in names:
        trainer = Trainer(dense_network(name, layers))
        trainer.restart(seed)
        for epoch in epochs:
            trainer.train(x, y, epoch - trainer.epoch)
            found = trainer.probe(x_held[:500], y_held[:500])
            for (layer, quantity), row in probes.quantiles(found).iterrows():
                rows.append(
                    {
                        "activation": name,
                        "epoch": epoch,
                        "layer": int(layer.removeprefix("activation_")),
                        "quantity": quantity,
                        "quantiles": row.tolist(),
                    }
                )
    return rows


# C5, C8


def sparsity(
    names=studies.ARTICLE,
    convolutional=("relu", "swish"),
    seeds=(0, 1, 2),
    epochs=2,
    train=3000,
    bins=40,
):
    """Trains the article's network and a dense one, and looks inside.

    The article's with Adam at 0.001 and batches of 16, which let its moving
    averages settle (see the study `quick`); the dense one of three hidden
    layers of 64 without normalisation, likewise. `zero` is the share of
    activations that are exactly 0, `dip` that of pre-activations where the
    derivative is negative, on 200 held-out digits, before and after training.
    `histogram` counts the last hidden layer's pre-activations in equal bins
    from -6 to 6, those outside in the outermost.
    """
    rows = []
    edges = np.linspace(-6, 6, bins + 1)
    for network, chosen in (("dense", names), ("article", convolutional)):
        is_flat = network == "dense"
        (x, y), (x_held, y_held) = digits(train, is_flat)
        for name in chosen:
            if is_flat:
                model = dense_network(name, 3)
            else:
                model = cnn.build(Configuration(name))
            trainer = Trainer(model, 16, from_logits=is_flat)
            for seed in seeds:
                trainer.restart(seed)
                for epoch in (0, epochs):
                    trainer.train(x, y, epoch - trainer.epoch)
                    found = trainer.probe(x_held[:200], y_held[:200])
                    shares = probes.summary(found)
                    for number, p in enumerate(found, 1):
                        counts, _ = np.histogram(
                            np.clip(p.pre_activation, -6, 6), edges
                        )
                        rows.append(
                            {
                                "network": network,
                                "activation": name,
                                "seed": seed,
                                "epoch": epoch,
                                "layer": number,
                                "zero": shares["zero"].iloc[number - 1],
                                "dip": np.mean(p.derivative < 0),
                                "saturated": shares["saturated"].iloc[
                                    number - 1
                                ],
                                "histogram": counts.tolist()
                                if number == len(found)
                                else None,
                                "accuracy": trainer.accuracy(x_held, y_held),
                            }
                        )
    return rows


# C5, C7


def cost(names=studies.ARTICLE, rounds=15, batch_size=128, steps=True):
    """Times every activation beside a memory copy, and in a training step.

    Milliseconds. `forward` and `both`, which is forward and backward, are of
    the article's second activation, (batch, 24, 24, 64) in float32; for the
    copy, TensorFlow's DeepCopy of such a tensor, both are one copy. `all` is
    forward and backward of the article's three activations together, and
    `step` a training step of the article's network; without `steps`, neither.
    In a round each is timed
    once, one after the other, starting elsewhere each time, so that what else
    the machine does falls on all of them alike.
    """
    import tensorflow as tf

    rng = np.random.default_rng(0)
    shapes = ((26, 26, 32), (24, 24, 64), (128,))
    inputs = [
        tf.constant(rng.normal(size=(batch_size, *shape)).astype("float32"))
        for shape in shapes
    ]
    images = tf.constant(rng.random((batch_size, 28, 28, 1)).astype("float32"))
    labels = tf.constant(rng.integers(10, size=batch_size))

    @tf.function
    def copy():
        return tf.raw_ops.DeepCopy(x=inputs[1])

    tasks = {("copy", "both"): copy}
    for name in names:
        tasks[name, "forward"], tasks[name, "both"] = _passes(name, inputs[1:2])
        if steps:
            _, tasks[name, "all"] = _passes(name, inputs)
            model = cnn.build(Configuration(name))
            tasks[name, "step"] = functools.partial(
                model.train_on_batch, images, labels
            )
    order = list(tasks)
    for task in order:
        # The first call traces, the second finds memory.
        for _ in range(2):
            tasks[task]()
    rows = []
    for number in range(rounds):
        shift = number % len(order)
        for task in order[shift:] + order[:shift]:
            start = time.perf_counter()
            tasks[task]()
            seconds = time.perf_counter() - start
            name, what = task
            rows.append(
                {
                    "round": number,
                    "activation": name,
                    "what": what,
                    "milliseconds": 1000 * seconds,
                }
            )
    return rows


def _passes(name, inputs):
    """Returns functions that compute an activation, and its gradient too."""
    import tensorflow as tf

    layer = activations.layer(name)
    above = [tf.ones_like(x) for x in inputs]

    @tf.function
    def forward():
        return [layer(x) for x in inputs]

    @tf.function
    def both():
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = [layer(x) for x in inputs]
        # The outputs as well, or the forward pass might be left out.
        return outputs, tape.gradient(outputs, inputs, above)

    return forward, both


# C6, C7


def dying(
    names=("relu", "leaky_relu"),
    learning_rates=(0.001, 0.003, 0.01, 0.03, 0.1),
    seeds=(0, 1, 2, 3, 4),
    epochs=3,
    train=3000,
):
    """Trains dense networks at learning rates that rise to far too high.

    Three hidden layers of 64, Adam, batches of 32. `dead` is the share of
    hidden units without a gradient from any of 1,000 held-out digits after so
    many epochs, `dead_at_start` before the first, `accuracy` that of the same
    digits. The same number of epochs
    at 0.001 follow: `still_dead` is the share of those dead units that are
    dead then (`None` if there were none), `later_accuracy` the accuracy then.
    """
    (x, y), held_out = digits(train)
    rows = []
    for name in names:
        trainer = Trainer(dense_network(name, 3))
        for rate in learning_rates:
            for seed in seeds:
                trainer.restart(seed, rate)
                start = _dead(trainer.probe(*held_out))
                trainer.train(x, y, epochs)
                accuracy = trainer.accuracy(*held_out)
                dead = _dead(trainer.probe(*held_out))
                trainer.optimizer.learning_rate = 0.001
                trainer.train(x, y, epochs)
                later = _dead(trainer.probe(*held_out))
                rows.append(
                    {
                        "activation": name,
                        "learning_rate": rate,
                        "seed": seed,
                        "dead_at_start": start.mean(),
                        "dead": dead.mean(),
                        "still_dead": later[dead].mean()
                        if dead.any()
                        else None,
                        "accuracy": accuracy,
                        "later_accuracy": trainer.accuracy(*held_out),
                    }
                )
    return rows


def _dead(found):
    return np.concatenate([p.dead for p in found])


# C8


def swish(betas=(0.0, 0.01, 0.1, 1.0, 10.0, 100.0)):
    """Finds swish's minimum, and its distance to its limits in beta.

    The largest distance to x/2 and to ReLU on [-6, 6], 24,001 points, in
    float64; to ReLU also on as many points as close to zero as the dip is.
    `minimum` and `minimum_at` by Brent's method on [-20/beta, 0], `None` for
    beta = 0; `falls` is the share of the points where it falls.
    """
    x = np.linspace(-6, 6, 24_001)
    rows = []
    for beta in betas:
        y = _float64(activations.swish, x, beta=beta)
        slope = _float64(activations.swish_derivative, x, beta=beta)
        near = np.concatenate([x, x / max(beta, 1)])
        gap = _float64(activations.swish, near, beta=beta)
        gap -= np.maximum(near, 0)
        found = None
        if beta > 0:
            found = optimize.minimize_scalar(
                lambda at, beta=beta: float(
                    _float64(activations.swish, at, beta=beta)
                ),
                bounds=(-20 / beta, 0),
                method="bounded",
                options={"xatol": 1e-9 / beta},
            )
        rows.append(
            {
                "beta": beta,
                "to_line": np.abs(y - x / 2).max(),
                "to_relu": np.abs(gap).max(),
                "minimum": found and found.fun,
                "minimum_at": found and found.x,
                "falls": np.mean(slope < 0),
            }
        )
    return rows


def _float64(function, x, **arguments):
    x = keras.ops.convert_to_tensor(x, "float64")
    return keras.ops.convert_to_numpy(function(x, **arguments))


# Records.


EXPERIMENTS = {
    experiment.__name__: experiment
    for experiment in (
        collapse,
        boundaries,
        movement,
        depth,
        learning,
        distributions,
        sparsity,
        cost,
        dying,
        swish,
    )
}
# What is smaller where the code is tested and nothing is measured.
SMOKE = {
    "collapse": {"seeds": (0,)},
    "boundaries": {"seeds": (0,), "epochs": 2},
    "movement": {"seeds": (0,), "epochs": 1, "train": 320},
    "depth": {"seeds": (0,), "depths": (2, 5), "samples": 20},
    "learning": {
        "seeds": (0, 1),
        "depths": (2, 3),
        "epochs": 1,
        "train": 320,
    },
    "distributions": {"layers": 2, "epochs": (0, 1), "train": 320},
    "sparsity": {"seeds": (0,), "epochs": 1, "train": 320},
    "cost": {"rounds": 2, "batch_size": 4},
    "dying": {
        "seeds": (0, 1),
        "learning_rates": (0.001, 0.1),
        "epochs": 1,
        "train": 320,
    },
    "swish": {"betas": (0.0, 1.0, 100.0)},
}
STUDIES = {"claims": {}, "smoke": SMOKE}


def recorded(name, results, folders=(), study="claims", again=False):
    """Returns the rows of an experiment, as a table, from its record.

    The record is `STUDY/NAME.json` in one of the folders: the experiment's
    parameters, its rows, the environment and a hash of all that. One that is
    damaged or was edited is set aside; one with other parameters is not used.
    Where there is none, the experiment is run and its record written to
    `results`, whole or not at all.

    Args:
        name: A name in `EXPERIMENTS`.
        results: The folder for a new record, made if need be.
        folders: Further folders whose records count as well.
        study: `"claims"`, or `"smoke"` for as little as shows that it works.
        again: Whether to run it although there is a record.

    Raises:
        ValueError: If the name or the study is unknown.
    """
    if name not in EXPERIMENTS:
        raise ValueError(
            f"`name` must be among {', '.join(EXPERIMENTS)}. Received: "
            f"name={name!r}"
        )
    if study not in STUDIES:
        raise ValueError(
            f"`study` must be among {', '.join(STUDIES)}. Received: "
            f"study={study!r}"
        )
    results, *folders = map(pathlib.Path, (results, *folders))
    experiment = EXPERIMENTS[name]
    parameters = {
        parameter.name: parameter.default
        for parameter in inspect.signature(experiment).parameters.values()
    } | STUDIES[study].get(name, {})
    parameters = _plain(parameters)
    file = pathlib.Path(study, f"{name}.json")
    if not again:
        for folder in (results, *folders):
            rows = _read(folder / file, parameters)
            if rows is not None:
                return pd.DataFrame(rows)
    record = {
        "experiment": name,
        "parameters": parameters,
        "environment": records.environment(),
        "rows": _plain(experiment(**parameters)),
    }
    record["hash"] = records.content_hash(record)
    with records.claim(f"{study}-{name}", results):
        _write(results / file, record)
    return pd.DataFrame(record["rows"])


def _read(path, parameters):
    if not path.exists():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["hash"] != records.content_hash(record):
            raise records.RecordError("it was edited: its hash does not fit")
        found, rows = record["parameters"], record["rows"]
    except (ValueError, KeyError, TypeError) as error:
        records.set_aside(path, error)
        return None
    return rows if found == parameters else None


def _write(path, record):
    """Writes a record, a row a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = ",\n  ".join(json.dumps(row) for row in record["rows"])
    head = json.dumps({**record, "rows": []}, indent=1)
    text = head.replace('"rows": []', f'"rows": [\n  {rows}\n ]') + "\n"
    records.write_whole(path, text.encode())


def _plain(value):
    """Returns a value as JSON has it, numbers to six digits."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(item) for item in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def main(arguments=None):
    """Makes the records that are missing, or some anew."""
    parser = argparse.ArgumentParser(
        prog="python -m comparison.claims",
        description="Makes the records of the claims that are missing.",
    )
    parser.add_argument(
        "--again",
        nargs="+",
        default=[],
        choices=list(EXPERIMENTS),
        metavar="NAME",
        help=f"make these anew: {', '.join(EXPERIMENTS)}",
    )
    parser.add_argument(
        "--results",
        type=pathlib.Path,
        default=records.RESULTS,
        metavar="FOLDER",
        help="for the records (default: the project's results)",
    )
    options = parser.parse_args(arguments)
    for name in EXPERIMENTS:
        start = time.perf_counter()
        table = recorded(name, options.results, again=name in options.again)
        seconds = time.perf_counter() - start
        print(f"{name}: {len(table)} rows, {seconds:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
