"""Dense networks in NumPy, several trained side by side by gradient descent, to show what the training changes.

All networks of one call have the same layers; the first axis of every array of weights is the network. Side by side,
because at this size the calls of NumPy cost more than the numbers.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from utils.errors import UsageError

Weights = list[tuple[np.ndarray, np.ndarray]]


def glorot(inputs: int, outputs: int) -> float:
    """The spread of weights that keeps the size of sums (Glorot and Bengio, 2010)."""
    return np.sqrt(2 / (inputs + outputs))


def he(inputs: int, outputs: int) -> float:
    """The spread that keeps their size where ReLU cuts away half (He and others, 2015), doi:10.1109/ICCV.2015.123."""
    return np.sqrt(2 / inputs)


def begin(sizes: Sequence[int], spread: Callable[[int, int], float], seeds: Sequence[int]) -> Weights:
    """Networks with normal weights and biases of 0, one for each seed.

    sizes: numbers of inputs, of neurons of each hidden layer, and of classes. spread: the standard deviation of a
    layer's weights, as a function of its inputs and outputs. Returns a (weights, bias) for each layer, float32
    (networks, inputs, outputs) and (networks, 1, outputs).
    """
    generators = [np.random.default_rng(seed) for seed in seeds]
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:], strict=False):
        drawn = np.stack([generator.normal(size=(inputs, outputs)) for generator in generators])
        bias = np.zeros((len(generators), 1, outputs), np.float32)
        layers.append(((spread(inputs, outputs) * drawn).astype(np.float32), bias))
    return layers


def forward(layers: Weights, x: ArrayLike, residual: bool = False) -> list[np.ndarray]:
    """What each layer answers to x (examples, inputs): x itself, the hidden layers after ReLU, the logits.

    residual: hidden layers of equal width add what they find to what they get. Returns arrays (networks, examples,
    neurons); the first is (1, examples, inputs).
    """
    answers = [np.asarray(x, np.float32)[None]]
    for place, (weights, bias) in enumerate(layers):
        found = answers[-1] @ weights + bias
        if place < len(layers) - 1:
            found = np.maximum(found, 0)
            if residual and weights.shape[1] == weights.shape[2]:
                found = found + answers[-1]
        answers.append(found)
    return answers


def gradients(
    layers: Weights, x: ArrayLike, labels: ArrayLike, residual: bool = False
) -> tuple[Weights, np.ndarray, np.ndarray]:
    """The gradient of the mean cross-entropy of labels (examples,), for each weight and bias.

    Returns the gradients in the order of ``layers``, the loss of each network, float32 (networks,), and the size of the
    gradient at each hidden layer's answer, root mean square, (networks, hidden layers).
    """
    answers = forward(layers, x, residual)
    logits, rows = answers[-1], np.arange(len(labels))
    shifted = logits - logits.max(axis=-1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    slope = np.exp(logs)
    slope[:, rows, labels] -= 1
    slope /= np.float32(len(labels))
    found, sizes = [], []
    for place in reversed(range(len(layers))):
        weights = layers[place][0]
        hidden = place < len(layers) - 1
        skipped = slope if hidden and residual and weights.shape[1] == weights.shape[2] else None
        if hidden:
            sizes.append(np.sqrt((slope**2).mean(axis=(1, 2))))
            added = answers[place + 1] if skipped is None else answers[place + 1] - answers[place]
            slope = slope * (added > 0)
        found.append((answers[place].swapaxes(1, 2) @ slope, slope.sum(axis=1, keepdims=True)))
        if place:
            slope = slope @ weights.swapaxes(1, 2)
            slope = slope if skipped is None else slope + skipped
    return found[::-1], -logs[:, rows, labels].mean(axis=1), np.array(sizes[::-1]).T


def train(
    layers: Weights,
    x: ArrayLike,
    labels: ArrayLike,
    *,
    rates: ArrayLike,
    epochs: int,
    batch_size: int,
    momentum: float = 0.0,
    residual: bool = False,
    seed: int = 0,
) -> tuple[Weights, np.ndarray]:
    """Gradient descent on copies of the weights, each network at a learning rate of its own.

    Parameters
    ----------
    layers : list of (weights, bias)
        As ``begin`` makes them; they stay as they are.
    x, labels : float (n, inputs), int (n,)
    rates : float (networks,), or one number
        The learning rates.
    epochs, batch_size, momentum : of the training
    residual : bool
        See ``forward``.
    seed : int
        Of the order of the examples, which is the same for all networks.

    Returns
    -------
    layers, losses
        The trained weights, and the mean loss of each epoch, (networks, epochs): NaN or infinite where the training
        broke.

    Raises
    ------
    UsageError
        When there is not one rate, or one for each network.
    """
    networks = len(layers[0][0])
    rates = np.asarray(rates, np.float32)
    if rates.shape not in ((), (1,), (networks,)):
        raise UsageError(f"There are {networks} networks and {rates.size} rates: give one rate, or one for each.")
    rates = np.broadcast_to(rates, networks).reshape(-1, 1, 1)
    layers = [(weights.copy(), bias.copy()) for weights, bias in layers]
    speed = [(np.zeros_like(weights), np.zeros_like(bias)) for weights, bias in layers]
    x, labels, random = np.asarray(x, np.float32), np.asarray(labels), np.random.default_rng(seed)
    losses = np.zeros((networks, epochs), np.float32)
    with np.errstate(all="ignore"):  # a rate that is too large ends in infinity, which is what the reader is to see
        for epoch in range(epochs):
            order = random.permutation(len(x))
            for first in range(0, len(x), batch_size):
                batch = order[first : first + batch_size]
                slopes, loss, _ = gradients(layers, x[batch], labels[batch], residual)
                losses[:, epoch] += loss * np.float32(len(batch) / len(x))
                for parts, speeds, steps in zip(layers, speed, slopes, strict=True):
                    for part, fast, step in zip(parts, speeds, steps, strict=True):
                        fast *= np.float32(momentum)
                        fast -= rates * step
                        part += fast
    return layers, losses
