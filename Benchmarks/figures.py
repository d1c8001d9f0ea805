"""What was measured, beside what others do: a table for a terminal, for a page, and for a program."""

import dataclasses
import json
import os
import pathlib
import platform
import statistics

# go-libp2p 0.43.0 with go-libp2p-pubsub 0.14.2 (Go 1.25.5; TCP, Noise, Yamux, StrictSign verified, messages
# of 300 bytes, nothing stored), measured by hand on a machine of two shared cores, ±15 %.
GO = {
    "one-shot to receipt": 11.7,
    "one-shot to exit": 15.0,
    "messages verified": 8_400,
    "wire bytes of one message": 157,
    "set-up bytes": 1_270,
    "connections": 630,
    "connection p50": 1.46,
    "stream": 876,
    "idle memory": 22.6,
}


@dataclasses.dataclass
class Figure:
    """One thing that was measured, in `values` of single runs; `against` is the go or foreign figure."""

    name: str
    values: list
    unit: str
    more_is_better: bool = False
    against: float | None = None
    against_name: str = ""

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def ratio(self):
        """How many times better than what it stands against; below 1 is worse."""
        if not self.against or not self.median:
            return None
        return self.median / self.against if self.more_is_better else self.against / self.median

    @property
    def cells(self):
        spread = f"{number(min(self.values))}–{number(max(self.values))}" if len(self.values) > 1 else "–"
        against = f"{number(self.against)} ({self.against_name})" if self.against else "–"
        ratio = f"{self.ratio:.2f}" if self.ratio else "–"
        return [self.name, number(self.median), spread, self.unit, against, ratio]


def number(value):
    """Returns a number with three digits or more, and no more than help."""
    if value is None:
        return "–"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


FIRST_WORDS = "Measured on"  # of the tables in a page
HEADS = ["what", "median", "lowest–highest", "unit", "against", "times better"]


class Report:
    """The figures in the order in which they came; each is printed as it comes."""

    def __init__(self, is_quiet):
        self.figures, self.notes, self.theme, self.is_quiet = [], [], "", is_quiet
        self.machine = machine()

    def begin(self, theme):
        self.theme = theme
        if not self.is_quiet:
            print(f"\n{theme}", flush=True)

    def add(self, name, values, unit, go=None, foreign=None, more_is_better=False):
        """Adds a figure; `go` names one of `GO`, `foreign` is (name, value) of something else in this run."""
        against, against_name = (GO[go], "go") if go else (None, "")
        if foreign:
            against_name, against = foreign
        figure = Figure(name, values if isinstance(values, list) else [values], unit, more_is_better,
                        against, against_name)
        self.figures.append((self.theme, figure))
        if not self.is_quiet:
            cells = figure.cells
            print(f"  {cells[0]:<62} {cells[1]:>9} {cells[3]:<11} {cells[2]:>17}  "
                  f"{cells[4]:>18} {cells[5]:>6}", flush=True)
        return figure

    def note(self, text):
        """Adds a line about what could not be measured, or what a figure means."""
        self.notes.append((self.theme, text))
        if not self.is_quiet:
            print(f"  {text}", flush=True)

    def markdown(self):
        lines, theme = [f"{FIRST_WORDS} {self.machine}.", ""], None
        for of, figure in self.figures:
            if of != theme:
                lines += [""] * bool(theme) + [f"## {of[0].upper()}{of[1:]}", ""]
                lines += [f"{text}" for about, text in self.notes if about == of]
                lines += [""] if lines[-1] else []
                lines += ["| " + " | ".join(HEADS) + " |", "|---|--:|--:|---|--:|--:|"]
                theme = of
            lines.append("| " + " | ".join(figure.cells) + " |")
        return "\n".join(lines) + "\n"

    @classmethod
    def read_json(cls, path):
        """Returns the report of an earlier run."""
        report, said = cls(is_quiet=True), json.loads(pathlib.Path(path).read_text())
        report.machine = said["machine"]
        report.figures = [
            (row["theme"], Figure(row["name"], row["values"], row["unit"], row["more_is_better"],
                                  row["against"], row["against_name"] or "")) for row in said["figures"]]
        report.notes = [(note["theme"], note["text"]) for note in said["notes"]]
        return report

    def write_json(self, path):
        rows = [{
            "theme": theme, "name": figure.name, "median": figure.median, "values": figure.values,
            "unit": figure.unit, "more_is_better": figure.more_is_better, "against": figure.against,
            "against_name": figure.against_name or None, "times_better": figure.ratio,
        } for theme, figure in self.figures]
        notes = [{"theme": theme, "text": text} for theme, text in self.notes]
        pathlib.Path(path).write_text(
            json.dumps({"machine": self.machine, "figures": rows, "notes": notes}, indent=1) + "\n")


def machine():
    """Returns the machine's kind, and what else it was busy with, in one line."""
    model = "an unknown processor"
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines()
                 if line.startswith("model name")]
        model = names[0] if names else model
    kernel = f"{platform.system()} {platform.release().split('-')[0]}"
    load = os.getloadavg()[0]
    return f"{kernel}, {os.cpu_count()} cores of {model}, loopback; load average {load:.1f} at the start"
