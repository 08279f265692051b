"""A map of all descriptions in the plane."""

from __future__ import annotations

import warnings
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.behavior.embedding import find_embedded, unique_vectors
from mousegpt.behavior.neighbors import choose_evenly, find_neighbors
from mousegpt.core.arrays import FloatArray
from mousegpt.core.tables import EMBEDDING_TABLE, KEY, LAYOUT_TABLE, validate_table

_FEWEST = 10  # distinct texts below which UMAP is not worth its name


def compute_layout(
    embeddings: pd.DataFrame,
    *,
    n_neighbors: Annotated[int, Field(ge=2)] = 15,
    min_dist: Annotated[float, Field(ge=0, le=1)] = 0.1,
    max_rows: Annotated[int, Field(ge=10)] = 20_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Lay the frames out in the plane by UMAP; similar descriptions lie close.

    Parameters
    ----------
    embeddings
        EMBEDDING_TABLE.
    n_neighbors, min_dist
        UMAP's own.
    max_rows
        Distinct texts that are laid out; of more, this many evenly spaced ones are, and every
        other text shares the point of the nearest of them.
    seed
        The layout is a function of data and seed.

    Returns
    -------
    pandas.DataFrame
        LAYOUT_TABLE, rows as in ``embeddings``; frames with the same text share a point, frames
        without a vector are NaN. Fewer than ten distinct texts are laid out by their two
        principal components.

    Notes
    -----
    Source: Section 2.3, Fig. 2e and Extended Fig. 6 (UMAP of the description embeddings).
    """
    table = validate_table(embeddings, EMBEDDING_TABLE)
    vectors, inverse = unique_vectors(table)
    points = np.full((len(table), 2), np.nan)
    if len(vectors):
        chosen = choose_evenly(len(vectors), max_rows)
        laid = _lay_out(vectors[chosen], n_neighbors, min_dist, seed)
        nearest, _ = find_neighbors(vectors, vectors[chosen], 1)
        points[find_embedded(table)] = laid[nearest[inverse, 0]]
    layout = table[[*KEY, "time_s"]].copy()
    layout["x"], layout["y"] = points.T
    return validate_table(layout, LAYOUT_TABLE)


def _lay_out(vectors: FloatArray, n_neighbors: int, min_dist: float, seed: int) -> FloatArray:
    if len(vectors) >= _FEWEST:
        return fit_umap(
            vectors, n_components=2, n_neighbors=n_neighbors, min_dist=min_dist, seed=seed
        )
    centered = vectors - vectors.mean(axis=0)
    left, scale, _ = np.linalg.svd(centered, full_matrices=False)
    plane = np.zeros((len(vectors), 2))
    plane[:, : min(2, len(scale))] = (left * scale)[:, :2]
    return plane


def fit_umap(
    vectors: FloatArray, *, n_components: int, n_neighbors: int, min_dist: float, seed: int
) -> FloatArray:
    """Run UMAP on unit rows with exact cosine neighbours, in one thread.

    Returns
    -------
    numpy.ndarray
        float32, shape (n, n_components).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about threads, precomputed neighbours and small inputs
        import umap

        n_neighbors = min(n_neighbors, len(vectors) - 1)
        neighbors, distances = find_neighbors(vectors, vectors, n_neighbors)
        reducer = umap.UMAP(
            n_components=n_components,
            n_neighbors=n_neighbors,
            min_dist=min_dist,
            metric="cosine",
            precomputed_knn=(neighbors, distances, None),
            init="random" if len(vectors) <= n_components + 2 else "spectral",
            random_state=seed,
            n_jobs=1,
        )
        points: FloatArray = reducer.fit_transform(vectors).astype(np.float32)
    return points
