"""The CUDA backend's control of a training, with the CPU's kernels in the place of the GPU's: it runs everywhere."""

import re
import weakref
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.backends import cuda, cuda_corpus, cuda_plan, cuda_streams
from fastw2v.backends.cuda import CudaBackend
from fastw2v.backends.cuda_plan import max_warps, rates
from fastw2v.encode import Tokens, encode_corpus
from fastw2v.runtime import worker_pool
from fastw2v.schedule import Span, spans
from fastw2v.trainer import train
from fastw2v.vectors.weights import Weights, initial_weights
from fastw2v.vocab import Vocab
from fastw2v_kernels._jit import cuda as cuda_jit
from fastw2v_kernels.shared.rng import epoch_key, shifted_seed
from fastw2v_kernels.shared.span.inputs import TokenSource
from fastw2v_kernels.shared.span.reference import draw, kept_positions
from tests import fake_cupy
from tests.backends.training import MODES, config_of, mode_name


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(5)
    walks = [rng.integers(0, 30, n) for n in [*rng.integers(1, 25, 25), 300, 1, 1, 77]]
    return encode_corpus(walks, min_count=1)


@pytest.fixture
def gpu(monkeypatch):
    """A GPU whose memory is the host's and whose kernels are the CPU's; the calls that they get."""
    return fake_cupy.install(monkeypatch)


def trained(config, corpus, backend=None, **options):
    weights = initial_weights(corpus[0], config.vector_size, config.seed)
    report = train(backend or CudaBackend(), config, *corpus, weights, **options)
    return weights, report


def small_memory(monkeypatch, corpus, span_tokens):
    """Let the device hold the model, and of the corpus two spans."""
    monkeypatch.setattr(cuda_plan, "_LEAST_STREAMED_TOKENS", 1)
    stride, n_vocab = 16, len(corpus[0])
    model = 8 * stride * n_vocab + 12 * n_vocab + 8 * 9 * stride + cuda_plan._RESERVE_BYTES  # a window of 3
    monkeypatch.setattr(cuda_jit, "free_memory", lambda: model + 30 * span_tokens)


@pytest.mark.parametrize("mode", MODES, ids=mode_name)
def test_it_asks_for_what_the_cpu_computes(mode, corpus, gpu):
    config = config_of(epochs=2, sample=0.05, **mode)
    there, report = trained(config, corpus)
    cpu = cuda_by_cpu(config, corpus)
    assert there.w_in.tobytes() == cpu[0].w_in.tobytes()
    assert there.w_out.tobytes() == cpu[0].w_out.tobytes()
    assert (report.loss, report.pairs, report.kept_words) == (cpu[1].loss, cpu[1].pairs, cpu[1].kept_words)


def cuda_by_cpu(config, corpus):
    from fastw2v.backends.cpu import CpuBackend

    return trained(config, corpus, CpuBackend())


@pytest.mark.parametrize("mode", MODES[::2], ids=mode_name)
@pytest.mark.parametrize("span_tokens", [1, 7, 40])
@pytest.mark.parametrize("sample", [0, 0.01])
def test_a_streamed_corpus_trains_as_a_resident_one(mode, span_tokens, sample, corpus, gpu, monkeypatch):
    config = config_of(epochs=2, sample=sample, seed=2**64 - 3, window=3, **mode)
    whole, report = trained(config, corpus)
    small_memory(monkeypatch, corpus, span_tokens)
    gpu.clear()
    streamed, streamed_report = trained(config, corpus)
    assert max(len(call["ids"]) for call in gpu) < corpus[1].n_tokens
    assert max(call["end"] - call["begin"] for call in gpu[1:]) == span_tokens
    assert (report.pairs, report.kept_words) == (streamed_report.pairs, streamed_report.kept_words)
    assert streamed_report.loss == pytest.approx(report.loss, rel=1e-6)
    np.testing.assert_allclose(streamed.w_in, whole.w_in, rtol=0, atol=1e-6)
    np.testing.assert_allclose(streamed.w_out, whole.w_out, rtol=0, atol=1e-6)


