"""All descriptions of a study against its postures: one row a claim."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from mousegpt.core.description import ELEMENTS
from mousegpt.core.errors import DataError
from mousegpt.core.facts import UNKNOWN, state_column
from mousegpt.core.tables import KEY, TableSchema
from mousegpt.description.factcheck.borders import SCALES
from mousegpt.description.factcheck.claims import Claim, read_element
from mousegpt.description.factcheck.verdicts import judge_claim

CLAIM_TABLE: Final = TableSchema(
    "claims",
    {
        "recording": "text",
        "individual": "text",
        "frame": "integer",
        "element": "text",
        "sentence": "integer",  # in its element
        "number": "integer",  # of the claim in its description
        "clause": "text",  # as the checker read it
        "kind": "text",  # state that the clause is about; empty = none
        "claim": "text",
        "verdict": "text",  # supported, contradicted, not checkable
        "reason": "text",
        "measured": "number",
        "sd": "number",
        "unit": "text",  # BL = body lengths
        "threshold": "number",
        "margin": "number",
    },
    key=(*KEY, "number"),
)


def check_descriptions(descriptions: pd.DataFrame, posture: pd.DataFrame) -> pd.DataFrame:
    """Compare every claim of every description with the pose of its frame.

    Parameters
    ----------
    descriptions
        DESCRIPTION_TABLE; rows whose status is not "ok" claim nothing.
    posture
        POSTURE_TABLE with ``body_length``, of the same recordings. It may come from the maker of a
        synthetic mouse, or have states alone or facts alone; what it lacks is not checkable.

    Returns
    -------
    pandas.DataFrame
        CLAIM_TABLE, in the order of ``descriptions``. A clause that says two things has two rows;
        one that says nothing known has one, "not checkable".

    Raises
    ------
    DataError
        When no frame is in both tables.

    Notes
    -----
    A measured state decides where it is known; a value within the slack of a border
    (`borders.SCALES`) never contradicts. Where a state is unknown its fact decides, if it is
    certain enough. The paper has no such check.
    """
    frames = _index_frames(posture)
    rows: list[dict[str, Any]] = []
    is_shared = False
    for row in descriptions.to_dict("records"):
        key = tuple(row[name] for name in KEY)
        if row["status"] != "ok" or key not in frames:
            continue
        is_shared = True
        claims = [c for element in ELEMENTS for c in read_element(element, row[element] or "")]
        rows += [
            dict(zip(KEY, key, strict=True)) | {"number": number} | _judge(claim, frames[key])
            for number, claim in enumerate(claims)
        ]
    if not is_shared and len(descriptions):
        raise DataError(
            "Expected descriptions and postures of the same frames, found none in both; "
            "check the recordings and individuals of the two tables."
        )
    return pd.DataFrame(rows, columns=[*CLAIM_TABLE.columns])


def _index_frames(posture: pd.DataFrame) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return what is needed of each row, by its key."""
    facts = {scale.fact for scale in SCALES.values()} | {"progression", "sideways"}
    wanted = [*KEY, "body_length", *facts, *(f"{fact}_sd" for fact in facts)]
    named = [name for name in posture if name in wanted or str(name).startswith(state_column(""))]
    table = posture[named]
    texts = [name for name in named if str(name).startswith(state_column(""))]
    table = table.assign(**{str(name): table[name].fillna(UNKNOWN) for name in texts})
    rows = ({str(name): value for name, value in row.items()} for row in table.to_dict("records"))
    return {tuple(row[name] for name in KEY): row for row in rows}


def _judge(claim: Claim, frame: dict[str, Any]) -> dict[str, Any]:
    verdict = dict(vars(judge_claim(claim, frame)))
    says = f"not ({claim.says})" if claim.is_negated else claim.says
    return {
        "element": claim.element,
        "sentence": claim.sentence,
        "clause": claim.clause,
        "kind": claim.kind,
        "claim": f"perhaps {says}" if claim.is_doubted else says,
        "verdict": verdict.pop("word"),
        **verdict,
    }
