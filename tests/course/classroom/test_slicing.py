"""What an answer needs of its notebook, and nothing else of it."""

import pytest

from utils.course.classroom import slicing

ABOVE = [
    ("imports", "import numpy as np\nimport keras\nfrom utils import nn\n\nrun = nn.start('quick', 0)"),
    ("mine", "%matplotlib inline\n!ls\nparts = []\nparts.append(3); weight = 2\ntrained = slow(run)\n"),
    ("helper", "def helper(a):\n    return np.sum(a) * weight\n\n\nweight += 1\ntable = {}\ntable['a'] = weight"),
    ("broken", "this is no Python"),
    ("noise", "np.add.at(trained, 0, 1)\nprint(helper(3))"),
]
BELOW = [("check", "LETTERS = dict(a=1)\nweight = 9\ncheck('1.1', f)")]


def taken(source, above=ABOVE, below=BELOW):
    return slicing.pieces(above, ("answer", source), "f", below)


def run(source):
    space = {}
    for name, text in taken(source):
        exec(compile(text, name, "exec"), space)
    return space["f"]


def test_only_what_the_names_lead_to():
    assert taken("def f(x):\n    loss = np.mean(x)\n    return loss") == [
        ("imports", "import numpy as np\n"),
        ("answer", "def f(x):\n    loss = np.mean(x)\n    return loss"),
    ]
    assert [name for name, _ in taken("def f(trained):\n    run = trained\n    return run")] == ["answer"]
    assert "slow" not in "".join(text for _, text in taken("def f(x):\n    return helper(x) + len(parts)"))


def test_helpers_and_what_was_changed_on_the_way():
    assert run("def f(x):\n    return helper([x]) + len(parts) + table['a']")(2) == 3 * 2 + 1 + 3
    assert run("factor = 2\ndef f(x):\n    return inner(x)\ndef inner(x):\n    return factor * x")(3) == 6


def test_from_below_comes_only_what_nothing_above_binds():
    assert run("def f(x):\n    return LETTERS[x] + weight")("a") == 1 + 3
    assert [name for name, _ in taken("def f(x):\n    return LETTERS[x]")] == ["answer", "check"]


def test_lines_keep_their_numbers():
    pieces = dict(taken("def f(x):\n    return helper(x)"))
    assert pieces["helper"].split("\n")[0].startswith("def helper") and pieces["helper"].split("\n")[4] == "weight += 1"
    assert pieces["mine"].split("\n")[3] == "weight = 2"


def test_an_answer_that_is_no_python_says_so_itself():
    assert taken("def f(x:\n    return") == [("answer", "def f(x:\n    return")]


@pytest.mark.parametrize(
    ("source", "idle", "parameters"),
    [
        ("def f(x):\n    ...", True, ["x"]),
        ('def f(x, *, k=1):\n    """Words."""\n    pass', True, ["x", "k"]),
        ("def f(x):\n    return None", True, ["x"]),
        ("def f(x):\n    return x", False, ["x"]),
        ("def f(*a, **k):\n    return a", False, ["*a", "*k"]),
        ("%magic\ndef f(x):\n    return x", False, ["x"]),
        ("f = lambda x: x", False, None),
        ("def g(x):\n    return x", False, None),
        ("def f(x:", False, None),
        ("", False, None),
    ],
)
def test_what_a_cell_defines(source, idle, parameters):
    assert slicing.untouched(source, "f") is idle
    assert slicing.parameters(source, "f") == parameters
