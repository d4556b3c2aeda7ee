"""Noise as a scanner makes it, the network that removes it and its rivals; tumours by a network and by a rule."""

import keras
import numpy as np
import pytest

from utils import datasets
from utils.applications import scan_tumours as tumours
from utils.applications import scans
from utils.errors import UsageError
from utils.features.scans import inside, resample


@pytest.fixture(scope="module")
def chest():
    """Twelve slices of a chest in HU, and the body in them."""
    volume = datasets.load("scans").volume("lung1")
    return np.clip(volume.voxels[18:30], -1024, 1000).astype("float32"), inside(volume)[18:30]


@pytest.fixture(scope="module")
def noisy(chest):
    return chest[0] + scans.grain(chest[0].shape, 60.0, np.random.default_rng(1))


# --- noise --------------------------------------------------------------------------------------------------------


def test_the_noise_has_its_size_and_no_trend():
    noise = scans.grain((4, 128, 96), 25.0, np.random.default_rng(0))
    assert noise.dtype == np.float32
    assert noise.std() == pytest.approx(25, rel=1e-3)
    assert abs(noise.mean(axis=(1, 2))).max() < 1e-3  # the ramp is 0 at frequency 0


def test_its_power_rises_then_falls():
    noise = scans.grain((20, 128, 128), 1.0, np.random.default_rng(0))
    power = np.mean(np.abs(np.fft.fft2(noise)) ** 2, axis=0)
    frequency = np.hypot(np.fft.fftfreq(128)[:, None], np.fft.fftfreq(128))
    low, middle, high = (
        power[(frequency > a) & (frequency < b)].mean() for a, b in [(0, 0.05), (0.15, 0.25), (0.45, 1)]
    )
    assert middle > 3 * low
    assert middle > 3 * high


def test_slices_know_nothing_of_each_other():
    noise = scans.grain((2, 128, 128), 1.0, np.random.default_rng(0)).reshape(2, -1)
    assert abs(np.corrcoef(noise)[0, 1]) < 0.03


# --- the network --------------------------------------------------------------------------------------------------


def test_patches_are_what_the_network_takes(chest):
    patches = scans.Patches(*chest, noise=60.0, steps=3, batch_size=2, size=(3, 16, 20))
    noisy, clean = patches[0]
    assert len(patches) == 3
    assert noisy.shape == (2, 3 + 2 * 2, 16 + 2 * 6, 20 + 2 * 6, 1)
    assert clean.shape == (2, 3, 16, 20, 1)
    middle = noisy[:, 2:-2, 6:-6, 6:-6]
    assert scans.SCALE * (middle - clean).std() == pytest.approx(60, rel=0.15)


def test_no_patch_has_the_noise_of_another(chest):
    first, second = (scans.Patches(*chest, noise=60.0, steps=1, seed=seed)[0] for seed in (0, 1))
    assert not np.array_equal(first[0], second[0])
    again = scans.Patches(*chest, noise=60.0, steps=1, seed=0)[0]
    assert np.array_equal(first[0], again[0])


def test_the_answer_is_smaller_by_the_halo():
    model = scans.denoiser(width=2)
    assert model(np.zeros((1, 9, 20, 22, 1))).shape == (1, 9 - 4, 20 - 12, 22 - 12, 1)
    assert scans.HALO == (2, 6, 6)


@pytest.mark.parametrize("size", [(5, 14, 15), (7, 20, 18), (12, 64, 512), (100, 100, 100)])
def test_a_window_of_any_size_gives_the_same(chest, size):
    keras.utils.set_random_seed(0)
    model, voxels = scans.denoiser(width=2), chest[0][:6, 60:76, 60:75]
    model.set_weights([weights + 0.1 for weights in model.get_weights()])
    assert abs(scans.denoised(model, voxels) - voxels).max() > 10
    whole = scans.denoised(model, voxels)
    assert whole.shape == voxels.shape
    np.testing.assert_allclose(scans.denoised(model, voxels, size), whole, atol=0.01)


def test_training_removes_noise(chest, noisy):
    model, _ = scans.train_denoiser(*chest, noise=60.0, steps=60, width=8, seed=0)
    voxels, region = chest
    before, after = (scans.psnr(voxels, one, region).mean() for one in (noisy, scans.denoised(model, noisy)))
    assert after > before + 1.5


# --- how good, and the rivals -------------------------------------------------------------------------------------


def test_quality_is_that_of_the_region(chest, noisy):
    voxels, region = chest
    found = scans.psnr(voxels, noisy, region)
    assert found.shape == (12,)
    error = (voxels.clip(-1000, 400) - noisy.clip(-1000, 400))[3][region[3]]
    assert found[3] == pytest.approx(20 * np.log10(1400 / np.sqrt(np.mean(error.astype(float) ** 2))), rel=1e-5)
    outside = np.where(region, voxels, 500)
    assert np.isinf(scans.psnr(voxels, outside, region)).all()


