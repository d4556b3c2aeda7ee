"""How good a model is, and how sure we can be of it: scores that refuse bad input, and an interval for each of them.

Labels always come first, then what the model said. One column (n,) of scores, probabilities or logits is that of
class 1 (0: not a case, 1: a case); several columns (n, classes) hold one class each.
"""

from utils.metrics.agreement import accuracy, log_loss, rmse
from utils.metrics.areas import auc, macro_auc, multilabel_auc, roc_auc
from utils.metrics.calibration import Reliability, brier_score, calibration_error, reliability, softmax, temperature
from utils.metrics.checks import UndefinedScore
from utils.metrics.comparison import Comparison, compare
from utils.metrics.decisions import best_threshold, net_benefit
from utils.metrics.image_quality import psnr, ssim
from utils.metrics.intervals import Estimate, Interval, bootstrap_interval, estimate
from utils.metrics.ranking import average_precision, enrichment_factor, roc_curve, sensitivity_at_specificity
from utils.metrics.recalibration import Recalibration, recalibration, smooth_calibration
from utils.metrics.segmentation import (
    ObjectCounts,
    dice,
    intersection_over_union,
    object_counts,
    panoptic_quality,
)
from utils.metrics.surfaces import (
    LesionCount,
    average_surface_distance,
    hausdorff_distance,
    lesions,
    surface_distances,
)
from utils.metrics.survival import (
    Incidence,
    Survival,
    censoring_weights,
    concordance,
    cumulative_incidence,
    integrated_brier,
    kaplan_meier,
    survival_brier,
)

__all__ = [
    "Comparison",
    "Estimate",
    "Incidence",
    "Interval",
    "LesionCount",
    "ObjectCounts",
    "Recalibration",
    "Reliability",
    "Survival",
    "UndefinedScore",
    "accuracy",
    "auc",
    "average_precision",
    "average_surface_distance",
    "best_threshold",
    "bootstrap_interval",
    "brier_score",
    "calibration_error",
    "censoring_weights",
    "compare",
    "concordance",
    "cumulative_incidence",
    "dice",
    "enrichment_factor",
    "estimate",
    "hausdorff_distance",
    "integrated_brier",
    "intersection_over_union",
    "kaplan_meier",
    "lesions",
    "log_loss",
    "macro_auc",
    "multilabel_auc",
    "net_benefit",
    "object_counts",
    "panoptic_quality",
    "psnr",
    "recalibration",
    "reliability",
    "rmse",
    "roc_auc",
    "roc_curve",
    "sensitivity_at_specificity",
    "smooth_calibration",
    "softmax",
    "ssim",
    "surface_distances",
    "survival_brier",
    "temperature",
]
