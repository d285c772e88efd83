"""The boxes of the paper's figure 1, and the model that wires them."""

from vits.models.discriminators import Discriminators
from vits.models.vits import Vits

__all__ = ["Discriminators", "Vits"]
