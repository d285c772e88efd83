"""Read and write voices of other projects; see docs/guides/interop.md."""
