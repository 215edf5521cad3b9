#!/usr/bin/env python3
"""A second `isotherm evaluate`, made from the written rules alone, to hold the program against.

    python3 tests/evaluate.py --profile PROFILE.json [--from T] [--to T] < READINGS.csv
    python3 tests/evaluate.py < CASES

PROFILE.json holds the fields of a profile's TOML. Without arguments each line of standard input is one case,
{"profile": {...}, "from": T or null, "to": T or null, "csv": "..."}, and is answered by one line: the assessment,
or {"error": "..."} where there is none. Python 3.9 or later and its standard library; plain rather than fast.

Instants are Unix seconds; temperatures and humidities are hundredths, whole numbers. What decides is exact; floats
appear in the mean kinetic temperature alone.
"""

import argparse
import bisect
import csv
import io
import json
import math
import sys
from collections import namedtuple
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

Reading = namedtuple("Reading", "at temperature min max humidity")
# From when to when the readings of one instant stand; no readings where the state is unknown.
Stretch = namedtuple("Stretch", "begin end readings")


def evaluate(profile, readings, begin, end):
    max_gap = duration(profile["max_gap"])
    if not readings and (begin is None or end is None):
        raise ValueError("no reading says where the span begins and ends")
    begin = min(reading.at for reading in readings) if begin is None else begin
    end = max(reading.at for reading in readings) + max_gap if end is None else end
    if begin >= end:
        raise ValueError("the span is empty")
    readings = set(readings)
    stretches = timeline(readings, max_gap, begin, end)
    known = [stretch for stretch in stretches if stretch.readings]
    stood = [value for stretch in known for value in temperatures(stretch.readings)]
    alarms = profile.get("alarm", [])
    out, unknown = 0, 0
    for stretch in stretches:
        is_out = out_of_range(profile, stretch.readings)
        out += stretch.end - stretch.begin if is_out else 0
        unknown += stretch.end - stretch.begin if is_out is None else 0
    mkt = profile.get("mkt")
    return {
        "from": written(begin),
        "to": written(end),
        "readings": sum(begin <= reading.at < end for reading in readings),
        "min_c": min(stood) / 100 if stood else None,
        "max_c": max(stood) / 100 if stood else None,
        "mean_c": mean(weighted(known, begin, end)),
        "mkt_c": kinetic_mean(mkt, weighted(known, begin, end)) if mkt else None,
        "coverage": {"in_range_s": end - begin - out - unknown, "out_of_range_s": out, "unknown_s": unknown},
        "episodes": sorted(
            (episode for alarm in alarms for episode in episodes(alarm, stretches)),
            key=lambda episode: episode["began_at"],
        ),
        "exposures": [
            {
                "alarm": alarm["name"],
                "total_s": sum(stop - start for start, stop, _ in exposures(alarm, stretches, worst_case=False)),
                "total_worst_s": sum(stop - start for start, stop, _ in exposures(alarm, stretches, worst_case=True)),
            }
            for alarm in alarms
        ],
        "mkt_windows": worst_window(mkt, stretches, begin, end) if mkt and known else [],
        "assessment": "excursion" if out else "incomplete" if unknown else "no_excursion",
    }


# What stands when.


def timeline(readings, max_gap, begin, end):
    """A reading stands until the next one, but no longer than max_gap. All of the span, one stretch after another."""
    at_instant = {}
    for reading in readings:
        at_instant.setdefault(reading.at, []).append(reading)
    instants = sorted(at for at in at_instant if at < end)
    stretches, position = [], begin
    for at, following in zip(instants, instants[1:] + [end]):
        first, last = max(at, begin), min(at + max_gap, following)
        if first < last:
            if position < first:
                stretches.append(Stretch(position, first, []))
            stretches.append(Stretch(first, last, at_instant[at]))
            position = last
    if position < end:
        stretches.append(Stretch(position, end, []))
    return stretches


def temperatures(readings):
    return [t for r in readings for t in (r.temperature, r.min, r.max) if t is not None]


