"""Ctrl-C, checkpoints, and whether the files are still what they were."""

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.checkpointing import Checkpoints
from fastw2v.distributed.training import train_by
from fastw2v.resuming import read_checkpoint
from tests.distributed.cases import OPTIONS, assert_close, request_of, trained_by, write_text
from tests.distributed.in_process import InProcess


class Interrupting:
    """A progress that is stopped by Ctrl-C when it comes to some words."""

    def __init__(self, n_words):
        self.n_words = n_words

    def __call__(self, phase, done, total):
        if phase == "train" and done > self.n_words:
            raise KeyboardInterrupt


def test_ctrl_c_keeps_the_vectors_so_far_and_resume_goes_on(text, alone, tmp_path):
    request = request_of(text)
    request.checkpoints = Checkpoints(tmp_path / "run", "1h", set())
    request.progress = Interrupting(alone.report.raw_words // 2)
    stopped, _ = trained_by(request, 2)
    assert stopped.report.stopped_by == "Ctrl-C"
    assert 0 < stopped.report.raw_words < alone.report.raw_words
    assert stopped.state.weights.w_out.any()
    resumed = read_checkpoint(tmp_path / "run")
    again = request_of(text)
    again.resumed = resumed
    trained, _ = trained_by(again, 3)  # other nodes than before
    assert_close(trained, alone)
    assert trained.report.stopped_by is None


def test_checkpoints_are_written_at_the_end_of_a_cycle(text, alone, tmp_path):
    request = request_of(text)
    request.checkpoints = Checkpoints(tmp_path / "run", "epoch", set())
    trained, _ = trained_by(request, 2)
    assert read_checkpoint(tmp_path / "run").is_finished
    previous = read_checkpoint(tmp_path / "run.previous")
    assert previous.cluster["epoch"] == 1
    assert previous.report.raw_words == alone.report.raw_words / 2
    assert np.array_equal(Word2Vec.load(tmp_path / "run").wv.vectors, trained.wv.vectors)


def test_a_checkpoint_of_a_cluster_is_not_resumed_on_one_machine_nor_the_reverse(text, tmp_path):
    request = request_of(text)
    request.checkpoints = Checkpoints(tmp_path / "run", "epoch", set())
    trained_by(request, 2)
    with pytest.raises(ValueError, match="of a training on a cluster; go on there: pass cluster"):
        Word2Vec.resume(tmp_path / "run.previous", corpus_file=str(text))
    Word2Vec(corpus_file=str(text), **OPTIONS, checkpoint=tmp_path / "alone", checkpoint_every="epoch")
    again = request_of(text)
    again.resumed = read_checkpoint(tmp_path / "alone.previous")
    with pytest.raises(ValueError, match="the checkpoint is of one machine"):
        trained_by(again, 2)


def test_another_corpus_is_refused_when_a_training_goes_on(text, tmp_path):
    request = request_of(text)
    request.checkpoints = Checkpoints(tmp_path / "run", "epoch", set())
    trained_by(request, 2)
    again = request_of(write_text(tmp_path / "other.txt", seed=1))
    again.resumed = read_checkpoint(tmp_path / "run.previous")
    with pytest.raises(ValueError, match="the corpus is not that of the checkpoint"):
        trained_by(again, 2)


def turned(lines):
    """The same words and as many sentences, but two words have changed places."""
    number = next(n for n, line in enumerate(lines) if len(set(line.split()[:2])) > 1)
    first, second, *rest = lines[number].split()
    return [*lines[:number], " ".join([second, first, *rest]), *lines[number + 1 :]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            turned,
            r"is not what it was: expected [\d,]+ known words in a part of it, found as many others; pass the files",
        ),
        (lambda lines: [*lines, "w1 w2 w3"], r"it had [\d,]+ bytes, and has [\d,]+; pass the file as it was, or train"),
        (lambda lines: lines[:-9], r"it had [\d,]+ bytes, and has [\d,]+; pass the file as it was, or train"),
        (lambda lines: [], r"it had [\d,]+ bytes, and has 0; pass the file as it was, or train anew"),
    ],
)
def test_a_changed_file_is_refused_when_a_training_goes_on(tmp_path, change, message):
    text = write_text(tmp_path / "text.txt", n_lines=600)
    request = request_of(text)
    request.checkpoints = Checkpoints(tmp_path / "run", "epoch", set())
    trained_by(request, 2)
    again = request_of(text)
    again.resumed = read_checkpoint(tmp_path / "run.previous")
    trained_by(again, 3)  # the same file, other nodes
    text.write_text("\n".join(change(text.read_text().split("\n"))))
    again = request_of(text)
    again.resumed = read_checkpoint(tmp_path / "run.previous")
    with pytest.raises(ValueError, match=message):
        trained_by(again, 2)


def test_a_file_that_changes_while_it_is_trained_on_is_noticed_when_another_node_reads_it(tmp_path):
    text = write_text(tmp_path / "text.txt")

    class Changed(InProcess):
        """Words of each line change places when a worker is lost in the first round."""

        def call(self, worker, method, *arguments):
            if method == "train" and worker == 1 and worker in self.replicas:
                lines = text.read_text().split("\n")
                text.write_text("\n".join(" ".join(reversed(line.split(" "))) for line in lines))
                del self.replicas[worker]
            return super().call(worker, method, *arguments)

    request = request_of(text)
    with pytest.raises(ValueError, match=r"is not what it was: .* found as many others"):
        train_by(Changed(request.config, request.corpus, 2), request)