def test_a_part_of_the_corpus_holds_the_windows_of_its_span_and_no_more(corpus):
    vocab, tokens = corpus
    keep, window = vocab.keep_probabilities(0.02), 3
    for begin, end in [(0, 5), (17, 18), (400, 450), (tokens.n_tokens - 9, tokens.n_tokens)]:
        low, high, starts = cuda_corpus.part(tokens, keep, 5, window, Span(1, begin, end, 0, 0))
        sentences = kept_positions(TokenSource(tokens.ids, tokens.starts, keep, epoch_key(5, 1), window, True))
        before = [p for s in sentences for p in s if s[0] <= p < begin and same_sentence(tokens, p, begin)][-window:]
        after = [p for s in sentences for p in s if p >= end and same_sentence(tokens, p, end - 1)][:window]
        assert low == (before[0] if len(before) == window else sentence_at(tokens, begin)[0])
        assert high == (after[-1] + 1 if len(after) == window else sentence_at(tokens, end - 1)[1])
        inside = tokens.starts[(tokens.starts > low) & (tokens.starts < high)]
        assert (starts + low).tolist() == [low, *inside, high]


def sentence_at(tokens, pos):
    s = np.searchsorted(tokens.starts, pos, side="right") - 1
    return tokens.starts[s], tokens.starts[s + 1]


def same_sentence(tokens, a, b):
    return sentence_at(tokens, a) == sentence_at(tokens, b)


@pytest.mark.parametrize("seed", [0, 1, 12345678901234567, 2**64 - 1])
@pytest.mark.parametrize(("epoch", "first"), [(0, 0), (0, 1), (3, 2**33 + 17), (2**31 - 1, 2**62)])
def test_a_shifted_seed_draws_what_lies_there(seed, epoch, first):
    there = np.arange(4)[:, None], np.arange(9)
    here = np.arange(first, first + 4)[:, None], np.arange(9)
    shifted = epoch_key(shifted_seed(seed, epoch, first), epoch)
    np.testing.assert_array_equal(draw(shifted, *there), draw(epoch_key(seed, epoch), *here))


def test_progress_goes_up_to_all_words(corpus, gpu, monkeypatch):
    monkeypatch.setattr(cuda_plan, "MOST_SPAN_TOKENS", 50)
    calls, total = [], 3 * corpus[1].n_tokens
    trained(config_of(epochs=3), corpus, progress=lambda *call: calls.append(call))
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert calls[-1] == (total, total)
    assert len(calls) == 3 * len(list(spans(config_of(), corpus[1].n_tokens, 0, 50)))


def test_no_more_spans_are_queued_than_ctrl_c_may_wait_for(corpus, gpu, monkeypatch):
    monkeypatch.setattr(cuda_plan, "MOST_SPAN_TOKENS", 10)
    n_done, ahead = [0], []

    def progress(done, total):
        ahead.append(sum(call["end"] - call["begin"] for call in gpu[1:]) - n_done[0])
        n_done[0] = done

    trained(config_of(epochs=1), corpus, progress=progress)
    assert max(ahead) == 10 * cuda._QUEUED


def test_ctrl_c_keeps_what_was_trained(corpus, gpu, monkeypatch):
    monkeypatch.setattr(cuda_plan, "MOST_SPAN_TOKENS", 10)
    wait, n_waits, reached = worker_pool._Leader.wait, [], []

    def interrupted_once(leader):
        n_waits.append(1)
        if len(n_waits) == 1:
            raise KeyboardInterrupt
        wait(leader)

    monkeypatch.setattr(worker_pool._Leader, "wait", interrupted_once)
    config = config_of(sample=0, epochs=50)
    weights, report = trained(config, corpus, progress=lambda done, total: reached.append(done))
    assert report.stopped_at.startswith("epoch 1 of 50")
    assert report.raw_words == report.kept_words == (reached[-1] if reached else 0) <= corpus[1].n_tokens
    assert np.isfinite(weights.w_in).all()


def test_an_error_in_a_callback_ends_the_training(corpus, gpu):
    def fail(done, total):
        raise ZeroDivisionError("planned")

    with pytest.raises(ZeroDivisionError, match="planned"):
        trained(config_of(), corpus, progress=fail)


class Queue:
    """A queue that logs who waits for it; its events are waited for one by one. `broken`: waiting fails."""

    def __init__(self, name, log, broken=False):
        self._name, self._log, self._broken = name, log, broken

    def __enter__(self): ...

    def __exit__(self, *_): ...

    def record(self):
        return SimpleNamespace(synchronize=lambda: None)

    def wait_event(self, event): ...

    def synchronize(self):
        self._log.append(f"{self._name} is done")
        if self._broken:
            raise OSError("the GPU is gone")


def failing_progress(log):
    def fail(done, total):
        log.append("error")
        raise ZeroDivisionError("planned")

    return {"progress": fail}


