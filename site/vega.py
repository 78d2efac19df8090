"""Makes a chart of Altair a piece of HTML that needs nothing else.

It carries Vega, its data and its own logic, for a page of the site and for a
notebook's output, and an image for where scripts do not run.
"""

import base64
import io
import json
from pathlib import Path

import altair as alt
import vl_convert
from PIL import Image

HERE = Path(__file__).parent
_INK = "currentColor"  # That of the text around, light or dark.
CONFIG = {
    "background": "transparent",
    "axis": {
        "domainColor": _INK,
        "gridColor": _INK,
        "gridOpacity": 0.15,
        "labelColor": _INK,
        "tickColor": _INK,
        "titleColor": _INK,
    },
    # Panels below each other begin and end at the same places, and stay there:
    # no number is wider, and none stands higher, which would move the title.
    "axisY": {"minExtent": 40, "maxExtent": 40, "labelFlush": 7},
    "rule": {"color": _INK},
    "title": {
        "anchor": "start",
        "color": _INK,
        "frame": "group",
        "subtitleColor": _INK,
    },
    "view": {"stroke": None},
}
KEY = 40  # Where the lines before words begin, beside the vertical axes.
# A module, since names at the top of a script would be the whole page's.
TEMPLATE = """\
<meta charset="utf-8">
<style>
#{name} {{ display: flex; flex-direction: column; max-width: 50em; }}
#{name} .vega-bindings {{
  display: grid;
  font-size: 0.85em;
  gap: 0.3em 1em;
  grid-template-columns: repeat(auto-fill, minmax(9em, 1fr));
  margin-bottom: 0.5em;
  order: -1;
}}
#{name} .vega-bind label {{ display: flex; flex-wrap: wrap; gap: 0 0.5em; }}
#{name} .vega-bind-name {{ flex: 0 0 100%; }}
#{name} .vega-bind input[type="range"] {{ flex: 1; min-width: 0; }}
#{name} .vega-bind-radio {{ display: flex; gap: 1em; }}
</style>
<div id="{name}">
<img src="data:image/png;base64,{image}" alt="{description}">
</div>
<script type="application/json" id="{name}-chart">{chart}</script>
<script type="module">
{script}
</script>
"""


def pair(left, right):
    """Returns two panels that stand side by side, or one below the other.

    No number on an axis moves them: between them is room for title and axis.
    """
    return alt.concat(
        left,
        right,
        columns=2,
        bounds="flush",
        spacing={"row": 90, "column": 60},
    )


def key(chart, y, **mark):
    """Returns the lines that stand before words, which have the text's ink."""
    return chart.mark_rule(strokeWidth=3, strokeCap="butt", **mark).encode(
        x=alt.value(-KEY), x2=alt.value(-8), y=y
    )


def responsive(chart):
    """Compiles a chart to Vega, with panels that follow the page's width.

    Vega-Lite does so for single panels only. The pair stands side by side
    where there is room for it, and as one column on a phone.
    """
    spec = vl_convert.vegalite_to_vega(chart.to_dict(), config=CONFIG)
    for signal in spec["signals"]:
        if signal["name"].lower().endswith("width"):
            pair = signal["name"].endswith("childWidth")
            signal["update"] = "half" if pair else "room"
            del signal["value"]
    # Where an image is made there is no page.
    room = "(containerSize()[0] || 720) - 60"
    resize = {"events": {"source": "window", "type": "resize"}, "update": room}
    spec["signals"] = [
        {"name": "room", "init": room, "on": [resize]},
        {"name": "columns", "update": "room > 480 ? 2 : 1"},
        {"name": "half", "update": "columns > 1 ? (room - 60) / 2 : room"},
        *spec["signals"],
    ]
    for group in spec["marks"]:
        if "layout" in group:
            group["layout"]["columns"] = {"signal": "columns"}
    return spec


def write(name, chart, description):
    """Writes a chart to `NAME.html`, for a page or a notebook's output.

    Args:
        name: Of the file, without its ending.
        chart: Of Altair.
        description: What can be seen, for those who cannot.
    """
    spec = responsive(chart)
    spec["description"] = description
    drawn = vl_convert.vega_to_png({**spec, "background": "white"}, scale=2)
    # Lines in a few colours: a palette takes a fifth of the bytes.
    image = io.BytesIO()
    Image.open(io.BytesIO(drawn)).convert("RGB").quantize(64).save(
        image, "PNG", optimize=True
    )
    place = f"vega-{name}"  # No heading has it, and no notebook changes it.
    draw = f"""
        const place = document.getElementById("{place}");
        const chart = document.getElementById("{place}-chart").textContent;
        vegaEmbed(place, JSON.parse(chart), {{renderer: "svg", actions: false}})
          // Where a test reads what is drawn.
          .then(({{view}}) => {{ place.view = view; }});
    """
    script = vl_convert.javascript_bundle(draw)
    page = TEMPLATE.format(
        name=place,
        image=base64.b64encode(image.getvalue()).decode(),
        description=description,
        chart=json.dumps(spec, separators=(",", ":")),
        # A string of Vega's would end the script.
        script=script.replace("</script", "<\\/script"),
    )
    (HERE / f"{name}.html").write_text(page, encoding="utf-8")
