"""Chapter 03's hand-written layers against Keras: same values forwards, same gradients backwards, on random shapes."""

import keras
import numpy as np
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from utils import nn
from utils.exercises.ch03_cnn import convolve_layer, cross_correlate, output_size
from utils.exercises.ch03_pooling import max_pool, max_pool_backward, receptive_field

bounded = settings(max_examples=50, deadline=None, derandomize=True)
seeds, sides, channels = st.integers(0, 2**16), st.integers(1, 9), st.integers(1, 3)
kernels, strides, paddings = st.integers(1, 4), st.integers(1, 3), st.sampled_from(["valid", "same"])


def normal(seed, *shapes):
    """One float32 array for each shape: hand and Keras then start from the very same numbers."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape).astype("float32") for shape in shapes]


def assert_equal(hand, library):
    np.testing.assert_allclose(hand, library, rtol=1e-5, atol=1e-5)


def keras_convolution(image, kernel):
    """Keras on one grey image (H, W) and one kernel (h, w)."""
    return ops.conv(image[None, :, :, None], kernel[:, :, None, None], padding="valid")[0, :, :, 0]


def turn(kernel):
    return kernel[::-1, ::-1]


@bounded
@given(seeds, kernels, kernels, sides, sides)
def test_cross_correlation_is_what_keras_and_scipy_compute(seed, h, w, more_rows, more_columns):
    image, kernel = normal(seed, (h + more_rows - 1, w + more_columns - 1), (h, w))
    hand = cross_correlate(image, kernel)
    assert_equal(hand, keras_convolution(image, kernel))
    assert_equal(hand, scipy.signal.correlate2d(image, kernel, mode="valid"))
    assert_equal(hand, scipy.signal.convolve2d(image, turn(kernel), mode="valid"))


@bounded
@given(seeds, kernels, kernels, sides, sides)
def test_cross_correlation_backwards(seed, h, w, more_rows, more_columns):
    """The kernel's gradient is a cross-correlation, the image's gradient a convolution over the whole overlap."""
    image, kernel = normal(seed, (h + more_rows - 1, w + more_columns - 1), (h, w))
    (upstream,) = normal(seed + 1, (more_rows, more_columns))
    of_image, of_kernel = nn.gradient(lambda x, k: ops.sum(keras_convolution(x, k) * upstream), image, kernel)
    assert_equal(cross_correlate(image, upstream), of_kernel)
    around = np.pad(upstream, ((h - 1, h - 1), (w - 1, w - 1)))
    assert_equal(cross_correlate(around, turn(kernel)), of_image)
    assert_equal(scipy.signal.convolve2d(upstream, kernel, mode="full"), of_image)


@bounded
@given(st.integers(1, 64), st.integers(1, 7), strides, paddings)
def test_output_size(size, kernel, stride, padding):
    size += kernel - 1
    layer = keras.layers.Conv2D(1, kernel, strides=stride, padding=padding)
    rows = layer.compute_output_shape((1, size, size, 1))[1]
    assert output_size(size, kernel, stride, padding) == rows


@bounded
@given(seeds, sides, sides, channels, kernels, kernels, channels, strides, paddings)
def test_convolution_layer(seed, more_rows, more_columns, C, h, w, F, stride, padding):
    image, weights, bias = normal(seed, (h + more_rows - 1, w + more_columns - 1, C), (h, w, C, F), (F,))
    layer = keras.layers.Conv2D(F, (h, w), strides=stride, padding=padding)
    layer.build((None, *image.shape))
    layer.set_weights([weights, bias])
    assert_equal(convolve_layer(image, weights, bias, stride, padding), layer(image[None])[0])


@bounded
@given(seeds, sides, sides, channels, kernels, kernels, channels, strides, paddings)
def test_convolution_layer_backwards(seed, more_rows, more_columns, C, h, w, F, stride, padding):
    """With a stride, zeros stand between the upstream numbers; with padding, the rim's gradient is cut off."""
    image, weights = normal(seed, (h + more_rows - 1, w + more_columns - 1, C), (h, w, C, F))
    rows, columns = (output_size(n, k, stride, padding) for n, k in zip(image.shape, (h, w), strict=False))
    (upstream,) = normal(seed + 1, (rows, columns, F))

    def loss(x, k):
        return ops.sum(ops.conv(x[None], k, strides=stride, padding=padding)[0] * upstream)

    of_image, of_weights = nn.gradient(loss, image, weights)
    spread = np.zeros(((rows - 1) * stride + 1, (columns - 1) * stride + 1, F))
    spread[::stride, ::stride] = upstream
    needed = np.array(spread.shape[:2]) + (h - 1, w - 1)
    extra = np.maximum(needed - image.shape[:2], 0) if padding == "same" else np.zeros(2, int)
    before = extra // 2
    rims = [(b, e - b) for b, e in zip(before, extra, strict=True)]
    padded = np.pad(image, [*rims, (0, 0)])
    hand_image, hand_weights = np.zeros(padded.shape), np.zeros(weights.shape)
    for c, f in np.ndindex(C, F):
        seen = padded[: needed[0], : needed[1], c]  # a stride can leave the last pixels unseen
        hand_weights[:, :, c, f] = cross_correlate(seen, spread[..., f])
        full = np.pad(spread[..., f], ((h - 1, h - 1), (w - 1, w - 1)))
        hand_image[: needed[0], : needed[1], c] += cross_correlate(full, turn(weights[:, :, c, f]))
    inside = hand_image[before[0] : before[0] + image.shape[0], before[1] : before[1] + image.shape[1]]
    assert_equal(hand_weights, of_weights)
    assert_equal(inside, of_image)


@bounded
@given(seeds, sides, sides, st.integers(1, 4))
def test_max_pooling_forwards_and_backwards(seed, more_rows, more_columns, size):
    (image,) = normal(seed, (size + more_rows - 1, size + more_columns - 1))
    hand = max_pool(image, size)
    layer = keras.layers.MaxPooling2D(size)
    assert_equal(hand, layer(image[None, :, :, None])[0, :, :, 0])
    (upstream,) = normal(seed + 1, hand.shape)

    def loss(x):
        return ops.sum(ops.max_pool(x[None, :, :, None], size, padding="valid")[0, :, :, 0] * upstream)

    assert_equal(max_pool_backward(image, upstream, size), nn.gradient(loss, image))


@bounded
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3)), min_size=1, max_size=3))
def test_receptive_field_is_the_number_of_pixels_that_have_a_gradient(layers):
    width = receptive_field(layers)

    def first_number(x):
        maps = x[None, :, None]
        for kernel, stride in layers:
            maps = ops.conv(maps, np.ones((kernel, 1, 1), "float32"), strides=stride, padding="valid")
        return maps[0, 0, 0]

    seen = nn.gradient(first_number, np.ones(width + 4)) != 0
    gaps = any(kernel < stride for kernel, stride in layers)  # then the field has holes, but still the same ends
    assert np.flatnonzero(seen)[[0, -1]].tolist() == [0, width - 1]
    assert gaps or seen.sum() == width