def failing_launch(log):
    backend, launch = CudaBackend(), CudaBackend._launch

    def fail(span):
        if span.begin >= 20:
            log.append("error")
            raise ZeroDivisionError("planned")
        return launch(backend, span)

    backend._launch = fail
    return {"backend": backend}


@pytest.mark.parametrize("failing", [failing_progress, failing_launch])
@pytest.mark.parametrize(("is_streamed", "is_broken"), [(False, False), (True, False), (True, True)])
def test_an_error_leaves_nothing_under_way(failing, is_streamed, is_broken, corpus, gpu, monkeypatch, caplog):
    """Launches and copies that are queued end before memory is freed; that they fail too hides no error."""
    log = []
    monkeypatch.setattr(cuda, "new_stream", lambda: Queue("training", log))
    monkeypatch.setattr(cuda_corpus, "new_stream", lambda: Queue("copying", log, is_broken))
    monkeypatch.setattr(cuda_plan, "MOST_SPAN_TOKENS", 10)
    if is_streamed:
        small_memory(monkeypatch, corpus, 10)
    options = failing(log)
    with pytest.raises(ZeroDivisionError, match="planned"):
        trained(config_of(window=3), corpus, **options)
    waits = ["training is done", "copying is done"][: 1 + is_streamed]
    assert log[log.index("error") :] == ["error", *waits]
    assert ("the GPU is gone" in caplog.text) == is_broken


@pytest.mark.parametrize("failing", [failing_progress, failing_launch])
def test_a_gpu_that_cannot_be_waited_for_hides_no_error(failing, corpus, gpu, monkeypatch, caplog):
    log, queue = [], Queue("training", [])
    monkeypatch.setattr(cuda, "new_stream", lambda: queue)
    monkeypatch.setattr(cuda_corpus, "new_stream", lambda: Queue("copying", log))
    small_memory(monkeypatch, corpus, 10)
    options = failing(log)
    compiled = CudaBackend.compile
    monkeypatch.setattr(CudaBackend, "compile", lambda self: compiled(self) or setattr(queue, "_broken", True))
    with pytest.raises(ZeroDivisionError, match="planned"):
        trained(config_of(window=3), corpus, **options)
    assert log[log.index("error") :] == ["error", "copying is done"]
    assert "the GPU is gone" in caplog.text


@pytest.mark.parametrize("is_streamed", [False, True])
@pytest.mark.parametrize("fails", [False, True])
def test_only_the_rows_that_a_model_keeps_outlive_the_training(fails, is_streamed, corpus, gpu, monkeypatch):
    """What is let go of is given back after that, also where the backend itself lives on."""
    alive = []

    def living(stream):
        memory = {name: value.memory for name, value in gpu[-1].items() if hasattr(value, "memory")}
        arrays = {name: weakref.ref(m if m.base is None else m.base) for name, m in memory.items()}
        del memory
        gpu.clear()
        alive.append({name for name, array in arrays.items() if array() is not None})

    if is_streamed:
        small_memory(monkeypatch, corpus, 40)
    backend, log = CudaBackend(), []
    monkeypatch.setattr(cuda, "give_back", living)
    with pytest.raises(ZeroDivisionError) if fails else nullcontext():
        _ = trained(config_of(window=3), corpus, backend, **(failing_progress(log) if fails else {}))
    assert alive == [set() if fails else {"w_in"}]


def test_an_upload_that_fails_leaves_nothing_either(corpus, gpu, monkeypatch):
    given_back, made, array = [], [], fake_cupy.array

    def short(values):
        if len(made) == 2:
            raise MemoryError("planned")
        made.append(None)
        there = array(values)
        made[-1] = weakref.ref(there.memory)
        return there

    monkeypatch.setattr(fake_cupy, "array", short)
    monkeypatch.setattr(cuda, "give_back", lambda stream: given_back.append([memory() for memory in made]))
    backend = CudaBackend()
    with pytest.raises(MemoryError, match="planned"):
        trained(config_of(), corpus, backend)
    assert given_back == [[None, None]]


def test_the_pools_give_back_what_the_training_held(corpus, monkeypatch):
    log, stream = [], object()
    cupy = SimpleNamespace(
        get_default_memory_pool=lambda: SimpleNamespace(free_all_blocks=lambda stream: log.append(stream)),
        get_default_pinned_memory_pool=lambda: SimpleNamespace(free_all_blocks=lambda: log.append("pinned")),
    )
    monkeypatch.setattr(cuda_jit, "IS_SIMULATED", False)
    monkeypatch.setattr(cuda_jit, "array_module", lambda: cupy)
    cuda_streams.give_back(stream)
    assert log == [stream, "pinned"]


