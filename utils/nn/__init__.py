"""What any Keras work needs: seeds and profiles, training with one quiet line, answers in batches, gradients."""

from utils.nn.quiet import quiet

with quiet():  # TensorFlow's libraries greet from C++ before any level of logging is in force
    import keras  # noqa: F401 - here, before anything else imports it

from utils.nn.gradients import gradient
from utils.nn.inference import predict
from utils.nn.profiles import Run, start
from utils.nn.training import fit, member_seeds, restart

__all__ = ["Run", "fit", "gradient", "member_seeds", "predict", "restart", "start"]