def out_of_range(profile, readings):
    """By the range, else by the alarms' limits. None: unknown."""
    if not readings:
        return None
    if "range" in profile:
        ends, values = profile["range"], temperatures(readings)
        too_cold = "min_c" in ends and min(values) < hundredths(ends["min_c"])
        return too_cold or ("max_c" in ends and max(values) > hundredths(ends["max_c"]))
    values = [(alarm, worst(alarm, readings)) for alarm in profile.get("alarm", [])]
    if any(value is not None and beyond(alarm, value) for alarm, value in values):
        return True
    return None if any(value is None for _, value in values) else False


# Alarms.


def worst(alarm, readings):
    """What the alarm sees of all that stands: the worse end. None where its quantity is unknown."""
    if alarm.get("quantity", "temperature") == "humidity":
        values = [r.humidity for r in readings if r.humidity is not None]
    else:
        values = temperatures(readings)
    return (max if "above" in alarm else min)(values, default=None)


def beyond(alarm, value, hysteresis=0):
    if "above" in alarm:
        distance = value - (hundredths(alarm["above"]) - hysteresis)
    else:
        distance = (hundredths(alarm["below"]) + hysteresis) - value
    return distance > 0 or (distance == 0 and alarm.get("inclusive", False))


def exposures(alarm, stretches, worst_case):
    """Each uninterrupted exposure: [begin, end, values]. In the worst case an unknown second is exposed too."""
    sees_from = stretches[0].begin + duration(alarm.get("start_delay", "0s"))
    hysteresis = hundredths(alarm.get("hysteresis_c", 0))
    found, exposed = [], False
    for stretch in stretches:
        begin, was_exposed = max(stretch.begin, sees_from), exposed
        if begin >= stretch.end:
            continue
        value = worst(alarm, stretch.readings)
        exposed = worst_case if value is None else beyond(alarm, value, hysteresis if exposed else 0)
        if exposed and not was_exposed:
            found.append([begin, stretch.end, []])
        if exposed:
            found[-1][1] = stretch.end
            found[-1][2].append(value)
    return found


def episodes(alarm, stretches):
    cumulative, total = alarm.get("exposure", "single") == "cumulative", 0
    found = []
    for begin, end, values in exposures(alarm, stretches, worst_case=False):
        needed = max(0, duration(alarm.get("delay", "0s")) - (total if cumulative else 0))
        total += end - begin
        found.append({
            "alarm": alarm["name"],
            "severity": alarm.get("severity", "critical"),
            "began_at": written(begin),
            "alarmed_at": written(begin + needed) if needed <= end - begin else None,
            "ended_at": written(end) if end < stretches[-1].end else None,
            "exposure_s": end - begin,
            "extreme_c": (max if "above" in alarm else min)(values) / 100,
        })
    return found


# Means.


def weighted(known, begin, end):
    """[(the warmest value, for how many seconds of the window)]"""
    parts = [(max(r.temperature for r in s.readings), min(s.end, end) - max(s.begin, begin)) for s in known]
    return [(value, seconds) for value, seconds in parts if seconds > 0]


def mean(weights):
    if not weights:
        return None
    seconds = sum(seconds for _, seconds in weights)
    # round() of a fraction is exact, and half to even.
    return round(Fraction(100 * sum(value * seconds for value, seconds in weights), seconds)) / 10_000


def energy_k(mkt):
    """ΔH/R in kelvin."""
    return float(mkt.get("activation_energy_kj_per_mol", 83.144)) / 8.3144e-3


def arrhenius(mkt, weights):
    """(the highest of the values in K, each value's factor exp(−ΔH/RT) over that one's, which cannot underflow)"""
    kelvin = {value: (value + 27_315) / 100 for value, _ in weights}
    warmest, energy = max(kelvin.values()), energy_k(mkt)
    return warmest, {value: math.exp(energy / warmest - energy / t) for value, t in kelvin.items()}


def kinetic_mean(mkt, weights):
    """T = (ΔH/R) / −ln(Σ w·exp(−ΔH/RT) / Σ w)"""
    if not weights:
        return None
    warmest, factors = arrhenius(mkt, weights)
    total = math.fsum(seconds * factors[value] for value, seconds in weights)
    logarithm = math.log(total / sum(seconds for _, seconds in weights)) - energy_k(mkt) / warmest
    return round((energy_k(mkt) / -logarithm - 273.15) * 10_000) / 10_000


