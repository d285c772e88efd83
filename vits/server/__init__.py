"""HTTP server for voices: an OpenAI-compatible API, dynamic batching and a web page.

Needs the extra ``serve``. ``import vits`` imports nothing from here.
"""
