"""What the tests of checkpoints share: a small training, and how it is killed."""

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.checkpointing import CheckpointPause

SMALL = {"vector_size": 16, "compute_loss": True, "workers": 1, "min_count": 1, "sample": 0.01}
SENTENCES = [[f"w{word}" for word in words] for words in np.random.default_rng(0).zipf(1.3, (60, 10)) % 40]
OTHERS = [sentence[::-1] for sentence in SENTENCES[:30]]
N_TOKENS = 600
RUN = CheckpointPause.run
MODES = [{"sg": 1}, {"sg": 1, "negative_sharing": "pair"}, {"sg": 0}]


class Killed(Exception):  # noqa: N818 - it is no error
    """Stands for SIGKILL: it ends a training at once, and nothing more is written."""


def kill_at(n_words, error=Killed):
    def progress(phase, done, total):
        if phase == "train" and done >= n_words:
            raise error

    return progress


def killed(n_words, sentences=SENTENCES, **options):
    """Train, and kill it; with the options, but for `progress`, of `trained`."""
    with pytest.raises(Killed):
        Word2Vec(sentences, progress=kill_at(n_words), checkpoint="c", **({"checkpoint_every": 100} | SMALL | options))


def same(a, b):
    return a.wv.vectors.tobytes() == b.wv.vectors.tobytes() and a.syn1neg.tobytes() == b.syn1neg.tobytes()


def assert_same_report(found, expected):
    assert (found.raw_words, found.kept_words, found.pairs) == (expected.raw_words, expected.kept_words, expected.pairs)
    assert found.loss_per_epoch == pytest.approx(expected.loss_per_epoch, rel=1e-12)
    assert found.loss == pytest.approx(expected.loss, rel=1e-12)
    assert (found.stopped_at, found.first_epoch) == (None, expected.first_epoch)
