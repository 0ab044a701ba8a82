"""Where the time goes: the softmax baseline, the book's negative sampling and the compiled kernels, stage by stage."""

from fastw2v.profile.case import Case
from fastw2v.profile.measure import profile
from fastw2v.profile.records import LeftOut, Profile, Run, Stage

__all__ = ["Case", "LeftOut", "Profile", "Run", "Stage", "profile"]
