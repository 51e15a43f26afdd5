"""What the worker does with a snapshot: finds its base, reviews what changed, one unit at a time.

Everything heavy (grammars, git, the model) is loaded here, on the worker's thread, after the client was answered.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from themis_lsp.baseline import fingerprints_in
from themis_lsp.change import Edit, FileChange, Skip
from themis_lsp.checkout import Checkout
from themis_lsp.config import Config, on_disk, trusted
from themis_lsp.edits import edits_of
from themis_lsp.error import ModelError, ThemisError
from themis_lsp.language import Grammar
from themis_lsp.review import Review, review
from themis_lsp.server.carry import kept
from themis_lsp.server.judgement import Judged, Judgement, Snapshot
from themis_lsp.server.options import Options
from themis_lsp.server.text import lines_of
from themis_lsp.server.worker import Ticket
from themis_lsp.settings import Settings
from themis_lsp.unit import Source, parse
from themis_model.cache import RememberingScorer
from themis_model.scorer import ModelInfo, Scorer

Load = Callable[[Config], Scorer]

_SOURCES: Final = 2  # remembered: the base of the file that is edited, and what it holds now
_VIEWS: Final = 500  # remembered; a long one takes some 12 KB


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document stands: its change, its configuration, and what it is compared with, in words.

    A path of the user's starts from the folder.
    """

    change: FileChange | Skip
    config: Config
    base: str
    folder: Path


