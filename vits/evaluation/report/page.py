"""HTML templates of the report; callers must escape what they insert."""

from string import Template

__all__ = ["BLIND", "PAGE"]

PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Evaluation of a voice</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0 }
th, td { border-bottom: 1px solid #ccc; padding: .2rem .8rem; text-align: right }
tr > :first-child { text-align: left; font-weight: normal }
section { border-top: 1px solid #ccc; margin-top: 1.5rem }
audio { height: 2rem; vertical-align: middle }
img { max-width: 100%; display: block }
.metrics { margin: .4rem 0 }
</style>
<h1>Evaluation</h1>
<ul>$facts</ul>
$summary
<p>Errors on the recordings are the recogniser's own; only the excess counts against a voice.</p>
$blind
<h2>Utterances</h2>
$utterances
</html>
""")

BLIND = Template("""<h2>Which is better?</h2>
<p>The order of the two is random on each line. Choose the better one, then count.</p>
<details><summary>Listen</summary>
<form id="blind"><table>$rows</table><button type="button" id="count">Count</button>
<output id="tally"></output></form></details>
<script>
document.getElementById("count").onclick = () => {
  const votes = {};
  document.querySelectorAll("#blind input:checked").forEach(
    (choice) => { votes[choice.value] = (votes[choice.value] || 0) + 1 });
  document.getElementById("tally").textContent =
    Object.entries(votes).map(([name, count]) => name + ": " + count).join(", ");
};
</script>
""")
