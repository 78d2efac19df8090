"""What is seen of a study while it runs."""

import io
import sys

from tqdm import tqdm

from comparison import data, terminal

# Training on an image takes about three times as long as looking at it: once
# forward, and back for the gradients by inputs and by weights.
LOOK = 1 / 3


class Progress:
    """Bars on a terminal, one for the study and one a run; else lines.

    Elsewhere each epoch has a line. Times left are from the epochs done here;
    those of the study count by their images, as if its networks were equal.

    Args:
        study: A `Study`.
        to_do: The configurations that have no record yet.
        total: How many runs the study has.
    """

    def __init__(self, study, to_do, total):
        self.study = study
        self.finished = total - len(to_do)
        self.total = total
        # A terminal that is lost ends no run.
        self.stream = terminal.Lenient(sys.stderr)
        self.on_terminal = self.stream.isatty()
        self.bars = {}
        images = sum(c.epochs * c.fits * _images(c) for c in to_do)
        self.all = self._bar(images, "image", unit_scale=True)
        self._count()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for bar in (*self.bars.values(), self.all):
            bar.close()

    def start(self, configuration):
        """Shows a run that begins, or goes on."""
        if configuration not in self.bars:
            epochs = configuration.epochs * configuration.fits
            bar = self._bar(epochs, "epoch")
            name = self.study.variant(configuration)
            bar.set_description_str(f"{name}, seed {configuration.seed}")
            self.bars[configuration] = bar

    def epoch(self, configuration, history):
        """Shows a run behind an epoch.

        Raises:
            KeyboardInterrupt: If Ctrl-C came; see `terminal.check_interrupt`.
        """
        bar = self.bars[configuration]
        epochs = len(history["loss"])
        images = _images(configuration)
        if bar.n == 0:
            # Those of before an interruption took no time here.
            for each, size in ((bar, 1), (self.all, images)):
                each.initial += size * (epochs - 1)
                each.update(size * (epochs - 1))
        bar.update()
        self.all.update(images)
        accuracy = f"validation accuracy {history['val_accuracy'][-1]:.4f}"
        bar.set_postfix_str(accuracy)
        if not self.on_terminal:
            print(
                f"{bar.desc}: epoch {epochs} of {bar.total}, {accuracy}, "
                f"{_left(bar)} left; {self.all.desc}, {_left(self.all)} left",
                file=self.stream,
            )
        terminal.check_interrupt()

    def finish(self, configuration, record):
        """Takes a finished run off the display."""
        bar = self.bars[configuration]
        if bar.n == 0:
            # No epoch of it was trained here.
            self.epoch(configuration, record["history"])
        # A run that diverged ends early.
        self.all.total -= _images(configuration) * (bar.total - bar.n)
        bar.close()
        del self.bars[configuration]
        self.finished += 1
        self._count()

    def _count(self):
        self.all.set_description_str(f"{self.finished} of {self.total} runs")

    def _bar(self, total, unit, **looks):
        return tqdm(
            total=total,
            unit=unit,
            file=self.stream if self.on_terminal else io.StringIO(),
            dynamic_ncols=True,
            leave=False,
            # The bars count, whatever TQDM_DISABLE says.
            disable=False,
            # The mean over all epochs, not one that follows the last.
            smoothing=0,
            **looks,
        )


def _images(configuration):
    """Returns how many images an epoch counts as."""
    train, validation = data.epoch_sizes(
        configuration.dataset,
        configuration.validation,
        configuration.train_samples,
    )
    return round(train + LOOK * validation)


def _left(bar):
    # As the bar shows it; the rate is `None` before there is one.
    shown = bar.format_dict
    done = shown["n"] - shown["initial"]
    seconds = shown["elapsed"] / done * (shown["total"] - shown["n"])
    return tqdm.format_interval(seconds)
