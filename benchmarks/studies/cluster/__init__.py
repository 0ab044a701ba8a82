"""Trainings on Ray clusters of several nodes, all on this machine: quality, faults, speed, exchange and memory."""
