"""python check.py CHECKOUT NOTEBOOK RESULTS: numbers in prose against the
records in RESULTS, with the facts of prose_05.py and of facts_depth.py here."""
import sys, pathlib
here=pathlib.Path(__file__).resolve().parent
sys.path[:0]=[sys.argv[1],sys.argv[1]+"/tests"]
from comparison import cited, depth, records, tables
records.RESULTS=pathlib.Path(sys.argv[3])
import prose, prose_05
vars(prose_05)["depth"]=depth
exec((here/"facts_depth.py").read_text(), vars(prose_05))
facts=prose_05.FACTS+prose_05.DEPTH_FACTS
# The README's and the tests' own lists are as committed.
w=prose.check(prose.cells(pathlib.Path(sys.argv[2])),facts)
print("\n".join(w)); print(len(w),"wrong")
