// The tracker's messages in the console of a network server: a payload codec as LoRa Alliance TS013 has it.
// The layout is docs/wire-format.md; crates/wire/tests/codec.rs holds this file to what the tracker writes and reads.
// It decodes only for people to look at: Isotherm reads the bytes itself.

var EPOCH = 1704067200; // 2024-01-01T00:00:00Z in Unix seconds
var STEPS = [1, 2, 5, 10, 15, 20, 30, 60];
var EVENTS = [
  "alarm_high", "alarm_low", "alarm_ended", "case_opened", "case_closed", "light", "dark", "shock", "turned", "started",
  "stopped", "battery_low", "restarted", "flight_began", "flight_ended", "clock_set", "sensor_failed", "sensor_back",
  "settings_changed", "self_test",
];
var CAUSES = ["power_on", "brown_out", "watchdog", "software", "pin", "fault"];
var MODES = ["shelf", "measuring", "flight", "stopped"];
var LOWEST = -27315;
var NUMBER_MAX = 0xffffff;

function fail(text) {
  throw new Error(text);
}

// --- bits -------------------------------------------------------------------------------------------------------------

function Bits(bytes) {
  this.bytes = bytes;
  this.at = 0;
}

Bits.prototype.take = function (count) {
  var value = 0;
  for (var i = 0; i < count; i++) {
    if (this.at >= this.bytes.length * 8) fail("the bytes end inside an entry");
    value = value * 2 + ((this.bytes[this.at >> 3] >> (7 - (this.at & 7))) & 1);
    this.at++;
  }
  return value;
};

Bits.prototype.rice = function (low) {
  var high = 0;
  while (high < 8 && this.take(1) === 1) high++;
  return high === 8 ? this.take(17) : (high << low) + this.take(low);
};

Bits.prototype.gamma = function () {
  var width = 0;
  while (this.take(1) === 0) {
    width++;
    if (width === 17) fail("a distance that is too long");
  }
  return Math.pow(2, width) + this.take(width) - 1;
};

Bits.prototype.isPadding = function () {
  var left = this.bytes.length * 8 - this.at;
  if (left >= 8) return false;
  for (var at = this.at; at < this.at + left; at++) {
    if (((this.bytes[at >> 3] >> (7 - (at & 7))) & 1) === 0) return false;
  }
  return true;
};

