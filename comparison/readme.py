"""The README's results: `python -m comparison.readme` writes them anew."""

import contextlib
import io
import re

from comparison import __main__ as command_line
from comparison import analysis, studies

README = analysis.ROOT / "README.md"
COMMAND = ["table", "controlled"]


def rendered(text):
    """Returns the README's text with what the records say today."""
    study = studies.study("controlled")
    records = studies.records(study, [analysis.RESULTS])
    table = io.StringIO()
    with contextlib.redirect_stdout(table):
        command_line.main([*COMMAND, "--results", str(analysis.RESULTS)])
    results = (
        f"{analysis.finding(study, records)}\n\n"
        f"```\n$ python -m comparison {' '.join(COMMAND)}\n"
        f"{table.getvalue()}```\n"
    )
    return re.sub(
        r"(<!-- results -->\n).*?(<!-- /results -->)",
        lambda found: f"{found[1]}{results}{found[2]}",
        text,
        flags=re.DOTALL,
    )


if __name__ == "__main__":
    README.write_text(
        rendered(README.read_text(encoding="utf-8")), encoding="utf-8"
    )
