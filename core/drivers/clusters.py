"""Kinds of shoppers, by what drives what they are shown: clusters of their attribution vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.drivers.importance import Weights

MOST_CLUSTERS = 6
LEAST_SHOPPERS = 12
SEEDS = 5
NAMED_BY = 2
Method = Literal["kmeans", "hdbscan"]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Shoppers whose recommendations are driven alike. ``drivers`` are the groups that set it apart, as (name, its mean
    signed share here, the same over all); ``centre`` has the mean signed share of every group; ``middle`` is the
    shopper nearest to it."""

    shoppers: tuple[str, ...]
    drivers: tuple[tuple[str, float, float], ...]
    centre: tuple[float, ...]
    middle: str


@dataclass(frozen=True, slots=True)
class Clustering:
    """Clusters, the largest first. ``silhouette`` in [-1, 1] says how far apart they lie (0 for one); ``stability`` is
    the mean adjusted Rand index of clusterings with other seeds, None where nothing is drawn; ``alone`` are shoppers
    of no cluster."""

    method: Method
    clusters: tuple[Cluster, ...]
    silhouette: float
    stability: float | None
    alone: tuple[str, ...]


def clustered(weights: Weights, method: Method = "kmeans", seed: int = 0) -> Clustering:
    """Cluster the signed shares of the shoppers.

    k-means with the number of clusters (2 to MOST_CLUSTERS) that has the best silhouette (Rousseeuw 1987), or HDBSCAN
    (Campello et al. 2013), which leaves out who is like nobody. With fewer than LEAST_SHOPPERS there is one cluster.
    """
    known = ~np.isnan(weights.signed).any(1)
    points, names = weights.signed[known], np.array(weights.shoppers, dtype=object)[known]
    if len(points) < LEAST_SHOPPERS or not np.ptp(points, axis=0).any():
        labels, score, stability = np.zeros(len(points), np.int64), 0.0, None
    elif method == "hdbscan":
        labels, score, stability = _hdbscan(points)
    else:
        labels, score, stability = _kmeans(points, seed)
    sizes = [(int((labels == k).sum()), k) for k in sorted(set(labels.tolist()) - {-1})]
    found = [
        _cluster(points, names, labels == k, weights.names)
        for _, k in sorted(sizes, key=lambda s: (-s[0], s[1]))
    ]
    return Clustering(method, tuple(found), score, stability, tuple(names[labels == -1].tolist()))


def _kmeans(points: NDArray[np.float64], seed: int) -> tuple[NDArray[np.int64], float, float]:
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    def labels(k: int, seed: int) -> NDArray[np.int64]:
        return np.asarray(KMeans(k, n_init=4, random_state=seed).fit_predict(points), np.int64)

    tried = [labels(k, seed) for k in range(2, MOST_CLUSTERS + 1)]
    tried = [one for one in tried if len(set(one.tolist())) > 1]
    scores = [float(silhouette_score(points, one)) for one in tried]
    best = int(np.argmax(scores))
    count = len(set(tried[best].tolist()))
    again = [adjusted_rand_score(tried[best], labels(count, seed + k)) for k in range(1, SEEDS + 1)]
    return tried[best], scores[best], float(np.mean(again))


def _hdbscan(points: NDArray[np.float64]) -> tuple[NDArray[np.int64], float, None]:
    from sklearn.cluster import HDBSCAN
    from sklearn.metrics import silhouette_score

    labels = np.asarray(HDBSCAN(max(5, len(points) // 25), copy=True).fit_predict(points), np.int64)
    inside = labels >= 0
    several = len(set(labels[inside].tolist())) > 1
    return labels, float(silhouette_score(points[inside], labels[inside])) if several else 0.0, None


def _cluster(
    points: NDArray[np.float64],
    shoppers: NDArray[np.object_],
    inside: NDArray[np.bool_],
    names: tuple[str, ...],
) -> Cluster:
    centre, everyone = points[inside].mean(0), points.mean(0)
    # How unusual a group's share is here, in standard deviations of a shopper's.
    apart = np.abs(centre - everyone) / np.maximum(points.std(0), 1e-9)
    strength = apart * np.maximum(np.abs(centre), np.abs(everyone))
    order = np.argsort(-(strength if strength.any() else np.abs(centre)), kind="stable")[:NAMED_BY]
    nearest = int(np.argmin(((points[inside] - centre) ** 2).sum(1)))
    return Cluster(
        tuple(shoppers[inside].tolist()),
        tuple((names[k], float(centre[k]), float(everyone[k])) for k in order.tolist()),
        tuple(float(value) for value in centre),
        str(shoppers[inside][nearest]),
    )
