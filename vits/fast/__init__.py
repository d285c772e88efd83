"""Faster equivalents of modules: the same mathematics and parameters, up to rounding.

``optimize_for_training`` and ``optimize_for_inference`` replace modules of a network by their
equivalents here.
"""

from vits.fast.inference import optimize_for_inference
from vits.fast.training import optimize_for_training

__all__ = ["optimize_for_inference", "optimize_for_training"]
