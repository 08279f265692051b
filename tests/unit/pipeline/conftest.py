"""Films shared by the tests of pictures."""

import pytest
from stickmouse.films import write_films
from stickmouse.session import make_session


@pytest.fixture(scope="package")
def session():
    return make_session([("walking", 1.0)], fps=20, seed=3)


@pytest.fixture(scope="package")
def folder(session, tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    write_films(session, folder)
    return folder
