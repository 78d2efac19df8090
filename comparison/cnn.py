"""The article's convolutional network, with an activation of one's choice."""

import keras
import numpy as np
from keras import layers

import activations


@keras.saving.register_keras_serializable(package="activation_comparison")
class FusedBatchNormalization(layers.BatchNormalization):
    """Keras's batch normalisation, on TensorFlow's fused kernel for images.

    y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with the mean and
    the variance of the batch in training and their moving averages otherwise
    (Ioffe and Szegedy 2015, arXiv 1502.03167, algorithms 1 and 2).

    The same arguments, weights and results, within rounding, as
    `keras.layers.BatchNormalization`, which on a CPU is about three times
    slower in training. Whatever the kernel does not cover (another backend,
    other ranks, a mask, a float64 input, weights that are not float32, an
    axis that is not the last, renormalisation, a synchronised or an uncentred
    layer) is left to Keras.
    """

    def call(self, inputs, training=None, mask=None):
        if not self._fits_kernel(inputs, mask):
            return super().call(inputs, training=training, mask=mask)
        # Not at the top: the module also serves Keras's other backends.
        import tensorflow as tf

        if not (training and self.trainable):
            return tf.raw_ops.FusedBatchNormV3(
                x=inputs,
                scale=self.gamma,
                offset=self.beta,
                mean=self.moving_mean,
                variance=self.moving_variance,
                epsilon=self.epsilon,
                is_training=False,
            ).y
        normalised = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma,
            offset=self.beta,
            mean=tf.zeros([0]),
            variance=tf.zeros([0]),
            epsilon=self.epsilon,
            is_training=True,
        )
        # The kernel returns the variance with Bessel's correction; Keras
        # averages the uncorrected one.
        count = tf.cast(tf.size(inputs) / inputs.shape[-1], tf.float32)
        variance = normalised.batch_variance * (
            tf.maximum(count - 1.0, 1.0) / count
        )
        for average, value in (
            (self.moving_mean, normalised.batch_mean),
            (self.moving_variance, variance),
        ):
            average.assign(
                average * self.momentum + value * (1.0 - self.momentum)
            )
        return normalised.y

    def _fits_kernel(self, inputs, mask):
        return (
            keras.backend.backend() == "tensorflow"
            and len(inputs.shape) == 4
            and self.axis in (-1, 3)
            and mask is None
            and keras.backend.standardize_dtype(inputs.dtype)
            in ("float32", "bfloat16", "float16")
            and self.compute_dtype
            == keras.backend.standardize_dtype(inputs.dtype)
            # The kernel averages in float32.
            and self.variable_dtype == "float32"
            and self.center
            and self.scale
            and not (self.renorm or self.synchronized)
        )


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
    """
    # A seed for each place in the network: with the same seed, networks with
    # other activations start from the same weights and drop the same units.
    seeds = np.random.SeedSequence(configuration.seed).generate_state(6)
    conv_1, conv_2, dense, output, drop_1, drop_2 = (int(s) for s in seeds)
    dtype = configuration.dtype_policy

    def weights(seed):
        return {
            "kernel_initializer": seeded(
                configuration.kernel_initializer, seed
            ),
            "kernel_regularizer": keras.regularizers.L2(1e-5),
            "dtype": dtype,
        }

    def activation(number):
        if configuration.batch_normalization:
            yield FusedBatchNormalization(
                name=f"normalization_{number}", dtype=dtype
            )
        yield activations.layer(
            configuration.activation,
            name=f"activation_{number}",
            dtype=dtype,
            **configuration.activation_arguments(),
        )

    model = keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Conv2D(32, 3, name="conv_1", **weights(conv_1)),
            *activation(1),
            layers.Conv2D(64, 3, name="conv_2", **weights(conv_2)),
            *activation(2),
            layers.MaxPooling2D(2, name="pooling", dtype=dtype),
            layers.Dropout(
                configuration.dropout / 2,
                seed=drop_1,
                dtype=dtype,
                name="dropout_1",
            ),
            layers.Flatten(dtype=dtype, name="flatten"),
            layers.Dense(128, name="dense", **weights(dense)),
            *activation(3),
            layers.Dropout(
                configuration.dropout,
                seed=drop_2,
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
        ],
        name=f"{configuration.activation}_network",
    )
    optimizer = keras.optimizers.Adam(configuration.learning_rate)
    if dtype == "mixed_float16":
        # Keras does so only if the whole model has the policy.
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    model.compile(
        optimizer=optimizer,
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def seeded(initializer, seed):
    """Makes the Keras initializer of this name with this seed."""
    initializer = keras.initializers.get(initializer)
    return type(initializer)(**{**initializer.get_config(), "seed": seed})