def test_too_little_memory_is_said_before_any_is_taken(corpus, gpu, monkeypatch):
    monkeypatch.setattr(cuda_jit, "free_memory", lambda: 1000)
    monkeypatch.setattr(fake_cupy, "array", lambda *_: pytest.fail("something was allocated"))
    with pytest.raises(MemoryError, match=r"a model of two float32 matrices 30 x 16, .* needs 0\.27 GB on the GPU and"):
        trained(config_of(), corpus)


def test_a_corpus_that_lies_there_is_not_streamed(corpus, gpu, monkeypatch):
    """It trains as long as the model fits beside it; what is refused then says what to do."""
    host, weights = corpus[1], initial_weights(corpus[0], 16, 1)
    there = Tokens(fake_cupy.array(host.ids), fake_cupy.array(host.starts))
    model_bytes = 8 * 16 * 30 + 12 * 30 + 8 * 13 * 16 + cuda_plan._RESERVE_BYTES  # a window of 5
    monkeypatch.setattr(cuda_jit, "free_memory", lambda: model_bytes)
    assert cuda_plan.plan(config_of(), there, weights, model_bytes).is_resident
    trained(config_of(), (corpus[0], there))
    monkeypatch.setattr(cuda_jit, "free_memory", lambda: model_bytes - 1)
    monkeypatch.setattr(fake_cupy, "array", lambda *_: pytest.fail("something was allocated"))
    said = (
        rf"a model of two float32 matrices 30 x 16, beside the {host.n_tokens} tokens \(0\.00 GB\) that lie there, "
        r"needs 0\.27 GB on the GPU and 0\.27 GB are free; take a smaller corpus, or copy it to the host "
        r"\(ids.get\(\) of CuPy, ids.cpu\(\) of PyTorch\), from which it is streamed, free what other programs hold"
    )
    with pytest.raises(MemoryError, match=said):
        trained(config_of(), (corpus[0], there))


def test_the_upload_waits_for_what_the_caller_has_queued(corpus, gpu, monkeypatch):
    """A corpus of CuPy's may still be on its way in the caller's stream."""
    log, current = [], []

    class Stream:
        def __init__(self, name="own", **_):
            self.name = name

        def record(self, event):
            log.append(f"{self.name} is recorded")
            return self.name

        def wait_event(self, event):
            log.append(f"{self.name} waits for {event}")

        def synchronize(self):
            log.append(f"{self.name} is done")

        def __enter__(self):
            current.append(self)

        def __exit__(self, *_):
            current.pop()

    class There:
        def __init__(self, shape, dtype):
            self.shape, self.dtype = shape, dtype

        def set(self, values):
            assert (self.shape, self.dtype) == (values.shape, values.dtype)
            log.append(f"{current[-1].name} copies")

    current.append(Stream("caller's"))
    device = SimpleNamespace(id=0, compute_capability="90")
    cupy = SimpleNamespace(empty=There)  # its `array` would pin
    cupy.cuda = SimpleNamespace(Stream=Stream, Event=lambda **_: None, get_current_stream=lambda: current[-1])
    cupy.cuda.Device = lambda *index: nullcontext() if index else device
    monkeypatch.setattr(cuda_jit, "IS_SIMULATED", False)
    monkeypatch.setattr(cuda_jit, "array_module", lambda: cupy)
    monkeypatch.setattr(cuda_jit, "free_memory", lambda: 1 << 40)
    CudaBackend().upload(config_of(), *corpus, initial_weights(corpus[0], 16, 1))
    assert log[:3] == ["caller's is recorded", "own waits for caller's", "own copies"]
    assert log[-1] == "own is done"
    assert set(log[2:-1]) == {"own copies"}


@pytest.mark.parametrize("negative", [1, 5, 300])
@pytest.mark.parametrize("mode", MODES[:3], ids=mode_name)
def test_a_window_is_refused_from_the_first_that_does_not_fit_on(mode, negative, gpu):
    with pytest.raises(ValueError, match="window is 65536; expected at most") as refused:
        cuda_plan.check_window(config_of(window=65_536, negative=negative, **mode))
    assert 'take a smaller window, or device="cpu"' in str(refused.value)
    most = int(re.search(r"at most (\d+)", str(refused.value))[1])
    assert most >= 10
    cuda_plan.check_window(config_of(window=most, negative=negative, **mode))
    with pytest.raises(ValueError, match=f"window is {most + 1}; expected at most {most} on a GPU, with {negative} "):
        cuda_plan.check_window(config_of(window=most + 1, negative=negative, **mode))


