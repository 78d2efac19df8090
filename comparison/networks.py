"""The networks: the article's and others, with an activation of choice."""

import keras
import numpy as np
from keras import layers

import activations
from comparison import fused, process


def build(configuration, input_shape=(28, 28, 1), classes=10):
    """Builds and compiles the network of a configuration.

    `"article"` is the article's: with 28x28x1 images and 10 classes it has
    1,200,778 parameters and those of its activations. `"dense"` has the hidden
    layers that the configuration names, each followed by batch normalisation
    where asked for, the activation, and dropout. `"mish"` has the same behind
    two convolutions, 20 and 50 of 5x5, each with the activation, and a 2x2
    pooling, as Mish's notebook on depth has it.

    Args:
        configuration: A `comparison.configuration.Configuration`.
        input_shape: Height, width and channels of an image.
        classes: The number of classes.

    Returns:
        A compiled `keras.Sequential` that takes images in [0, 1], shape
        (batch, *input_shape), and gives (batch, classes): probabilities, or
        with `output="sigmoid"` logits.

    Raises:
        ValueError: If a global setting of Keras would change the result.
    """
    check_settings()
    stack = [
        keras.Input(input_shape, dtype="float32"),
        *_STACKS[configuration.network](configuration, classes),
    ]
    model = keras.Sequential(stack, name=f"{configuration.activation}_network")
    if configuration.optimizer == "sgd":
        optimizer = keras.optimizers.SGD(
            configuration.learning_rate, configuration.momentum
        )
    else:
        optimizer = fused.FusedAdam(
            configuration.learning_rate, epsilon=configuration.epsilon
        )
    if configuration.dtype_policy == "mixed_float16":
        # Keras does so only where its global policy is this one.
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    # A step of small layers costs less than its call from Python, and
    # TensorFlow can take many in one call; torch takes no more than one.
    many = (
        configuration.network == "dense"
        and keras.backend.backend() == "tensorflow"
    )
    model.compile(
        optimizer=optimizer,
        loss=sigmoid_cross_entropy
        if configuration.output == "sigmoid"
        else "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=50 if many else 1,
        auto_scale_loss=False,
    )
    return model


def sigmoid_cross_entropy(labels, logits):
    """Returns the mean over the classes, each a yes or no of its own.

    Args:
        labels: Integers of shape (batch,) or (batch, 1).
        logits: Of shape (batch, classes).
    """
    classes = logits.shape[-1]
    labels = keras.ops.reshape(labels, (-1,))
    return keras.losses.binary_crossentropy(
        keras.ops.one_hot(labels, classes), logits, from_logits=True
    )


def _article(configuration, classes):
    # A seed for each place in the network: with the same seed, networks with
    # other activations start from the same weights and drop the same units.
    seeds = np.random.SeedSequence(configuration.seed).generate_state(6)
    conv_1, conv_2, dense, output, drop_1, drop_2 = seeds
    # Said everywhere: Keras's global settings may say something else.
    dtype = configuration.dtype_policy
    image = {"data_format": "channels_last", "dtype": dtype}

    def weights(seed):
        return {
            "kernel_initializer": _initializer(configuration, seed),
            "kernel_regularizer": fused.FusedL2(1e-5),
        }

    stack = [
        layers.Conv2D(32, 3, name="conv_1", **weights(conv_1), **image),
        *_activation(configuration, 1),
        layers.Conv2D(64, 3, name="conv_2", **weights(conv_2), **image),
        *_activation(configuration, 2),
        layers.MaxPooling2D(2, name="pooling", **image),
        _dropout(configuration.dropout / 2, drop_1, 1, dtype),
        layers.Flatten(name="flatten", **image),
        layers.Dense(128, name="dense", dtype=dtype, **weights(dense)),
        *_activation(configuration, 3),
        _dropout(configuration.dropout, drop_2, 2, dtype),
        layers.Dense(
            classes,
            activation="softmax",
            kernel_initializer=seeded("glorot_uniform", output),
            # Probabilities need float32 whatever the layers below use.
            dtype="float32",
            name="output",
        ),
    ]
    if configuration.extra_dense:
        stack = with_extra_dense(stack, configuration)
    return stack


def _dense(configuration, classes):
    seeds = np.random.SeedSequence(configuration.seed)
    flatten = layers.Flatten(
        data_format="channels_last", dtype=configuration.dtype_policy
    )
    return [flatten, *_hidden(configuration, classes, seeds)]


def _mish(configuration, classes):
    seeds = np.random.SeedSequence(configuration.seed)
    first, second, drop, *biases = seeds.spawn(1)[0].generate_state(5)
    dtype = configuration.dtype_policy
    image = {"data_format": "channels_last", "dtype": dtype}

    def convolution(filters, seed, number):
        bias = biases[number - 1]
        yield layers.Conv2D(
            filters,
            5,
            name=f"conv_{number}",
            **_initializers(configuration, seed, bias),
            **image,
        )
        yield from _activation(
            configuration, f"conv_{number}", normalization=False
        )

    return [
        *convolution(20, first, 1),
        *convolution(50, second, 2),
        layers.MaxPooling2D(2, name="pooling", **image),
        _dropout(configuration.dropout, drop, "pooling", dtype),
        layers.Flatten(name="flatten", **image),
        *_hidden(configuration, classes, seeds),
    ]