function unzigzag(value) {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function signed(value, bits) {
  return value >= Math.pow(2, bits - 1) ? value - Math.pow(2, bits) : value;
}

// --- the log ----------------------------------------------------------------------------------------------------------

function decodeLog(bytes) {
  if (bytes.length > 242) fail("longer than any LoRaWAN payload");
  var bits = new Bits(bytes);
  var style = { unknown: bits.take(1) === 1, humidity: bits.take(1) === 1, spread: bits.take(2), step: 0, low: 0 };
  var sequence = bits.take(24);
  var minutes = bits.take(24);
  var before = { temperature: null, humidity: null };
  var entries = [];
  for (;;) {
    var isOther;
    if (entries.length === 0) {
      isOther = bits.take(1) === 1;
    } else {
      if (bits.isPadding()) return { entries: entries };
      if (entries.length === 255) fail("more entries than a frame can have");
      if (entries.length === 1) {
        style.step = STEPS[bits.take(3)];
        style.low = bits.take(3);
      }
      var back = distance(bits, style.step);
      isOther = back.isOther;
      sequence -= 1;
      minutes -= back.minutes;
      if (sequence < 0 || minutes < 0) fail("an entry before the first");
    }
    var entry = { sequence: sequence };
    if (style.unknown) entry.minutes_since_start = minutes;
    else entry.time = time(minutes);
    if (isOther) decodeOther(bits, sequence, entry);
    else decodeReading(bits, style, before, entry);
    entries.push(entry);
  }
}

function distance(bits, step) {
  if (bits.take(1) === 0) return { isOther: false, minutes: step };
  if (bits.take(1) === 0) return { isOther: false, minutes: bits.gamma() };
  if (bits.take(1) === 1) fail("bits that must not be set");
  return { isOther: true, minutes: bits.gamma() };
}

function decodeOther(bits, sequence, entry) {
  if (bits.take(1) === 1) {
    var behind = bits.take(17);
    var count = bits.take(17) + 1;
    if (sequence - behind - count < 0) fail("a range that cannot have been lost");
    entry.lost = { first: sequence - behind - count, count: count };
    return;
  }
  var kind = bits.take(5);
  var value = bits.take(8);
  if (kind >= EVENTS.length) fail(kind + " is no known event");
  entry.event = EVENTS[kind];
  entry.value = value;
}

function decodeReading(bits, style, before, entry) {
  var value =
    before.temperature === null ? signed(bits.take(16), 16) : before.temperature + unzigzag(bits.rice(style.low));
  var below = 0;
  var above = 0;
  var out = 0;
  if (style.spread > 0) {
    below = end(bits, style.spread);
    above = end(bits, style.spread);
    out = bits.take(1) === 1 ? bits.take(6) + 1 : 0;
  }
  var humidity = style.humidity && bits.take(1) === 1 ? decodeHumidity(bits, before) : null;
  if (below > 63 || above > 63 || value - below < LOWEST || value + above > 32767) fail("a temperature that cannot be");
  before.temperature = value;
  entry.temperature_c = value / 100;
  if (style.spread > 0) {
    entry.min_c = (value - below) / 100;
    entry.max_c = (value + above) / 100;
    entry.out_of_range_s = out * 60;
  }
  if (humidity !== null) entry.humidity_pct = humidity / 2;
}

function end(bits, spread) {
  if (spread === 1) return bits.rice(0);
  return spread === 2 ? bits.rice(2) : bits.take(6);
}

function decodeHumidity(bits, before) {
  var steps = before.humidity === null ? bits.take(8) : before.humidity + unzigzag(bits.rice(1));
  if (steps < 0 || steps > 200) fail("a humidity beyond 0 to 100 %");
  before.humidity = steps;
  return steps;
}

// --- messages of one length -------------------------------------------------------------------------------------------

function number(bytes, at, count) {
  var value = 0;
  for (var i = 0; i < count; i++) value = value * 256 + bytes[at + i];
  return value;
}

function whole(bytes, length) {
  if (bytes.length !== length) fail(bytes.length + " bytes: this message has " + length);
}

function known(names, code, what) {
  if (code >= names.length) fail(code + " is no known " + what);
  return names[code];
}

function unless255(byte) {
  return byte === 255 ? null : byte;
}

function time(minutes) {
  return new Date((EPOCH + minutes * 60) * 1000).toISOString().slice(0, 17) + "00Z";
}

function decodeStatus(bytes) {
  whole(bytes, 11);
  if (bytes[3] > 100 && bytes[3] !== 255) fail(bytes[3] + " is no battery level");
  return {
    firmware: bytes[0] + "." + bytes[1] + "." + bytes[2],
    battery_pct: unless255(bytes[3]),
    reset_cause: known(CAUSES, bytes[4] >> 4, "cause of a reset"),
    faulty: (bytes[4] & 8) !== 0,
    mode: known(MODES, bytes[4] & 7, "mode"),
    next: number(bytes, 5, 3),
    held: number(bytes, 8, 2),
    clock_within_s: unless255(bytes[10]),
  };
}

function decodeSetup(bytes) {
  whole(bytes, 10);
  return {
    command: number(bytes, 0, 3),
    calibration: number(bytes, 3, 4),
    step_minutes: STEPS[bytes[7] >> 5],
    per_uplink: (bytes[7] & 31) + 1,
    thresholds: number(bytes, 8, 2),
  };
}

function decodePosition(bytes) {
  whole(bytes, 10);
  return {
    time: time(number(bytes, 0, 3)),
    latitude: (signed(number(bytes, 3, 3), 24) * 90) / 8388608,
    longitude: (signed(number(bytes, 6, 3), 24) * 180) / 8388608,
    accuracy_m: unless255(bytes[9]),
  };
}

function decodeClock(bytes) {
  whole(bytes, 6);
  return { seconds: number(bytes, 0, 4), setting: bytes[4], within_s: unless255(bytes[5]) };
}

// --- commands ---------------------------------------------------------------------------------------------------------

var COMMANDS = {
  1: { name: "acknowledge", length: 6, read: readRange, write: writeRange },
  2: { name: "resend", length: 6, read: readRange, write: writeRange },
  3: { name: "thresholds", length: 6, read: readThresholds, write: writeThresholds },
  4: { name: "intervals", length: 1, read: readIntervals, write: writeIntervals },
  5: { name: "clock", length: 5, read: readClock, write: writeClock },
  6: { name: "flight", length: 1, read: readOne("hours"), write: writeOne("hours") },
  7: { name: "identify", length: 1, read: readOne("seconds"), write: writeOne("seconds") },
  8: { name: "restart", length: 0, read: function () { return {}; }, write: function () { return []; } },
};

function need(holds) {
  if (!holds) fail("a value that is not allowed");
}

function isWhole(value, lowest, highest) {
  return typeof value === "number" && Math.floor(value) === value && value >= lowest && value <= highest;
}

function big(value, bytes) {
  var written = [];
  for (var i = bytes - 1; i >= 0; i--) written.push(Math.floor(value / Math.pow(256, i)) & 255);
  return written;
}

function readRange(bytes) {
  var range = { first: number(bytes, 0, 3), last: number(bytes, 3, 3) };
  need(range.first <= range.last);
  return range;
}

function writeRange(range) {
  need(isWhole(range.first, 0, NUMBER_MAX) && isWhole(range.last, range.first, NUMBER_MAX));
  return big(range.first, 3).concat(big(range.last, 3));
}

function checkThresholds(low, high, lowDelay, highDelay) {
  need(isWhole(low, LOWEST, 32767) && isWhole(high, low + 1, 32767));
  need(isWhole(lowDelay, 0, 240) && isWhole(highDelay, 0, 240));
}

function readThresholds(bytes) {
  var low = signed(number(bytes, 0, 2), 16);
  var high = signed(number(bytes, 2, 2), 16);
  checkThresholds(low, high, bytes[4], bytes[5]);
  return { low_c: low / 100, high_c: high / 100, low_delay_min: bytes[4], high_delay_min: bytes[5] };
}

function writeThresholds(set) {
  var low = Math.round(set.low_c * 100);
  var high = Math.round(set.high_c * 100);
  checkThresholds(low, high, set.low_delay_min, set.high_delay_min);
  return big(low, 2).concat(big(high, 2), [set.low_delay_min, set.high_delay_min]);
}

function readIntervals(bytes) {
  return { step_minutes: STEPS[bytes[0] >> 5], per_uplink: (bytes[0] & 31) + 1 };
}

function writeIntervals(set) {
  var step = STEPS.indexOf(set.step_minutes);
  need(step >= 0 && isWhole(set.per_uplink, 1, 32));
  return [(step << 5) | (set.per_uplink - 1)];
}

function readClock(bytes) {
  return { setting: bytes[0], forward_s: signed(number(bytes, 1, 4), 32) };
}

function writeClock(set) {
  need(isWhole(set.setting, 0, 255) && isWhole(set.forward_s, -2147483648, 2147483647));
  return [set.setting].concat(big(set.forward_s, 4));
}

function readOne(name) {
  return function (bytes) {
    var value = {};
    value[name] = bytes[0];
    return value;
  };
}

function writeOne(name) {
  return function (set) {
    need(isWhole(set[name], 0, 255));
    return [set[name]];
  };
}

function readCommands(bytes) {
  if (bytes.length < 4) fail("the bytes end inside command 0");
  var read = { number: number(bytes, 0, 3), commands: [] };
  need(read.number > 0);
  for (var at = 3; at < bytes.length; ) {
    var command = COMMANDS[bytes[at]];
    if (!command) fail(bytes[at] + " is no known command");
    if (at + 1 + command.length > bytes.length) fail("the bytes end inside command " + read.commands.length);
    var value = command.read(bytes.slice(at + 1, at + 1 + command.length));
    value.command = command.name;
    read.commands.push(value);
    at += 1 + command.length;
  }
  return read;
}

function writeCommands(data) {
  need(isWhole(data.number, 1, NUMBER_MAX) && data.commands.length > 0);
  var bytes = big(data.number, 3);
  data.commands.forEach(function (set) {
    var code = Object.keys(COMMANDS).filter(function (one) { return COMMANDS[one].name === set.command; })[0];
    if (!code) fail(set.command + " is no known command");
    bytes = bytes.concat([Number(code)], COMMANDS[code].write(set));
  });
  return bytes;
}

// --- TS013 ------------------------------------------------------------------------------------------------------------

function answer(make) {
  try {
    return make();
  } catch (error) {
    return { errors: [error.message] };
  }
}

function decodeUplink(input) {
  var readers = { 11: decodeLog, 12: decodeStatus, 13: decodeSetup, 14: decodePosition, 15: decodeClock };
  return answer(function () {
    var reader = readers[input.fPort] || fail("no message has the port " + input.fPort);
    return { data: reader(input.bytes) };
  });
}

function decodeDownlink(input) {
  return answer(function () {
    if (input.fPort !== 20) fail("no command has the port " + input.fPort);
    return { data: readCommands(input.bytes) };
  });
}

function encodeDownlink(input) {
  return answer(function () {
    return { bytes: writeCommands(input.data), fPort: 20 };
  });
}
