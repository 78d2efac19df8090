"""python build.py CHECKOUT OUT.ipynb STUDY...: notebook 5 with the sections
of those studies; not executed."""
import sys, nbformat, pathlib
W=pathlib.Path(sys.argv[1]); READY=set(sys.argv[3:])
four=nbformat.read(W/"notebooks/04_why.ipynb",4)
SETUP=next(c.source for c in four.cells if c.cell_type=="code")
cells=[]
def md(t): cells.append(("markdown",t.strip("\n"),[]))
def code(t,*tags): cells.append(("code",t.strip("\n"),list(tags)))
exec(pathlib.Path(__file__).with_name("content.py").read_text())
nb=nbformat.v4.new_notebook(metadata=four.metadata)
for n,(k,t,tags) in enumerate(cells):
    c=nbformat.v4.new_code_cell(t) if k=="code" else nbformat.v4.new_markdown_cell(t)
    c["id"]=f"cell-{n:02d}"
    if tags: c.metadata["tags"]=tags
    nb.cells.append(c)
nb.nbformat_minor=5
out=sys.argv[2]
nbformat.write(nb,out)
