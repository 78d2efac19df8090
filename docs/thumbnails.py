"""One stored figure of each notebook, made small: `python docs/thumbnails.py`.

The README shows them.
"""

import base64
import io
import pathlib

import nbformat
from PIL import Image

DOCS = pathlib.Path(__file__).resolve().parent
WIDTH = 480
# Of each notebook, the code cell that drew it begins or has a line like this.
FIGURES = {
    "01": 'value_and_derivative("sigmoid"',
    "02": '"val_accuracy"',
    "03": "figures.differences(",
    "04": "draw_prediction(",
    "05": "depth_figures.grid(plain",
    "06": "factor_figures.settings(",
}


def stored(number, line):
    """Returns the picture in the output of the first cell with this line."""
    (path,) = DOCS.parent.glob(f"notebooks/{number}_*.ipynb")
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and line in cell.source:
            for output in cell.outputs:
                if "image/png" in output.get("data", {}):
                    return base64.b64decode(output.data["image/png"])
    raise ValueError(f"No figure in {path} by a cell with {line}")


if __name__ == "__main__":
    (DOCS / "thumbnails").mkdir(exist_ok=True)
    for number, line in FIGURES.items():
        picture = Image.open(io.BytesIO(stored(number, line)))
        picture.thumbnail((WIDTH, WIDTH))
        picture.convert("P", palette=Image.Palette.ADAPTIVE).save(
            DOCS / "thumbnails" / f"{number}.png", optimize=True
        )
