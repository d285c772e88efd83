import json

from vits.hub.publish import model_card
from vits.synthesis import Card


def front(card, language="de-at", samples=()):
    text = model_card(card, 22050, language, (), samples)
    assert text.startswith("---\n")
    block, page = text[4:].split("\n---\n", 1)
    values = {
        key: json.loads(value) for key, value in (x.split(": ", 1) for x in block.split("\n"))
    }
    return values, page


def test_the_front_matter_says_what_the_hub_asks():
    card = Card(name="Ada", licence="CC-BY-4.0", dataset="ada corpus")
    values, page = front(card, samples=["samples/a b.wav"])
    assert values["pipeline_tag"] == "text-to-speech"
    assert values["library_name"] == "vits"
    assert (values["license"], values["language"]) == ("cc-by-4.0", "de")
    assert values["datasets"] == ["ada corpus"]
    assert values["widget"] == [{"text": "a b", "output": {"url": "samples/a b.wav"}}]
    assert "# Ada" in page
    assert 'src="samples/a b.wav"' in page


def test_what_is_not_known_is_left_out():
    values, _ = front(Card(), language="und")
    assert not {"license", "language", "datasets", "widget"} & values.keys()


def test_no_text_of_the_card_ends_the_front_matter():
    values, _ = front(Card(licence="x\n---\ny: z"))
    assert values["license"] == "x\n---\ny: z"
