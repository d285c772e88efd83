"""Folds weight normalisation into plain weights, for inference."""

from torch import Tensor, nn
from torch.nn.utils import parametrize

__all__ = ["fold_weight_norm"]


def fold_weight_norm(network: nn.Module) -> None:
    """Replace every weight-normed weight by its value, in place.

    ``remove_parametrizations`` deletes the attribute from the module's class, which deep copies of
    the module share; this leaves them as they are.
    """
    for module in network.modules():
        if parametrize.is_parametrized(module, "weight"):
            value = module.weight
            assert isinstance(value, Tensor)
            module.__class__ = parametrize.type_before_parametrizations(module)
            del module.parametrizations
            module.register_parameter("weight", nn.Parameter(value.detach()))
