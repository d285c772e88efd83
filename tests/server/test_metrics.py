"""Metrics in Prometheus' format."""

SPEECH = {"model": "tiny", "input": "Hello.", "response_format": "pcm"}


def test_prometheus_can_parse_the_metrics(client):
    from prometheus_client.parser import text_string_to_metric_families

    here = client()
    here.post("/v1/audio/speech", json=SPEECH)
    here.post("/v1/audio/speech", json={})
    for _ in range(3):
        here.get("/made/up")
    response = here.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {family.name: family for family in text_string_to_metric_families(response.text)}
    requests = {
        (sample.labels["route"], sample.labels["status"]): sample.value
        for sample in families["vits_requests"].samples
        if sample.name.endswith("_total")
    }
    assert requests["/v1/audio/speech", "200"] == requests["/v1/audio/speech", "400"] == 1
    assert requests["other", "404"] == 3
    (characters,) = [s for s in families["vits_characters"].samples if s.name.endswith("_total")]
    assert (characters.labels["voice"], characters.value) == ("tiny", 6)
