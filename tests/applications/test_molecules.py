"""Message passing against a plain loop over atoms and bonds, and what must not change it; losses; training."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from rdkit import Chem

from utils import metrics, nn
from utils.applications import molecules as passing
from utils.applications.molecules import forest, judge
from utils.errors import CourseError
from utils.features import molecules as chemistry

SMILES = ["C", "CCO", "[Na+].[Cl-]", "c1ccc(cc1)C(=O)O.CN", "FS(F)(F)(F)(F)F", "CC(C)NCC(O)COc1cccc2ccccc12", "C#N"]
RANDOM = np.random.default_rng(0)


def as_array(tensor):
    return np.asarray(ops.convert_to_numpy(tensor))


def plain_loop(smiles, states, weights):
    """One step over RDKit's own atoms and bonds, in float64; states (atoms, given)."""
    molecule = Chem.MolFromSmiles(smiles)
    heard = np.zeros((molecule.GetNumAtoms(), weights["of_sum"].shape[0]))
    for bond in molecule.GetBonds():
        feature = np.zeros(chemistry.BOND_WIDTH)
        feature[[0, 1, 2, 3][[1, 2, 3, 12].index(int(bond.GetBondType()))]] = 1
        feature[4 if not bond.GetIsConjugated() else 5] = 1
        feature[6 if not bond.IsInRing() else 7] = 1
        ends = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        for listens, speaks in (ends, ends[::-1]):
            message = states[speaks] @ weights["of_neighbour"] + feature @ weights["of_bond"]
            heard[listens] += np.maximum(message + weights["message_bias"], 0)
    return np.maximum(states @ weights["of_self"] + heard @ weights["of_sum"] + weights["bias"], 0)


def layer_with_weights(given, width=7, seed=0):
    layer = passing.MessagePassing(width)
    layer.build((None, None, given), (None, None, None), (None, None, None, chemistry.BOND_WIDTH), (None, None))
    random = np.random.default_rng(seed)
    layer.set_weights([random.normal(size=weight.shape) * 0.4 for weight in layer.weights])
    return layer, {weight.name: as_array(weight).astype(float) for weight in layer.weights}


def call(layer, states, batch):
    return as_array(layer(states.astype("float32"), batch["neighbours"], batch["bonds"], batch["is_atom"]))