def worst_window(mkt, stretches, begin, end):
    """The highest of all windows that begin or end where a reading begins or ends to stand; the earliest of equals."""
    known = [stretch for stretch in stretches if stretch.readings]
    length = min(duration(mkt["window"]), end - begin)
    edges = {edge for stretch in known for edge in (stretch.begin, stretch.end)}
    starts = sorted({s for edge in edges for s in (edge, edge - length) if begin <= s <= end - length})
    if length == end - begin:
        starts = [begin]
    # Equals must be equal whatever the order of a sum: so factors are whole numbers too, in units of 2^-64 of the
    # warmest one's. Before each stretch stands what had added up; a window is the difference of two instants.
    weights = weighted(known, begin, end)
    table = {value: round(factor * 2**64) for value, factor in arrhenius(mkt, weights)[1].items()}
    rates = [(1, table[max(r.temperature for r in s.readings)]) if s.readings else (0, 0) for s in stretches]
    before = [(0, 0)]
    for (known_s, factor), stretch in zip(rates, stretches):
        seconds = stretch.end - stretch.begin
        before.append((before[-1][0] + known_s * seconds, before[-1][1] + factor * seconds))
    begins = [stretch.begin for stretch in stretches]

    def added_up(instant):
        i = bisect.bisect_right(begins, instant) - 1
        return [sum_ + rate * (instant - begins[i]) for sum_, rate in zip(before[i], rates[i])]

    def mean_factor(start):
        (known_before, sum_before), (known_after, sum_after) = added_up(start), added_up(start + length)
        known_s = known_after - known_before
        return Fraction(sum_after - sum_before, known_s) if known_s else -1

    # max() takes the first of equals.
    start = max(starts, key=mean_factor, default=None)
    if start is None or mean_factor(start) == -1:
        return []
    figure = kinetic_mean(mkt, weighted(known, start, start + length))
    exceeded = figure > float(mkt["limit_c"])
    window = {"from": written(start), "to": written(start + length), "mkt_c": figure, "exceeded": exceeded}
    return [dict(window, partial=True) if length < duration(mkt["window"]) else window]


# Texts in and out.


def hundredths(number):
    return int(Decimal(number).quantize(Decimal("0.01"), ROUND_HALF_EVEN) * 100)


def duration(text):
    return int(text[:-1]) * {"s": 1, "m": 60, "h": 3_600, "d": 86_400}[text[-1]]


EPOCH = datetime(1970, 1, 1)


def instant(text):
    """Of RFC 3339; a fraction of a second is cut."""
    offset, zone = 0, text[19:].lstrip(".0123456789")
    if zone not in ("Z", "z"):
        offset = (60 if zone[0] == "+" else -60) * (int(zone[1:3]) * 60 + int(zone[4:6]))
    return (datetime.fromisoformat(text[:19]) - EPOCH) // timedelta(seconds=1) - offset


def written(instant):
    return (EPOCH + timedelta(seconds=instant)).isoformat() + "Z"


def read(file):
    def value(row, name):
        return hundredths(row[name]) if row.get(name) else None

    rows = csv.reader(file)
    header = [name.strip("\ufeff \t") for name in next(rows)]
    rows = (dict(zip(header, (field.strip() for field in row))) for row in rows if row)
    names = ("temperature_c", "min_c", "max_c", "humidity_pct")
    return [Reading(instant(row["measured_at"]), *(value(row, name) for name in names)) for row in rows]


def answer(profile, readings, begin, end):
    try:
        return evaluate(profile, read(readings), begin and instant(begin), end and instant(end))
    except ValueError as error:
        return {"error": str(error)}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--profile", metavar="PROFILE.json")
    arguments.add_argument("--from", dest="begin", metavar="T")
    arguments.add_argument("--to", dest="end", metavar="T")
    call = arguments.parse_args()
    if call.profile:
        with open(call.profile, encoding="utf-8") as file:
            profile = json.load(file, parse_float=Decimal)
        print(json.dumps(answer(profile, sys.stdin, call.begin, call.end), ensure_ascii=False, indent=2))
        return
    for line in sys.stdin:
        case = json.loads(line, parse_float=Decimal)
        given = answer(case["profile"], io.StringIO(case["csv"], newline=""), case["from"], case["to"])
        print(json.dumps(given, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
