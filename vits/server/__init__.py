"""Voices behind HTTP: an interface like OpenAI's, batching across requests, and one page.

Needs the extra ``serve``; nothing here is imported by ``import vits``.
"""
