import numpy as np
import pytest

from mousegpt.synthetic.behaviors import BEHAVIORS, Bout
from mousegpt.synthetic.motion.timeline import lay_out

BOUTS = (Bout("still", 1.0, vigor=0.5), Bout("scratching", 0.5, side=-1), Bout("still", 1.0))


def lay(fps):
    times = np.arange(round(2.4 * fps)) / fps
    return lay_out(BOUTS, np.array([0.0, 1.0, 1.5]), times, seed=0)


def test_bouts_lie_where_they_start():
    timeline = lay(10)
    assert timeline.labels == 10 * ["still"] + 5 * ["scratching"] + 9 * ["still"]
    assert timeline.since[12] == pytest.approx(0.2)
    assert timeline.left[12] == pytest.approx(0.3)
    assert timeline.length[12] == pytest.approx(0.5)
    assert (timeline.vigor[0], timeline.side[12]) == (0.5, -1)
    assert timeline.next_code[3] == BEHAVIORS.index("scratching")
    assert (timeline.draws[0] != timeline.draws[20]).all()


def test_gates_open_only_within_their_bouts():
    timeline = lay(200)
    gate = timeline.gate("scratching", ramp_s=0.1)
    assert gate[~timeline.shows("scratching")].max() == 0
    assert gate[250] == 1
    assert gate[200] == 0
    assert np.abs(np.diff(gate)).max() < 2.5 / 0.1 / 200


def test_another_rate_samples_the_same():
    np.testing.assert_allclose(lay(50).since, lay(100).since[::2], atol=1e-9)
    np.testing.assert_array_equal(lay(50).draws, lay(100).draws[::2])
