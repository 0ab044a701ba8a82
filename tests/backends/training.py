"""What the tests of training share: the modes, small configurations, and what the reference makes of them."""

import numpy as np

from fastw2v.backends import TrainingData, cuda_plan
from fastw2v.backends.cuda import CudaBackend
from fastw2v.config import TrainConfig
from fastw2v.schedule import spans
from fastw2v.trainer import train
from fastw2v.vectors.weights import initial_weights
from fastw2v_kernels._jit import cuda as cuda_jit
from fastw2v_kernels.cbow_ns.reference import cbow_ns_reference
from fastw2v_kernels.skipgram_ns.reference import skipgram_ns_reference

MODES = [
    {"sg": 1, "negative_sharing": "window"},
    {"sg": 1, "negative_sharing": "pair"},
    {"sg": 0, "cbow_gradient": "sum"},
    {"sg": 0, "cbow_gradient": "mean"},
    {"sg": 0, "cbow_mean": 0},
]


def mode_name(mode):
    return "-".join(str(value) for value in mode.values())


def config_of(**options):
    return TrainConfig(**({"vector_size": 16, "compute_loss": True, "workers": 1, "min_count": 1} | options))


def data_of(config, corpus):
    """The corpus, with new weights to train."""
    return TrainingData(*corpus, initial_weights(corpus[0], config.vector_size, config.seed))


def by_reference(config, corpus, float_type):
    """Weights and tallies of the reference, over the schedule that the trainer goes through."""
    vocab, tokens = corpus
    weights = initial_weights(vocab, config.vector_size, config.seed)
    w_in, w_out = weights.w_in.astype(float_type), weights.w_out.astype(float_type)
    scheduled = [spans(config, tokens.n_tokens, epoch, span_tokens=65_536) for epoch in range(config.epochs)]
    tally = tally_by_reference(config, corpus, (w_in, w_out), spans=[span for epoch in scheduled for span in epoch])
    return {"w_in": w_in, "w_out": w_out, "loss": tally[:1] / tokens.mean_weight, "counts": tally[1:].astype(np.int64)}


def tally_by_reference(config, corpus, matrices, *, spans):
    """Train both matrices by the reference; return the tally."""
    (vocab, tokens), (w_in, w_out) = corpus, matrices
    alias_prob, alias_id = TrainingData(vocab, tokens, None).noise_table(config.ns_exponent)
    mode = {"share_negatives": config.shares_negatives}
    if not config.sg:
        mode = {"mean_context": bool(config.cbow_mean), "mean_gradient": config.divides_gradient}
    tally = np.zeros(3)
    for span in spans:
        (skipgram_ns_reference if config.sg else cbow_ns_reference)(
            w_in=w_in,
            w_out=w_out,
            ids=tokens.ids,
            starts=tokens.starts,
            keep=vocab.keep_probabilities(config.sample),
            alias_prob=alias_prob,
            alias_id=alias_id,
            **span._asdict(),
            seed=config.seed,
            window=config.window,
            negative=config.negative,
            shrink_windows=bool(config.shrink_windows),
            with_loss=True,
            tally=tally,
            centre_weight=tokens.weights,
            **mode,
        )
    return tally


def trained_on_gpu(config, corpus, backend=None, **options):
    """Train on the GPU, or by another backend; return the weights and the report."""
    data = data_of(config, corpus)
    return data.weights, train(backend or CudaBackend(), config, data, **options)


def small_memory(monkeypatch, corpus, span_tokens):
    """Let the device hold the model, and of the corpus two spans."""
    monkeypatch.setattr(cuda_plan, "_LEAST_STREAMED_TOKENS", 1)
    stride, n_vocab = 16, len(corpus[0])
    model = 8 * stride * n_vocab + 12 * n_vocab + 8 * 9 * stride + cuda_plan._RESERVE_BYTES  # a window of 3
    monkeypatch.setattr(cuda_jit, "free_memory", lambda: model + 30 * span_tokens)
