"""The command line's surroundings: streams, Ctrl-C, and errors in a line.

It imports nothing but the standard library: it has to be there first.
"""

import argparse
import codecs
import contextlib
import errno
import functools
import os
import pathlib
import signal
import sys
import threading

# What is said to a Ctrl-C that is put off.
PUT_OFF = b"""
Interrupted: it ends where TensorFlow can be left; Ctrl-C again ends at once.
"""
# What an encoding may lack, as it is written instead.
_PLAIN = {"±": "+-", "β": "beta", "−": "-", "×": "x", "–": "-"}


def _plain(error):
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(sign, "?") for sign in lacking), error.end


codecs.register_error("comparison.plain", _plain)


class Lenient:
    """A stream whose failing is no matter: what it cannot take is lost.

    Nor does it matter that a terminal is lost.

    Args:
        stream: The stream.
        errors: The exceptions that are no matter.
    """

    def __init__(self, stream, errors=(OSError, ValueError)):
        self._stream = stream
        self._errors = errors
        self._on_terminal = self.isatty()

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def write(self, text):
        return self._try(self._stream.write, text)

    def flush(self):
        self._try(self._stream.flush)

    def isatty(self):
        return bool(self._try(self._stream.isatty))

    def _try(self, function, *arguments):
        try:
            return function(*arguments)
        except self._errors:
            self._to_nowhere()
        except OSError as error:
            self._to_nowhere()
            # A terminal that is lost; of a file it would be a broken disk.
            if self._on_terminal and error.errno == errno.EIO:
                return None
            raise OSError(
                error.errno, error.strerror, self._stream.name
            ) from error

    def _to_nowhere(self):
        # Python writes what is left when it ends, and fails once more.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            descriptor = self._stream.fileno()
            # Not a file that somebody has put there instead.
            if descriptor in (1, 2):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, descriptor)
                os.close(nowhere)


def prepare():
    """Makes good what the process starts with; comes before all imports.

    A standard stream that is closed leads nowhere, and leaves its descriptor
    to no other file. While `python -m comparison` is still importing, Ctrl-C
    ends it as it ends other programs, without a traceback.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            stream = open(descriptor, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
    if _is_command():
        _exchange(signal.default_int_handler, signal.SIG_DFL)


def _is_command():
    """Whether Python is on its way to a module of this package, by `-m`."""
    words = [word.removeprefix("-m") for word in sys.orig_argv]
    package = __name__.partition(".")[0]
    return sys.argv[:1] == ["-m"] and any(
        word.partition(".")[0] == package for word in words
    )


def in_main():
    """Whether this is the thread that Ctrl-C interrupts."""
    return threading.current_thread() is threading.main_thread()


def _exchange(old, new):
    """Gives Ctrl-C another handler, if it has the one that it should have."""
    # No other thread may.
    if in_main() and signal.getsignal(signal.SIGINT) is old:
        signal.signal(signal.SIGINT, new)


class _Handler:
    """Python's own, which notes that Ctrl-C came, and may let it wait.

    Attributes:
        came: Whether it came.
        answer: What is said where the first one waits; `None` where it does
            not.
    """

    def __init__(self):
        self.came = False
        self.answer = None

    def __call__(self, number, frame):
        waits = self.answer is not None and not self.came
        self.came = True
        if not waits:
            signal.default_int_handler(number, frame)
        # Not by `sys.stderr`, in which it may have come.
        with contextlib.suppress(OSError):
            os.write(2, self.answer)


@contextlib.contextmanager
def _noting():
    """Notes that Ctrl-C came, where it is left to Python's own handler."""
    handler = _Handler()

    def report(unraisable):
        name = getattr(unraisable.object, "__name__", None)
        # What is noted is not lost, and the finalizer of what was half made
        # fails: neither needs a traceback.
        if not handler.came or (
            name != "__del__" and unraisable.exc_type is not KeyboardInterrupt
        ):
            reported(unraisable)

    reported = sys.unraisablehook
    try:
        _exchange(signal.default_int_handler, handler)
        sys.unraisablehook = report
        yield
    finally:
        # One that comes now waits until all is as it was.
        handler.came, handler.answer = False, b""
        sys.unraisablehook = reported
        _exchange(handler, signal.default_int_handler)
        if handler.came:
            raise KeyboardInterrupt


