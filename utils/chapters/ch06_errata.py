"""The steps of the article's example that fail today, each with the code that fails and the repair that runs.

Chapter 06 executes them and shows the errors that Keras really gives. The broken pieces follow the article's words;
each piece of code is run in a namespace of its own, which holds what the article has by then: ``keras``, ``x_train``
(pictures, uint8, (n, 32, 32, 3)) and ``y_train`` (whole numbers, (n, 1), the form in which Keras hands out CIFAR-10).
"""

import html
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import dedent, indent

import keras
import numpy as np
from IPython.display import display

from utils.errors import CourseError


@dataclass(frozen=True)
class Erratum:
    """A broken step: the article's section, what is wrong in a sentence, the code that fails, the code that runs."""

    name: str
    section: str
    wrong: str
    broken: str
    repaired: str

    def error(self) -> Exception:
        """Run the broken code and return the exception that it raises. Raises CourseError when it raises none."""
        try:
            _run(self.broken)
        except Exception as error:
            return error
        raise CourseError(f"The erratum {self.name!r} is out of date: its code runs now. Take it out of the table.")

    def repair(self) -> None:
        """Run the repaired code; what it raises is raised, and there should be nothing."""
        _run(self.repaired)


def _run(source: str):
    random = np.random.default_rng(0)
    namespace = {
        "keras": keras,
        "x_train": random.integers(256, size=(40, 32, 32, 3), dtype="uint8"),
        "y_train": np.arange(40)[:, None] % 10,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Keras warns of input_shape before it raises
        exec(source, namespace)


def words_of(error: Exception) -> str:
    """The kind of an exception and its first line, without the folder of this machine that an ImportError names."""
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {re.sub(r' [(][^()]*__init__[.]py[)]$', '', first)}"


def show(errata: Iterable[Erratum]) -> list[Exception]:
    """Run each erratum both ways and display one table: what is wrong, the broken code and its error, the repair.

    Returns the exceptions that were caught, in the order of the errata.
    """
    rows, lines, errors = [], [], []
    for item in errata:
        errors.append(item.error())
        words = words_of(errors[-1])
        item.repair()
        lines += [f"{item.section} {item.name}: {item.wrong}", indent(item.broken, "    - "), f"    ✗ {words}"]
        lines += [indent(item.repaired, "    + "), ""]
        cells = [
            f"<b>{html.escape(item.section)} {html.escape(item.name)}</b><br>{html.escape(item.wrong)}",
            f'{_code(item.broken)}<span style="color: #a33c00">✗ {html.escape(words)}</span>',
            f'{_code(item.repaired)}<span style="color: #00694d">✓ runs</span>',
        ]
        widths = ("20%", "40%", "40%")
        style = "text-align: left; vertical-align: top; width: {}; overflow-wrap: anywhere; white-space: normal"
        filled = zip(cells, widths, strict=True)
        rows.append("".join(f'<td style="{style.format(width)}">{cell}</td>' for cell, width in filled))
    head = "".join(f'<th style="text-align: left">{name}</th>' for name in ("the step", "as it was", "repaired"))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    table = (
        f'<table style="width: 100%; table-layout: fixed"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    )
    display({"text/plain": "\n".join(lines).rstrip(), "text/html": table}, raw=True)
    return errors


def _code(source: str):
    style = "white-space: pre-wrap; background: transparent; margin: 0; padding: 0; font: 12px monospace"
    return f'<pre style="{style}">{html.escape(source)}</pre>'


def _erratum(name: str, section: str, wrong: str, broken: str, repaired: str):
    return Erratum(name, section, wrong, dedent(broken).strip(), dedent(repaired).strip())


ERRATA = (
    _erratum(
        "the count",
        "§4.1",
        "Ten classes of 5,000 are not 60,000. Each class has 5,000 training and 1,000 test images.",
        """
        assert 10 * 5_000 == 60_000, "10 × 5,000 is 50,000"
        """,
        """
        assert 10 * (5_000 + 1_000) == 60_000
        """,
    ),
    _erratum(
        "NumPy",
        "§4.2",
        "NumPy is used and never imported.",
        """
        x_train = np.array(x_train) / 255
        """,
        """
        import numpy as np
        x_train = np.array(x_train, "float32") / 255
        """,
    ),
    _erratum(
        "the crop",
        "§4.2",
        "There is no such function. A layer crops; and these images are square already.",
        """
        from keras.preprocessing.image import crop_to_square
        """,
        """
        crop = keras.layers.CenterCrop(24, 24)
        assert crop(x_train).shape == (40, 24, 24, 3)
        """,
    ),
    _erratum(
        "the generator",
        "§4.2",
        "The class is gone from Keras 3. Layers augment: in training only, anew in each epoch.",
        """
        from keras.preprocessing.image import ImageDataGenerator
        """,
        """
        augment = keras.Sequential([
            keras.layers.RandomFlip("horizontal"),
            keras.layers.RandomRotation(0.04),
            keras.layers.RandomTranslation(0.1, 0.1),
        ])
        assert augment(x_train, training=True).shape == x_train.shape
        """,
    ),
    _erratum(
        "built, never used",
        "§4.2",
        "The generator is made and fitted, and the training never hears of it. No error tells you.",
        """
        augment = keras.layers.RandomFlip("horizontal")
        model = keras.Sequential([
            keras.layers.Flatten(),
            keras.layers.Dense(10),
        ])
        assert augment in model.layers, "not in the model"
        """,
        """
        augment = keras.layers.RandomFlip("horizontal")
        model = keras.Sequential([
            augment,
            keras.layers.Flatten(),
            keras.layers.Dense(10),
        ])
        assert augment in model.layers
        """,
    ),
    _erratum(
        "the CNN's class",
        "§4.3.1",
        "Keras has no class for a whole CNN. One stacks layers.",
        """
        from keras.layers import ConvNet
        """,
        """
        from utils.chapters.ch06_recipe import article_cnn
        assert article_cnn()(x_train).shape == (40, 10)
        """,
    ),
    _erratum(
        "the RNN's input",
        "§4.3.2",
        "An RNN reads (time, features). Let it read 32 rows of 96 numbers.",
        """
        model = keras.Sequential([
            keras.layers.SimpleRNN(64, input_shape=(32, 32, 3)),
            keras.layers.Dense(10, activation="softmax"),
        ])
        """,
        """
        model = keras.Sequential([
            keras.Input((32, 32, 3)),
            keras.layers.Reshape((32, 96)),
            keras.layers.SimpleRNN(64),
            keras.layers.Dense(10, activation="softmax"),
        ])
        assert model(x_train / 255).shape == (40, 10)
        """,
    ),
    _erratum(
        "attention",
        "§4.3.3",
        "No such arguments, and attention takes [query, value]. Cut patches, add positions, let them look.",
        """
        model = keras.Sequential([
            keras.layers.Attention(
                32, 32, activation="relu", input_shape=(32, 32, 3)
            ),
        ])
        """,
        """
        from utils.nn.layers import AddPositions
        image = keras.Input((32, 32, 3))
        x = keras.layers.Conv2D(32, 4, strides=4)(image)
        x = AddPositions()(keras.layers.Reshape((64, 32))(x))
        x = keras.layers.MultiHeadAttention(4, 8)(x, x)
        assert x.shape == (None, 64, 32)
        """,
    ),
    _erratum(
        "the learning rate",
        "§4.4",
        "The argument has another name by now.",
        """
        keras.optimizers.Adam(lr=0.001)
        """,
        """
        keras.optimizers.Adam(learning_rate=0.001)
        """,
    ),
    _erratum(
        "the loss",
        "§4.4",
        "This loss wants one-hot rows, and the labels are whole numbers. Take the sparse one.",
        """
        model = keras.Sequential([
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ])
        model.compile("adam", "categorical_crossentropy")
        model.fit(x_train / 255, y_train, verbose=0)
        """,
        """
        model = keras.Sequential([
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x_train / 255, y_train, verbose=0)
        """,
    ),
)
