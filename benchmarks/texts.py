"""Time what happens to a text before espeak-ng: markup, sentences, normalisation, written spans.

    python benchmarks/texts.py
    python benchmarks/texts.py --repeats 500 --json texts.json

Sentences of about 150 characters are read `--repeats` times; the fastest counts, in CPU time. Long
texts are read once with marks, without any, and with markup, to show that the time is linear.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

from vits.synthesis.script.sentences import split_text
from vits.text.markup import strip_markup
from vits.text.normalize import normalize_aligned

SENTENCES = {
    "prose": "The old man walked slowly along the river, thinking of the days when his children "
    "were small and the house was full of voices, laughter and warm light.",
    "news": "The company said on Monday that profits rose 12% to $3.4 billion in 2023, while the "
    "U.S. market, its largest, grew by only 1,500 stores in 18 months or so.",
    "dates and sums": "On Jan. 5, 2024 at 9:30 a.m., Dr. Smith paid $3.50 for 5 kg of rice (see "
    "www.example.com), i.e. $0.70/kg; by 3/4 he'd run 10 km in 45 min. w/ Mr. Lee.",
    "addresses": "The U.S. firm (IBM, est. 1911) sold 1,500 units at £2.5m on 12/31/2023; visit "
    "https://ibm.com/us or call 555-867-5309, Mon.-Fri. 9am-5pm, 20% off 3 TVs!",
}
UNITS = {
    "with marks": SENTENCES["dates and sums"] + " ",
    "without a mark": "the old man walked 12 km along the river in 1999 and saw 3 birds ",
    "with markup": "- The **old** man paid [$5](https://a.example) for <b>2 kg</b>.\n\n## On 3/4\n",
}


def read(text: str) -> int:
    """Run a text through all steps; return the number of characters to speak."""
    sentences = split_text(strip_markup(text), "en-us")
    return sum(len(normalize_aligned(s.text, "en-us")) for s in sentences)


def fastest(call: Callable[[], object], repeats: int) -> float:
    """Return the shortest CPU time of a call, ms."""
    times: list[float] = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times) * 1000


def main() -> None:
    """Print the tables, and write them as JSON if asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=300)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    report: dict[str, dict[str, float]] = {"sentences": {}, "texts": {}}
    for name, text in SENTENCES.items():
        report["sentences"][name] = fastest(lambda text=text: read(text), args.repeats)
        print(f"{name:15} {len(text)} characters {report['sentences'][name]:7.2f} ms")
    for name, unit in UNITS.items():
        for kilobytes in (50, 100, 200):
            text = unit * (kilobytes * 1000 // len(unit))
            key = f"{name}, {kilobytes} kB"
            report["texts"][key] = fastest(lambda text=text: read(text), 1)
            print(f"{key:25} {report['texts'][key]:8.0f} ms")
    if args.json:
        args.json.write_text(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