@given(rows=st.lists(st.integers(0, len(SMILES) - 1), min_size=1, max_size=5), seed=st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_the_layer_is_a_plain_loop(rows, seed):
    batch = chemistry.graphs(SMILES).pad(rows)
    layer, weights = layer_with_weights(5, seed=seed)
    states = np.random.default_rng(seed).normal(size=(*batch["is_atom"].shape, 5))
    found = call(layer, states, batch)
    for place, row in enumerate(rows):
        atoms = batch["is_atom"][place].sum()
        wanted = plain_loop(SMILES[row], states[place, :atoms], weights)
        assert np.abs(found[place, :atoms] - wanted).max() <= 1e-5
        assert not found[place, atoms:].any()


@pytest.mark.parametrize("atoms", [24, 33, 200])
def test_padding_changes_nothing(atoms):
    graphs = chemistry.graphs(SMILES)
    network = passing.message_passing_network(3, width=12)
    few, many = (as_array(network(graphs.pad(range(len(SMILES)), atoms=size))) for size in (20, atoms))
    assert few == pytest.approx(many, abs=1e-5)
    alone = np.concatenate([as_array(network(graphs.pad([row]))) for row in range(len(SMILES))])
    assert alone == pytest.approx(many, abs=1e-5)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_the_numbering_of_the_atoms_changes_nothing(seed):
    molecule = Chem.MolFromSmiles(SMILES[5])
    spellings = [SMILES[5], *Chem.MolToRandomSmilesVect(molecule, 3, randomSeed=seed + 1)]
    keras.utils.set_random_seed(seed)
    network = passing.message_passing_network(2, width=8)
    outputs = as_array(network(chemistry.graphs(spellings).pad(range(4))))
    assert np.ptp(outputs, axis=0).max() <= 1e-5
    assert np.ptp(outputs[0]) > 0


def test_the_kind_of_bond_and_of_atom_changes_the_answer():
    network = passing.message_passing_network(1, width=16)
    outputs = as_array(network(chemistry.graphs(["CC", "C=C", "C#C", "CN", "C[NH3+]"]).pad(range(5))))[:, 0]
    assert len(np.unique(outputs.round(6))) == 5


def test_gradients_are_finite_and_reach_every_weight():
    graphs = chemistry.graphs(SMILES)
    batch = graphs.pad(range(len(SMILES)))
    layer, _ = layer_with_weights(chemistry.ATOM_WIDTH)
    states = batch["atoms"]

    def total(states, bonds):
        return ops.sum(ops.square(layer(states, batch["neighbours"], bonds, batch["is_atom"])))

    of_states, of_bonds = nn.gradient(total, states, batch["bonds"])
    assert np.isfinite(of_states).all()
    assert np.isfinite(of_bonds).all()
    assert not of_states[~batch["is_atom"]].any()
    assert not of_bonds[batch["neighbours"] < 0].any()
    assert of_states[batch["is_atom"]].any(axis=1).all()
    network = passing.message_passing_network(1, width=8)
    network.compile(keras.optimizers.SGD(1.0), passing.masked_square_error, run_eagerly=True)
    before = network.get_weights()
    network.train_on_batch(batch, RANDOM.normal(size=(len(SMILES), 1)).astype("float32"))
    for weight, old in zip(network.weights, before, strict=True):
        assert np.isfinite(as_array(weight)).all()
        assert not np.array_equal(as_array(weight), old), weight.path


def test_a_network_is_saved_and_read_again(tmp_path):
    network = passing.message_passing_network(2, descriptors=3, width=8)
    batch = chemistry.graphs(SMILES).pad(range(len(SMILES))) | {"descriptors": RANDOM.normal(size=(len(SMILES), 3))}
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    assert as_array(again(batch)) == pytest.approx(as_array(network(batch)), abs=1e-6)


@given(seed=st.integers(0, 1000), gaps=st.floats(0, 1))
@settings(max_examples=25, deadline=None)
def test_masked_losses_are_means_over_what_was_measured(seed, gaps):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, size=(6, 4)).astype("float32")
    labels[random.random(labels.shape) < gaps] = np.nan
    outputs = (random.normal(size=labels.shape) * 5).astype("float32")
    known = ~np.isnan(labels)
    entropy = float(passing.masked_cross_entropy(ops.convert_to_tensor(labels), ops.convert_to_tensor(outputs)))
    square = float(passing.masked_square_error(ops.convert_to_tensor(labels), ops.convert_to_tensor(outputs)))
    if not known.any():
        assert entropy == square == 0
        return
    keras_says = keras.losses.BinaryCrossentropy(from_logits=True)(labels[known], outputs[known])
    assert entropy == pytest.approx(float(keras_says), abs=1e-5)
    assert square == pytest.approx(np.mean((labels - outputs)[known] ** 2), rel=1e-5)


def test_the_gradient_of_a_masked_loss_is_finite_and_zero_in_the_gaps():
    labels = np.array([[1, np.nan], [np.nan, 0], [0, 1]], "float32")
    outputs = np.array([[1000, 5], [-1000, -1000], [1000, -1000]], "float32")
    for loss in (passing.masked_cross_entropy, passing.masked_square_error):
        gradient = nn.gradient(lambda z, loss=loss: loss(ops.convert_to_tensor(labels), z), outputs)
        assert np.isfinite(gradient).all()
        assert not gradient[np.isnan(labels)].any()


def fitted(labels, descriptors=None, task="regression", rows=range(8), **options):
    smiles = ["C" * (1 + number) for number in range(12)]
    return passing.fit_networks(
        chemistry.graphs(smiles), np.asarray(labels, float), np.array(rows), np.array([8, 9]), task=task, epochs=2,
        descriptors=descriptors, width=8, eager=True, **options,
    )  # fmt: skip


