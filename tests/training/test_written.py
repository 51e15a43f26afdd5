"""Edits that were written to teach one defect each: read, refused, learned, and judged by who had not seen them."""

from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("torch")

from dataclasses import replace

import numpy as np
import torch

from tests.training.test_reading import LEFT, OPEN, small
from themis_lsp.error import UsageError
from themis_model.bundle import read_bundle
from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import Encoder
from themis_model.fake import HashTokenizer
from themis_model.naming import Naming
from themis_model.tokens import LANGUAGES, BpeTokenizer
from themis_training.data import Pair, Split
from themis_training.fit import Data, fit, load_run
from themis_training.judged import opened
from themis_training.mixture import weights_for
from themis_training.pairs import largest_margins
from themis_training.proof import By, Weighed
from themis_training.settle import Learned, opened_bundle, written_findings
from themis_training.written import SOURCE, Written, read_written, written_examples, written_record

pytestmark = pytest.mark.training

MEMORY, SECURITY = Criterion.MEMORY_EFFICIENCY, Criterion.SECURITY_HARDNESS
SHIPPED = Path(__file__).parents[2] / "training" / "written"
UNIT = """=== digest-of-a-file
def digest(path):
    data = path.read_bytes()
    return hashlib.sha256(data).hexdigest()
"""
WEAK = """--- worse weak-hash
<<<
    return hashlib.sha256(data).hexdigest()
>>>
    return hashlib.md5(data).hexdigest()
"""
TWICE = """--- same weak-hash
<<<
    data = path.read_bytes()
>>>
    content = path.read_bytes()
<<<
    return hashlib.sha256(data).hexdigest()
>>>
    return hashlib.sha256(content).hexdigest()
"""
GONE = "--- worse missing-call\n<<<\n    data = path.read_bytes()\n>>>\n"
END = "--- end\n"


def files(folder: Path, text: str, name: str = "python.txt") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_written_edits_are_read(tmp_path: Path) -> None:
    weak, twice, gone = read_written(files(tmp_path, UNIT + WEAK + TWICE + GONE + END))
    before = "def digest(path):\n    data = path.read_bytes()\n    return hashlib.sha256(data).hexdigest()"
    assert weak == Written(
        "written/python/digest-of-a-file/0", "python/digest-of-a-file", "python", "weak-hash", True, before,
        before.replace("sha256", "md5"),
    )  # fmt: skip
    assert (twice.is_worse, twice.after) == (False, before.replace("data", "content"))
    assert gone.after == before.replace("    data = path.read_bytes()\n", "")
    assert written_record([weak, twice, gone]) == [
        {"language": "python", "license": "Apache-2.0", "worse": 2, "same": 1}
    ]


# the text of a file, its name, what is said of it
REFUSED: list[tuple[str, str, str]] = [
    (UNIT + WEAK + END, "cobol.txt", "'cobol' is no language"),
    (UNIT + WEAK + END, "python.md", "holds no written edits"),
    (UNIT + WEAK, "python.txt", "'digest-of-a-file' has no line '--- end'"),
    (UNIT + "--- worse bad-taste\n" + END, "python.txt", "5: '--- worse bad-taste' says neither"),
    (UNIT + "--- better weak-hash\n" + END, "python.txt", "5: '--- better weak-hash' says neither"),
    (UNIT + WEAK.replace("(data)", "(date)", 1) + END, "python.txt", "5: what is replaced stands 0 times"),
    (UNIT + "    return hashlib.sha256(data).hexdigest()\n" + WEAK + END, "python.txt", "6: what is replaced stands 2"),
    (UNIT + WEAK.replace("    return hashlib.sha256(data).hexdigest()\n", "") + END, "python.txt", "stands 0 times"),
    (UNIT + WEAK.replace("md5", "sha256") + END, "python.txt", "5: the edit changes nothing"),
    ((UNIT + WEAK + END) * 2, "python.txt", "written/python/digest-of-a-file/0 is there twice"),
]


@pytest.mark.parametrize(("text", "name", "because"), REFUSED)
def test_what_is_no_written_edit_is_refused(text: str, name: str, because: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=because):
        read_written(files(tmp_path, text, name))


