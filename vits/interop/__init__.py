"""Read and write voices of other projects; see docs/interop.md."""
