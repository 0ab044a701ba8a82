"""What `fastw2v.profile` is made of: cases, variants, the clock of stages, formulas of traffic, reports."""
