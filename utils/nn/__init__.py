"""What the Keras part of a chapter needs: seeds and profiles, quiet training, gradients on any backend."""

from utils.nn import quiet  # noqa: F401 - first, before anything imports Keras
from utils.nn.gradients import gradient
from utils.nn.profiles import Run, start
from utils.nn.training import fit

__all__ = ["Run", "fit", "gradient", "start"]
