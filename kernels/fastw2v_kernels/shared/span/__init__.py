"""What skip-gram and CBOW have in common: how a kernel goes through a span of tokens, and one gradient step."""