_STACKS = {"article": _article, "dense": _dense, "mish": _mish}


def _hidden(configuration, classes, sequence):
    """Yields the hidden dense layers, and the output layer."""
    # As in `_article`; the layers that a deeper network has in common with
    # this one start from the same weights.
    count = len(configuration.hidden) + 1
    seeds = sequence.generate_state(3 * count).reshape(count, 3)
    dtype = configuration.dtype_policy
    for number, units in enumerate(configuration.hidden, 1):
        kernel, bias, drop = seeds[number]
        yield layers.Dense(
            units,
            name=f"dense_{number}",
            dtype=dtype,
            **_initializers(configuration, kernel, bias),
        )
        yield from _activation(configuration, number)
        if configuration.dropout:
            yield _dropout(configuration.dropout, drop, number, dtype)
    kernel, bias, _ = seeds[0]
    yield layers.Dense(
        classes,
        activation="softmax" if configuration.output == "softmax" else None,
        dtype="float32",
        name="output",
        **_initializers(configuration, kernel, bias),
    )


def _activation(configuration, place, normalization=True):
    """Yields the activation, and the batch normalisation in front of it."""
    dtype = configuration.dtype_policy
    if configuration.batch_normalization and normalization:
        yield fused.FusedBatchNormalization(
            name=f"normalization_{place}", dtype=dtype
        )
    yield activations.layer(
        configuration.activation,
        name=f"activation_{place}",
        dtype=dtype,
        **configuration.activation_arguments(),
    )
    if configuration.scale != 1:
        yield layers.Rescaling(
            configuration.scale, name=f"scale_{place}", dtype=dtype
        )


def _dropout(rate, seed, place, dtype):
    return layers.Dropout(
        rate, seed=_own_seed(seed), dtype=dtype, name=f"dropout_{place}"
    )


def check_settings():
    """Refuses a backend without training, and Keras's global settings.

    Those that no argument of a layer overrules: `keras.json`, a variable or a
    call sets them; losses, metrics, the learning rate and `fit` obey.

    Raises:
        ValueError: If nothing can be trained, or one of them would change the
            result of a run.
    """
    if keras.backend.backend() not in process.THREADS:
        raise ValueError(
            f"Keras's backend must be one of {', '.join(process.THREADS)} to "
            f"train. Received: KERAS_BACKEND={keras.backend.backend()!r}"
        )
    for name, usual in (
        ("floatx", "float32"),
        ("epsilon", 1e-7),
        ("max_epochs", None),
        ("max_steps_per_epoch", None),
    ):
        value = getattr(keras.config, name)()
        if value != usual:
            raise ValueError(
                f"Keras's global setting `{name}` must be {usual!r} for a run; "
                f"see keras.json. Received: {name}={value!r}"
            )


def with_extra_dense(stack, configuration):
    """Returns the layers with the two that the published leaky ReLU has more.

    Linear, without regularisation, of as many units as there are channels, in
    front of the second and the third activation: 20,672 parameters for images
    of 28x28x1.
    """
    # Further seeds of the same sequence: the other layers keep theirs.
    seeds = np.random.SeedSequence(configuration.seed).generate_state(8)[6:]
    units = {"activation_2": (64, seeds[0]), "activation_3": (128, seeds[1])}
    longer = []
    for layer in stack:
        if getattr(layer, "name", None) in units:
            width, seed = units[layer.name]
            extra = layers.Dense(
                width,
                kernel_initializer=_initializer(configuration, seed),
                dtype=configuration.dtype_policy,
                name=f"extra_{layer.name.removeprefix('activation_')}",
            )
            longer.append(extra)
        longer.append(layer)
    return longer


def _initializers(configuration, kernel, bias):
    """Returns the two of a layer, with these seeds, as its arguments."""
    drawn = {"kernel_initializer": _initializer(configuration, kernel)}
    if configuration.random_biases:
        drawn["bias_initializer"] = _initializer(configuration, bias)
    return drawn


def _initializer(configuration, seed):
    stddev = configuration.stddev
    arguments = {} if stddev is None else {"stddev": stddev}
    return seeded(configuration.kernel_initializer, seed, **arguments)


def seeded(initializer, seed, **arguments):
    """Makes the initializer of this name with this seed.

    Args:
        initializer: Keras's name of it, or `"fan_out_normal"`: He's other
            form, normal with variance 2 / fan_out.
        seed: An integer of 32 bits.
        **arguments: Further ones of the initializer.
    """
    if initializer == "fan_out_normal":
        initializer = keras.initializers.VarianceScaling(2.0, mode="fan_out")
    initializer = keras.initializers.get(initializer)
    return type(initializer)(
        **{
            **initializer.get_config(),
            **arguments,
            "seed": _own_seed(seed),
        }
    )


def check_initializer(name):
    """Raises a ValueError unless Keras knows it, and it takes a seed."""
    try:
        seeded(name, 0)
    # Whatever Keras makes of a name that is something else.
    except Exception as error:
        raise ValueError(
            "`kernel_initializer` must be Keras's name of an initializer that "
            "takes a seed. Received: "
            f"kernel_initializer={activations.shown(name)}"
        ) from error


def _own_seed(seed):
    """Returns a seed of 32 bits as the backend takes it: torch, signed."""
    if keras.backend.backend() == "torch":
        return int(np.uint32(seed).view(np.int32))
    return int(seed)
