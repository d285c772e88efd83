"""Written forms of languages other than English, to words: one module a language."""
