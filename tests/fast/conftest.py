"""The models of ``tests/models``: the fast forms must be those, decoder by decoder."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_spec = spec_from_file_location(
    "models_conftest", Path(__file__).resolve().parents[1] / "models" / "conftest.py"
)
assert _spec is not None
assert _spec.loader is not None
_models = module_from_spec(_spec)
_spec.loader.exec_module(_models)

make_model, draw, decoder = _models.make_model, _models.draw, _models.decoder
