"""The README's results: `python -m comparison.readme` writes them anew."""

import contextlib
import io
import re

from comparison import __main__ as command_line
from comparison import analysis, claims, studies, verdicts

README = analysis.ROOT / "README.md"


def rendered(text):
    """Returns the README's text with what the records say today."""
    for name, part in (("results", _results()), ("why", _why())):
        text = re.sub(
            rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)",
            lambda found, part=part: f"{found[1]}{part}{found[2]}",
            text,
            flags=re.DOTALL,
        )
    return text


def _results():
    controlled = studies.study("controlled")
    ablations = studies.study("ablations")
    records = _records(controlled)
    effects = analysis.ablation_effects(
        ablations, _records(ablations), controlled, records
    )
    command = ["table", "controlled"]
    table = io.StringIO()
    with contextlib.redirect_stdout(table):
        command_line.main([*command, "--results", str(analysis.RESULTS)])
    return (
        f"{analysis.finding(controlled, records)}\n\n"
        f"{analysis.contributions(effects)}\n\n"
        f"```\n$ python -m comparison {' '.join(command)}\n"
        f"{table.getvalue()}```\n"
    )


def _records(study):
    return studies.records(study, [analysis.RESULTS])


def _why():
    rows = {
        name: claims.recorded(name, analysis.RESULTS)
        for name in claims.EXPERIMENTS
    }
    return "".join(
        f"- {found.claim}: {verdicts.CLAIMS[found.claim]} "
        f"*{found.verdict[0].upper()}{found.verdict[1:]}.*\n"
        for found in verdicts.decide(rows)
    )


if __name__ == "__main__":
    README.write_text(
        rendered(README.read_text(encoding="utf-8")), encoding="utf-8"
    )
