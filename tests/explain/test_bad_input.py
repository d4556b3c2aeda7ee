"""What cannot be explained is refused with words that name the argument; large batches are cut into parts."""

import tracemalloc

import keras
import numpy as np
import pytest
from keras import layers, ops

from explain.small import cnn, linear, molecule_model, normal
from utils import explain
from utils.errors import CourseError

METHODS = [
    explain.saliency,
    explain.gradient_times_input,
    explain.smooth_grad,
    explain.integrated_gradients,
    explain.grad_cam,
    explain.grad_cam_plus_plus,
    explain.score_cam,
    explain.occlusion,
]
each_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)


MODELS = {head: cnn(head) for head in (None, "softmax")}


@pytest.fixture
def model():
    return MODELS["softmax"]


def test_every_public_name_is_there_and_documented():
    for name in explain.__all__:
        assert getattr(explain, name).__doc__
    for method in [*METHODS, explain.shapley_values, explain.in_silico_mutagenesis, explain.permutation_importance]:
        for part in ("Parameters", "Returns", "Raises", "Cost:", "https://doi.org/10."):
            assert part in method.__doc__, f"{method.__name__}: {part}"


@each_method
@pytest.mark.parametrize("head", [None, "softmax"], ids=str)
@pytest.mark.parametrize(
    ("target", "says"),
    [
        (3, "target is 3, a class that does not exist: the model has classes 0 to 2"),
        (-1, "target is -1, a class that does not exist"),
        ([0, 5], "target is 5, a class that does not exist"),
        (None, "target is None, but the model has 3 outputs"),
        ([0, 1, 2], r"target is int64 of shape \(3,\): give one whole number, or 2"),
        (1.0, "target is float64"),
        (True, "target is bool"),
    ],
)
def test_targets(method, head, target, says):
    with pytest.raises(CourseError, match=says):
        method(MODELS[head], normal(2, 8, 8, 2), target)


def test_a_target_for_a_single_output_is_refused():
    with pytest.raises(CourseError, match=r"target is given, but the model has a single output"):
        explain.saliency(linear((5,), "sigmoid", classes=1)[0], normal(2, 5), 1)


@each_method
@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        (np.full((2, 8, 8, 2), np.nan), r"inputs hold 256 values that are missing \(NaN\)"),
        (np.full((2, 8, 8, 2), np.inf), "inputs hold 256 values"),
        (
            normal(8, 8, 2),
            r"inputs have shape \(8, 8, 2\), but the model takes \(n, 8, 8, 2\); a single.*inputs\[None\]",
        ),
        (normal(2, 8, 8, 3), r"inputs have shape \(2, 8, 8, 3\), but the model takes \(n, 8, 8, 2\)"),
        (normal(0, 8, 8, 2), "give at least one example"),
        (np.full((2, 8, 8, 2), "a"), "inputs are of type <U1"),
    ],
    ids=["NaN", "infinite", "rank", "channels", "empty", "text"],
)
def test_inputs(model, method, inputs, says):
    with pytest.raises(CourseError, match=says):
        method(model, inputs, 1)


@each_method
@pytest.mark.parametrize("batch_size", [0, 2.5, True])
def test_batch_sizes(model, method, batch_size):
    with pytest.raises(CourseError, match="batch_size is"):
        method(model, normal(2, 8, 8, 2), 1, batch_size=batch_size)


def test_codes_have_no_gradient():
    codes = keras.Input((6,), dtype="int32")
    model = keras.Model(codes, layers.Dense(2)(layers.Flatten()(layers.Embedding(4, 3)(codes))))
    letters = np.ones((2, 6), int)
    with pytest.raises(CourseError, match="inputs are whole numbers to this model.*in_silico_mutagenesis"):
        explain.integrated_gradients(model, letters, 1)
    assert explain.occlusion(model, letters, 1, window=1).shape == (2, 6)


