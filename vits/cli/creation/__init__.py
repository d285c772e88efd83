"""The stages of ``vits create``: each is a command of its own, and a journal remembers them."""
