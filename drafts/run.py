import nbformat, nbclient, os, sys, re, pathlib, base64
"""python run.py NOTEBOOK CHECKOUT RESULTS PICTURES: executes it in place,
without TensorFlow's start-up lines; writes its figures as PNG."""
p=sys.argv[1]; W=pathlib.Path(sys.argv[2])
os.environ["RESULTS"]=sys.argv[3]; pictures=pathlib.Path(sys.argv[4]); pictures.mkdir(exist_ok=True)
nb=nbformat.read(p,4)
import time; t=time.time()
nbclient.NotebookClient(nb,timeout=1200,kernel_name="python3",resources={"metadata":{"path":str(W/"notebooks")}}).execute()
print("took",time.time()-t)
for i,c in enumerate(nb.cells):
    c.metadata.pop("execution",None)
    if c.cell_type=="code":
        # TensorFlow's start-up lines
        c.outputs=[o for o in c.outputs if not (o.output_type=="stream" and o.name=="stderr" and print("STDERR",i,o.text[:300]) is None)]
        for o in c.outputs:
            d=o.get("data",{})
            if "image/png" in d: open(pictures/f"fig{i:02d}.png","wb").write(base64.b64decode(d["image/png"]))
            elif d: print(i,d.get("text/plain","")[:1500])
            else: print(i,o)
nbformat.write(nb,p)
