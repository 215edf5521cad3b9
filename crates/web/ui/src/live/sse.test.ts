import { describe, expect, test } from "vitest";
import { changeOf } from "./change";
import { FrameReader } from "./sse";

const STREAM =
  ': hello\n\nevent: shipment\ndata: {"id":"Zürich-7"}\n\n: heartbeat\n\nevent: alert\r\ndata: {"id":"a",\r\ndata: "shipment":"s"}\r\n\r\ndata:bare\n\nid: 9\nretry: 10\n\n';
const FRAMES = [
  { event: "shipment", data: '{"id":"Zürich-7"}' },
  { event: "alert", data: '{"id":"a",\n"shipment":"s"}' },
  { event: "message", data: "bare" },
];
const bytes = new TextEncoder().encode(STREAM);

function read(cuts: number[]): unknown[] {
  const reader = new FrameReader();
  const edges = [0, ...cuts, bytes.length];
  return edges.slice(1).flatMap((end, index) => reader.push(bytes.slice(edges[index], end)));
}

describe("frames come out the same wherever the stream is cut", () => {
  test("in one piece", () => expect(read([])).toEqual(FRAMES));

  test("byte by byte, through letters of two bytes and line ends of two", () => {
    expect(read([...bytes.keys()].slice(1))).toEqual(FRAMES);
  });

  test("at every single place", () => {
    for (let cut = 1; cut < bytes.length; cut += 1) expect(read([cut])).toEqual(FRAMES);
  });
});

test("an event whose end has not come yet is kept back", () => {
  const reader = new FrameReader();
  expect(reader.push(new TextEncoder().encode('event: alert\ndata: {"id":"a"}\n'))).toEqual([]);
  expect(reader.push(new TextEncoder().encode("\n"))).toEqual([{ event: "alert", data: '{"id":"a"}' }]);
});

test.each([
  ["shipment", '{"id":"s"}', { what: "shipment", id: "s", shipment: "s" }],
  ["alert", '{"id":"a","shipment":"s"}', { what: "alert", id: "a", shipment: "s" }],
  ["alert", '{"id":"a","shipment":null}', { what: "alert", id: "a", shipment: null }],
  ["tracker", '{"dev_eui":"70b3d57ed0060001"}', { what: "tracker", id: "70b3d57ed0060001", shipment: null }],
  ["tracker", "{}", { what: "tracker", id: null, shipment: null }],
  ["weather", "{}", null],
  ["alert", "not json", null],
])("a %s event with %s", (event, data, expected) => {
  expect(changeOf({ event, data })).toEqual(expected);
});
