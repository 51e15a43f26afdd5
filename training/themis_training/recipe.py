"""Named training configurations: each is a function that returns a frozen value; ``wide_8`` made the bundled model."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from themis_model.criterion import CRITERIA, Criterion
from themis_model.encode import MAX_TOKENS
from themis_training.deep import DeepFit
from themis_training.mined import Kind
from themis_training.network import Shape
from themis_training.pretrain import Pretraining
from themis_training.token_class import CLASSES


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides the outcome of a run besides the data.

    Attributes:
        name: also the name of the bundle.
        seed: of the split, of sampling and of training.
        shape: of the network.
        criteria: heads that are trained; the others stay zero and abstain as ``no data``.
        always_train: sources never held out: synthetic templates that say nothing about real code.
        caps: weight per source, for sources that would drown the others.
        per_project: total weight one project may have.
        ridge: squared penalty of the wide path.
        pretraining: of the deep path, or None to start from noise.
        deep: how the deep path is trained.
        held_out: sources kept whole for the test, to see what carries over to sources of other origin.
        tied: criteria for which an ordinary edit is a tie; ordinary edits do fix bugs, so correctness is not one.
        ties: per kind of real edit, weight of all its ties together beside all pairs of a criterion.
        most_ties: real edits used, drawn evenly from the repositories set aside for training.
        noise: largest share of ordinary and neutral edits that a criterion may call worse.
        folds: with 2 or more, the calibration pairs are trained on too, and calibration uses margins from as many
            models that each left one fold of origins out; for networks without a deep path, which train in seconds.
        reading: weight of each finding that readers judged, beside pairs that weigh 1 on average; 0 leaves them out.
        survey: per criterion the weight of each mark that readers gave a real edit, where a pair weighs 1 on average.
        survey_ties: weight of all edits that leave a criterion alone, beside all marks in it.
        written: per criterion the weight of each written edit that brings a defect in, likewise; none leaves them out.
        written_ties: weight of all written edits that harm nothing, beside all that harm a criterion.
        surveyed: criteria that are calibrated on the survey instead of on held-out pairs.
        counted: criteria that use the counts of token classes.
        others: per criterion the factor of the weight of everything but the survey, where it is not 1.
        ridges: per criterion the squared penalty, where it is not ``ridge``.
        deep_examples: windows the deep path sees in an epoch.
        deep_tokens: longest view the deep path is trained on; context further off costs more than it teaches.
        deep_criteria: criteria the deep path learns; it costs a hundred times what the wide path costs.
    """

    name: str
    seed: int
    shape: Shape
    criteria: tuple[Criterion, ...]
    always_train: tuple[str, ...]
    caps: dict[str, float] = field(default_factory=dict)
    held_out: tuple[str, ...] = ()
    per_project: float = 8.0
    ridge: float = 0.1
    pretraining: Pretraining | None = None
    deep: DeepFit = field(default_factory=DeepFit)
    tied: tuple[Criterion, ...] = (Criterion.SECURITY_HARDNESS,)
    ties: dict[str, float] = field(default_factory=lambda: {Kind.ORDINARY: 0.5})
    most_ties: int = 6000
    noise: float = 0.0025
    folds: int = 0
    reading: float = 0.0
    survey: dict[Criterion, float] = field(default_factory=dict)
    survey_ties: float = 1.5
    written: dict[Criterion, float] = field(default_factory=dict)
    written_ties: float = 1.0
    surveyed: tuple[Criterion, ...] = ()
    counted: tuple[Criterion, ...] = ()
    others: dict[Criterion, float] = field(default_factory=dict)
    ridges: dict[Criterion, float] = field(default_factory=dict)
    deep_examples: int = 1600
    deep_tokens: int = MAX_TOKENS
    deep_criteria: tuple[Criterion, ...] = (Criterion.SECURITY_HARDNESS,)

    @property
    def counted_columns(self) -> tuple[int, ...]:
        """The columns of ``counted``."""
        return tuple(CRITERIA.index(criterion) for criterion in self.counted)

    @property
    def ridge_of(self) -> dict[int, float]:
        """The squared penalty of each column."""
        return {n: self.ridges.get(criterion, self.ridge) for n, criterion in enumerate(CRITERIA)}

    def is_synthetic(self, source: str) -> bool:
        """Whether nothing may be calibrated on a source: templates, and what operators made."""
        return source in self.always_train or source.split("/")[0] == "degrade"


_MEMORY, _READABILITY = Criterion.MEMORY_EFFICIENCY, Criterion.READABILITY_MAINTAINABILITY
_TEMPLATES = ("juliet_c", "juliet_java", "introclass")
_CAPS = {"juliet_c": 0.2, "juliet_java": 0.2, "condefects": 0.3, "cpack_ipas": 0.3, "introclass": 0.1}
_TRAINED = (Criterion.FUNCTIONAL_CORRECTNESS, Criterion.SECURITY_HARDNESS)
_NAMED_CAPS = _CAPS | {"rules": 0.3, "degrade": 0.3}
# Rule documentation no model of this generation learns from, at least one source per language.
_HELD_OUT = tuple(
    f"rules/{name}"
    for name in (
        "biome", "clang-tidy", "clean-code-javascript", "clean-code-python", "clean-code-ruby", "clean-code-typescript",
        "dlint", "error-prone-net", "error-prone-support", "eslint-promise", "eslint-react", "fixit",
        "flake8-comprehensions", "flake8-simplify", "go-critic", "gosec", "gradle-baseline", "libcst", "meziantou",
        "oxc", "pmd", "rubocop-performance", "staticcheck", "uber-go", "wemake",
    )
)  # fmt: skip
_ALL_BUT_CORRECTNESS = tuple(c for c in CRITERIA if c is not Criterion.FUNCTIONAL_CORRECTNESS)
_TIES = {Kind.ORDINARY.value: 1.5, Kind.NEUTRAL.value: 0.5}


