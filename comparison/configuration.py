"""Everything that can change a result: each value's name, default and range."""

import dataclasses
import functools
import hashlib
import json
import numbers
import operator
import textwrap

import activations
from activations import shown
from comparison import data, networks


def _field(default, meaning, check, *limits):
    """One field: its default, what it means, and what its values must be."""
    return dataclasses.field(
        default=default,
        metadata={"meaning": meaning, "check": check, "limits": limits},
    )


def _text(name, value):
    # A function would do for a network, and not for a record.
    if not isinstance(value, str):
        raise ValueError(
            f"`{name}` must be a name. Received: {name}={shown(value)}"
        )
    return str(value)


def _number(name, value, kind, low, high, brackets="[]"):
    word, number = (
        ("an integer", numbers.Integral)
        if kind is int
        else ("a number", numbers.Real)
    )
    above = operator.lt if brackets[0] == "(" else operator.le
    below = operator.lt if brackets[1] == ")" else operator.le
    if (
        isinstance(value, bool)
        or not isinstance(value, number)
        or not (above(low, value) and below(value, high))
    ):
        raise ValueError(
            f"`{name}` must be {word} in {brackets[0]}{low}, "
            f"{high}{brackets[1]}. Received: {name}={shown(value)}"
        )
    # 1 and 1.0 are one configuration, and have one record; 0.0 and -0.0 are,
    # too, hence the addition.
    return kind(value) + 0


def _optional_number(name, value, *limits):
    return None if value is None else _number(name, value, *limits)


def _numbers(name, value, *limits):
    """Checks a list of numbers, or `None`; a list becomes a tuple."""
    if value is None:
        return None
    if not isinstance(value, (list, tuple)) or not len(value):
        raise ValueError(
            f"`{name}` must be None or a list of one or more numbers. "
            f"Received: {name}={shown(value)}"
        )
    return tuple(_number(name, item, *limits) for item in value)


def _choice(name, value, *choices):
    for choice in choices:
        if type(value) is type(choice) and value == choice:
            return value
    raise ValueError(
        f"`{name}` must be one of {', '.join(map(repr, choices))}. "
        f"Received: {name}={shown(value)}"
    )


@functools.cache
def _check_names(activation, dataset, kernel_initializer):
    """Raises a ValueError unless all are known; makes a layer, so only once."""
    activations.layer(activation)
    data.check_name(dataset)
    networks.check_initializer(kernel_initializer)


