"""Characters as symbols: cleaning by what a symbol table holds, and romanisation."""
