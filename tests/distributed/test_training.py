import gzip
import re

import numpy as np
import pytest

from fastw2v.checkpointing import Checkpoints
from fastw2v.distributed import Cluster, NoWorkerLeftError
from fastw2v.distributed.plan import Block
from fastw2v.distributed.training import train_by
from fastw2v.vectors.divergence import DivergedError
from tests.distributed.cases import assert_close, counts_of, one_machine, request_of, trained_by, write_text
from tests.distributed.in_process import InProcess, Lost

N_CALLS = 260  # about, of the training that tests of losses watch


def slow(value):
    return pytest.param(value, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    "options", [{}, {"sg": 0}, {"negative_sharing": "pair"}, {"shrink_windows": False, "window": 60}]
)
def test_one_node_trains_the_same_bits_as_one_machine(text, options):
    trained, _ = trained_by(request_of(text, **options), 1)
    model = one_machine(text, **options)
    assert np.array_equal(trained.wv.vectors, model.wv.vectors)
    assert np.array_equal(trained.state.weights.w_out, model._state.weights.w_out)
    assert trained.report.loss_per_epoch == pytest.approx(model.report.loss_per_epoch)


@pytest.mark.parametrize(("n_nodes", "cycle"), [(2, 1), (3, 2)])
def test_several_nodes_train_each_word_once_and_learn_as_well(text, alone, n_nodes, cycle):
    trained, transport = trained_by(request_of(text, cluster=Cluster(rounds=4, cycle=cycle)), n_nodes)
    assert_close(trained, alone)
    assert trained.cluster.n_rounds == 8
    assert trained.cluster.exchanged_bytes > 0
    assert transport.is_closed


def test_replicas_are_equal_after_a_round(text):
    request = request_of(text, epochs=1)
    left = []

    class Left(InProcess):
        def close(self):
            left.extend(self.replicas.values())
            super().close()

    trained = train_by(Left(request.config, request.corpus, 3), request)
    assert len(left) == 3
    for replica in left:
        assert np.array_equal(replica._weights.w_in, trained.state.weights.w_in)
        assert np.array_equal(replica._weights.w_out, trained.state.weights.w_out)


@pytest.mark.parametrize("options", [{"cbow_mean": 0}, slow({}), slow({"cbow_gradient": "mean"})])
def test_cbow_on_several_nodes_learns_as_well(tmp_path, options):
    text = write_text(tmp_path / "text.txt", n_lines=5000)
    options = {"sg": 0, "alpha": 0.1, **options}
    trained, _ = trained_by(request_of(text, cluster=Cluster(rounds=20, cycle=4), **options), 4)
    expected = one_machine(text, **options).report.loss_per_epoch[-1]
    assert trained.report.loss_per_epoch[-1] == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(("sg", "lengths"), [(1, [2]), pytest.param(0, [2, 3], marks=pytest.mark.slow)])
def test_short_sentences_learn_as_well_with_a_large_window(tmp_path, sg, lengths):
    rng, n_words, n_lines = np.random.default_rng(0), 1000, 30_000
    share = 1 / np.arange(1, n_words + 1)
    firsts = rng.choice(n_words, n_lines, p=share / share.sum())
    lines = ([f"w{(first + k) % n_words}" for k in range(n)] for first, n in zip(firsts, rng.choice(lengths, n_lines)))
    text = tmp_path / "text.txt"
    text.write_text("\n".join(map(" ".join, lines)))
    options = {"sg": sg, "window": 50, "min_count": 1, "sample": 0, "epochs": 4, "alpha": 0.05}
    trained, _ = trained_by(request_of(text, cluster=Cluster(rounds=20, cycle=1), **options), 4)
    expected = one_machine(text, **options).report.loss_per_epoch[-1]
    assert trained.report.loss_per_epoch[-1] == pytest.approx(expected, rel=0.03)


def test_rows_that_are_not_by_falling_count_are_all_merged_in_each_round(text, monkeypatch):
    """Of the first 20 of 300 rows, most are rare where rows are by first occurrence."""
    monkeypatch.setattr("fastw2v.distributed.rounds.FIRST_ROWS", 20)
    rows, n_nodes = dict[int, set[int]](), 2

    class Watched(InProcess):
        def call(self, worker, method, *arguments):
            if method == "commit":
                rows.setdefault(request.config.sorted_vocab, set()).add(arguments[1])
            return super().call(worker, method, *arguments)

    for sorted_vocab in (1, 0):
        request = request_of(text, sorted_vocab=sorted_vocab, epochs=1, cluster=Cluster(rounds=8, cycle=4))
        trained = train_by(Watched(request.config, request.corpus, n_nodes), request)
    n_vocab = len(trained.state.vocab)
    assert rows == {1: {20, 40, n_vocab}, 0: {n_vocab}}


