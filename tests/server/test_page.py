"""The web page: its policy and its labels."""

import base64
import hashlib
import re


def test_the_policy_allows_only_the_pages_own_script_and_style(client):
    response = client().get("/")
    policy = dict(
        part.strip().split(" ", 1)
        for part in response.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self'"
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", response.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert policy[rule] == f"'sha256-{digest}'"
    assert not re.search(r"https?://|//[a-z]+\.|\bon[a-z]+=|style=", response.text)
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in response.headers


def test_every_control_has_a_label(client):
    text = client().get("/").text
    labelled = set(re.findall(r'<label for="(\w+)"', text))
    controls = set(re.findall(r'<(?:input|select|textarea) id="(\w+)"', text))
    assert controls
    assert controls <= labelled
    assert 'lang="en"' in text
    assert 'aria-live="polite"' in text
