"""The whole way from pairs to a bundle that speaks, small and seeded; needs torch."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from themis_lsp.change import FileChange
from themis_lsp.edits import edits_of
from themis_lsp.review import review
from themis_lsp.settings import Settings
from themis_lsp.verdict import Direction
from themis_model.calibrate import State
from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import Encoder
from themis_model.onnx import load
from themis_model.tokens import EDIT, END_EDIT, BpeTokenizer
from themis_training.data import Pair, Split, split_by_origin
from themis_training.deep import padded, rewards_of
from themis_training.export import ExportError, export_bundle
from themis_training.fit import Data, fit, load_run, thinned
from themis_training.graph import PARITY, export_fp32, graph_rewards
from themis_training.mined import MinedEdit
from themis_training.mixture import length_neutral
from themis_training.network import RewardNetwork, Shape, changed_region, ranking_loss
from themis_training.pairs import examples_of
from themis_training.recipe import Recipe, tiny
from themis_training.wide import wide_features

pytestmark = pytest.mark.training

SECURITY = Criterion.SECURITY_HARDNESS
RISKY = "def sign{n}(data{n}):\n    key = read(data{n})\n    return md5(key, {n})\n"
SAFE = "def sign{n}(data{n}):\n    key = read(data{n})\n    return sha256(key, {n})\n"
ORDINARY = "def load{n}(path):\n    rows = open(path)\n    return {word}(rows, {n})\n"


def some_pairs(count: int) -> list[Pair]:
    """Safe over risky; every second chosen side is the longer one, so length says nothing."""
    notes = ("", "\n\n# another note")
    return [
        Pair(
            f"p{n}", "made", "python", SECURITY, f"project{n}", "CC0-1.0",
            SAFE.format(n=n) + notes[n % 2], RISKY.format(n=n) + notes[1 - n % 2], "",
        )
        for n in range(count)
    ]  # fmt: skip


def some_edits(count: int) -> list[MinedEdit]:
    words = ("parse", "scan", "collect", "walk")
    return [
        MinedEdit(
            f"owner/repo{n % 40}", "MIT", "calibration", "0" * 40, "2020-01-01", "change", "a.py", "load", "function",
            "python", "code", "ordinary", "",
            ORDINARY.format(n=n, word=words[n % 4]), ORDINARY.format(n=n, word=words[(n + 1) % 4]),
        )
        for n in range(count)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Data, Sequence[MinedEdit]]:
    run = tmp_path_factory.mktemp("run")
    pairs, edits = some_pairs(1200), some_edits(1600)
    data = Data(pairs, split_by_origin(pairs), (), edits[:100], "digest")
    fit(recipe(), data, run)
    return run, data, edits


def recipe() -> Recipe:
    return replace(tiny(), pretraining=None)


def test_a_bundle_that_learned_one_defect_names_the_regression_and_keeps_silent_otherwise(
    trained: tuple[Path, Data, Sequence[MinedEdit]], tmp_path: Path
) -> None:
    run, data, edits = trained
    parity = export_bundle(recipe(), data, edits, run, tmp_path / "bundle", reduce_range=True)
    assert parity.fp32 <= PARITY
    scorer = load(tmp_path / "bundle", "cpu")
    curves = scorer.info.calibration.curves
    assert curves[SECURITY].state is State.SPEAKS
    assert curves[SECURITY].worse.precision >= 0.8
    assert {curves[c].state for c in CRITERIA if c is not SECURITY} == {State.NO_DATA}
    safe, risky = SAFE.format(n=5000), RISKY.format(n=5000)
    plain, other = ORDINARY.format(n=5000, word="parse"), ORDINARY.format(n=5000, word="walk")
    for before, after, direction in ((safe, risky, "worse"), (risky, safe, "better"), (plain, other, "none")):
        found = review(edits_of([FileChange("a.py", before, after)]), scorer, Settings(criteria=(SECURITY,)))
        assert [v.direction for v in found.verdicts] == [Direction(direction)]
    card = (tmp_path / "bundle" / "CARD.md").read_text(encoding="utf-8")
    assert "CC0-1.0" in card
    assert "not distilled" in card


def test_a_run_records_what_it_was_made_of(trained: tuple[Path, Data, Sequence[MinedEdit]]) -> None:
    run, data, _ = trained
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert sum(source["pairs"] for source in record["sources"]) == len(data.pairs)
    assert record["data_digest"] == "digest"
    assert sum(row["edits"] for row in record["ordinary_edits"]) == record["ties"] == 100


def test_without_real_edits_nothing_is_exported(
    trained: tuple[Path, Data, Sequence[MinedEdit]], tmp_path: Path
) -> None:
    run, data, _ = trained
    with pytest.raises(ExportError, match="no real edits"):
        export_bundle(recipe(), data, [], run, tmp_path / "bundle", reduce_range=True)
    assert not (tmp_path / "bundle").exists()


def test_training_is_deterministic(trained: tuple[Path, Data, Sequence[MinedEdit]], tmp_path: Path) -> None:
    run, data, _ = trained
    again = fit(recipe(), data, tmp_path)
    first = load_run(run, recipe())
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))


def small_network() -> RewardNetwork:
    torch.manual_seed(3)
    network = RewardNetwork(Shape(512, 1, 64, 1 << 10, 3))
    assert network.wide is not None
    torch.nn.init.normal_(network.wide.table.weight)
    network.train(mode=False)
    return network


VIEWS = [
    [6, 30, EDIT, 31, 32, END_EDIT, 33],
    [6, 30, EDIT, END_EDIT, 33, 34],
    [6, EDIT, 40, END_EDIT, 41, EDIT, 42, 43, END_EDIT],
]


def test_the_graph_equals_torch(tmp_path: Path) -> None:
    network = small_network()
    export_fp32(network, tmp_path / "model.onnx")
    difference = np.abs(graph_rewards(tmp_path / "model.onnx", VIEWS) - rewards_of(network, VIEWS))
    assert difference.max() <= PARITY


def test_padding_changes_no_reward() -> None:
    network = small_network()
    ids, mask = padded([np.array(view, np.uint16) for view in VIEWS])
    with torch.no_grad():
        together = network.rewards(ids, mask).numpy()
    assert np.abs(together - rewards_of(network, VIEWS)).max() <= 1e-5


def test_the_wide_path_is_the_sum_its_fit_assumes() -> None:
    network = small_network()
    wide = network.wide
    assert wide is not None
    for view in VIEWS:
        ids = torch.tensor([view])
        buckets = wide_features(wide, np.array(view, np.uint16))
        expected = wide.table.weight[torch.from_numpy(buckets)].sum(0) / (len(buckets) + wide.damping) ** wide.power
        assert torch.allclose(wide(ids, changed_region(ids), torch.ones_like(ids))[0], expected, atol=1e-5)


# ids, tokens that belong to the changed region
REGIONS = [(VIEWS[0], "0011110"), (VIEWS[1], "001100"), (VIEWS[2], "011101111")]


@pytest.mark.parametrize(("ids", "region"), REGIONS)
def test_changed_region(ids: list[int], region: str) -> None:
    assert "".join(map(str, changed_region(torch.tensor([ids]))[0].tolist())) == region


def test_a_tie_is_lost_by_any_margin() -> None:
    margin = torch.tensor([-2.0, 0.0, 2.0])
    tie = ranking_loss(margin, torch.tensor([0.5] * 3))
    won = ranking_loss(margin, torch.tensor([1.0] * 3))
    assert tie[1] < tie[0]
    assert torch.isclose(tie[0], tie[2])
    assert won[0] > won[1] > won[2]


def test_length_says_nothing_after_weighting(trained: tuple[Path, Data, Sequence[MinedEdit]]) -> None:
    run, data, _ = trained
    encoder = Encoder(BpeTokenizer.from_file(run / "tokenizer.json"))
    longer_only = [p for n, p in enumerate(data.of(Split.TRAIN)) if n % 3 or len(p.chosen) > len(p.rejected)]
    examples = list(examples_of(longer_only, encoder))
    weights = length_neutral(examples)
    signs = np.array([e.longer for e in examples])
    assert (signs == 1).sum() != (signs == -1).sum()
    assert weights[signs == 1].sum() == pytest.approx(weights[signs == -1].sum())


def test_thinning_keeps_the_expected_weight() -> None:
    weights = np.array([0.1] * 9000 + [5.0] * 1000)
    rows, kept = thinned(weights, most=2000, seed=1)
    assert 1900 < len(rows) < 2100
    share = kept[rows < 9000].sum() / kept.sum()
    assert share == pytest.approx(900 / 5900, abs=0.02)
