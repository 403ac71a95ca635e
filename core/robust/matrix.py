"""The whole examination of a run: every attack clean, attacked and defended; curves, checks, detection."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from core.recommend.adversary import EPSILON, STEPS
from core.robust import texts, vectors
from core.robust.attack import Attack, Defence
from core.robust.checks import EPSILONS, checks
from core.robust.defences import DropFacts, DropProfiles, GuardTexts, ReadAgain, cold_products
from core.robust.detection import detection
from core.robust.facts import MissingFacts, PoisonedFacts
from core.robust.figures import figures, pooled
from core.robust.profiles import KINDS, SHARES, FakeProfiles
from core.robust.world import Model

Tell = Callable[[float, float, str], None]
LEAST_SHOPPERS = 2
"""Products with fewer shoppers than this are new; an attacker pushes one that is on sale for a while."""


class RobustParams(BaseModel):
    """How a run is examined; ranges are enforced and unknown names refused.

    ``epsilon`` is the length of the matrix's perturbations in mean lengths of a product vector; ``targets`` the number
    of cold products that are pushed, one at a time; ``rounds`` the seeds that detection is judged over; ``cases`` the
    most test shoppers; ``orders`` the texts in which the language model is given orders, 0 for none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str | None = None
    epsilon: float = Field(default=EPSILON, gt=0.0, le=4.0)
    steps: int = Field(default=STEPS, ge=2, le=100)
    targets: int = Field(default=3, ge=1, le=20)
    rounds: int = Field(default=3, ge=1, le=20)
    cases: int = Field(default=2_000, ge=10, le=20_000)
    orders: int = Field(default=0, ge=0, le=200)
    seed: int = Field(default=0, ge=0, le=2**31 - 1)


@dataclass(frozen=True, slots=True)
class Line:
    """An attack and what is done about it; a vector attack is answered by an adversarially trained run."""

    attack: Attack
    defence: Defence | None


def lines(params: RobustParams) -> tuple[Line, ...]:
    """Every attack of the matrix, in its order."""
    guard, drop = GuardTexts(), DropProfiles()
    return (
        *(Line(vectors.VectorAttack(name, params.epsilon, params.steps), None) for name in vectors.NAMES),
        *(Line(texts.TextAttack(name, texts.USUAL[name]), guard) for name in texts.NAMES),
        *(Line(FakeProfiles(kind, share), drop) for kind in KINDS for share in SHARES),
        Line(PoisonedFacts(), DropFacts()),
        Line(MissingFacts(), ReadAgain()),
    )


def examine(
    model: Model,
    params: RobustParams,
    hardened: Model | None = None,
    *,
    check: Callable[[], None] = lambda: None,
    tell: Tell = lambda done, total, message: None,
) -> dict[str, Any]:
    """Attack a run in every way and measure; plain JSON. Deterministic for a seed.

    ``hardened`` is a run trained against perturbed vectors on the same data, if there is one.
    """
    began = time.perf_counter()
    targets = chosen_targets(model, params.targets, params.seed)
    todo = lines(params)
    total = 1 + len(todo) + len(EPSILONS) + params.rounds * (len(KINDS) + 1)
    done = 0

    def step(message: str) -> None:
        nonlocal done
        check()
        tell(done, total, message)
        done += 1

    step("attack_clean")
    plain = figures(model, model.clean)
    pushed = [figures(model, model.clean, target) for target in targets]
    clean = {True: pooled(pushed), False: plain}
    own = figures(hardened, hardened.clean) if hardened else None
    rows = []
    for line in todo:
        step(f"attack_{line.attack.family}")
        rows.append(_row(model, hardened, own, line, targets, clean[line.attack.targeted], params.seed))
    curves, found = checks(model, params.steps, params.seed, lambda: step("attack_strength"))
    spotted = detection(model, params.rounds, params.seed, lambda: step("attack_detection"))
    tell(total, total, "")
    return {
        "run": model.artefact.run_id,
        "params": params.model_dump(mode="json"),
        "cases": len(model.cases),
        "products": len(model),
        "shoppers": int((np.diff(model.clean.known.bounds) > 0).sum()),
        "targets": [model.names[target] for target in targets],
        "network": model.artefact.mix.network,
        "clean": plain,
        "hardened": None if hardened is None else {"run": hardened.artefact.run_id, "clean": own},
        "rows": rows,
        "curves": curves,
        "checks": found,
        "detection": spotted,
        "seconds": time.perf_counter() - began,
    }


def chosen_targets(model: Model, count: int, seed: int) -> list[int]:
    """Cold products to be pushed, drawn by ``seed``: those with few shoppers, but not none where there are such."""
    cold = cold_products(model.counts)
    sold = cold[model.counts[cold] >= LEAST_SHOPPERS]
    pool = sold if len(sold) else cold
    random = np.random.default_rng((seed, 5))
    return sorted(int(k) for k in random.choice(pool, min(count, len(pool)), replace=False))


def _row(
    model: Model,
    hardened: Model | None,
    hardened_clean: Mapping[str, float | None] | None,
    line: Line,
    targets: Sequence[int],
    clean: Mapping[str, float | None],
    seed: int,
) -> dict[str, Any]:
    attack = line.attack
    attacked: list[dict[str, float | None]] = []
    defended: list[dict[str, float | None]] = []
    for target in targets if attack.targeted else targets[:1]:
        random = np.random.default_rng((seed, target))
        watched = target if attack.targeted else None
        world = attack.apply(model, target, random)
        attacked.append(figures(model, world, watched))
        if line.defence is not None:
            repaired = line.defence.repair(model, world, random)
            defended.append(figures(model, repaired, watched, world))
        elif hardened is not None:
            moved = attack.apply(hardened, target, np.random.default_rng((seed, target)))
            defended.append(figures(hardened, moved, watched))
    by_network = line.defence is None and hardened is not None
    return {
        "attack": attack.name,
        "family": attack.family,
        "strength": attack.strength,
        "targeted": attack.targeted,
        # What is read of clean texts is what readings under attack are held against.
        "clean": {**clean, "extraction_f1": 1.0} if attack.family == "texts" else dict(clean),
        "attacked": pooled(attacked),
        "defence": line.defence.name if line.defence else "hardened" if by_network else None,
        "defended": pooled(defended) if defended else None,
        "defended_clean": dict(hardened_clean) if by_network and hardened_clean else None,
    }