def test_scales_are_measured_on_the_training_rows_only():
    """A value of the test part, however wild, changes neither the scales nor a single prediction."""
    labels, descriptors = RANDOM.normal(size=(12, 1)), RANDOM.normal(size=(12, 3))
    wild_labels, wild = labels.copy(), descriptors.copy()
    wild_labels[10:], wild[10:] = 1e6, -1e6
    first, second = fitted(labels, descriptors), fitted(wild_labels, wild)
    assert first.label_scale.mean_ == pytest.approx(labels[:8].mean(axis=0))
    assert first.label_scale.scale_ == pytest.approx(labels[:8].std(axis=0))
    assert np.array_equal(first.predict(np.arange(10)), second.predict(np.arange(10)))
    assert np.abs(second.descriptors).max() <= passing.FARTHEST


def test_predictions_come_in_the_order_of_the_rows_and_in_the_unit_of_the_labels():
    labels = np.column_stack([np.arange(12) * 100.0 + 5000, np.full(12, np.nan)])
    labels[:5, 1] = 3.0
    networks = fitted(labels, members=2)
    found = networks.predict(np.array([3, 11, 0, 3]))
    assert found.shape == (4, 2)
    assert np.array_equal(found[0], found[3])
    assert np.abs(found[:, 0] - 5500).max() < 2000
    assert np.isfinite(found).all()
    yes = fitted((np.arange(12)[:, None] % 2), task="classification").predict(np.arange(12))
    assert ((yes >= 0) & (yes <= 1)).all()


def test_fit_refuses_another_task():
    with pytest.raises(CourseError, match="'classification' or 'regression'"):
        fitted(np.zeros((12, 1)), task="ranking")


def test_a_step_is_traced_once_for_batches_of_all_shapes(monkeypatch):
    traced, step = [], keras.Model.train_step
    monkeypatch.setattr(keras.Model, "train_step", lambda self, *given: traced.append(self) or step(self, *given))
    graphs, rows = chemistry.graphs(SMILES), np.arange(len(SMILES))
    labels = rows[:, None] % 2.0
    passing.fit_networks(graphs, labels, rows, rows, task="classification", epochs=3, batch_size=3, width=8)
    assert len(traced) == 1


def test_training_learns_the_share_of_oxygen():
    smiles = ["C" * (1 + number % 12) + "O" * (number % 3) for number in range(150)]
    labels = np.array([[text.count("O") / len(text)] for text in smiles])
    networks = passing.fit_networks(
        chemistry.graphs(smiles), labels, np.arange(100), np.arange(100, 150), task="regression", epochs=30, width=16
    )
    history = networks.histories[0]
    assert min(history["val_loss"]) < 0.1 * history["val_loss"][0] + 0.05
    assert len(history["loss"]) == 30


def test_forest_takes_each_task_where_it_was_measured():
    features = RANDOM.integers(0, 2, size=(60, 5))
    labels = np.column_stack([features[:, 0], features[:, 1], np.ones(60), np.full(60, np.nan)]).astype(float)
    labels[::2, 1] = np.nan
    found = forest(features, labels, np.arange(40), task="classification", trees=30)
    assert ((found[40:, :2] > 0.5) == features[40:, :2]).all()
    assert (found[:, 2] == 1).all()
    assert (found[:, 3] == 0.5).all()
    number = forest(features, features[:, [0]] * 10.0, np.arange(40), task="regression", trees=30)
    assert np.corrcoef(number[40:, 0], features[40:, 0])[0, 1] > 0.9


def test_scores_of_several_tasks_with_gaps():
    labels = np.array([[1, 0], [0, np.nan], [1, 1], [0, 0], [1, 1]], float)
    exact = judge(labels, np.nan_to_num(labels), np.arange(5), task="classification", repeats=20)
    assert exact.value == 1
    assert metrics.rmse(labels, np.nan_to_num(labels) + [1, 3]) == pytest.approx(2)
    assert metrics.rmse(np.column_stack([labels[:, 0], np.full(5, np.nan)]), np.ones((5, 2))) == pytest.approx(0.4**0.5)
    nothing = judge(np.ones((5, 1)), np.ones((5, 1)), np.arange(5), task="classification", repeats=20)
    assert np.isnan(nothing.value)
