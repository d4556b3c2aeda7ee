"""Why a model says what it says, and whether that explanation is right.

All methods of attribution have one signature, ``method(model, inputs, target, **options)``, and return float32 arrays
of the inputs' shape; class activation maps and attention leave out the channels. What is explained, the *score*, is
described at ``saliency``.
"""

from utils import nn  # noqa: F401 - first, since it imports Keras quietly
from utils.explain.attention import attention_maps, attention_rollout, rollout
from utils.explain.cam import grad_cam, grad_cam_plus_plus
from utils.explain.faithfulness import Curve, Faithfulness, deletion, faithfulness, insertion
from utils.explain.integrated import completeness_gap, integrated_gradients
from utils.explain.molecules import atom_attribution
from utils.explain.perturbation import in_silico_mutagenesis, occlusion
from utils.explain.saliency import gradient_times_input, saliency, smooth_grad
from utils.explain.sanity import Cascade, randomisation_check, rank_correlation
from utils.explain.score_cam import score_cam
from utils.explain.tabular import permutation_importance, shapley_values

__all__ = [
    "Cascade",
    "Curve",
    "Faithfulness",
    "atom_attribution",
    "attention_maps",
    "attention_rollout",
    "completeness_gap",
    "deletion",
    "faithfulness",
    "grad_cam",
    "grad_cam_plus_plus",
    "gradient_times_input",
    "in_silico_mutagenesis",
    "insertion",
    "integrated_gradients",
    "occlusion",
    "permutation_importance",
    "randomisation_check",
    "rank_correlation",
    "rollout",
    "saliency",
    "score_cam",
    "shapley_values",
    "smooth_grad",
]
