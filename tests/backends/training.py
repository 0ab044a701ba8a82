"""What the tests of training share: the modes, small configurations, and what the reference makes of them."""

import numpy as np

from fastw2v.config import TrainConfig
from fastw2v.schedule import spans
from fastw2v.vectors.weights import initial_weights
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


def config_of(**knobs):
    return TrainConfig(**({"vector_size": 16, "compute_loss": True, "workers": 1, "min_count": 1} | knobs))


def by_reference(config, corpus, float_type):
    """Weights and tallies of the reference, over the schedule that the trainer goes through."""
    vocab, tokens = corpus
    weights = initial_weights(vocab, config.vector_size, config.seed)
    w_in, w_out = weights.w_in.astype(float_type), weights.w_out.astype(float_type)
    alias_prob, alias_id = vocab.alias_table(config.ns_exponent)
    mode = {"share_negatives": config.shares_negatives}
    if not config.sg:
        mode = {"mean_context": bool(config.cbow_mean), "mean_gradient": config.divides_gradient}
    tally = np.zeros(3)
    for epoch in range(config.epochs):
        for span in spans(config, tokens.n_tokens, epoch, 65_536):
            (skipgram_ns_reference if config.sg else cbow_ns_reference)(
                w_in=w_in,
                w_out=w_out,
                ids=tokens.ids,
                starts=tokens.starts,
                keep=vocab.keep_probabilities(config.sample),
                alias_prob=alias_prob,
                alias_id=alias_id,
                begin=span.begin,
                end=span.end,
                lr_first=span.lr_first,
                lr_step=span.lr_step,
                seed=config.seed,
                epoch=span.epoch,
                window=config.window,
                negative=config.negative,
                shrink_windows=bool(config.shrink_windows),
                with_loss=True,
                tally=tally,
                **mode,
            )
    return {"w_in": w_in, "w_out": w_out, "loss": tally[:1], "counts": tally[1:].astype(np.int64)}
