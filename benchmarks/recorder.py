"""Runs code on a device without values and records every operation.

Tensors on torch's meta device have a shape, a type and a device, but no values, so a training step
of any size runs in seconds on any machine. What would make the host wait for a GPU, or mix tensors
of two devices, is recorded, and so is the number of kernels.

Autocast has no rules for the meta device. Those of CUDA are written down here, without the cache of
cast weights, which Lightning turns off.
"""

import traceback
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from pytorch_lightning.accelerators import Accelerator
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils import _foreach_utils
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from vits.alignment.search import BACKENDS

__all__ = ["META", "MetaAccelerator", "Record", "recording"]

META = torch.device("meta")
OPTIMIZER = import_module("torch.optim.optimizer")  # torch.optim hides it
# torch's documentation of autocast on CUDA, as far as a training step uses these functions
TO_BF16 = frozenset(
    {
        "conv1d",
        "conv2d",
        "conv_transpose1d",
        "conv_transpose2d",
        "linear",
        "matmul",
        "__matmul__",
        "__rmatmul__",
        "bmm",
        "mm",
        "addmm",
        "addbmm",
        "baddbmm",
        "einsum",
    }
)
TO_FLOAT32 = frozenset(
    {
        "exp",
        "log",
        "log10",
        "softmax",
        "log_softmax",
        "layer_norm",
        "group_norm",
        "pow",
        "__pow__",
        "square",
        "rsqrt",
        "reciprocal",
        "sum",
        "cumsum",
        "prod",
        "norm",
        "l1_loss",
        "mse_loss",
        "softplus",
    }
)
WAITS = frozenset({"_local_scalar_dense", "nonzero", "masked_select", "equal", "is_nonzero"})
NO_KERNEL = frozenset(
    {
        "empty",
        "empty_like",
        "empty_strided",
        "new_empty",
        "detach",
        "alias",
        "lift_fresh",
        "_unsafe_view",
    }
)
LIST = 100  # tensors of a list that one kernel takes, about
# results like the first argument where all arguments are alike; torch's own computation of a shape
# takes most of the time of a record
ALIKE = frozenset(
    {
        "add",
        "addcmul",
        "exp",
        "leaky_relu",
        "leaky_relu_backward",
        "mul",
        "neg",
        "sigmoid",
        "sigmoid_backward",
        "sub",
        "tanh",
        "tanh_backward",
    }
)
IN_PLACE = frozenset(
    {
        "add_",
        "addcmul_",
        "copy_",
        "div_",
        "fill_",
        "leaky_relu_",
        "mul_",
        "sub_",
        "zero_",
    }
)


class Record:
    """What was recorded.

    Attributes:
        kernels: operations that launch a kernel on the device, by name. An operation that launches
            several, such as the gradient of a convolution, counts once.
        found: what would make the host wait or mixes devices, with the line of this library.
        peak: most bytes of the device in use at once, without what libraries use inside kernels
            and without what an allocator loses to rounding.
    """

    def __init__(self) -> None:
        self.kernels: Counter[str] = Counter()
        self.found: list[str] = []
        self.peak = self._bytes = 0
        self._known: set[int] = set()

    def hold(self, tensor: Tensor) -> None:
        """Count the memory of a tensor until it is freed."""
        storage = tensor.untyped_storage()
        if storage._cdata in self._known:
            return
        self._known.add(storage._cdata)
        self._bytes += storage.nbytes()
        self.peak = max(self.peak, self._bytes)
        weakref.finalize(storage, self._free, storage._cdata, storage.nbytes())

    def _free(self, key: int, size: int) -> None:
        self._known.discard(key)
        self._bytes -= size

    def find(self, operation: str, what: str) -> None:
        """Keep that an operation would wait or mix devices."""
        ours = [f for f in traceback.extract_stack() if "/vits/" in f.filename]
        place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "outside"
        self.found.append(f"{operation} {what} at {place}")


class _Autocast:
    """Stands for ``torch.autocast``, whose state the functions below look up."""

    stack: list[bool] = []  # noqa: RUF012  # one for the process, as torch's

    def __init__(self, device_type: str, *args: Any, enabled: bool = True, **options: Any) -> None:
        del device_type, args, options
        self.enabled = enabled

    @classmethod
    def is_on(cls, *device: str) -> bool:
        """Return whether autocast is on."""
        del device
        return bool(cls.stack) and cls.stack[-1]

    def __enter__(self) -> None:
        self.stack.append(self.enabled)

    def __exit__(self, *error: object) -> None:
        self.stack.pop()


class _Functions(TorchFunctionMode):
    """Casts as autocast does, and finds values of the host that are copied to the device."""

    def __init__(self, record: Record) -> None:
        super().__init__()
        self.record = record

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        options, name = kwargs or {}, getattr(func, "__name__", "")
        if name in ("tensor", "as_tensor") and not isinstance(args[0], Tensor):
            if torch.device(options.get("device") or "cpu").type == "meta":
                self.record.find(name, "copies and waits")
        elif name == "dropout" and options.get("p") and options["training"]:
            return torch.native_dropout(args[0], options["p"], True)[0]  # the kernel of CUDA
        elif _Autocast.is_on():
            if name in TO_BF16:
                args, options = tree_map(_to_bf16, (args, options))
            elif name in TO_FLOAT32:
                args, options = tree_map(_to_float32, (args, options))
        return func(*args, **options)


