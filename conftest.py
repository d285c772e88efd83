"""What pytest must not import."""

import importlib.util

# doctests import every module; this one needs triton, which comes with PyTorch for CUDA only
HAS_TRITON = importlib.util.find_spec("triton") is not None
collect_ignore = [] if HAS_TRITON else ["vits/alignment/triton_kernel.py"]
