from pathlib import Path

from vits.hub.client import connect, home, is_offline


def test_the_environment_is_honoured(monkeypatch):
    for name in ("HF_HOME", "HF_HUB_CACHE", "HF_ENDPOINT", "HF_TOKEN", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert home() == Path("~/.cache/huggingface").expanduser()
    monkeypatch.setenv("HF_HOME", "/x/home")
    hub = connect()
    assert (hub.endpoint, hub.cache) == ("https://huggingface.co", Path("/x/home/hub"))
    monkeypatch.setenv("HF_HUB_CACHE", "/x/cache")
    monkeypatch.setenv("HF_ENDPOINT", "http://mirror/")
    monkeypatch.setenv("HF_TOKEN", "t")
    hub = connect()
    assert (hub.endpoint, hub.cache, hub.token) == ("http://mirror", Path("/x/cache"), "t")


def test_offline_is_what_the_package_calls_offline(monkeypatch):
    for value, expected in (("1", True), ("true", True), ("0", False), ("", False)):
        monkeypatch.setenv("HF_HUB_OFFLINE", value)
        assert is_offline() is expected
