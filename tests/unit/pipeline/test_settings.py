"""Options come from signatures; typos and impossible values are named."""

from typing import Annotated, Literal

import pytest
from pydantic import Field

from mousegpt.core.errors import ProjectError, UsageError
from mousegpt.pipeline.settings import (
    build_schema,
    load_overrides,
    merge_overrides,
    parse_assignments,
    resolve_options,
)


def cut_tree(
    tree: list[int],
    *,
    n_clusters: Annotated[int, Field(gt=0)] = 12,
    method: Literal["average", "single"] = "average",
    arena: object = None,
) -> None:
    """Stand for any function of the chain."""


SCHEMAS = {"cut_tree": build_schema(cut_tree, exclude=("arena",))}


def test_schema_holds_the_tunables_and_nothing_else():
    assert list(SCHEMAS["cut_tree"].model_fields) == ["n_clusters", "method"]


def test_override_wins_over_the_default():
    resolved = resolve_options("behaviors", SCHEMAS, {"n_clusters": 5})
    assert resolved == {"cut_tree": {"n_clusters": 5, "method": "average"}}


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"clusters": 5}, "no option 'clusters'; it has method, n_clusters"),
        ({"n_clusters": 0}, "behaviors.n_clusters cannot be 0"),
        ({"method": "ward"}, "behaviors.method cannot be 'ward'"),
        ({"arena": 1}, "no option 'arena'"),
    ],
)
def test_bad_override_is_wrong_use(overrides, words):
    with pytest.raises(UsageError, match=words):
        resolve_options("behaviors", SCHEMAS, overrides)


@pytest.mark.parametrize("text", ["behaviors", "behaviors.n=", "=3", ".n=3", "behaviors.=3", "n=3"])
def test_assignment_of_wrong_form(text):
    if text == "behaviors.n=":
        assert parse_assignments([text]) == {"behaviors": {"n": ""}}
    else:
        with pytest.raises(UsageError, match=r"Expected --set step\.name=value"):
            parse_assignments([text])


def test_later_overrides_win():
    base = {"a": {"x": 1, "y": 2}, "b": {"z": 3}}
    assert merge_overrides(base, {"a": {"x": 5}}) == {"a": {"x": 5, "y": 2}, "b": {"z": 3}}


def test_settings_file(tmp_path):
    path = tmp_path / "mousegpt.toml"
    assert load_overrides(path) == {}
    path.write_text("\ufeff[behaviors]\nn_clusters = 7\n", encoding="utf-8")
    assert load_overrides(path) == {"behaviors": {"n_clusters": 7}}
    path.write_text("n_clusters = 7\n")
    with pytest.raises(ProjectError, match=r"outside a \[step\]"):
        load_overrides(path)
    path.write_text("[behaviors\n")
    with pytest.raises(ProjectError, match="Expected TOML"):
        load_overrides(path)