def test_what_ships_is_whole_and_of_every_language_and_criterion() -> None:
    edits = read_written(SHIPPED)
    assert {edit.language for edit in edits} == set(LANGUAGES)
    examples = list(written_examples(edits[:: len(edits) // 400], Encoder(HashTokenizer())))
    assert {example.criterion for example in examples} == {-1, *range(len(CRITERIA))}
    counts = Counter(edit.is_worse for edit in edits)
    assert min(counts.values()) > 1000


def closing(name: str, calls: tuple[str, str] = ("close", "shut")) -> list[Written]:
    """Forgetting the one call leaks; forgetting the other is nothing."""
    return [
        Written(
            f"{SOURCE}/python/{name}/{n}", f"python/{name}", "python", "unclosed-resource", n == 0,
            OPEN.format(call=f"{call}_{name}"), LEFT.replace("rows", f"{name}_rows"),
        )
        for n, call in enumerate(calls)
    ]  # fmt: skip


def test_a_written_edit_weighs_what_the_recipe_says() -> None:
    examples = list(written_examples(closing("a"), Encoder(HashTokenizer())))
    weights = weights_for(replace(small(0.0), written={MEMORY: 4.0}, written_ties=0.5), examples)
    column = CRITERIA.index(MEMORY)
    worse, same = (next(n for n, e in enumerate(examples) if bool(e.tied) is tied) for tied in (False, True))
    assert weights[same, column] == pytest.approx(0.5 * weights[worse, column])
    assert weights[worse, column] > 0
    assert not np.delete(weights, column, axis=1).any()


def test_written_edits_teach_and_are_remembered_unseen(tmp_path: Path) -> None:
    written = [edit for n in range(12) for edit in closing(f"u{n}", ("close", "shut"))]
    pairs = [
        Pair(f"p{n}", "made", "python", MEMORY, f"project{n}", "CC0-1.0", OPEN.format(call="end"), LEFT)
        for n in range(20)
    ]  # fmt: skip
    margins = {}
    for weight in (0.0, 10.0):
        recipe = replace(small(0.0), written={MEMORY: weight})
        run = tmp_path / str(weight)
        fit(recipe, Data(pairs, {pair.id: Split.TRAIN for pair in pairs}, (), (), "", written=written), run)
        network, encoder = load_run(run, recipe), Encoder(BpeTokenizer.from_file(run / "tokenizer.json"))
        change = (OPEN.format(call="close_u0"), LEFT, "python")
        other = (OPEN.format(call="shut_u0"), LEFT, "python")
        found = largest_margins(
            lambda views, network=network: np.stack(  # type: ignore[misc]
                [network.rewards(torch.tensor([list(view)]))[0].detach().numpy() for view in views]
            ),
            [change, other], encoder,
        )[:, CRITERIA.index(MEMORY)]  # fmt: skip
        margins[weight] = found[1] - found[0]  # how much worse it is to forget the one than the other
        learned = Learned.of(run)
        assert all(edit.id in learned.margins for edit in written)
    assert margins[10.0] > margins[0.0] + 0.1


# what the run remembers of security, of the name; whether it was written to be told; what is made of it
REMEMBERED: list[tuple[float, dict[str, float], bool, list[float]]] = [
    (9.0, {"weak-hash": 9.0}, True, [1.0]),
    (9.0, {"weak-hash": 9.0}, False, [0.0]),
    (9.0, {"weak-random": 9.0, "weak-hash": -9.0}, True, []),  # it would be given another name
    (-9.0, {"weak-hash": 9.0}, True, []),  # not worse at all
]


@pytest.mark.parametrize(("margin", "names", "is_worse", "kept"), REMEMBERED)
def test_what_could_be_told_of_written_edits(
    margin: float, names: dict[str, float], is_worse: bool, kept: list[float], tmp_path: Path
) -> None:
    edit = replace(read_written(files(tmp_path, UNIT + WEAK + END))[0], is_worse=is_worse)
    found = findings([edit], {edit.id: names}, {edit.id: [0, 0, 0, margin, 0]})
    assert [(one.kept, one.by, one.asked) for one in found] == [(share, By.WRITTEN, False) for share in kept]
    assert not findings([edit], {}, {})


def findings(
    edits: list[Written], names: dict[str, dict[str, float]], margins: dict[str, list[float]]
) -> list[Weighed]:
    manifest = read_bundle().manifest
    naming = opened(manifest.calibration, manifest.naming or Naming((), {}, {}))[1]
    with opened_bundle(read_bundle().path) as scorer:
        return list(written_findings(edits, scorer, naming, Learned(margins, names)))