def wide_1() -> Recipe:
    """The wide path alone, cross-fitted: minutes of one core."""
    return Recipe("themis-wide-1", 1, Shape(8192, 0, 256, 1 << 18, 3), _TRAINED, _TEMPLATES, _CAPS, folds=5)


def small_1() -> Recipe:
    """Wide and deep together, the deep path pre-trained on plain code: an hour of one core; the log says why not."""
    return Recipe(
        "themis-small-1",
        1,
        Shape(8192, 4, 256, 1 << 18, 3),
        _TRAINED,
        _TEMPLATES,
        _CAPS,
        pretraining=Pretraining(tokens=11_000_000, batch_tokens=6144),
        deep=DeepFit(epochs=4, batch_tokens=4096),
    )


def wide_2() -> Recipe:
    """The wide path on named defects: open pairs, rule documentation and degraded functions; all five criteria."""
    return Recipe(
        "themis-wide-2",
        1,
        Shape(8192, 0, 256, 1 << 18, 3, power=0.75),
        CRITERIA,
        _TEMPLATES,
        _NAMED_CAPS,
        held_out=_HELD_OUT,
        ridge=0.0135,
        tied=_ALL_BUT_CORRECTNESS,
        ties=_TIES,
        most_ties=100_000,
        noise=0.0005,
        folds=5,
    )


def wide_3() -> Recipe:
    """``wide_2`` on text without local names, with all operators and more ties."""
    return replace(wide_2(), name="themis-wide-3", most_ties=45_000)


def wide_4() -> Recipe:
    """``wide_3``, taught by what readers said of its findings."""
    return replace(wide_3(), name="themis-wide-4", reading=10.0)


def wide_5() -> Recipe:
    """``wide_4`` with counts of token classes, taught by real edits that readers judged on all criteria."""
    taught = wide_4()
    return replace(
        taught,
        name="themis-wide-5",
        shape=replace(taught.shape, classes=len(CLASSES)),
        survey=dict.fromkeys(CRITERIA, 3.0) | dict.fromkeys((_MEMORY, _READABILITY), 10.0),
        surveyed=tuple(c for c in CRITERIA if c not in (Criterion.SECURITY_HARDNESS, _MEMORY)),
        counted=(Criterion.RUNTIME_EFFICIENCY, _MEMORY, _READABILITY),
        others={_READABILITY: 0.2},
        ridges={_READABILITY: 0.3, _MEMORY: 0.1},
    )


def wide_6() -> Recipe:
    """``wide_5``, taught by twice as many judged edits, which weigh more in every criterion."""
    taught = wide_5()
    return replace(
        taught,
        name="themis-wide-6",
        survey=dict.fromkeys(CRITERIA, 10.0),
        others={
            _READABILITY: 0.2,
            _MEMORY: 0.3,
            Criterion.RUNTIME_EFFICIENCY: 0.5,
            Criterion.FUNCTIONAL_CORRECTNESS: 0.3,
        },
        ridges={
            _READABILITY: 0.3,
            _MEMORY: 0.1,
            Criterion.RUNTIME_EFFICIENCY: 0.1,
            Criterion.FUNCTIONAL_CORRECTNESS: 0.3,
        },
    )


def wide_7() -> Recipe:
    """``wide_6`` with named pairs of memory at full weight and marks of security at half; more readings."""
    taught = wide_6()
    return replace(
        taught,
        name="themis-wide-7",
        survey=taught.survey | {Criterion.SECURITY_HARDNESS: 5.0},
        others={criterion: factor for criterion, factor in taught.others.items() if criterion is not _MEMORY},
    )


def wide_8() -> Recipe:
    """``wide_7``, taught by edits that were written to bring one defect in, or to look like it."""
    return replace(
        wide_7(),
        name="themis-wide-8",
        written={
            Criterion.FUNCTIONAL_CORRECTNESS: 5.0,
            Criterion.RUNTIME_EFFICIENCY: 10.0,
            _MEMORY: 3.0,
            Criterion.SECURITY_HARDNESS: 10.0,
            _READABILITY: 20.0,
        },
    )


def small_2() -> Recipe:
    """``wide_2`` and a deep path beside it, pre-trained on plain code; the calibration part stays untrained."""
    return replace(
        wide_2(),
        name="themis-small-2",
        shape=Shape(8192, 4, 256, 1 << 18, 3, power=0.75),
        folds=0,
        pretraining=Pretraining(tokens=20_000_000, batch_tokens=6144, rate=8e-4),
        deep=DeepFit(epochs=1, batch_tokens=6144, rate=3e-4),
        deep_examples=55_000,
        deep_criteria=CRITERIA,
        deep_tokens=160,
    )


def tiny() -> Recipe:
    """Seconds of one core: for tests of the whole way from pairs to bundle."""
    return Recipe(
        "themis-tiny",
        1,
        Shape(512, 1, 64, 1 << 12),
        _TRAINED,
        (),
        pretraining=Pretraining(tokens=4_000, batch_tokens=1024),
        deep=DeepFit(epochs=1, batch_tokens=1024),
    )


RECIPES: dict[str, Callable[[], Recipe]] = {
    recipe.__name__: recipe
    for recipe in (small_1, small_2, wide_1, wide_2, wide_3, wide_4, wide_5, wide_6, wide_7, wide_8, tiny)
}
