"""Numbers in prose: each comes from a printed line, from the code, from a cited source, or says why it is given."""

import pytest

from utils.course.prose_numbers import wrong

PRINTED = """\
nearest beat             0.925  (0.917 to 0.933)
GRU                      0.918  (0.911 to 0.926)
GRU - nearest beat      -0.007  (-0.012 to -0.001)
beats 4,500, patients 1,718; share 0.62
    ✓ largest difference: 3.2e-07 (accepted ≤ 1e-05)"""


def notebook(*prose, code="rate = 0.1\nn = 40", printed=PRINTED):
    output = {"output_type": "stream", "name": "stdout", "text": printed}
    cells = [{"cell_type": "code", "id": "scores", "source": code, "metadata": {}, "outputs": [output]}]
    return {"cells": cells + [{"cell_type": "markdown", "id": "prose", "source": text} for text in prose]}


@pytest.mark.parametrize(
    "prose",
    [
        "The nearest beat reaches 0.925<!--nearest beat-->, the GRU 0.918 (0.911 to 0.926)<!--GRU-->.",
        "The GRU reaches 0.92<!--GRU--> on 4,500<!--beats--> beats.",
        "It is *behind* by 0.007 (0.012–0.001)<!-- gru - nearest beat -->.",
        "About 62 %<!--share--> are men.",
        "There were 1,718 of 4,500<!--beats, patients-->.",
        "With a rate of 0.1, or 10 %, and 40 epochs.",
        "Experts said 95 % (Casscells and others, 1978).",
        "A coin scores 0.5<!--given: by definition-->.",
        "Keras 3.1 and exercise 2.3 of chapter 02 hold no results, `0.77` and $0.77 x$ neither.",
        "### About 0.77\n\nText.",
        "See [the paper](https://doi.org/10.1016/0.77).",
        "## Further reading\n- A paper about 0.77.",
        "| model | accuracy |\n|---|---|\n| GRU | 0.918<!--GRU--> |",
        "Two of the three won.",
    ],
)
def test_what_is_right(prose):
    assert wrong(notebook(prose)) == []


@pytest.mark.parametrize(
    ("prose", "says"),
    [
        ("The GRU reaches 0.919<!--GRU-->.", "0.919 is not in what is printed: GRU"),
        ("The GRU reaches 0.918 (0.911 to 0.927)<!--GRU-->.", "0.927 is not in what is printed"),
        ("The nearest beat reaches 0.918<!--nearest beat, 0.9-->.", "0.918 is not in what is printed"),
        ("The forest reaches 0.918<!--forest-->.", "no cell above prints a line with “forest”"),
        ("It reaches 0.925.", "0.925 names no result"),
        ("About 63 % are men.", "63 % names no result"),
        ("About 63 %<!--share--> are men.", "63 % is not in what is printed"),
        ("There were 12 of 40 patients.", "12 names no result"),
        ("There were 1,718 patients.", "1,718 names no result"),
        ("All 41<!--beats--> of them.", "41 is not in what is printed"),
        ("First 0.925 (Casscells, 1978). Then 0.926.", "0.926 names no result"),
        ("- one line (2007)\n- accuracy 0.926", "0.926 names no result"),
    ],
)
def test_what_is_wrong(prose, says):
    found = wrong(notebook(prose))
    assert len(found) == 1
    assert says in found[0]
    assert "cell prose" in found[0]


def test_a_sentence_comes_after_the_cell_that_carries_it():
    cells = notebook("The GRU reaches 0.918<!--GRU-->.")
    cells["cells"].reverse()
    assert "no cell above" in wrong(cells)[0]


def test_the_nearest_cell_above_counts():
    found = notebook("The GRU reaches 0.918<!--GRU-->.")
    later = notebook(printed="GRU, again 0.955")["cells"]
    found["cells"][1:1] = later
    assert "GRU, again 0.955" in wrong(found)[0]
