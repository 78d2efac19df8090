"""The article's convolutional network, with an activation of one's choice."""

import keras
import numpy as np
from keras import layers

import activations
from comparison import fused


def build(configuration, input_shape=(28, 28, 1), classes=10):
    """Builds and compiles the article's network.

    Args:
        configuration: A `comparison.runs.Configuration`.
        input_shape: Height, width and channels of an image.
        classes: The number of classes.

    Returns:
        A compiled `keras.Sequential` that takes images in [0, 1], shape
        (batch, *input_shape), and gives (batch, classes) probabilities.
        With 28x28x1 images and 10 classes it has 1,200,778 parameters and
        those of its activations.

    Raises:
        ValueError: If a global setting of Keras would change the result.
    """
    _check_settings()
    # A seed for each place in the network: with the same seed, networks with
    # other activations start from the same weights and drop the same units.
    seeds = np.random.SeedSequence(configuration.seed).generate_state(6)
    conv_1, conv_2, dense, output, drop_1, drop_2 = seeds
    # Said everywhere: Keras's global settings may say something else.
    dtype = configuration.dtype_policy
    image = {"data_format": "channels_last", "dtype": dtype}

    def weights(seed):
        return {
            "kernel_initializer": seeded(
                configuration.kernel_initializer, seed
            ),
            "kernel_regularizer": fused.FusedL2(1e-5),
        }

    def activation(number):
        if configuration.batch_normalization:
            yield fused.FusedBatchNormalization(
                name=f"normalization_{number}", dtype=dtype
            )
        yield activations.layer(
            configuration.activation,
            name=f"activation_{number}",
            dtype=dtype,
            **configuration.activation_arguments(),
        )

    stack = [
        keras.Input(input_shape, dtype="float32"),
        layers.Conv2D(32, 3, name="conv_1", **weights(conv_1), **image),
        *activation(1),
        layers.Conv2D(64, 3, name="conv_2", **weights(conv_2), **image),
        *activation(2),
        layers.MaxPooling2D(2, name="pooling", **image),
        layers.Dropout(
            configuration.dropout / 2,
            seed=_own_seed(drop_1),
            dtype=dtype,
            name="dropout_1",
        ),
        layers.Flatten(name="flatten", **image),
        layers.Dense(128, name="dense", dtype=dtype, **weights(dense)),
        *activation(3),
        layers.Dropout(
            configuration.dropout,
            seed=_own_seed(drop_2),
            dtype=dtype,
            name="dropout_2",
        ),
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
    model = keras.Sequential(stack, name=f"{configuration.activation}_network")
    optimizer = fused.FusedAdam(configuration.learning_rate)
    if dtype == "mixed_float16":
        # Keras does so only where its global policy is this one.
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    model.compile(
        optimizer=optimizer,
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        auto_scale_loss=False,
    )
    return model


def _check_settings():
    """Refuses the global settings that no argument of a layer overrules.

    `keras.json`, a variable or a call sets them; losses, metrics, the learning
    rate and `fit` obey.
    """
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
                kernel_initializer=seeded(
                    configuration.kernel_initializer, seed
                ),
                dtype=configuration.dtype_policy,
                name=f"extra_{layer.name.removeprefix('activation_')}",
            )
            longer.append(extra)
        longer.append(layer)
    return longer


def seeded(initializer, seed):
    """Makes the Keras initializer of this name with this seed."""
    initializer = keras.initializers.get(initializer)
    return type(initializer)(
        **{**initializer.get_config(), "seed": _own_seed(seed)}
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
