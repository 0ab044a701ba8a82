"""Code that skip-gram and CBOW share: the pass over a span of tokens, and one gradient step."""