class _Operations(TorchDispatchMode):
    """Counts kernels, and finds what waits or mixes devices."""

    def __init__(self, record: Record) -> None:
        super().__init__()
        self.record = record

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name, options = func.overloadpacket.__name__, kwargs or {}
        inputs = [x for x in tree_leaves((args, options)) if isinstance(x, Tensor)]
        before = {x.device.type for x in inputs}
        if name == "index" and any(x is not None and x.dtype == torch.bool for x in args[1]):
            name = "nonzero"  # which it calls
        if "meta" in before and name in WAITS:
            self.record.find(name, "waits")
            return _value(args[0], name)
        if name in ("_to_copy", "copy_"):
            target = torch.device(options.get("device") or args[0].device)
            if "meta" in before | {target.type} and before | {target.type} != {"meta"}:
                if not options.get("non_blocking") and not (name == "copy_" and args[2:]):
                    self.record.find(name, "copies and waits")
                if target.type == "cpu":  # there is nothing to copy
                    dtype = options.get("dtype") or args[0].dtype
                    return (
                        torch.zeros(args[0].shape, dtype=dtype) if name == "_to_copy" else args[0]
                    )
        elif {x.device.type for x in inputs if x.dim()} >= {"cpu", "meta"}:
            self.record.find(name, "mixes devices")
            args, options = tree_map(_to_meta, (args, options))
        out = _run(func, name, args, options)
        outputs = [x for x in tree_leaves(out) if isinstance(x, Tensor)]
        after = {x.device.type for x in outputs}
        for x in outputs:
            if x.device.type == "meta":
                self.record.hold(x)
        if "meta" in before | after and not func.is_view and name not in NO_KERNEL:
            lists = [len(x) for x in args if isinstance(x, list) and name.startswith("_foreach")]
            self.record.kernels[name] += 1 + max([*lists, 0]) // LIST
        return out


def _run(func: Any, name: str, args: Any, options: dict[str, Any]) -> Any:
    """Run an operation; the form of most results without values is known."""
    first = args[0] if args else None
    if isinstance(first, list):
        nothing = name.startswith(("_foreach", "_fused")) and name.endswith("_")
        if nothing and first and first[0].device.type == "meta":
            return None
    elif isinstance(first, Tensor) and first.device.type == "meta":
        if name in IN_PLACE:
            return first
        if name in ALIKE and _are_alike([x for x in args if isinstance(x, Tensor)]):
            return torch.empty(first.shape, dtype=first.dtype, device=first.device)
    return func(*args, **options)


def _are_alike(tensors: list[Tensor]) -> bool:
    """Return whether all are floating, contiguous and of one form, so that the result is."""
    first = tensors[0]
    form = first.shape, first.dtype, first.device
    return first.is_floating_point() and all(
        (x.shape, x.dtype, x.device) == form and x.is_contiguous() for x in tensors
    )


class MetaAccelerator(Accelerator):
    """Lets a Trainer run on the meta device."""

    def setup_device(self, device: torch.device) -> None:
        """Nothing to do."""

    def teardown(self) -> None:
        """Nothing to do."""

    @staticmethod
    def parse_devices(devices: Any) -> Any:
        """Return the request."""
        return devices

    @staticmethod
    def get_parallel_devices(devices: Any) -> list[torch.device]:
        """Return the one device."""
        del devices
        return [META]

    @staticmethod
    def auto_device_count() -> int:
        """Return 1."""
        return 1

    @staticmethod
    def is_available() -> bool:
        """Return True."""
        return True

    @staticmethod
    def name() -> str:
        """Return the name of the accelerator."""
        return "meta"


@contextmanager
def recording() -> Iterator[Record]:
    """Record what runs in the block; the alignment search is one kernel and its two buffers.

    The lists of devices for which torch has fused optimizers and kernels for lists of tensors
    include the meta device meanwhile.
    """
    record = Record()
    lists = [
        mock.patch.object(
            owner, f"_get_{kind}_kernels_supported_devices", return_value=["cuda", "meta"]
        )
        for kind in ("foreach", "fused")
        for owner in (_foreach_utils, OPTIMIZER)
    ]
    with (
        lists[0], lists[1], lists[2], lists[3],
        mock.patch.object(torch, "autocast", _Autocast),
        mock.patch.object(torch, "is_autocast_enabled", _Autocast.is_on),
        mock.patch.object(torch, "get_autocast_dtype", return_value=torch.bfloat16),
        mock.patch.dict(BACKENDS, torch=_search_in_one_kernel),
        _Functions(record),
        _Operations(record),
    ):  # fmt: skip
        yield record


def _search_in_one_kernel(scores: Tensor, symbol_lengths: Tensor, frame_lengths: Tensor) -> Tensor:
    del symbol_lengths, frame_lengths
    torch.empty(scores.shape, dtype=torch.int8, device=scores.device)
    return torch.zeros(scores.shape[0], scores.shape[2], dtype=torch.int64, device=scores.device)


def _to_bf16(value: Any) -> Any:
    if isinstance(value, Tensor) and value.dtype == torch.float32:
        return value.to(torch.bfloat16)
    return value


def _to_float32(value: Any) -> Any:
    if isinstance(value, Tensor) and value.dtype == torch.bfloat16:
        return value.float()
    return value


def _to_meta(value: Any) -> Any:
    return torch.empty_like(value, device=META) if isinstance(value, Tensor) else value


def _values(x: Tensor, operation: str, options: dict[str, Any]) -> Tensor:
    """Return what a copy to the host could have returned."""
    return (
        torch.zeros(x.shape, dtype=options.get("dtype") or x.dtype)
        if operation == "_to_copy"
        else x
    )


def _value(x: Any, operation: str) -> Any:
    """Return what an operation that waits could have returned."""
    if operation == "_local_scalar_dense":
        return torch.zeros((), dtype=x.dtype).item()
    if operation == "nonzero":
        return x.new_empty((1, x.dim()), dtype=torch.int64)
    return x.new_empty(1) if operation == "masked_select" else True
