"""What is measured, each in a process of its own: `workers.py NAME`.

A process prepares one thing, says so, and measures it once for every line that
it is sent; so many of them take turns on the same cores, each with its own
memory and threads. Where the lines end it prints what memory it took.
"""

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


def published_keras():
    """The published code in today's Keras: its layers and `fit`, no more."""
    import keras
    from keras import layers, regularizers

    images = _images()
    x = images.x_train.astype("float32") / 255
    y = keras.utils.to_categorical(images.y_train, CLASSES)
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
    count = BATCH * STEPS
    return _fit(model, x[:count], y[:count], batch_size=BATCH)


def this_project(activation, dtype_policy):
    from comparison import cnn, runs

    images = _images()
    configuration = runs.Configuration(activation, dtype_policy=dtype_policy)
    count = BATCH * STEPS
    batches = runs.Batches(
        images.x_train[:count], images.y_train[:count], BATCH
    )
    return _fit(cnn.build(configuration), batches)


def _fit(model, *data, **arguments):
    """Returns a measurement of a step: seconds, the mean of one `fit`.

    From the end of the first step to that of the last, so that the start and
    the end of Keras's `fit` are not in it.
    """
    import keras

    ends = []
    clock = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: ends.append(time.perf_counter())
    )

    def measure():
        ends.clear()
        model.fit(
            *data, shuffle=False, verbose=0, callbacks=[clock], **arguments
        )
        return (ends[-1] - ends[0]) / (len(ends) - 1)

    return measure


def pytorch(dtype_name):
    """The same network and step in PyTorch, in its fastest memory format."""
    import torch
    from torch import nn

    images = _images()
    x = torch.from_numpy(images.x_train[: BATCH * STEPS]).permute(0, 3, 1, 2)
    y = torch.from_numpy(images.y_train[: BATCH * STEPS])
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.BatchNorm2d(32),
        nn.ReLU(inplace=True),
        nn.Conv2d(32, 64, 3),
        nn.BatchNorm2d(64),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(9216, 128),
        nn.BatchNorm1d(128),
        nn.ReLU(inplace=True),
        nn.Dropout(0.5),
        nn.Linear(128, CLASSES),
    ).to(memory_format=torch.channels_last)
    kernels = [model[place].weight for place in (0, 3, 9)]
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    loss_function = nn.CrossEntropyLoss()
    half = dtype_name == "bfloat16"

    def step(start):
        batch = x[start : start + BATCH].float() / 255
        batch = batch.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            scores = model(batch)
        loss = loss_function(scores.float(), y[start : start + BATCH])
        loss = loss + 1e-5 * sum((kernel**2).sum() for kernel in kernels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def measure():
        step(0)
        start = time.perf_counter()
        for number in range(1, STEPS):
            step(number * BATCH)
        return (time.perf_counter() - start) / (STEPS - 1)

    return measure


def matrix_product(dtype):
    """Seconds of a product of square matrices, `SIDE` on a side."""
    import tensorflow as tf

    a = tf.cast(tf.random.normal([SIDE, SIDE], seed=0), dtype)

    @tf.function
    def product():
        return tf.matmul(a, a)

    return _timed(product, repeats=5)


def activation(name):
    """Seconds forward and backward on the three shapes of the network."""
    import tensorflow as tf

    shapes = [(BATCH, 26, 26, 32), (BATCH, 24, 24, 64), (BATCH, 128)]
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

    return _timed(forward_and_backward, repeats=3)


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
        return (time.perf_counter() - start) / repeats

    return measure


def kept_tensors(name):
    """What the backward pass reads of the forward pass, in the graph.

    In tensors of the input's size, besides the input and the output.
    """
    import tensorflow as tf

    layer = _layer(name)
    shape = (BATCH, 24, 24, 64)
    layer.build(shape)
    kept = []

    def trace(x):
        graph = tf.compat.v1.get_default_graph()
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
        forward = set(graph.get_operations())
        weights = [weight.value for weight in layer.trainable_weights]
        tape.gradient(y, [x, *weights], tf.ones(shape))
        read = {
            tensor.ref()
            for operation in graph.get_operations()
            if operation not in forward
            for tensor in operation.inputs
            if tensor.op in forward
        }
        for tensor in read - {x.ref(), y.ref()}:
            kept.append(tensor.deref().shape.num_elements() or 0)
        return y

    tf.function(trace).get_concrete_function(tf.TensorSpec(shape))
    share = sum(kept) / np.prod(shape)
    return lambda: share


def whole_run():
    """Seconds of the parts of a run from nothing, once: a dict."""
    start = time.perf_counter()
    import tempfile

    import comparison  # noqa: F401
    from comparison import cnn, data, runs

    marks = {"start": time.perf_counter() - start}

    def mark(name):
        nonlocal last
        now = time.perf_counter()
        marks[name], last = now - last, now

    last = time.perf_counter()
    images = data.load("mnist_sample")
    mark("data")
    configuration = runs.Configuration("relu", dataset="mnist_sample", epochs=3)
    model = cnn.build(configuration)
    mark("network")
    batches = runs.Batches(images.x_validation, images.y_validation, 500)
    for name in ("first validation", "validation"):
        model.evaluate(batches, verbose=0)
        mark(name)
    with tempfile.TemporaryDirectory() as folder:
        epochs = []
        record = runs.run(
            configuration,
            folder,
            on_epoch=lambda history: epochs.append(time.perf_counter()),
        )
        mark("run")
    marks["training"] = sum(record["history"]["seconds"])
    # From the end of an epoch's validation to the end of the next one's; the
    # training and the validation taken off, the checkpoint is left.
    marks["checkpoint"] = (
        epochs[-1]
        - epochs[-2]
        - record["history"]["seconds"][-1]
        - marks["validation"]
    )
    marks["first step"] = (
        record["history"]["seconds"][0] - record["history"]["seconds"][-1]
    )
    return lambda: json.dumps(marks)


def _images():
    import comparison  # noqa: F401  (keeps TensorFlow's start quiet)
    from comparison import data

    return data.load("mnist_sample")


def main():
    kind, *arguments = json.loads(sys.argv[1])
    measure = globals()[kind](*arguments)
    # Tracing, compiling, and the first touch of the memory.
    for _ in range(2):
        measure()
    print("ready", flush=True)
    for _ in sys.stdin:
        print(measure(), flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(peak, flush=True)


if __name__ == "__main__":
    main()
