import pytest

from mousegpt.backends.offline import RuleLabeler
from mousegpt.backends.registry import load_embedder, load_labeler
from mousegpt.core.errors import BackendError


def test_names_lead_to_back_ends():
    assert isinstance(load_labeler("rules"), RuleLabeler)


@pytest.mark.parametrize("load", [load_embedder, load_labeler])
def test_an_unknown_name_lists_what_exists(load):
    with pytest.raises(BackendError, match=r"'other'; choose one of: (bge-small|rules)"):
        load("other")
