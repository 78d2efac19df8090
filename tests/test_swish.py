"""Swish is a layer like any other: differentiation, export, sizes, backends."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import scipy.special
import tensorflow as tf
from tensorflow.python.eager import context

from activations import Swish

ROOT = pathlib.Path(__file__).parent.parent
BETA = 0.75  # Keras rounds a constant to float32, this one exactly.


def by_x(x, beta=BETA):
    """The derivative of swish in float64, by SciPy's sigmoid."""
    s = scipy.special.expit(beta * x)
    return s + beta * x * s * scipy.special.expit(-beta * x)


def by_beta(x, beta=BETA):
    return x**2 * scipy.special.expit(beta * x) * scipy.special.expit(-beta * x)


def by_x_twice(x, beta=BETA, h=1e-5):
    return (by_x(x + h, beta) - by_x(x - h, beta)) / (2 * h)


@pytest.fixture
def x():
    return tf.constant(np.random.default_rng(0).normal(0, 2, (4, 3)))


@pytest.fixture
def layer():
    one = Swish(keras.initializers.Constant(BETA), dtype="float64")
    one.build((None, 3))
    return one


# Sizes and compilation


def test_new_sizes_compile_and_keep_nothing():
    one = Swish(shared_axes=[1])

    def step(size):
        values = tf.ones((2, size, 3))
        with tf.GradientTape() as tape:
            tape.watch(values)
            y = one(values)
        tape.gradient(y, [values, one.beta.value])

    step(1)
    before = set(context.context().list_function_names())
    for size in range(2, 52):
        step(size)
    assert set(context.context().list_function_names()) == before


def test_a_new_batch_size_to_predict_traces_no_more_than_silu_does():
    traced = []
    for one in (Swish(), keras.layers.Activation("silu")):
        model = keras.Sequential([keras.Input((3,)), one])
        model.predict_on_batch(np.ones((1, 3)))
        before = set(context.context().list_function_names())
        for size in range(2, 22):
            model.predict_on_batch(np.ones((size, 3)))
        # What is freed meanwhile, such as the first model, does not count.
        traced.append(
            len(set(context.context().list_function_names()) - before)
        )
    assert traced[0] <= traced[1]


def operations(function, *arguments):
    """The operations of a graph, those of the functions it calls included."""
    graph = tf.function(function).get_concrete_function(*arguments).graph
    definition = graph.as_graph_def()
    nodes = list(definition.node)
    for called in definition.library.function:
        nodes += called.node_def
        assert "_XlaMustCompile" not in called.attr
    return nodes