def test_a_window_that_is_too_large_is_said_before_anything_is_read_or_uploaded(corpus, gpu, monkeypatch):
    class Unread:
        def __iter__(self):
            raise AssertionError("the corpus was read")

    knobs = {"device": "cuda", "window": 2500}
    for read in (lambda: Word2Vec(Unread(), **knobs), lambda: Word2Vec(**knobs).build_vocab(Unread())):
        with pytest.raises(ValueError, match="window is 2500; expected at most"):
            read()
    monkeypatch.setattr(fake_cupy, "array", lambda *_: pytest.fail("something was allocated"))
    with pytest.raises(ValueError, match="window is 2500; expected at most"):
        trained(config_of(window=2500), corpus)


def test_matrices_beyond_32_bits_are_counted_in_64(gpu, monkeypatch):
    """4 million words of 1,024: 2**32 elements in each matrix."""
    n_vocab, dim = 4 << 20, 1024
    matrix = np.broadcast_to(np.float32(0), (n_vocab, dim))
    tokens = Tokens(np.broadcast_to(np.int32(0), 10**9), np.array([0, 10**9]))
    weights = Weights(matrix, matrix, dim)

    def is_resident(free_bytes):
        monkeypatch.setattr(cuda_jit, "free_memory", lambda: free_bytes)
        return cuda_plan.plan(config_of(), tokens, weights, free_bytes).is_resident

    assert is_resident(39 * 10**9)
    assert not is_resident(36 * 10**9)
    with pytest.raises(MemoryError, match=r"4,194,304 x 1,024, .* needs 34\.79 GB on the GPU and 34\.00 GB are free"):
        is_resident(34 * 10**9)


def test_a_launch_has_no_more_warps_than_chunks(gpu):
    """Rates hold for as many warps as train: those that a short span leaves idle move nothing."""
    matrix = np.zeros((100, 16), np.float32)
    tokens = Tokens(np.broadcast_to(np.int32(0), 10**9), np.array([0, 10**9]))
    least = cuda_plan.plan(config_of(), tokens, Weights(matrix, matrix, 16), 1 << 40)
    assert (least.is_resident, least.max_warps) == (True, 1024)
    small = cuda_plan.plan(config_of(), tokens, Weights(matrix, matrix, 16), 279_000_000)
    assert not small.is_resident
    assert small.span_tokens < 512 * 1024
    assert small.max_warps == -(-small.span_tokens // cuda_plan.CHUNK_TOKENS)


def test_only_words_that_many_warps_hold_are_slowed_down():
    counts = np.array([6_000_000, 3_000_000, 100_000, *[1000] * 20_000])
    vocab, config = Vocab.from_ids(np.arange(len(counts)), counts), config_of(sample=1e-3)
    keep = vocab.keep_probabilities(config.sample)
    rate_in, rate_out = rates(config, vocab, keep, 1024)
    share = counts * keep / (counts * keep).sum()
    np.testing.assert_allclose(rate_in[0], 16 / (1024 * 11 * share[0]), rtol=0.2)
    assert rate_in[0] < rate_in[1] < 1
    assert len(rate_in) < 10
    assert len(rate_out) < 10
    assert all(rate.tolist() == [1] for rate in rates(config, vocab, keep, 8))


@pytest.mark.parametrize("n_words", [1, 10])
@pytest.mark.parametrize("sample", [0, 1e-3])
def test_rates_of_hot_words_are_finite(n_words, sample):
    vocab, config = Vocab.from_ids(np.arange(n_words), np.full(n_words, 10**6)), config_of(sample=sample)
    for rate in rates(config, vocab, vocab.keep_probabilities(sample), 1024):
        assert ((rate > 1e-4) & (rate < 0.1)).all()


def test_a_small_corpus_has_few_warps():
    assert [max_warps(n) for n in (0, 5000, 100_000, 10**9)] == [1, 1, 24, 1024]


def test_an_empty_corpus_is_nothing_to_do(corpus, gpu):
    nothing = Tokens(np.empty(0, np.int32), np.zeros(1, np.int64))
    _, report = trained(config_of(), (corpus[0], nothing))
    assert (report.raw_words, report.pairs, report.loss_per_epoch) == (0, 0, [])