def test_pictures_of_bytes_are_taken(model):
    images = np.random.default_rng(0).integers(256, size=(2, 8, 8, 2)).astype("uint8")
    expected = explain.integrated_gradients(model, images.astype("float32"), 1)
    np.testing.assert_array_equal(explain.integrated_gradients(model, images, 1), expected)
    np.testing.assert_array_equal(explain.integrated_gradients(model, images.tolist(), 1), expected)


@pytest.mark.parametrize(
    ("method", "options", "says"),
    [
        (explain.integrated_gradients, {"baseline": np.zeros(3)}, r"baseline has shape \(3,\)"),
        (explain.integrated_gradients, {"baseline": np.nan}, "baseline holds a value that is not finite"),
        (explain.integrated_gradients, {"steps": 0}, "steps is 0"),
        (explain.smooth_grad, {"noise": -1}, "noise is -1"),
        (explain.smooth_grad, {"samples": 0}, "samples is 0"),
        (explain.occlusion, {"window": 9}, "window is 9, larger than the side of 8"),
        (explain.occlusion, {"window": (2, 0)}, "window is 0"),
        (explain.occlusion, {"stride": 0}, "stride is 0"),
        (explain.occlusion, {"scale": "log"}, "scale is 'log': choose 'logit' or 'output'"),
        (explain.saliency, {"of": "atoms"}, "of is 'atoms', but there is only one array"),
        (explain.in_silico_mutagenesis, {}, r"inputs have shape \(2, 8, 8, 2\)"),
    ],
)
def test_options(model, method, options, says):
    with pytest.raises(CourseError, match=says):
        method(model, normal(2, 8, 8, 2), 1, **options)


def test_several_inputs():
    model = molecule_model()
    atoms, bonds, mask = normal(2, 5, 4), normal(2, 5, 5), np.ones((2, 5), bool)
    inputs = {"atoms": atoms, "bonds": bonds, "is_atom": mask}
    with pytest.raises(CourseError, match="of is not given: say which.*'atoms', 'bonds', 'is_atom'"):
        explain.saliency(model, inputs)
    with pytest.raises(CourseError, match="inputs hold 1 arrays, but the model takes 3"):
        explain.saliency(model, atoms)
    with pytest.raises(CourseError, match="inputs hold 2 arrays, but the model takes 3"):
        explain.saliency(model, [atoms, bonds], of=0)
    with pytest.raises(CourseError, match="of is 'atom'"):
        explain.saliency(model, inputs, of="atom")
    with pytest.raises(CourseError, match=r"inputs\['atoms'\] have shape \(2, 5, 3\)"):
        explain.saliency(model, inputs | {"atoms": normal(2, 5, 3)}, of="atoms")
    with pytest.raises(CourseError, match=r"inputs\['bonds'\] hold 50 values"):
        explain.saliency(model, inputs | {"bonds": bonds * np.nan}, of="atoms")
    with pytest.raises(CourseError, match="different numbers of examples: 2, 1, 2"):
        explain.saliency(model, inputs | {"bonds": bonds[:1]}, of="atoms")
    with pytest.raises(CourseError, match="whole numbers"):
        explain.saliency(model, inputs, of="is_atom")
    with pytest.raises(CourseError, match="no option steps"):
        explain.atom_attribution(model, inputs, steps=3)


def test_sequences_and_letters():
    model, _ = linear((6, 4), "softmax")
    with pytest.raises(CourseError, match="inputs are not one-hot"):
        explain.in_silico_mutagenesis(model, normal(2, 6, 4), 1)
    with pytest.raises(CourseError, match="letters is 5, but the inputs have only 4"):
        explain.in_silico_mutagenesis(model, np.eye(4)[np.zeros((2, 6), int)], 1, letters=5)
    with pytest.raises(CourseError, match="letters is not given"):
        explain.in_silico_mutagenesis(linear((6,), "softmax")[0], np.zeros((2, 6)), 1)


