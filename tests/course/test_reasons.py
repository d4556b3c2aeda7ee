"""Which line of a long message is kept: real messages of Keras, TensorFlow, Matplotlib and Python."""

import pytest

from utils.course.reasons import reason

KERAS = "import os\nos.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'\nimport keras\nimport numpy as np\n"
SHAPES = (
    "model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])\n"
    "model.compile(loss='mse')\n"
    "model.fit(np.zeros((4, 3)), np.zeros(4), verbose=0)"
)
GRAPH = (
    "model = keras.Sequential([keras.layers.Embedding(10, 4), keras.layers.Flatten(), keras.layers.Dense(1)])\n"
    "model.compile(loss='mse')\n"
    "model.fit(np.full((4, 3), 50), np.zeros(4), verbose=0)"
)
TRACED = "import tensorflow as tf\n@tf.function\ndef step(x):\n    return tf.reshape(x, (5, 2))\nstep(tf.zeros((2, 3)))"
FORMULA = (
    "import matplotlib\nmatplotlib.use('agg')\nfrom matplotlib import pyplot as plt\n"
    "figure = plt.figure()\nfigure.text(0, 0, r'x $\\frac$')\nfigure.savefig('figure.png')"
)


def test_the_line_that_says_what_went_wrong_reaches_the_report(course, call, closed):
    course.chapter("00_shapes", KERAS, SHAPES)
    course.chapter("01_graph", KERAS, GRAPH)
    course.chapter("02_traced", KERAS, TRACED)
    course.chapter("03_formula", FORMULA)
    course.chapter("04_memory", "x = bytearray(2**62)")
    course.chapter("05_numbers", "import numpy as np\nnp.ones(10**16)")
    assert call("run", "--jobs", "2", "--out", course.root / "out")[0] == 1
    error = {name: chapter["error"] for name, chapter in course.report().items()}
    assert "is incompatible with the layer: expected axis -1 of input shape to have value 4" in error["00_shapes"]
    assert error["01_graph"].endswith(
        "InvalidArgumentError: Graph execution error: indices[0,0] = 50 is not in [0, 10)"
    )
    assert error["02_traced"].startswith(
        "cell 3 (cell-1): ValueError: Cannot reshape a tensor with 6 elements to shape [5,2]"
    )
    assert error["03_formula"].startswith("cell 2 (cell-0): ")
    assert "Expected \\frac{num}{den}, found " in error["03_formula"]
    assert error["04_memory"].startswith("cell 2 (cell-0): memory ran out (MemoryError): close other programs")
    assert error["05_numbers"].startswith("cell 2 (cell-0): memory ran out (Unable to allocate 71.1 PiB for an array")
    assert not [sentence for sentence in error.values() if "\n" in sentence or "\x1b" in sentence]


@pytest.mark.parametrize(
    ("name", "message", "line"),
    [
        ("ValueError", "first line\nsecond line", "ValueError: first line"),
        ("AssertionError", "", "AssertionError"),
        ("MemoryError", "\n\n", "MemoryError"),
        ("KeyError", "'weight'", "KeyError: 'weight'"),
        ("ValueError", "these are wrong:\n  a\n  b", "ValueError: these are wrong: a b"),
        (
            "ValueError",
            "in user code:\n\n    File \"x.py\", line 1, in f  *\n\n    NameError: name 'y' is not defined\n",
            "NameError: name 'y' is not defined",
        ),
        (
            "RuntimeError",
            "in user code:\n    ValueError: Exception encountered when calling Dense.call().\n\n"
            "    \x1b[1mIt has 3 columns\x1b[0m\n\n    Arguments received by Dense.call():\n      • x=1",
            "ValueError: It has 3 columns",
        ),
        (
            "KeyError",
            "\"Exception encountered when calling L.call().\\n\\n\\x1b[1mNo 'x'\\x1b[0m\\n\\nArguments received "
            'by L.call():\\n  • y=1"',
            "KeyError: No 'x'",
        ),
        (
            "InvalidArgumentError",
            "{{function_node __wrapped__MatMul}} Sizes differ: [2,3], [7,2] [Op:MatMul] name: ",
            "InvalidArgumentError: Sizes differ: [2,3], [7,2]",
        ),
        (
            "ValueError",
            "\nx $\\frac$\n   ^\nParseFatalException: Expected end of text",
            "ParseFatalException: Expected end of text",
        ),
        ("ValueError", 'Traceback:\n  File "a"\nTypeError', "TypeError"),
        ("ValueError", "x" * 1000, f"ValueError: {'x' * 287}…"),
    ],
)
def test_the_telling_line(name, message, line):
    assert reason(name, message) == line