@dataclasses.dataclass(frozen=True)
class Configuration:
    """Everything that can change the result of a run; the article's values.

    Raises:
        ValueError: If a value is out of its range or not of its type.
    """

    activation: str = dataclasses.field(
        metadata={
            "meaning": "A name that `activations.layer` knows.",
            "check": _text,
            "limits": (),
        }
    )
    dataset: str = _field("mnist", "A name that `data.load` knows.", _text)
    network: str = _field(
        "article",
        '`"article"` for its two convolutions; `"dense"` for dense layers '
        'alone; `"mish"` for those of Mish\'s experiment on depth, behind two '
        "convolutions; see `networks.build`.",
        _choice,
        "article",
        "dense",
        "mish",
    )
    hidden: tuple | None = _field(
        None,
        "Units of the hidden dense layers, from the input on, of networks but "
        "the article's.",
        _numbers,
        int,
        1,
        10_000,
    )
    seed: int = _field(
        0,
        "Of the initial weights, the order of the batches and the dropout "
        "masks, 0 to 2**32 - 1.",
        _number,
        int,
        0,
        2**32 - 1,
    )
    epochs: int = _field(
        20, "Passes over the training images.", _number, int, 1, 10_000
    )
    batch_size: int = _field(128, "Images a step.", _number, int, 1, 65_536)
    dropout: float = _field(
        0.5,
        "Rate in front of the output layer; behind the pooling it is half of "
        "that. In other networks, behind every hidden dense layer and the "
        "pooling.",
        _number,
        float,
        0,
        1,
        "[)",
    )
    batch_normalization: bool = _field(
        True,
        "Whether each activation is preceded by one.",
        _choice,
        True,
        False,
    )
    kernel_initializer: str = _field(
        "glorot_uniform",
        "Keras's name of the initializer of every layer with an activation to "
        "compare, or fan_out_normal, with variance 2 / fan_out; the article's "
        "output layer has glorot_uniform, another network's the same.",
        _text,
    )
    stddev: float | None = _field(
        None,
        "Standard deviation of random_normal and truncated_normal; `None` for "
        "Keras's 0.05.",
        _optional_number,
        float,
        0,
        100,
        "(]",
    )
    random_biases: bool = _field(
        False,
        "Whether biases are drawn as weights are, and do not start at 0.",
        _choice,
        True,
        False,
    )
    output: str = _field(
        "softmax",
        'What the classes\' cross-entropy is of: `"softmax"`, or '
        '`"sigmoid"`, each class on its own.',
        _choice,
        "softmax",
        "sigmoid",
    )
    optimizer: str = _field(
        "adam",
        "Keras's name of it; but for what is named here, at its defaults.",
        _choice,
        "adam",
        "sgd",
    )
    learning_rate: float = _field(
        0.001, "The optimizer's first one.", _number, float, 0, 10, "(]"
    )
    momentum: float = _field(0.0, "Of sgd.", _number, float, 0, 1, "[)")
    epsilon: float = _field(
        1e-7,
        "Of adam: what a step is divided by besides the size of the gradients.",
        _number,
        float,
        0,
        1,
        "(]",
    )
    schedule: bool = _field(
        True,
        "Whether the learning rate is lowered where the validation loss no "
        "longer falls.",
        _choice,
        True,
        False,
    )
    shuffle: bool = _field(
        True,
        "Whether the images are in another order in each epoch.",
        _choice,
        True,
        False,
    )
    negative_slope: float = _field(
        0.01, "Of leaky ReLU below zero.", _number, float, 0, 1
    )
    beta: float = _field(
        1.0,
        "Of swish; of swish_trainable, where it starts.",
        _number,
        float,
        -100,
        100,
    )
    scale: float = _field(
        1.0,
        "Of swish and swish_trainable, in front; E-swish's beta.",
        _number,
        float,
        -100,
        100,
    )
    # Not float64: Keras cannot add its regularisation to a loss in float32.
    dtype_policy: str = _field(
        "float32",
        "Keras's name of the layers' dtype policy.",
        _choice,
        "float32",
        "mixed_bfloat16",
        "mixed_float16",
    )
    validation: str = _field(
        "held_out",
        '`"held_out"` for training images set aside, `"test"` for the test '
        "images, as the article's code has it.",
        _choice,
        "held_out",
        "test",
    )
    train_samples: int | None = _field(
        None,
        "How many training images are used; `None` for all.",
        _optional_number,
        int,
        10,
        60_000,
    )
    extra_dense: bool = _field(
        False,
        "Whether the two linear layers are there that the published leaky "
        "ReLU network has besides; see `networks.with_extra_dense`.",
        _choice,
        True,
        False,
    )
    fits: int = _field(
        1,
        "How many times in succession the network is trained for `epochs`, as "
        "by further calls of Keras's `fit`: weights and optimizer go on, the "
        "learning-rate schedule forgets what it has seen.",
        _number,
        int,
        1,
        10,
    )

    def __post_init__(self):
        for name, value in self.checked(vars(self)).items():
            object.__setattr__(self, name, value)
        _check_names(self.activation, self.dataset, self.kernel_initializer)
        self._check_effects()

    def _check_effects(self):
        """Refuses what would have no effect: two names for one result."""
        swish = "swish", "swish_trainable"
        normal = "random_normal", "truncated_normal"
        for name, field, values in (
            ("beta", "activation", swish),
            ("scale", "activation", swish),
            ("negative_slope", "activation", ("leaky_relu",)),
            ("stddev", "kernel_initializer", normal),
            ("momentum", "optimizer", ("sgd",)),
            ("epsilon", "optimizer", ("adam",)),
            ("hidden", "network", ("dense", "mish")),
            ("random_biases", "network", ("dense", "mish")),
            ("output", "network", ("dense", "mish")),
            ("extra_dense", "network", ("article",)),
        ):
            value, other = getattr(self, name), getattr(self, field)
            default = type(self).__dataclass_fields__[name].default
            if value != default and other not in values:
                raise ValueError(
                    f"`{name}` has an effect only with {field} "
                    f"{' or '.join(map(repr, values))}. Received: "
                    f"{name}={shown(value)}, {field}={shown(other)}"
                )
        if self.network != "article" and self.hidden is None:
            raise ValueError(
                "`hidden` must name the units of one or more layers, such as "
                f"(100, 100), with network={self.network!r}. Received: "
                "hidden=None"
            )

    @classmethod
    def checked(cls, values):
        """Returns values of fields as a configuration has them.

        Raises:
            ValueError: If one is of the wrong type or out of its range.
        """
        return {
            field.name: field.metadata["check"](
                field.name, values[field.name], *field.metadata["limits"]
            )
            for field in dataclasses.fields(cls)
            if field.name in values
        }

    @classmethod
    def from_record(cls, values):
        """Returns the configuration that a record names.

        A record of before a field was added has its default; a field that a
        newer version added is at its default there if this version finds the
        record by its name.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{k: v for k, v in values.items() if k in known})

    def activation_arguments(self):
        """Returns what `activations.layer` is to be given besides the name."""
        if self.activation == "leaky_relu":
            return {"negative_slope": self.negative_slope}
        if self.activation in ("swish", "swish_trainable"):
            return {"beta": self.beta}
        return {}

    @property
    def key(self):
        """The name of this configuration's record, without its ending.

        It rests on the fields that differ from their defaults, so that a field
        added later, at its default, renames no record.
        """
        changed = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if getattr(self, field.name) != field.default
        }
        content = json.dumps(changed, sort_keys=True).encode()
        digest = hashlib.sha256(content).hexdigest()[:8]
        return f"{self.dataset}-{self.activation}-seed{self.seed}-{digest}"


Configuration.__doc__ += "\n    Attributes:\n" + "".join(
    textwrap.indent(
        textwrap.fill(
            f"{field.name}: {field.metadata['meaning']}",
            72,
            subsequent_indent="    ",
        )
        + "\n",
        "        ",
    )
    for field in dataclasses.fields(Configuration)
)
