"""A table, a comparison and two learning curves, in Python alone: python docs/session.py."""

import matplotlib.pyplot as plt
import pyarrow.compute as pc

import medtransfer as mt

if __name__ == "__main__":  # runs go to processes of their own, which may import this file
    session = mt.Session(say=print)
    table = session.make("initializations", profile="smoke", seeds=2)
    print(table)
    comparison = session.compare(
        'medmnist("pneumoniamnist")',
        ["random", "fractals"],
        backbone="tiny(width=8)",
        edition="phantom",
        recipe="phantom/smoke",
        pretraining="phantom/smoke_pretraining",
        learning_rates=[5e-3],
        budget="12",
    )
    print("\n".join(comparison.recommendation))
    curves = comparison.curves()
    for initializer in ("random", "fractals"):
        run = curves.filter((pc.field("initializer") == initializer) & (pc.field("seed") == 0))
        plt.plot(run["epoch"], run["validation_metric"], label=initializer)
    plt.legend()
    plt.savefig("curves.png")