def test_all_nodes_know_the_same_contexts_also_after_a_loss_and_they_are_those_of_any_number_of_nodes(text):
    known = set()

    class Watched(InProcess):
        def call(self, worker, method, *arguments):
            if method == "prepare":
                known.add(arguments[0].contexts)
            return super().call(worker, method, *arguments)

    request = request_of(text)
    train_by(Watched(request.config, request.corpus, 2), request)
    train_by(Watched(request.config, request.corpus, 3, dies_at=[150], replaces=True), request)
    (contexts,) = known
    assert contexts.n_kept > 1000


def test_the_moves_of_another_node_are_the_last_in_each_round_and_cycle(text):
    last = []

    class Watched(InProcess):
        def call(self, worker, method, *arguments):
            if method == "prepare" and worker == 0:
                last.append(arguments[0].contributors[-1])
            return super().call(worker, method, *arguments)

    request = request_of(text, epochs=1, cluster=Cluster(rounds=12, cycle=2))
    train_by(Watched(request.config, request.corpus, 3), request)
    assert len(last) == 12
    for merged in (last, last[::2], last[1::2]):
        assert sorted(merged) == sorted([0, 1, 2] * (len(merged) // 3))


@pytest.mark.parametrize("n_files", [2, 3])
def test_the_report_counts_the_bytes_that_three_nodes_send(tmp_path, n_files):
    """A compressed file is read by one node; with two of them, the third node sends no moves, but what it merges."""
    for number in range(n_files):
        with gzip.open(tmp_path / f"{number}.txt.gz", "wb") as file:
            file.write(write_text(tmp_path / "text", n_lines=300, seed=number).read_bytes())
    sent = []

    class Counted(InProcess):
        def call(self, worker, method, *arguments):
            found = super().call(worker, method, *arguments)
            if method == "send":
                sent.extend(rows.nbytes for rows in found)
            if method == "merge":
                sent.append(2 * found.nbytes)
            return found

    request = request_of(str(tmp_path / "*.gz"), epochs=1)
    trained = train_by(Counted(request.config, request.corpus, 3), request)
    assert trained.cluster.exchanged_bytes == sum(sent)


class Poisoned(InProcess):
    """A method ends every worker that does it but the first, as for want of memory; others come in their place."""

    def __init__(self, *arguments, method, **options):
        super().__init__(*arguments, replaces=True, **options)
        self.method = method

    def call(self, worker, method, *arguments):
        if method == self.method and worker != 0 and worker in self.replicas:
            del self.replicas[worker]
            return Lost()
        return super().call(worker, method, *arguments)


@pytest.mark.parametrize("method", ["count", "place", "begin", "merge", "commit"])
def test_a_node_that_loses_each_worker_is_not_used_for_ever(text, alone, method):
    request = request_of(text)
    trained = train_by(Poisoned(request.config, request.corpus, 2, method=method), request)
    assert counts_of(trained.report) == counts_of(alone.report)
    assert 0 < trained.cluster.n_lost < 6


def test_a_worker_lost_after_ctrl_c_does_not_lose_the_vectors(text):
    class Interrupted(InProcess):
        """Ctrl-C at the second commit; then the worker that is asked for the rows is lost."""

        n_commits = 0

        def call(self, worker, method, *arguments):
            self.n_commits += method == "commit"
            if method == "commit" and self.n_commits == 3:
                raise KeyboardInterrupt
            if method == "rows" and worker == 0 and worker in self.replicas:
                del self.replicas[worker]
                return Lost()
            return super().call(worker, method, *arguments)

    request = request_of(text)
    trained = train_by(Interrupted(request.config, request.corpus, 2), request)
    assert trained.report.stopped_by == "Ctrl-C"
    assert 0 < trained.report.raw_words < 2 * trained.state.vocab.n_tokens
    assert trained.state.weights.w_out.any()


def test_a_round_that_waits_is_not_trained_after_a_stop(text):
    request = request_of(text)

    class Stopped(InProcess):
        def call(self, worker, method, *arguments):
            if method == "train":
                self.replicas[worker].stop()
            return super().call(worker, method, *arguments)

    trained = train_by(Stopped(request.config, request.corpus, 1), request)
    assert trained.report.pairs == 0


def test_rows_of_a_cycle_are_merged_from_where_they_were_merged_last(text):
    request = request_of(text)
    left = []

    class Left(InProcess):
        def close(self):
            left.extend(self.replicas.values())

    train_by(Left(request.config, request.corpus, 1), request)
    (replica,) = left
    weights, dim = replica._weights, replica._weights.dim
    everything = np.arange(len(weights.w_in))
    at = [weights.w_in[:, :dim].copy()]
    for number, n_rows in enumerate((10, 20, 10), replica._n_committed + 1):
        weights.w_in += 1
        at.append(weights.w_in[:, :dim].copy())
        replica.commit(number, n_rows, is_full=False)
    expected = np.concatenate([at[3][:10], at[2][10:20], at[0][20:]])
    assert np.array_equal(replica._merged_last(0, everything), expected)
    assert len(replica._frequent) == 20
    replica.commit(number + 1, len(everything), is_full=True)
    assert np.array_equal(replica._merged_last(0, everything), weights.w_in[:, :dim])
    replica.commit(number + 2, 5, is_full=False)
    weights.w_in += 1
    replica.go_back()
    assert np.array_equal(replica.rows(Block(0, 0, len(everything))), weights.w_in[:, :dim])


@pytest.mark.parametrize("replaces", [False, True])
@pytest.mark.parametrize("first_loss", range(5, N_CALLS, 23))
def test_a_lost_worker_loses_no_word_and_no_quality(text, alone, first_loss, replaces):
    request = request_of(text, cluster=Cluster(rounds=4, cycle=2))
    trained, transport = trained_by(request, 3, dies_at=[first_loss, first_loss + 60], replaces=replaces)
    assert_close(trained, alone)
    assert trained.cluster.n_nodes == (3 if replaces else 3 - trained.cluster.n_lost)
    is_training = {method for _, method in transport.calls[first_loss - 1 : first_loss]} & {"train", "merge", "prepare"}
    assert not is_training or trained.cluster.repeated_words > 0


def test_after_a_loss_the_rest_goes_on_from_equal_rows(text):
    """Two workers that lose a third train what two workers would have trained from there."""
    request = request_of(text, epochs=1, cluster=Cluster(rounds=2, cycle=1))
    calls = trained_by(request, 3)[1].calls
    first_train = next(n for n, (_, method) in enumerate(calls, 1) if method == "train")
    lost, _ = trained_by(request, 3, dies_at=[first_train + 2])
    assert lost.cluster.n_lost == 1
    assert lost.cluster.repeated_words == pytest.approx(lost.report.raw_words / 2, rel=0.1)
    assert lost.cluster.words == lost.report.raw_words == lost.state.vocab.n_tokens


def test_all_workers_lost_is_an_error_that_says_so(text):
    with pytest.raises(NoWorkerLeftError, match="all workers are lost"):
        trained_by(request_of(text), 2, dies_at=[120, 121, 122, 123])


@pytest.mark.parametrize(
    ("every", "first", "cure"),
    [
        (None, 120, "give a checkpoint next time"),
        (None, 1, "give a checkpoint next time"),  # while the text is read
        ("1h", 120, "was not due yet"),
        (1, 150, "go on from .*run: .*--resume"),
    ],
)
def test_all_workers_lost_is_told_with_the_cure(text, tmp_path, every, first, cure):
    request = request_of(text)
    if every is not None:
        request.checkpoints = Checkpoints(tmp_path / "run", every, set())
    with pytest.raises(NoWorkerLeftError) as caught:
        trained_by(request, 2, dies_at=range(first, first + 6))
    assert re.search(cure, caught.value.__notes__[0])


def test_what_diverges_is_an_error_that_tells_when(text):
    with pytest.raises(DivergedError, match=r"after 1.7 % of the work a vector has the value .* lower alpha"):
        trained_by(request_of(text, alpha=500.0, epochs=20), 2)  # at the end of the first of 60 rounds


def test_divergence_within_a_round_tells_when(text, monkeypatch):
    seen = []
    monkeypatch.setattr("fastw2v.vectors.divergence.DivergenceWatch.look", lambda _, share, **given: seen.append(share))
    trained_by(request_of(text, epochs=2, cluster=Cluster(rounds=2, cycle=1)), 1)
    assert seen == sorted(seen)
    assert len(set(seen)) > 12
    assert seen[-1] == 1


def test_the_null_word_and_a_bound_on_the_vocabulary_are_as_on_one_machine(text):
    options = {"null_word": 1, "max_final_vocab": 50, "sorted_vocab": 0}
    trained, _ = trained_by(request_of(text, **options), 2)
    assert trained.wv.index_to_key == one_machine(text, **options).wv.index_to_key
