"""Many trainings in one process, at once in threads, in children, and with queries meanwhile."""

import sys

import numpy as np
import pytest

from benchmarks.studies import soak
from fastw2v import Word2Vec

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@LINUX
@pytest.mark.parametrize("n_trainings", [pytest.param(n, marks=pytest.mark.slow) for n in (20, 300)])
def test_threads_files_and_memory_do_not_grow(n_trainings):
    found = soak.soak(n_trainings)
    assert not soak.has_grown(found), found


def test_growth_is_seen():
    before = soak.Figures(1, 5, 100 << 20)
    assert not soak.has_grown([before, before])
    for more in (before._replace(threads=2), before._replace(files=6), before._replace(rss_bytes=200 << 20)):
        assert soak.has_grown([before, more])


def test_two_trainings_at_once_give_what_each_gives_alone():
    assert soak.train_at_once(2)


@pytest.mark.slow
@LINUX
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_child_trains_after_its_parent(method):
    assert soak.train_in_child(method) == 0


def test_neighbours_are_found_while_the_model_is_trained():
    asked = []

    class Asks:
        def on_epoch_end(self, model):
            asked.append(model.wv.most_similar("w1", topn=3))

    def ask(phase, done, total):
        if phase == "train":
            asked.append(model.wv.most_similar("w1", topn=3))

    model = Word2Vec(vector_size=16, min_count=1, epochs=3, workers=2, progress=ask)
    model.build_vocab(soak.sentences(1))
    model.train(soak.sentences(1), callbacks=[Asks()])
    assert len(asked) > 6
    assert all(len(answer) == 3 and np.isfinite([score for _, score in answer]).all() for answer in asked)