def test_structure_is_judged_in_the_box_around_the_body(chest, noisy):
    voxels, region = chest
    found = scans.ssim(voxels, noisy, region)
    assert found.shape == (12,)
    assert (found < 0.9).all()
    rows, columns = (np.flatnonzero(region[5].any(axis=axis)) for axis in (1, 0))
    elsewhere = np.ones(region.shape, bool)
    elsewhere[5, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = False
    assert scans.ssim(voxels, np.where(elsewhere, 300, voxels), region)[5] == 1


@pytest.mark.parametrize("name", scans.RIVALS)
def test_each_rival_removes_noise(chest, noisy, name):
    voxels, region = (part[4:8] for part in chest)
    score = lambda answer: scans.psnr(voxels, answer, region).mean()  # noqa: E731
    method, setting, best = scans.tuned(name, noisy[4:8], 60.0, score)
    assert setting in scans.RIVALS[name][1]
    assert len(scans.RIVALS[name][1]) == 6
    assert best == pytest.approx(score(method(noisy[4:8], 60.0)))
    assert best > score(noisy[4:8]) + 1
    assert best == max(score(scans.RIVALS[name][0](noisy[4:8], 60.0, one)) for one in scans.RIVALS[name][1])


def test_a_rival_that_is_not_there():
    with pytest.raises(UsageError, match="non-local means"):
        scans.tuned("median", np.zeros((1, 8, 8)), 60.0, np.mean)


# --- tumours ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def case():
    volume = resample(datasets.load("scans").volume("lung2"), (5.0, 2.5, 2.5))
    return tumours.Case.of(volume)


def test_a_case_leaves_labels_out():
    volume = datasets.load("scans").volume("lung2")
    unused = np.arange(len(volume.voxels)) % 2 == 0
    case = tumours.Case.of(volume, unused)
    assert (case.labels[unused] == tumours.UNUSED).all()
    assert np.array_equal(case.labels[~unused], volume.mask[~unused] > 0)
    assert case.dice(volume.mask > 0) == 1
    other = (volume.mask > 0).copy()
    other[unused] = ~other[unused]
    assert case.dice(other) == 1


def test_unused_labels_do_not_count_in_the_loss():
    labels = np.zeros((1, 2, 4, 4, 1), "float32")
    labels[:, 0, :2] = 1
    logits = np.random.default_rng(0).normal(size=labels.shape).astype("float32")
    ignored, changed = labels.copy(), logits.copy()
    ignored[:, 1] = tumours.UNUSED
    changed[:, 1] += 5
    before, after = (float(tumours.loss(ignored, one)) for one in (logits, changed))
    assert before == pytest.approx(after)
    assert float(tumours.loss(labels, logits)) != pytest.approx(float(tumours.loss(labels, changed)))
    perfect = 50 * (2 * labels - 1)
    assert float(tumours.loss(labels, perfect)) < 0.01


def test_half_of_the_patches_hold_the_tumour(case):
    voxels, labels = tumours.Patches([case], steps=2, batch_size=8)[0]
    assert voxels.shape == labels.shape == (8, 8, 48, 48, 1)
    assert (labels.reshape(8, -1).max(axis=1) == 1).sum() >= 4


def test_the_rule_and_its_parts(case):
    lungs = tumours.lungs(case)
    litres = lungs.sum() * np.prod(case.spacing) / 1e6
    assert 2 < litres < 6
    assert not (lungs & ~case.region).any()
    rule, score = tumours.fitted([case])
    assert rule in tumours.RULES
    assert score == pytest.approx(case.dice(rule(case)))
    assert score > 0.3
    two = tumours.RULES[:2]
    assert set(tumours.marked(two, case)) == set(two)
    with pytest.raises(UsageError, match="no rule"):
        tumours.fitted([case], rules=())


def test_a_wider_opening_leaves_less(case):
    masks = tumours.marked(tumours.RULES, case)
    for rule, mask in masks.items():
        thinner = tumours.Rule(rule.closing, rule.threshold, 0.0)
        assert not (mask & ~masks[thinner]).any()
        assert (case.voxels[mask] > rule.threshold).all()


def test_the_network_takes_any_volume(case):
    keras.utils.set_random_seed(0)
    found = tumours.probabilities(tumours.unet(width=2), case.voxels[:9, :30, :33])
    assert found.shape == (9, 30, 33)
    assert 0 <= found.min() <= found.max() <= 1


def test_training_finds_the_tumour_that_it_learned(case):
    model, _ = tumours.train([case], steps=30, width=4, seed=0)
    found = tumours.probabilities(model, case.voxels)
    assert found[case.labels == 1].mean() > found[case.region & (case.labels == 0)].mean() + 0.1