def test_tables():
    model, _ = linear((4,), "softmax")
    table = normal(3, 4)
    for background in (normal(2, 3), normal(4), normal(0, 4)):
        with pytest.raises(CourseError, match="background has shape"):
            explain.shapley_values(model, table, 1, background=background)
    with pytest.raises(CourseError, match="background holds values"):
        explain.shapley_values(model, table, 1, background=table * np.nan)
    with pytest.raises(CourseError, match="target has shape"):
        explain.permutation_importance(model, table, 1, metric=np.dot)
    with pytest.raises(CourseError, match="a single example"):
        explain.permutation_importance(model, table[:1], [1], metric=np.dot)


def test_models():
    with pytest.raises(CourseError, match="model is of type str"):
        explain.saliency("model", normal(2, 4), 1)
    with pytest.raises(CourseError, match="model's output has shape"):
        explain.saliency(lambda x: x[:, :, None], normal(2, 4), 1)
    with pytest.raises(CourseError, match="cannot take inputs of shape"):
        explain.occlusion(lambda x: x @ np.zeros((3, 2)), normal(2, 4), 1)
    with pytest.raises(CourseError, match="not all finite"):
        explain.saliency(lambda x: ops.sum(ops.sqrt(x), axis=1), np.zeros((2, 4)))


@each_method
def test_a_batch_of_one(model, method):
    found = method(model, normal(1, 8, 8, 2), 1)
    assert found.shape[:3] == (1, 8, 8) and found.dtype == np.float32


class Counting(layers.Layer):
    """A linear layer that notes how often Python runs it, and in which shapes."""

    def __init__(self):
        super().__init__()
        self.shapes = []

    def call(self, inputs):
        self.shapes.append(tuple(inputs.shape))
        return ops.sum(inputs, axis=1)


def test_nothing_is_traced_again_for_each_example():
    model = Counting()
    for _ in range(3):
        explain.integrated_gradients(model, normal(130, 4), steps=5, batch_size=60)
    explain.integrated_gradients(model, normal(7, 4), steps=5)
    looks = [shape for shape in model.shapes if shape[0] == 2]  # on two examples, to see what the outputs are like
    compiled = len(model.shapes) - len(looks)
    assert len(looks) == 1  # for all calls
    if keras.backend.backend() != "torch":  # which compiles nothing
        assert compiled <= 3  # the full part, the last one and the small batch; on TensorFlow one for all


@pytest.mark.parametrize(
    ("method", "options"),
    [
        (explain.saliency, {}),
        (explain.smooth_grad, {"samples": 20}),
        (explain.integrated_gradients, {"steps": 20}),
        (explain.occlusion, {"window": 1}),
        (explain.shapley_values, {"samples": 1, "background": normal(1, 30)}),
    ],
)
def test_a_thousand_examples_go_through_in_parts(method, options):
    table = normal(1000, 30)  # 0.1 MB
    rows = []

    def watched(inputs):
        rows.append(len(inputs))
        return inputs.sum(axis=1)

    def tensors(inputs):
        return ops.sum(inputs, axis=1)

    changing = method in (explain.occlusion, explain.shapley_values)
    tracemalloc.start()
    found = method(watched if changing else tensors, table, batch_size=200, **options)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    assert found.shape == table.shape
    assert peak < 2.4, "megabytes; all rows at once would take 2.4 to 7"
    assert all(count <= 200 for count in rows)


def test_a_model_is_asked_once_for_the_shape_of_its_outputs_and_never_believed_after_an_error(monkeypatch):
    from utils.explain import targets

    asked = []
    before = targets.run
    monkeypatch.setattr(targets, "run", lambda score, arrays: asked.append(1) or before(score, arrays))
    model, images = cnn(), normal(3, 8, 8, 2)
    first = explain.saliency(model, images, 1)
    np.testing.assert_array_equal(explain.saliency(model, images, 1), first)
    assert len(asked) == 1
    with pytest.raises(CourseError, match="class that does not exist"):
        explain.saliency(model, images, 7)

    def fails(inputs):
        raise ValueError("not today")

    for _ in range(2):
        with pytest.raises(CourseError, match="not today"):
            explain.occlusion(fails, images, 1)
