"""Learning rates that change from step to step."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import keras
import numpy as np
from keras import ops


def one_cycle(passed: float, peak: float, start: float = 0.1, rise: float = 0.25) -> float:
    """The learning rate of a one-cycle schedule, piecewise linear in the time.

    It rises from ``start * peak`` to ``peak`` in the first ``rise`` of the time and falls to zero in the rest.
    ``passed`` is the share of the time that is over, 0 to 1; outside it is clipped.

    References
    ----------
    Smith and Topin (2019), https://doi.org/10.1117/12.2520589.
    """
    return peak * float(np.interp(passed, [0, rise, 1], [start, 1, 0]))


def rise_and_fall(steps: int, peak: float) -> keras.optimizers.schedules.LearningRateSchedule:
    """A learning rate that rises to its peak in the first tenth of the steps and falls to zero along half a cosine."""
    rise = max(steps // 10, 1)
    return _RiseAndFall(peak, rise, max(steps - rise, 1))


@keras.saving.register_keras_serializable(package="course")
@dataclass(frozen=True)
class _RiseAndFall(keras.optimizers.schedules.LearningRateSchedule):
    """Keras's CosineDecay with a warm-up, without its branch: an optimizer asks for the rate once for each variable,
    and to trace that many branches takes longer than some hundred steps."""

    peak: float
    rise: int
    fall: int

    def __call__(self, step: Any):
        step = ops.cast(step, "float32")
        fallen = ops.clip((step - self.rise) / self.fall, 0, 1)
        return self.peak * ops.minimum(step / self.rise, 0.5 * (1 + ops.cos(math.pi * fallen)))

    def get_config(self) -> dict:
        return asdict(self)


class Cosine(keras.callbacks.Callback):
    """Lets the rate fall to zero within the steps of one epoch, from outside the compiled step: for another number of
    steps nothing needs to be compiled anew."""

    def __init__(self, rate: float, steps: int):
        super().__init__()
        self.rate, self.steps = rate, steps

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        self.model.optimizer.learning_rate = self.rate * (1 + math.cos(math.pi * batch / self.steps)) / 2
