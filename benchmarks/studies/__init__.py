"""Measurements that answer one question each: what binds, what staleness costs, how the book's runs score."""