class Judge:
    """Judges snapshots; one thread at a time may ask.

    Args:
        load: gives the model a configuration asks for.
        environ: the environment.
    """

    def __init__(self, load: Load, environ: Mapping[str, str]) -> None:
        self._load = load
        self._environ = environ
        self._checkouts: dict[Path, Checkout | None] = {}
        self._scorers: dict[tuple[object, ...], Scorer | ModelError] = {}
        self._last: dict[str, Judgement] = {}
        self._ticket = Ticket()
        self._parse = lru_cache(_SOURCES)(self._parsed)
        self._fingerprints = lru_cache(1)(fingerprints_in)

    def judge(self, snapshot: Snapshot, ticket: Ticket) -> Judgement:
        """Review one document; a second time at no cost, as long as nothing it depends on has changed.

        Raises:
            ThemisError: git, the configuration or the model cannot be used.
            Cancelled: nobody waits any more.
        """
        self._ticket = ticket
        place = self._place(snapshot)
        change = place.change
        before = change.before if isinstance(change, FileChange) else None
        scorer = self.scorer(place.config)
        settings = place.config.at(change.path)
        accepted = self._accepted(place.config, place.folder)
        last = self._last.get(snapshot.uri)
        if last and _is_same(last, snapshot, before, settings, accepted, scorer):
            if last.base != place.base:
                last = self._last[snapshot.uri] = replace(last, base=place.base)
            return last
        units: list[Judged] = []
        skipped: list[Skip] = []
        for item in edits_of([change], self._parse) if _differs(change) else ():
            ticket.check()
            if isinstance(item, Skip):
                skipped.append(item)
                continue
            outcome = review([item], scorer, settings, None, accepted)
            skipped += outcome.coverage.skipped
            if not outcome.coverage.skipped:
                units.append(Judged(item, outcome))
        units.sort(key=lambda unit: unit.first_row)
        lines = tuple(lines_of(snapshot.text))
        said = tuple(units), tuple(skipped), scorer.info, settings, accepted
        found = Judgement(snapshot, lines, before, place.base, *said)
        found = kept(last, found) if last else found
        self._last[snapshot.uri] = found
        return found

    def review(self, edits: list[Edit | Skip], config: Config, folder: Path) -> Review:
        """Review edits of several files with the settings of each; a path of the user's starts from the folder.

        Raises:
            ThemisError: the configuration or the model cannot be used.
        """
        self._ticket = Ticket()
        return review(edits, self.scorer(config), config.at(), config.at, self._accepted(config, folder))

    def warm(self, options: Options) -> None:
        """Load the model before it is needed; what is wrong with it is told when it is."""
        with suppress(ThemisError):
            self.info(options)

    def forget(self, uri: str) -> None:
        """A document was closed."""
        self._last.pop(uri, None)

    def reload(self) -> None:
        """Give a model that could not be loaded another chance."""
        self._scorers = {key: one for key, one in self._scorers.items() if not isinstance(one, ModelError)}

    def checkout(self, folder: Path) -> Checkout | None:
        """The work tree around a folder; looked for again where there was none or it is gone.

        Raises:
            GitError: git is not installed, or refuses to read the repository.
        """
        known = self._checkouts.get(folder)
        if known is not None and known.exists:
            return known
        found = Checkout.open(folder)
        if found is not None:
            same = self._checkouts.get(found.root)
            if same is not None and same.exists and folder != found.root:
                found.close()
                found = same
            else:
                self._checkouts[found.root] = found
        self._checkouts[folder] = found
        return found

    def config(self, options: Options, checkout: Checkout, ref: str | None) -> Config:
        """The configuration of a work tree that is compared with a branch, or with HEAD.

        Raises:
            ThemisError: the user's part of it cannot be used, or there is no such branch.
        """
        return Config(trusted(options.given, self._environ), checkout.configuration(ref))

    def info(self, options: Options) -> ModelInfo:
        """The model that settings ask for.

        Raises:
            ThemisError: it cannot be used, or the settings cannot.
        """
        return self.scorer(Config(trusted(options.given, self._environ), lambda _: None)).info

    def scorer(self, config: Config) -> Scorer:
        """The model a configuration asks for, loaded once.

        Raises:
            ModelError: it cannot be used.
        """
        key = (config.model, config.device, config.at().threads)
        if key not in self._scorers:
            self._scorers = {key: self._loaded(config)}
        scorer = self._scorers[key]
        if isinstance(scorer, ModelError):
            raise scorer
        return scorer

    def _loaded(self, config: Config) -> Scorer | ModelError:
        try:
            return RememberingScorer(self._load(config), _VIEWS, lambda: self._ticket.check())
        except ModelError as problem:  # not tried again at every keystroke
            return problem

    def close(self) -> None:
        """End the processes that read objects."""
        for checkout in filter(None, self._checkouts.values()):
            checkout.close()

    def _accepted(self, config: Config, folder: Path) -> frozenset[str]:
        """The fingerprints of the baseline, which is only taken apart again once its file has changed."""
        found = config.baseline(folder)
        return self._fingerprints(*found) if found else frozenset()

    def _parsed(self, lines: tuple[str, ...], grammar: Grammar) -> Source:
        source = parse(lines, grammar, lambda: self._ticket.is_cancelled)
        self._ticket.check()  # what was given up is not remembered
        return source

    def _place(self, snapshot: Snapshot) -> Place:
        options = snapshot.options
        checkout = self.checkout(snapshot.file.parent) if snapshot.file and snapshot.file.parent.is_dir() else None
        if checkout is None or snapshot.file is None:
            return self._placed_outside(snapshot)
        config = self.config(options, checkout, options.base)
        change = checkout.change(snapshot.file, snapshot.text, options.base)
        commit = checkout.base(options.base)[:8]
        base = f"the merge-base with {options.base} ({commit})" if options.base else f"HEAD ({commit})"
        return Place(change, config, base, snapshot.folder or checkout.root)

    def _placed_outside(self, snapshot: Snapshot) -> Place:
        """Without git, the text as it was opened is what there was before."""
        path, root = snapshot.name, snapshot.folder
        if root and snapshot.file and snapshot.file.is_relative_to(root):
            path = snapshot.file.relative_to(root).as_posix()
        user = trusted(snapshot.options.given, self._environ)
        config = Config(user, lambda name: on_disk(root, name) if root else None)
        change = FileChange(path, snapshot.opened, snapshot.text)
        return Place(change, config, "the text as it was opened", root or Path())


def _differs(change: FileChange | Skip) -> bool:
    return isinstance(change, Skip) or change.before != change.after


def _is_same(
    last: Judgement,
    snapshot: Snapshot,
    before: str | None,
    settings: Settings,
    accepted: frozenset[str],
    scorer: Scorer,
) -> bool:
    asked = last.snapshot.revision, last.before, last.settings, last.accepted, last.info
    return asked == (snapshot.revision, before, settings, accepted, scorer.info)
