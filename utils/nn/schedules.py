"""A learning rate that changes from step to step."""

import math
from dataclasses import asdict, dataclass

import keras
from keras import ops


def rise_and_fall(steps, peak):
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

    def __call__(self, step):
        step = ops.cast(step, "float32")
        fallen = ops.clip((step - self.rise) / self.fall, 0, 1)
        return self.peak * ops.minimum(step / self.rise, 0.5 * (1 + ops.cos(math.pi * fallen)))

    def get_config(self):
        return asdict(self)


class Cosine(keras.callbacks.Callback):
    """Lets the rate fall to zero in so many steps of one epoch, from outside the compiled step: for another number of
    steps nothing needs to be compiled anew."""

    def __init__(self, rate, steps):
        super().__init__()
        self.rate, self.steps = rate, steps

    def on_train_batch_begin(self, batch, logs=None):
        self.model.optimizer.learning_rate = self.rate * (1 + math.cos(math.pi * batch / self.steps)) / 2
