"""The search itself: a tree-structured Parzen estimator proposes, the median of earlier trials prunes.

TPE (Bergstra et al., NeurIPS 2011) and the median rule (Golovin et al., KDD 2017) are Optuna's. Its study is kept in
memory and made again from the trials on disk; each proposal is seeded by the number of its trial, so that a search that
was interrupted goes on as if it had not been.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from core.errors import Cancelled, ShelfGraphError
from core.jobs.lease import LeaseLost
from core.recommend.search.plan import DONE, FAILED, PRUNED, Trial
from core.recommend.search.space import Dimension, Value

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial

RANDOM_TRIALS = 8
"""So many trials are drawn at random before the estimator proposes; a third of them all, where that is less."""
UNPRUNED_TRIALS = 4
UNPRUNED_EPOCHS = 2
FEWEST_FOR_IMPORTANCE = 6

Report = Callable[[int, float], None]
"""Told epoch (from 0) and validation NDCG@10; raises Stop where the trial is not worth going on with."""


class Stop(Exception):
    """A trial is below the median of the others at this epoch."""


class Objective(Protocol):
    """Trains with these settings, reports each epoch, and returns nothing."""

    def __call__(self, params: Mapping[str, Value], report: Report, /) -> None:
        """Raises what training raises."""


def search(
    objective: Objective,
    dimensions: Sequence[Dimension],
    start: Mapping[str, Value],
    trials: int,
    *,
    seconds: float = 0.0,
    prune: bool = True,
    seed: int = 0,
    known: Sequence[Trial] = (),
    on_trial: Callable[[Trial], None] = lambda trial: None,
    on_epoch: Callable[[int, int, float], None] = lambda number, epoch, value: None,
) -> list[Trial]:
    """Try settings until there are ``trials``, or ``seconds`` (0 for no limit) were spent on them; gives all of them.

    The first trial is ``start``, as far as the space holds it. ``known`` are trials from before, which count.
    A trial that raises a named error has failed and the search goes on; any other error ends it.
    """
    study = _study(dimensions, prune)
    found = list(known)
    for trial in found:
        study.add_trial(_frozen(trial, dimensions))
    distributions = {one.name: one.distribution() for one in dimensions}
    while len(found) < trials and not (seconds and sum(trial.seconds for trial in found) >= seconds):
        number = len(found)
        if number == 0:
            held = {one.name: start[one.name] for one in dimensions if one.holds(start[one.name])}
            study.enqueue_trial(held)
        study.sampler = _sampler(seed, number, trials)
        asked = study.ask(distributions)
        curve: list[float] = []

        def report(epoch: int, value: float, asked: Any = asked, curve: list[float] = curve) -> None:
            curve.append(value)
            on_epoch(len(found), epoch, value)
            asked.report(value, epoch)
            if prune and asked.should_prune():
                raise Stop

        began, state, reason = time.perf_counter(), DONE, ""
        try:
            objective(asked.params, report)
        except Stop:
            state = PRUNED
        except (Cancelled, LeaseLost):
            raise
        except ShelfGraphError as error:
            state, reason = FAILED, str(error)
        value = max(curve, default=None)
        if state == DONE and value is None:
            state, reason = FAILED, "No epoch was measured."
        trial = Trial(number, state, dict(asked.params), value, curve, time.perf_counter() - began, reason)
        _tell(study, asked, trial)
        found.append(trial)
        on_trial(trial)
    return found


def importances(trials: Sequence[Trial], dimensions: Sequence[Dimension]) -> dict[str, float]:
    """The share of each setting in how far trials differ (functional ANOVA over a forest; Hutter et al., ICML 2014).

    Shares add up to one; {} with fewer than FEWEST_FOR_IMPORTANCE finished trials, or where all are equally good.
    """
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    done = [trial for trial in trials if trial.state == DONE and trial.value is not None]
    if len(done) < FEWEST_FOR_IMPORTANCE or len({trial.value for trial in done}) < 2:
        return {}
    study = _study(dimensions, prune=False)
    for trial in done:
        study.add_trial(_frozen(trial, dimensions))
    found = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0))
    return {name: float(share) for name, share in found.items()}


def _study(dimensions: Sequence[Dimension], prune: bool) -> Study:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    pruner = (
        optuna.pruners.MedianPruner(n_startup_trials=UNPRUNED_TRIALS, n_warmup_steps=UNPRUNED_EPOCHS)
        if prune
        else optuna.pruners.NopPruner()
    )
    return optuna.create_study(direction="maximize", pruner=pruner)


def _sampler(seed: int, number: int, trials: int) -> Any:
    from optuna.samplers import TPESampler

    # A sampler that was used draws on; a fresh one for each number draws the same after a restart.
    own = (seed * 100_003 + number) % 2**32
    return TPESampler(n_startup_trials=max(1, min(RANDOM_TRIALS, trials // 3)), seed=own)


def _frozen(trial: Trial, dimensions: Sequence[Dimension]) -> FrozenTrial:
    import optuna

    states = {
        DONE: optuna.trial.TrialState.COMPLETE,
        PRUNED: optuna.trial.TrialState.PRUNED,
        FAILED: optuna.trial.TrialState.FAIL,
    }
    return optuna.trial.create_trial(
        state=states[trial.state],
        value=trial.value if trial.state == DONE else None,
        params=dict(trial.params),
        distributions={one.name: one.distribution() for one in dimensions},
        intermediate_values=dict(enumerate(trial.curve)),
    )


def _tell(study: Study, asked: Any, trial: Trial) -> None:
    import optuna

    if trial.state == DONE:
        study.tell(asked, trial.value)
    else:
        states = {PRUNED: optuna.trial.TrialState.PRUNED, FAILED: optuna.trial.TrialState.FAIL}
        study.tell(asked, state=states[trial.state])
