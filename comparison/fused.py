"""Keras layers, a penalty and an optimizer on TensorFlow's fused kernels.

Each has the arguments, the weights and, within rounding, the results of the
Keras class that it extends, which writes the same out in small operations. On
another backend, and wherever the kernel does not fit, it is that class.
"""

import keras
from keras import layers


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
            # Keras has renormalisation since 2026; an older one lacks its name.
            and not (getattr(self, "renorm", False) or self.synchronized)
        )


@keras.saving.register_keras_serializable(package="activation_comparison")
class FusedL2(keras.regularizers.L2):
    """Keras's L2 penalty, l2 * sum(w^2), whose gradient is one product."""

    def __call__(self, x):
        if keras.backend.backend() != "tensorflow":
            return super().__call__(x)
        import tensorflow as tf

        # TensorFlow's l2_loss is half of the sum.
        return 2 * self.l2 * tf.nn.l2_loss(x)


@keras.saving.register_keras_serializable(package="activation_comparison")
class FusedAdam(keras.optimizers.Adam):
    """Keras's Adam, each variable updated in one pass through memory.

    Kingma and Ba 2014, arXiv 1412.6980, in the form in front of its section
    2.1, which is Keras's too.
    """

    def update_step(self, gradient, variable, learning_rate):
        if not self._fits_kernel(gradient):
            return super().update_step(gradient, variable, learning_rate)
        import tensorflow as tf

        index = self._get_variable_index(variable)
        step = tf.cast(self.iterations.value + 1, "float32")
        tf.raw_ops.ResourceApplyAdam(
            var=getattr(variable, "_value", variable).handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=self.beta_1**step,
            beta2_power=self.beta_2**step,
            lr=learning_rate,
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )

    def _fits_kernel(self, gradient):
        if keras.backend.backend() != "tensorflow" or self.amsgrad:
            return False
        import tensorflow as tf

        return (
            isinstance(gradient, tf.Tensor)
            and gradient.dtype == tf.float32
            and not tf.distribute.has_strategy()
        )
