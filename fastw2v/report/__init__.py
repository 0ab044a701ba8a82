"""Pictures of vectors and trainings: a report as one HTML file, a map of the words, curves of a training."""

from fastw2v.report.curves import write_curves
from fastw2v.report.maps import write_map
from fastw2v.report.page import write_report

__all__ = ["write_curves", "write_map", "write_report"]
