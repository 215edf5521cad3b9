/** How a tracker's messages are read: the codecs in words, and the fields of a mapping. */
import type { Codec, Mapping } from "../api/types";

export const CODEC: Record<Codec, string> = {
  isotherm: "Isotherm (our own tracker)",
  "dragino-lht65n": "Dragino LHT65N, by its case",
  "dragino-lht65n-probe": "Dragino LHT65N, by its probe",
  "dragino-lht52": "Dragino LHT52, by its case",
  "dragino-lht52-probe": "Dragino LHT52, by its probe",
  "milesight-em300-th": "Milesight EM300-TH",
  "milesight-em320-th": "Milesight EM320-TH",
  "elsys-ers": "Elsys ERS, by its case",
  "elsys-ers-probe": "Elsys ERS, by its probe",
  "digital-matter-oyster": "Digital Matter Oyster",
  "abeeway-compact": "Abeeway Compact",
  "sensative-strips": "Sensative Strips",
  mapped: "Another one, as the network server decodes it",
};

export type Quantity = keyof Mapping;

interface QuantityWords {
  label: string;
  units: readonly (readonly [string, string])[];
  /** A pointer as decoders often have it. */
  example: string;
}

const ANGLES = [
  ["degrees", "degrees"],
  ["microdegrees", "millionths of a degree"],
] as const;

export const QUANTITIES: Record<Quantity, QuantityWords> = {
  temperature: {
    label: "Temperature",
    units: [
      ["celsius", "°C"],
      ["celsius_tenths", "tenths of °C"],
      ["celsius_hundredths", "hundredths of °C"],
      ["fahrenheit", "°F"],
      ["kelvin", "kelvin"],
    ],
    example: "/TempC_SHT",
  },
  humidity: {
    label: "Humidity",
    units: [
      ["percent", "%"],
      ["percent_tenths", "tenths of a percent"],
      ["fraction", "0 to 1"],
    ],
    example: "/Hum_SHT",
  },
  battery: {
    label: "Battery",
    units: [
      ["percent", "% left"],
      ["volt", "volts"],
      ["millivolt", "millivolts"],
    ],
    example: "/BatV",
  },
  latitude: { label: "Latitude", units: ANGLES, example: "/position/lat" },
  longitude: { label: "Longitude", units: ANGLES, example: "/position/lon" },
  measured_at: {
    label: "Time of measurement",
    units: [
      ["unix_seconds", "seconds since 1970"],
      ["unix_milliseconds", "milliseconds since 1970"],
      ["rfc3339", "such as 2026-03-01T08:15:30Z"],
    ],
    example: "/time",
  },
};

export const NAMES = Object.keys(QUANTITIES) as Quantity[];

/** What stands in the fields; an empty pointer is none. */
export type Fields = Record<Quantity, { pointer: string; unit: string }>;

export function fieldsOf(mapping: Mapping | null): Fields {
  const field = (name: Quantity) => {
    const { pointer, unit } = mapping?.[name] ?? { pointer: "", unit: QUANTITIES[name].units[0]?.[0] ?? "" };
    return [name, { pointer, unit }] as const;
  };
  return Object.fromEntries(NAMES.map(field)) as Fields;
}

export function mappingOf(fields: Fields): Mapping {
  const filled = NAMES.filter((name) => fields[name].pointer.trim() !== "");
  const part = (name: Quantity) =>
    [name, { pointer: fields[name].pointer.trim(), unit: fields[name].unit }] as const;
  return Object.fromEntries(filled.map(part)) as unknown as Mapping;
}

/** What a JSON pointer (RFC 6901) finds; undefined: nothing. */
function find(object: unknown, pointer: string): unknown {
  const steps = pointer.split("/").slice(1);
  return steps.reduce((at: unknown, step) => {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(at)) return /^(0|[1-9]\d*)$/.test(name) ? at[Number(name)] : undefined;
    return typeof at === "object" && at !== null && Object.hasOwn(at, name)
      ? (at as Record<string, unknown>)[name]
      : undefined;
  }, object);
}

/** What a pointer finds in a tracker's latest message, in words. */
export function tryOut(pointer: string, sample: unknown): string {
  const written = pointer.trim();
  if (written === "" || sample === undefined) return "";
  if (!written.startsWith("/")) return "A pointer begins with a slash.";
  const found = find(sample, written);
  if (found === undefined) return "There is nothing here in the latest message.";
  return `In the latest message: ${JSON.stringify(found).slice(0, 40)}`;
}
