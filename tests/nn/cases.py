"""What the tests of fastw2v.nn share: small corpora, samplers that replay, models in float64."""

import numpy as np

from fastw2v import nn


def zipf_corpus(n_tokens, n_words, seed=0):
    """Ids 0 to n_words - 1, each at least once, the low ones often."""
    rng = np.random.default_rng(seed)
    p = 1 / np.arange(1, n_words + 1)
    drawn = rng.choice(n_words, n_tokens - n_words, p=p / p.sum())
    return rng.permutation(np.concatenate([np.arange(n_words), drawn]))


class Replay:
    """A sampler that gives the same words at every call: negatives int[batch, n_contexts, K]."""

    def __init__(self, negatives, vocab_size):
        self.negatives, self.vocab_size = negatives, vocab_size
        self.sample_size, self.n_calls = negatives.shape[-1], 0

    def get_negative_sample(self, target):
        batch, n_contexts, k = self.negatives.shape
        if len(target) == batch * n_contexts:
            return self.negatives.reshape(-1, k)
        column = self.n_calls % n_contexts
        self.n_calls += 1
        return self.negatives[:, column]


def case(model_class, *, n_words=12, dim=4, window=2, batch=7, seed=0, k=5):
    """A maker of models that start equal and draw equal negatives, and a batch for them."""
    rng = np.random.default_rng(seed)
    corpus = zipf_corpus(200 + n_words, n_words)
    n_contexts = 2 * window if model_class is nn.SkipGram else 1
    negatives = rng.integers(0, n_words, (batch, n_contexts, k))

    def make(device):
        return model_class(n_words, dim, window, corpus, device=device, seed=seed, sampler=Replay(negatives, n_words))

    return make, rng.integers(0, n_words, (batch, 2 * window)), rng.integers(0, n_words, batch)


def widen(model, scale=1.0):
    """Give a model on "reference" weights in float64, times `scale`, shared by its layers as before."""
    wide = {id(W): scale * W.astype(np.float64) for W in model.params}
    for layer in embeddings(model):
        layer.params[0] = wide[id(layer.params[0])]
        layer.grads[0] = np.zeros_like(layer.params[0])
    model.params = [layer.params[0] for layer in embeddings(model)]
    model.grads = [layer.grads[0] for layer in embeddings(model)]
    return model


def embeddings(model):
    """The Embedding layers of a model on "reference", in the order of its params."""
    losses = [model.ns_loss] if hasattr(model, "ns_loss") else model.loss_layers
    first = model.in_layers if hasattr(model, "in_layers") else [model.in_layer]
    return [*first, *(dot.embed for loss in losses for dot in loss.embed_dot_layers)]


def parameters(model):
    """W_in and W_out, each once."""
    return list({id(W): W for W in model.params}.values())


def gradients(model):
    """dW_in and dW_out, the book's merged gradients."""
    return [np.asarray(grad) for grad in nn.remove_duplicate(model.params, model.grads)[1]]


def central_differences(loss, W, step=1e-6):
    """Gradient of loss() in W, float64, by central differences."""
    gradient = np.zeros_like(W)
    for at in np.ndindex(W.shape):
        kept = W[at]
        W[at] = kept + step
        above = loss()
        W[at] = kept - step
        gradient[at] = (above - loss()) / (2 * step)
        W[at] = kept
    return gradient
