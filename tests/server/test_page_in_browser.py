"""A real browser without a screen opens the page, types, listens and downloads."""

import re
import shutil
import struct
import time
from pathlib import Path

import numpy as np
import pytest

from vits.audio.files import to_pcm16

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
TEXT = "Hello there. How are you?"
# Notes every state that matters while the page runs, for the test to read afterwards.
SPY = """
window.lit = [];
new MutationObserver((changes) => {
  for (const { target } of changes)
    if (target.classList && target.classList.contains("now") && target.classList.contains("sound"))
      lit.push(target.textContent);
}).observe(document.getElementById("script"), { subtree: true, attributes: true });
"""
# Plays again and stops at once: a short speech is over before a busy machine has clicked twice.
STOP = """
const [done] = arguments, status = document.getElementById("status");
new MutationObserver((_, observer) => {
  if (status.textContent !== "Playing again") return;
  observer.disconnect();
  document.getElementById("stop").click();
  done(status.textContent);
}).observe(status, { childList: true });
document.getElementById("again").click();
"""

pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER), reason="chromium and chromedriver are not installed"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}", "--window-size=1000,900"):
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"download.default_directory": str(folder)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    driver.folder = folder
    driver.set_page_load_timeout(60)
    yield driver
    driver.quit()


@pytest.fixture
def page(browser, address):
    browser.get(f"{address}/")
    wait(lambda: len(select(browser, "#voice option")) == 2)
    browser.execute_script(SPY)
    yield browser
    assert [x for x in browser.get_log("browser") if x["level"] == "SEVERE"] == []


def select(page, rule):
    return page.find_elements("css selector", rule)


def one(page, name):
    return page.find_element("id", name)


def wait(true, seconds=40):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)


def fill(page, **values):
    for name, value in values.items():
        one(page, name).clear()
        one(page, name).send_keys(value)


def download(page, name):
    target = Path(page.folder) / f"speech.{name}"
    target.unlink(missing_ok=True)
    one(page, name).click()
    wait(lambda: target.exists() and target.stat().st_size > 0)
    return target.read_bytes()


def test_it_types_speaks_lights_up_and_downloads(page, voices):
    fill(page, text=TEXT, seed="7")
    page.execute_script(
        "const choose = (id, value, kind) => { const node = document.getElementById(id);"
        "node.value = value; node.dispatchEvent(new Event(kind)); };"
        "choose('voice', 'duo', 'change'); choose('speaker', 'bob', 'change');"
        "choose('speed', '2', 'input');"
    )
    assert one(page, "shown").text == "2.00 ×"
    one(page, "text").send_keys("\ue009\ue007")  # Ctrl + Enter
    wait(lambda: one(page, "status").text.startswith("Finished") or one(page, "error").text)
    assert one(page, "error").text == ""
    alone = voices["duo"](TEXT, seed=7, speaker="bob", length_scale=0.5)
    assert one(page, "status").text == f"Finished: {alone.seconds:.1f} seconds, seed 7"
    words = [node.text for node in select(page, ".word > span:first-child")]
    assert words == [word.text for word in alone.words]
    sounds = page.execute_script(
        "return [...document.querySelectorAll('.sound')].map((node) => node.textContent)"
    )
    assert sounds == [phoneme.text for phoneme in alone.phonemes]
    lit = page.execute_script("return lit")
    assert len(lit) >= 3
    places = iter(sounds)  # in their order, some too short for a busy machine's screen
    assert all(any(sound == other for other in places) for sound in lit)
    assert not select(page, ".now")

    wave = download(page, "wav")
    assert struct.unpack_from("<I", wave, 24)[0] == alone.sample_rate
    found, numbers = np.frombuffer(wave[44:], "<i2"), to_pcm16(np.clip(alone.samples, -1, 1))
    assert found.shape == numbers.shape
    assert np.abs(found.astype(int) - numbers).max() <= 1
    vtt, srt = (download(page, name).decode() for name in ("vtt", "srt"))
    assert vtt.startswith("WEBVTT\n\n1\n00:00:0")
    times = re.findall(r"(\d\d):(\d\d):(\d\d)[.,](\d\d\d)", vtt)
    seconds = [int(h) * 3600 + int(m) * 60 + int(s) + int(f) / 1000 for h, m, s, f in times]
    assert seconds == sorted(seconds)
    assert seconds[0] == pytest.approx(alone.words[0].start, abs=0.001)
    assert seconds[-1] == pytest.approx(alone.words[-1].end, abs=0.001)
    assert "-->" in srt
    assert " ".join(words[:2]) in srt.replace("\n", " ")

    page.set_script_timeout(40)
    assert page.execute_async_script(STOP) == "Stopped"
    assert page.switch_to.active_element.get_attribute("id") == "speak"


def test_mistakes_are_told(page):
    fill(page, text="   ")
    one(page, "speak").click()
    wait(lambda: one(page, "error").text)
    assert "the text is empty" in one(page, "error").text
    assert one(page, "error").get_attribute("role") == "alert"
    assert not one(page, "stop").is_enabled()
    page.get_log("browser")  # a refused request is an error there too


def test_what_is_drawn_is_a_wave(page):
    fill(page, text="Hello.", seed="3")
    before = page.execute_script(DRAWN)
    one(page, "speak").click()
    wait(lambda: one(page, "status").text.startswith("Finished"))
    assert page.execute_script(DRAWN) > before + 50
    assert "seconds of speech" in one(page, "wave").get_attribute("aria-label")


DRAWN = """
const canvas = document.getElementById("wave");
const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
return data.filter((value, i) => i % 4 === 3 && value).length;
"""


def test_it_fits_a_phone_and_follows_dark_and_light(page):
    size = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    assert page.execute_script("return document.documentElement.scrollWidth") <= 390
    colours = set()
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        script = "return getComputedStyle(document.body).backgroundColor"
        colours.add(page.execute_script(script))
    assert len(colours) == 2
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
