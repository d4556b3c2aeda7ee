"""Class activation maps and attention rollout against computations by hand."""

import keras
import numpy as np
import pytest
from keras import layers

from explain.small import CLASSES, cnn, normal, reader
from utils import explain, nn
from utils.errors import CourseError
from utils.nn.layers import AddPositions, EncoderBlock


def split(model, name):
    """(features as NumPy, function from features to logits) of a Sequential model, cut after a layer."""
    place = [layer.name for layer in model.layers].index(name)

    def head(features):
        for layer in model.layers[place + 1 : -1]:
            features = layer(features)
        return features @ model.layers[-1].kernel + model.layers[-1].bias

    return keras.Model(model.inputs, model.layers[place].output), head


@pytest.fixture(scope="module")
def by_hand():
    """A network, images, and for class 1 the features of its last convolution and the gradient with respect to them."""
    model, images = cnn(), normal(3, 8, 8, 2)
    body, head = split(model, "second")
    features = body.predict(images, verbose=0)
    slopes = nn.gradient(lambda given: keras.ops.sum(head(given)[:, 1]), features)
    return model, images, features, slopes


def test_grad_cam(by_hand):
    model, images, features, slopes = by_hand
    expected = np.maximum((slopes.mean(axis=(1, 2), keepdims=True) * features).sum(axis=-1), 0)
    assert expected.any()
    found = explain.grad_cam(model, images, 1, resize=False)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    large = explain.grad_cam(model, images, 1)
    assert large.shape == (3, 8, 8)
    np.testing.assert_allclose(large[:, 1::2, 1::2][:, :-1, :-1] >= 0, True)
    np.testing.assert_allclose(large[:, 0, 0], found[:, 0, 0], atol=1e-6)  # corners keep their value


def test_grad_cam_plus_plus(by_hand):
    model, images, features, slopes = by_hand
    expected = np.zeros(features.shape[:3])
    for n in range(len(images)):
        for k in range(features.shape[-1]):
            slope = slopes[n, :, :, k].astype(float)
            below = 2 * slope**2 + features[n, :, :, k].sum() * slope**3
            share = np.divide(slope**2, below, out=np.zeros_like(slope), where=below != 0)
            expected[n] += (share * np.maximum(slope, 0)).sum() * features[n, :, :, k]
    found = explain.grad_cam_plus_plus(model, images, 1, resize=False)
    np.testing.assert_allclose(found, np.maximum(expected, 0), rtol=1e-3, atol=1e-5)


def test_score_cam():
    weights, images = normal(2, CLASSES), normal(3, 4, 5, 2)
    images[0, :, :, 1] = 0.5  # a map that is the same everywhere shows nothing
    model = reader((4, 5, 2), weights)
    expected = np.zeros((3, 4, 5))
    for n, image in enumerate(images):
        scores = np.full(2, -np.inf)
        for k in range(2):
            spread = np.ptp(image[:, :, k])
            if spread:
                shown = (image[:, :, k] - image[:, :, k].min()) / spread
                scores[k] = (image * shown[:, :, None]).mean(axis=(0, 1)) @ weights[:, 1]
        shares = np.exp(scores - scores.max())
        expected[n] = np.maximum(image @ (shares / shares.sum()), 0)
    np.testing.assert_allclose(explain.score_cam(model, images, 1), expected, atol=1e-5)
    np.testing.assert_allclose(explain.score_cam(model, images, 1, batch_size=2), expected, atol=1e-5)


def test_rollout_by_hand():
    first = np.array([[[[1, 0], [0.5, 0.5]], [[0, 1], [0.5, 0.5]]]])  # (1, heads, 2, 2)
    second = np.array([[[0, 1], [1, 0]]])  # heads averaged already
    # means [[.5, .5], [.5, .5]], with half of each position going round: [[.75, .25], [.25, .75]]
    step = np.array([[0.75, 0.25], [0.25, 0.75]])
    np.testing.assert_allclose(explain.rollout([first])[0], step)
    both = np.array([[0.5, 0.5], [0.5, 0.5]]) @ step
    np.testing.assert_allclose(
        explain.rollout([first[:, :1] * 0 + first.mean(axis=1, keepdims=True), second[:, None]])[0], both
    )
    np.testing.assert_allclose(explain.rollout([second], residual=0)[0], second[0])


def test_a_position_that_may_look_nowhere_keeps_what_it_is():
    nowhere = np.array([[[0, 0], [0, 1.0]]])
    np.testing.assert_allclose(explain.rollout([nowhere], residual=0)[0], np.eye(2))


@pytest.fixture(scope="module")
def transformer():
    codes = keras.Input((6,), dtype="int32")
    x = AddPositions()(layers.Embedding(5, 8, mask_zero=True)(codes))
    first, second = EncoderBlock(2, 8), EncoderBlock(2, 8)
    model = keras.Model(codes, layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling1D()(second(first(x)))))
    return model, first, second


def test_rollout_of_a_model_of_encoder_blocks(transformer):
    model, first, second = transformer
    letters = np.random.default_rng(0).integers(1, 5, size=(4, 6))
    letters[3, 4:] = 0
    x = model.layers[2](model.layers[1](letters))
    mask = letters > 0
    maps = [first.attention_weights(x, mask), second.attention_weights(first(x, mask=mask), mask)]
    maps = [keras.ops.convert_to_numpy(one) for one in maps]
    for found, expected in zip(explain.attention_maps(model, letters, batch_size=3), maps, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)
    whole = explain.rollout(maps)
    np.testing.assert_allclose(explain.attention_rollout(model, letters, 1), whole.mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(explain.attention_rollout(model, letters, 0, position=2), whole[:, 2], atol=1e-6)
    masked = explain.attention_rollout(model, letters, 1, mask=mask, batch_size=3)
    np.testing.assert_allclose(masked.sum(axis=1), 1, atol=1e-6)
    assert not masked[3, 4:].any()
    np.testing.assert_allclose(masked[3], whole[3, :4].mean(axis=0), atol=1e-6)


def test_attention_that_cannot_be_followed_is_refused(transformer):
    model, letters = transformer[0], np.ones((2, 6), int)
    with pytest.raises(CourseError, match="has no EncoderBlock"):
        explain.attention_rollout(cnn(), normal(2, 8, 8, 2), 1)
    with pytest.raises(CourseError, match="position is 6"):
        explain.attention_rollout(model, letters, 1, position=6)
    with pytest.raises(CourseError, match="mask has shape"):
        explain.attention_rollout(model, letters, 1, mask=np.ones((2, 5)))
    with pytest.raises(CourseError, match="mask has shape"):
        explain.attention_rollout(model, letters, 1, mask=np.zeros((2, 6)))
    with pytest.raises(CourseError, match="target is 2"):
        explain.attention_rollout(model, letters, 2)
    with pytest.raises(CourseError, match="maps have the shapes"):
        explain.rollout([])
    with pytest.raises(CourseError, match="maps hold negative"):
        explain.rollout([-np.ones((1, 2, 2))])
    with pytest.raises(CourseError, match="residual is 2"):
        explain.rollout([np.ones((1, 2, 2))], residual=2)