def test_its_graph_is_plain_operations_forward_and_backward(layer, x):
    def both(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
        return tape.gradient(y, [x, layer.beta.value])

    for node in operations(both, x):
        assert "Call" not in node.op and "_XlaMustCompile" not in node.attr


@pytest.mark.parametrize("how", [{"jit_compile": True}, {"run_eagerly": True}])
def test_it_trains_as_the_user_says(how):
    values = np.random.default_rng(1).normal(size=(7, 3))
    model = keras.Sequential([keras.Input((3,)), Swish(), layers_dense()])
    model.compile(keras.optimizers.SGD(0.01), "mse", **how)
    model.fit(values, np.ones((7, 1)), batch_size=4, verbose=0)
    assert float(model.layers[0].beta) != 1


def layers_dense():
    return keras.layers.Dense(1, kernel_initializer="ones")


def test_run_eagerly_runs_the_gradient_in_python_operations(layer, x):
    # Each operation of the backward pass is seen by an eager callback, as the
    # debugger's and `enable_check_numerics` are.
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    seen = []
    from tensorflow.python.framework import op_callbacks

    def callback(op_type, *arguments, **keywords):
        seen.append(op_type)

    with_callback = op_callbacks.add_op_callback
    with_callback(callback)
    try:
        tape.gradient(y, x)
    finally:
        op_callbacks.remove_op_callback(callback)
    assert b"Sigmoid" in seen or "Sigmoid" in seen


def test_it_keeps_nothing_but_its_input_and_its_output():
    one = Swish(shared_axes=[1, 2])
    one.build((None, 4, 4, 3))
    read = set()

    def both(values):
        graph = tf.compat.v1.get_default_graph()
        with tf.GradientTape() as tape:
            tape.watch(values)
            y = one(values)
        forward = set(graph.get_operations())
        tape.gradient(y, [values, one.beta.value], tf.ones_like(y))
        for operation in graph.get_operations():
            if operation not in forward:
                read.update(
                    tensor.ref()
                    for tensor in operation.inputs
                    if tensor.op in forward and tensor.shape.rank == 4
                )
        read.difference_update([values.ref(), y.ref()])
        return y

    tf.function(both).get_concrete_function(tf.TensorSpec((8, 4, 4, 3)))
    # Beta's gradient asks for the layer's own (1, 4, 4, 3) at most.
    assert all((r.deref().shape[0] or 8) < 8 for r in read)


# Differentiation


def test_forward_mode(layer, x):
    for function in (layer, tf.function(layer)):
        with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as forward:
            y = function(x)
        np.testing.assert_allclose(forward.jvp(y), by_x(x.numpy()), rtol=1e-9)


def test_forward_over_reverse_mode(layer, x):
    with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as forward:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
        first = tape.gradient(y, x)
    np.testing.assert_allclose(
        forward.jvp(first), by_x_twice(x.numpy()), rtol=1e-6, atol=1e-8
    )


def test_mixed_and_third_derivatives(layer, x):
    beta = layer.beta.value
    with tf.GradientTape(persistent=True) as third:
        third.watch([x, beta])
        with tf.GradientTape(persistent=True) as second:
            second.watch([x, beta])
            with tf.GradientTape() as first:
                first.watch(x)
                y = layer(x)
            slope = first.gradient(y, x)
        curvature = second.gradient(slope, x)
    mixed = second.gradient(slope, beta)
    values, h = x.numpy(), 1e-4
    expected = (by_x(values, BETA + h) - by_x(values, BETA - h)) / (2 * h)
    np.testing.assert_allclose(mixed, expected.sum(), rtol=1e-6)
    rises = by_x(values + h) + by_x(values - h) - 2 * by_x(values)
    np.testing.assert_allclose(
        third.gradient(curvature, x), rises / h**2, atol=1e-6
    )


@pytest.mark.parametrize("vectorised", [True, False])
def test_jacobians(layer, x, vectorised):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = layer(x)
    options = {"experimental_use_pfor": vectorised}
    values = x.numpy()
    np.testing.assert_allclose(
        tape.batch_jacobian(y, x, **options),
        np.stack([np.diag(row) for row in by_x(values)]),
        rtol=1e-9,
    )
    np.testing.assert_allclose(
        tape.jacobian(y, layer.beta.value, **options),
        by_beta(values),
        rtol=1e-9,
    )


def test_gradients_example_by_example_vectorised(layer, x):
    def one_example(row):
        with tf.GradientTape() as tape:
            tape.watch(row)
            y = layer(row)
        return tape.gradient(y, [row, layer.beta.value])

    slopes, betas = tf.vectorized_map(one_example, x)
    np.testing.assert_allclose(slopes, by_x(x.numpy()), rtol=1e-9)
    np.testing.assert_allclose(betas, by_beta(x.numpy()).sum(1), rtol=1e-9)


# Half precision


def half(values, dtype):
    return tf.cast(tf.constant(values, tf.float64), dtype)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("policy", ["", "mixed_"])
def test_gradients_where_beta_x_overflows_are_the_limit(dtype, policy):
    one = Swish(keras.initializers.Constant(8.0), dtype=policy + dtype)
    x = half([-1, -0.25, 0.25, 1], dtype) * tf.as_dtype(dtype).max
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = one(x)
    upstream = half([256, 256, 256, 256], dtype)
    slope, beta = tape.gradient(y, [x, one.beta.value], upstream)
    np.testing.assert_array_equal(tf.cast(slope, "float32"), [0, 0, 256, 256])
    np.testing.assert_array_equal(tf.cast(beta, "float32"), 0)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_gradients_at_moderate_numbers_in_half_precision(dtype):
    x = half(np.linspace(-400, 400, 801), dtype)
    for beta in (0.01, 1.0, 300.0):
        one = Swish(keras.initializers.Constant(beta), dtype=f"mixed_{dtype}")
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = one(x)
        upstream = half(np.full(801, 512.0), dtype)
        slope, by_b = tape.gradient(y, [x, one.beta.value], upstream)
        wide, b = tf.cast(x, "float64").numpy(), np.float64(np.float32(beta))
        epsilon = 2.0**-10 if dtype == "float16" else 2.0**-7
        np.testing.assert_allclose(
            tf.cast(slope, "float64"),
            512 * by_x(wide, b),
            rtol=epsilon,
            atol=512 * 1e-6,
        )
        np.testing.assert_allclose(
            by_b, 512 * by_beta(wide, b).sum(), rtol=1e-3, atol=1e-30
        )


# Exports


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(2)
    one = Swish(keras.initializers.Constant(BETA), shared_axes=[1])
    return keras.Sequential(
        [keras.Input((None, 3)), one, keras.layers.Dense(2)]
    )


IMAGES = np.random.default_rng(3).normal(size=(2, 5, 3)).astype("float32")


def test_exported_it_is_plain_operations_with_a_gradient(model, tmp_path):
    model.export(tmp_path / "saved", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "saved")
    gradients = []
    for function in (loaded.serve, model):
        x = tf.constant(IMAGES)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        gradients.append(tape.gradient(y, x))
    np.testing.assert_allclose(*gradients, rtol=1e-5, atol=1e-6)
    definition = loaded.serve.concrete_functions[0].graph.as_graph_def()
    for function in definition.library.function:
        assert not function.attr["_XlaMustCompile"].b


def test_tflite(model):
    content = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    lite = tf.lite.Interpreter(model_content=content)
    (inputs,), (outputs,) = lite.get_input_details(), lite.get_output_details()
    lite.resize_tensor_input(inputs["index"], IMAGES.shape)
    lite.allocate_tensors()
    lite.set_tensor(inputs["index"], IMAGES)
    lite.invoke()
    np.testing.assert_allclose(
        lite.get_tensor(outputs["index"]), model(IMAGES), rtol=1e-4, atol=1e-5
    )


# Other backends, and importing

SETUP = """
import sys, warnings
import numpy as np, scipy.special, keras
from activations import Swish
expit = scipy.special.expit
def by_x(x, b=0.75):
    return expit(b * x) * (1 + b * x * expit(-b * x))
def by_beta(x, b=0.75):
    return x**2 * expit(b * x) * expit(-b * x)
def twice(x, h=1e-3):
    return (by_x(x + h) - by_x(x - h)) / (2 * h)
near = lambda a, b: np.testing.assert_allclose(
    np.asarray(a), b, rtol=1e-4, atol=1e-5)
layer = Swish(keras.initializers.Constant(0.75))
layer.build((None, 3))
x = np.random.default_rng(0).normal(0, 2, (4, 3)).astype("float32")
"""

# In float64 to its last digits, where the backend has it.
FLOAT64 = """
import activations
x = np.array([-40, -3.3, -1, -.1, .2, 1.7, 30])
s = scipy.special.softmax(x)
for name, arguments, expected in (
    ("step", {}, x >= 0),
    ("step_derivative", {}, 0 * x),
    ("linear", {"slope": .3}, .3 * x),
    ("linear_derivative", {"slope": .3}, .3 + 0 * x),
    ("sigmoid_derivative", {}, expit(x) * expit(-x)),
    ("tanh_derivative", {}, 1 / np.cosh(x)**2),
    ("relu_derivative", {}, x > 0),
    ("leaky_relu", {"negative_slope": .3}, np.where(x > 0, x, .3 * x)),
    ("leaky_relu_derivative", {"negative_slope": .3}, np.where(x > 0, 1, .3)),
    ("swish", {"beta": .75, "scale": .3}, .3 * x * expit(.75 * x)),
    ("swish_derivative", {"beta": .75}, by_x(x)),
    ("swish_beta_derivative", {"beta": .75}, by_beta(x)),
    ("softmax_jacobian", {}, np.diag(s) - np.outer(s, s)),
):
    found = getattr(activations, name)(
        keras.ops.convert_to_tensor(x, "float64"), **arguments)
    assert keras.backend.standardize_dtype(found.dtype) == "float64", name
    np.testing.assert_allclose(
        np.asarray(found), expected, rtol=1e-13, atol=1e-15, err_msg=name)
layer = Swish(keras.initializers.Constant(0.75), dtype="float64")
layer.build((None,))
"""

JAX = (
    """
import jax, jax.numpy as jnp
beta = layer.beta.value
def f(x, b):
    return layer.stateless_call([b], [], x)[0]
total = lambda x, b: f(x, b).sum()
near(jax.grad(total)(x, beta), by_x(x))
near(jax.jit(jax.grad(total, 1))(x, beta), by_beta(x).sum())
near(jax.jvp(lambda x: f(x, beta), (x,), (jnp.ones_like(x),))[1], by_x(x))
near(jax.vmap(jax.grad(total, 1), (0, None))(x, beta), by_beta(x).sum(1))
near(jax.jacfwd(lambda b: f(x, b))(beta), by_beta(x))
near(jax.hessian(lambda v: total(v, beta))(jnp.asarray(x[0])),
     np.diag(twice(x[0].astype("float64"))))
residuals = jax.ad_checkpoint.saved_residuals if hasattr(
    jax.ad_checkpoint, "saved_residuals") else None
if residuals is None:
    from jax._src.ad_checkpoint import saved_residuals as residuals
kept = [a for a, _ in residuals(f, jnp.asarray(x), beta) if a.shape == x.shape]
assert len(kept) <= 1, kept
for dtype in ("float16", "bfloat16"):
    one = Swish(keras.initializers.Constant(8.0), dtype="mixed_" + dtype)
    one.build((None,))
    big = jnp.asarray([-1, -.25, .25, 1], dtype) * jnp.finfo(dtype).max
    y, back = jax.vjp(
        lambda x, b: one.stateless_call([b], [], x)[0], big, one.beta.value)
    slope, b = back(jnp.full(4, 256, dtype))
    np.testing.assert_array_equal(slope.astype("float32"), [0, 0, 256, 256])
    assert float(b) == 0
big = jnp.asarray([-3e38, -8e37, 8e37, 3e38], "float32")
assert jax.grad(total)(big, jnp.float32(0)).tolist() == [0.5] * 4
events = []
jax.monitoring.register_event_duration_secs_listener(
    lambda name, *a, **k: "backend_compile" in name and events.append(name))
class Plain(Swish):
    def call(self, x):
        return x * keras.ops.sigmoid(self.beta * x)
counts = []
for one, start in ((Plain(), 10), (Swish(), 20)):
    one(np.ones((1, 3), "float32"))
    events.clear()
    for size in range(start, start + 3):
        jax.grad(lambda x: one(x).sum())(jnp.ones((size, 3)))
    counts.append(len(events))
assert 0 < counts[1] <= 3 * counts[0], counts
jax.config.update("jax_enable_x64", True)
"""
    + FLOAT64
    + """
np.testing.assert_allclose(
    jax.grad(lambda x: layer(x).sum())(jnp.asarray(x)), by_x(x), rtol=1e-13)
"""
)

TORCH = (
    """
import io, torch
from torch.func import grad, jacfwd, hessian, jvp, vmap
x64 = x.astype("float64"); x = torch.tensor(x)
total = lambda x: layer(x).sum()
near(grad(total)(x).detach(), by_x(x64))
near(jvp(layer, (x,), (torch.ones_like(x),))[1].detach(), by_x(x64))
near(vmap(grad(total))(x).detach(), by_x(x64))
near(hessian(total)(x[0]).detach(), np.diag(twice(x64[0])))
beta = torch.tensor(0.75, requires_grad=True)
def f(x, b):
    return layer.stateless_call([b], [], x)[0]
near(vmap(grad(lambda x, b: f(x, b).sum(), 1), (0, None))(x, beta).detach(),
     by_beta(x64).sum(1))
v = x.clone().requires_grad_()
(first,) = torch.autograd.grad(layer(v).sum(), v, create_graph=True)
(second,) = torch.autograd.grad(first.sum(), v)
near(second.detach(), twice(x64))
for dtype in ("float16", "bfloat16"):
    one = Swish(keras.initializers.Constant(8.0), dtype="mixed_" + dtype)
    one.build((None,))
    kind = getattr(torch, dtype)
    big = torch.tensor([-1, -.25, .25, 1], dtype=kind) * torch.finfo(kind).max
    big.requires_grad_()
    one(big).backward(torch.full((4,), 256, dtype=kind))
    assert big.grad.tolist() == [0, 0, 256, 256], big.grad
    assert float(one.beta.value.grad) == 0
big = torch.tensor([-3e38, -8e37, 8e37, 3e38])
assert grad(lambda x: f(x, torch.tensor(0.)).sum())(big).tolist() == [0.5] * 4
class Module(torch.nn.Module):
    def __init__(self):
        super().__init__(); self.layer = layer
    def forward(self, x):
        return self.layer(x)
module = Module()
traced = io.BytesIO()
torch.jit.save(torch.jit.trace(module, x), traced); traced.seek(0)
near(torch.jit.load(traced)(x).detach(), module(x).detach())
near(torch.export.export(module, (x,)).module()(x).detach(),
     module(x).detach())
"""
    + FLOAT64
    + """
x = torch.tensor(x, requires_grad=True)
assert torch.autograd.gradcheck(layer, x)
layer(x).sum().backward()
np.testing.assert_allclose(x.grad, by_x(x.detach().numpy()), rtol=1e-13)
"""
)


def in_process(backend, code, *flags):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    environment = {**os.environ, "KERAS_BACKEND": backend}
    environment["TF_CPP_MIN_LOG_LEVEL"] = "3"
    return subprocess.run(
        [sys.executable, *flags, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize("backend, code", [("jax", JAX), ("torch", TORCH)])
def test_on_another_backend(backend, code):
    done = in_process(backend, SETUP + code)
    assert done.returncode == 0, done.stderr[-2000:]


IMPORT = """
import warnings
import {backend}
import keras
warnings.simplefilter("error")
import activations
import numpy as np

activations.layer("swish_trainable")(np.ones(1))
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_importing_warns_nowhere(backend):
    done = in_process(backend, IMPORT.format(backend=backend))
    assert done.returncode == 0, done.stderr[-2000:]
    assert "arning" not in done.stderr
