"""Real edits that readers judged on all criteria: what each teaches, and what it calibrates."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from tests.training.test_reading import LEFT, OPEN, mined, small
from themis_lsp.error import UsageError
from themis_model.bundle import DEFAULT
from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import Encoder
from themis_model.fake import HashTokenizer
from themis_model.tokens import EDIT, END_EDIT, FIRST_LANGUAGE, FIRST_LEVEL, LOCAL, BpeTokenizer
from themis_training.data import Pair, Split, read_pairs
from themis_training.fit import HELD_OUT, SURVEYED, Data, fit, load_run, read_data
from themis_training.mined import digest_of
from themis_training.mixture import survey_weights
from themis_training.network import Counts
from themis_training.pairs import largest_margins
from themis_training.reality import write_reality
from themis_training.recipe import Recipe, wide_5
from themis_training.survey import (
    Judged,
    Surveyed,
    read_survey,
    survey_evidence,
    survey_examples,
    survey_record,
    surveyed,
    turned_id,
    write_survey,
)
from themis_training.token_class import CLASSES, token_classes

pytestmark = pytest.mark.training

MEMORY, READABILITY = Criterion.MEMORY_EFFICIENCY, Criterion.READABILITY_MAINTAINABILITY
COLUMN = CRITERIA.index(MEMORY)
CLOSED = OPEN.format(call="close")
Marks = Mapping[str, tuple[int, str]]
LEAK: Marks = {MEMORY.value: (-2, "unclosed-resource")}


def judged(
    name: str = "one",
    marks: Marks = LEAK,
    repository: str = "a/b",
    *,
    turned: bool = False,
    split: str = "train",
    texts: tuple[str, str] = ("old", "new"),
) -> Judged:
    return Judged(
        name, repository, "c" * 40, "a.py", "load", "python", split, "uniform", turned, digest_of(*texts), marks,
    )  # fmt: skip


def test_a_survey_is_kept_without_the_code_it_is_about(tmp_path: Path) -> None:
    both = [judged("two", {}), judged("one")]
    assert write_survey(both, tmp_path / "survey.jsonl") == 2
    assert read_survey(tmp_path / "survey.jsonl") == both[::-1]


BROKEN = ["{", "[]", "{}", '{"marks": {"speed": [1, ""]}}', '{"marks": {"memory_efficiency": [3, ""]}}']


@pytest.mark.parametrize("line", BROKEN)
def test_a_line_that_is_no_judged_edit_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "survey.jsonl"
    write_survey([judged()], file)
    file.write_text(f"{file.read_text()}{line}\n")
    with pytest.raises(UsageError, match=r"survey\.jsonl:2 is no judged edit"):
        read_survey(file)


def test_an_edit_has_its_texts_as_it_was_shown() -> None:
    asked = [
        judged("one"),
        judged("turned", repository="x/y", turned=True, texts=("new", "old")),
        judged("gone", repository="no/where"),
    ]
    found = surveyed(asked, [mined("other", "overload"), mined("old", "new"), mined("old", "new", "x/y")])
    assert [(edit.judged.id, edit.before, edit.after) for edit in found] == [
        ("one", "old", "new"),
        ("turned", "new", "old"),
    ]


def test_of_overloads_in_one_place_every_judged_edit_has_its_own_texts() -> None:
    texts = [("old", "new"), ("old twin", "new twin")]
    asked = [judged("one", texts=texts[0]), judged("two", turned=True, texts=(texts[1][1], texts[1][0]))]
    found = surveyed(asked, [mined(*sides) for sides in texts])
    assert [(e.judged.id, e.before, e.after) for e in found] == [("one", *texts[0]), ("two", "new twin", "old twin")]


def seen(marks: Marks, before: str = CLOSED, after: str = LEFT, repository: str = "a/b", name: str = "one") -> Surveyed:
    (edit,) = surveyed([judged(name, marks, repository, texts=(before, after))], [mined(before, after, repository)])
    return edit


# marks, then criterion, certainty, reason, and whether the new side is the chosen one, of each example
TAUGHT: list[tuple[Marks, list[tuple[Criterion | None, float, str, bool]]]] = [
    (LEAK, [(MEMORY, 0.97, "unclosed-resource", False), (None, 1.0, "", True)]),
    ({MEMORY.value: (1, "")}, [(MEMORY, 0.78, "", True), (None, 1.0, "", True)]),
    ({}, [(None, 1.0, "", True)]),
    ({c.value: (2, "") for c in CRITERIA}, [(c, 0.97, "", True) for c in CRITERIA]),
]


@pytest.mark.parametrize(("marks", "expected"), TAUGHT)
def test_each_mark_is_a_pair_and_what_is_left_alone_is_a_tie(
    marks: Marks, expected: list[tuple[Criterion | None, float, str, bool]]
) -> None:
    examples = list(survey_examples([seen(marks)], Encoder(HashTokenizer())))
    after_is_shorter = len(LEFT) < len(CLOSED)
    found = [(None if e.tied else CRITERIA[e.criterion], e.sure, e.reason) for e in examples]
    upright = [(len(e.chosen) < len(e.rejected)) == after_is_shorter for e in examples]
    assert [(*told, up) for told, up in zip(found, upright, strict=True)] == expected
    assert [e.pair for e in examples] == ["survey/one" if up else turned_id("survey/one") for *_, up in expected]
    assert all({CRITERIA[n].value for n in e.tied}.isdisjoint(marks) for e in examples)


def test_weights_of_a_survey_say_nothing_of_length() -> None:
    edits = [seen(LEAK, name=f"w{n}") for n in range(3)] + [seen({MEMORY.value: (2, "")}, name="b"), seen({}, name="n")]
    examples = list(survey_examples(edits, Encoder(HashTokenizer())))
    weights = survey_weights(examples, {MEMORY: 10.0}, 1.5)
    assert set(np.flatnonzero(weights.sum(axis=0))) == {COLUMN}
    marked = [n for n, e in enumerate(examples) if not e.tied]
    longer = np.array([examples[n].longer for n in marked])
    assert weights[marked][longer > 0].sum() == pytest.approx(weights[marked][longer < 0].sum())
    ties = [n for n, e in enumerate(examples) if COLUMN in e.tied]
    assert weights[ties].sum() == pytest.approx(1.5 * weights[marked].sum())


def test_calibration_sees_marks_the_right_way_round_and_leaves_ties_as_they_happened() -> None:
    edits = [seen(LEAK, name="bad"), seen({MEMORY.value: (1, "")}, name="good"), seen({}, name="same")]
    margins = {edit.id: [0.0] * COLUMN + [float(n)] + [0.0] * 4 for n, edit in enumerate(edits, 1)}
    evidence = survey_evidence(survey_record(edits), margins, MEMORY)
    assert evidence.deltas.tolist() == [-1.0, 2.0]
    assert evidence.longer.tolist() == [1, -1]
    assert evidence.neutral.tolist() == [3.0]


def test_every_mark_is_a_pair_to_measure_on(tmp_path: Path) -> None:
    edits = [seen({**LEAK, READABILITY.value: (1, "")}), replace(seen(LEAK), judged=judged("two", split="test"))]
    counts = write_reality([], edits, tmp_path / "reality.parquet")
    assert counts == {
        ("survey/plain", MEMORY.value, "train"): 1,
        ("survey/somewhat", READABILITY.value, "train"): 1,
        ("survey/plain", MEMORY.value, "test"): 1,
    }
    pairs = {pair.id: pair for pair in read_pairs(tmp_path / "reality.parquet")}
    assert (pairs["survey/one/memory"].chosen, pairs["survey/one/readability"].chosen) == (CLOSED, LEFT)
    assert pairs["survey/one/memory"].reason == "unclosed-resource"


def counted(classes: dict[str, list[int]]) -> Counts:
    counts = Counts(60, len(CLASSES))
    for name, tokens in classes.items():
        counts.classes[tokens, CLASSES.index(name)] = 1
    return counts


def test_counts_are_of_the_changed_region_alone() -> None:
    counts = counted({"number": [40, 41], "token": [40, 41, 42]})
    ids = torch.tensor([[FIRST_LANGUAGE, 40, EDIT, 40, 41, 42, END_EDIT, 41]])
    found = counts.features(ids, torch.tensor([[0, 0, 1, 1, 1, 1, 1, 0]]))[0].reshape(2, -1)
    for name, number in (("number", 2), ("token", 3), ("line", 0)):
        column = found[:, CLASSES.index(name)]
        assert torch.allclose(column, torch.tensor([np.log1p(number), number**0.5], dtype=torch.float32)), name


# a line, some of its classes
LINES: list[tuple[str, set[str]]] = [
    ("if", {"token", "word if"}),
    ("42", {"token", "number"}),
    ("1", {"token"}),
    ("(", {"token", "sign ("}),
    (LOCAL, {"token", "local"}),
]


def test_tokens_have_their_classes() -> None:
    file = DEFAULT / "tokenizer.json"
    words = BpeTokenizer.from_file(file)
    table = token_classes(file, words.vocabulary_size + 1)
    for text, classes in LINES:
        ((token,),) = words.encode_lines([text])
        assert {CLASSES[n] for n in np.flatnonzero(table[token])} == classes, text
    deep = {CLASSES[n] for n in np.flatnonzero(table[FIRST_LEVEL + 3])}
    assert deep == {"line", "deep 2", "deep 3"}
    assert not table[-1].any()


def recipe(survey: float) -> Recipe:
    tiny = small(0.0)
    shape = replace(tiny.shape, classes=wide_5().shape.classes)
    each = dict.fromkeys((MEMORY, READABILITY), survey)
    return replace(
        tiny, name="tiny-survey", shape=shape, survey=each, criteria=(MEMORY, READABILITY), counted=(READABILITY,)
    )


def data() -> Data:
    """Closing saves memory, say pairs; that nesting is worse to read, only readers say."""
    nested = "def load(path):\n    if path:\n        if ready(path, 42):\n            return 1\n    return f(path)\n"
    flat = "def load(path):\n    return f(path)\n"
    pairs = [
        Pair(f"p{n}", "made", "python", MEMORY, f"project{n}", "CC0-1.0", CLOSED.replace("rows", f"r{n}"), LEFT)
        for n in range(40)
    ]  # fmt: skip
    marks: Marks = {READABILITY.value: (-2, "deep-nesting")}
    edits = [seen(marks, flat, nested.replace("ready", f"ready_{n}"), f"owner/repo{n}", f"e{n}") for n in range(24)]
    splits = {pair.id: Split.TRAIN for pair in pairs}
    return Data(pairs, splits, (), (), "digest", survey=edits)


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Data]:
    run, known = tmp_path_factory.mktemp("run"), data()
    fit(recipe(10.0), known, run)
    return run, known


def test_what_only_readers_say_is_learned_and_cross_fitted(taught: tuple[Path, Data], tmp_path: Path) -> None:
    run, known = taught
    change = (known.survey[0].before, known.survey[0].after, "python")
    column = CRITERIA.index(READABILITY)
    for folder, survey in ((run, 10.0), (tmp_path, 0.0)):
        if folder is tmp_path:
            fit(recipe(survey), known, folder)
        encoder = Encoder(BpeTokenizer.from_file(folder / "tokenizer.json"))
        network = load_run(folder, recipe(survey))
        margins = largest_margins(
            lambda views, network=network: np.stack(  # type: ignore[misc]
                [network.rewards(torch.tensor([list(view)]))[0].detach().numpy() for view in views]
            ),
            [change], encoder,
        )  # fmt: skip
        assert bool(margins[0, column] < -0.1) is bool(survey)
    held_out = (run / HELD_OUT).read_text()
    assert all(f'"{edit.id}"' in held_out for edit in known.survey)
    assert (run / SURVEYED).exists()


def test_edits_of_test_repositories_teach_nothing() -> None:
    edits = [seen(LEAK, name="one"), replace(seen(LEAK, name="two"), judged=judged("two", split="test"))]
    read = read_data([], [], [], recipe(1.0), survey=edits)
    assert [edit.judged.id for edit in read.survey] == ["one"]