def interrupted():
    """Whether Ctrl-C came since the command, or `put_off`, began.

    Outside of both nothing is noted.
    """
    return getattr(signal.getsignal(signal.SIGINT), "came", False)


def check_interrupt():
    """Raises KeyboardInterrupt if Ctrl-C came; see `interrupted`.

    One that is put off ends here, and one that Python has dropped, as it does
    in a `__del__`.
    """
    if interrupted():
        raise KeyboardInterrupt


@contextlib.contextmanager
def interruptible():
    """Ends with KeyboardInterrupt if Ctrl-C came, whatever became of it.

    TensorFlow makes another error of it in the Python that it calls.
    """
    try:
        yield
    except Exception:
        check_interrupt()
        raise
    check_interrupt()


@contextlib.contextmanager
def put_off():
    """Puts Ctrl-C off to `check_interrupt`, or the end; a second one is not.

    In the middle of a trace it would leave TensorFlow half made: finalizers
    that fail, a graph that nobody leaves, a lock for which TensorFlow waits
    for ever. Only the main thread is interrupted: elsewhere nothing is done,
    nor where Ctrl-C has a handler that is not Python's own.
    """
    if not in_main():
        yield
        return
    with _noting(), interruptible():
        handler = signal.getsignal(signal.SIGINT)
        if not isinstance(handler, _Handler):
            yield
            return
        before, handler.answer = handler.answer, PUT_OFF
        try:
            yield
        finally:
            handler.answer = before


def keras_home():
    """Returns the folder of `keras.json`, by Keras's own rule."""
    home = os.path.expanduser("~")
    if not os.access(home, os.W_OK):
        home = "/tmp"
    home = os.environ.get("KERAS_HOME", os.path.join(home, ".keras"))
    return os.path.expanduser(home)


@contextlib.contextmanager
def starting():
    """Says in a line why Keras does not start, if that is for a command."""
    is_command = _is_command()
    try:
        yield
    # Whatever Keras makes of a backend that is not there, or of its file.
    except Exception as error:
        if not is_command:
            raise
        settings = os.path.join(keras_home(), "keras.json")
        received = ", ".join(
            f"{name}={os.environ.get(name)!r}"
            for name in ("KERAS_BACKEND", "MPLBACKEND")
        )
        with _streams():
            _say(
                f"Keras does not start ({type(error).__name__}: {error}). The "
                f"backends named in the environment, or in {settings}, must "
                f"be installed; tensorflow is one. Received: {received}"
            )
        sys.exit(2)


def command(main):
    """Makes a module's `main` a command: `sys.exit(main())`.

    What it raises as a `ValueError` or an `OSError` becomes one line on
    standard error, and status 2; Ctrl-C a line, and 130. A reader of standard
    output that goes away ends nothing, nor does a terminal that is lost, nor
    standard error, whatever happens to it. What the encoding lacks is written
    in other signs.

    Args:
        main: A function of the words behind the module's name.
    """

    @functools.wraps(main)
    def run(arguments=None):
        if arguments is None:
            arguments = sys.argv[1:]
            _exchange(signal.SIG_DFL, signal.default_int_handler)
        with _streams(), _noting():
            try:
                with interruptible():
                    try:
                        return main(arguments)
                    finally:
                        sys.stdout.flush()
            except KeyboardInterrupt as error:
                said = f": {error}" if error.args else "."
                print(f"\nInterrupted{said}", file=sys.stderr)
                return 130
            except (ValueError, OSError) as error:
                _say(error)
                return 2

    return run


def path(text):
    """Returns a path, as the type of an argument; no letter names none."""
    if not text:
        raise argparse.ArgumentTypeError(f"must be a path. Received: {text!r}")
    return pathlib.Path(text)


def _say(error):
    # A name may have a new line in it; the line stays one line.
    print("error:", *str(error).splitlines(), file=sys.stderr)


@contextlib.contextmanager
def _streams():
    out = sys.stdout
    errors = getattr(out, "errors", None)
    fails = hasattr(out, "reconfigure") and errors in (
        "strict",
        "surrogateescape",
    )
    if fails:
        out.reconfigure(errors="comparison.plain")
    try:
        with (
            contextlib.redirect_stdout(Lenient(out, BrokenPipeError)),
            contextlib.redirect_stderr(Lenient(sys.stderr)),
        ):
            yield
    finally:
        if fails:
            out.reconfigure(errors=errors)
