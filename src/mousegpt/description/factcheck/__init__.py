"""Check a description clause by clause against what the pose shows."""

from mousegpt.description.factcheck.checking import CLAIM_TABLE, check_descriptions
from mousegpt.description.factcheck.claims import Claim, read_claims
from mousegpt.description.factcheck.rates import measure_hallucination
from mousegpt.description.factcheck.verdicts import Verdict, judge_claim

__all__ = [
    "CLAIM_TABLE",
    "Claim",
    "Verdict",
    "check_descriptions",
    "judge_claim",
    "measure_hallucination",
    "read_claims",
]
