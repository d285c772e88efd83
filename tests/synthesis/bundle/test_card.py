from vits.synthesis import Card
from vits.synthesis.bundle.card import render_readme


def test_the_page_tells_origin_licence_and_training():
    card = Card(
        name="Ada",
        licence="CC0-1.0",
        origin="Ada | herself",
        description="A calm voice.",
        dataset="ada-corpus",
        utterances=1234,
        seconds=5400.0,
        training_steps=800_000,
        averaged=True,
        vits_version="9.8.7",
    )
    page = render_readme(card, 22050, "en-us", ("ada", "bob"))
    assert page.startswith("# Ada\n\nA calm voice.\n")
    for row in (
        "| Licence | CC0-1.0 |",
        "| Origin | Ada \\| herself |",
        "| Language | en-us |",
        "| Speakers | 2: ada, bob |",
        "| Sample rate | 22050 Hz |",
        "| Data | ada-corpus (1,234 utterances, 1.50 hours) |",
        "| Training | 800,000 steps, moving average |",
        "| Made with | vits 9.8.7 |",
    ):
        assert row in page


def test_what_nobody_said_is_shown_as_missing():
    page = render_readme(Card(name="x"), 16000, "de", ())
    assert "| Licence | not stated" in page
    assert "| Origin | not stated |" in page
    assert "| Speakers | 1 |" in page
    assert "moving average" not in page


def test_many_speakers_are_counted_and_the_first_named():
    names = tuple(f"p{i}" for i in range(200))
    page = render_readme(Card(name="x"), 16000, "de", names)
    assert "200: p0, p1" in page
    assert "p20," not in page


def test_figures_and_commands_stand_on_the_page():
    card = Card(name="x", training_steps=5, hardware="two CPUs", hours=1.5)
    page = render_readme(card, 16000, "de", ())
    assert "| Training | 5 steps, 1.5 hours on two CPUs |" in page
    assert "Measured" not in page
    assert "```bash" not in page
    card = Card(name="x", figures={"word error rate": 0.25}, commands=("vits fit", "vits bundle"))
    page = render_readme(card, 16000, "de", ())
    assert "| word error rate | 0.25 |" in page
    assert "```bash\nvits fit\nvits bundle\n```" in page
