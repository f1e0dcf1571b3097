// What is read of an encoded load report, and that nothing else upsets it.
import { assertEquals } from "@std/assert";
import { loadReportService } from "pollwire";
import { type Load, readLoad } from "../../../surface/channel/balancer/load_reader.ts";
import { encodeMessage } from "../../../surface/proto/mod.ts";
import { test } from "../../harness.ts";

const { responseCodec } = loadReportService().methods.streamCoreMetrics;

const read = (bytes: Uint8Array): Load | undefined => {
  const load = { cpuUtilization: NaN, applicationUtilization: NaN, qps: NaN, eps: NaN };
  return readLoad(bytes, load) ? load : undefined;
};

test("[C43] a report is read as the codec of its message writes it, whatever else it has", () => {
  const others = {
    memUtilization: 0.5,
    requestCost: { disk: 7 },
    utilization: { gpu: 0.1 },
    namedMetrics: { a: 1, b: -2 },
  };
  const figures = { cpuUtilization: 0.25, applicationUtilization: 0.75, rpsFractional: 1234.5, eps: 0.5 };
  const expected = { cpuUtilization: 0.25, applicationUtilization: 0.75, qps: 1234.5, eps: 0.5 };
  assertEquals(read(encodeMessage(responseCodec, { ...others, ...figures })), expected);
  assertEquals(read(encodeMessage(responseCodec, others)), {
    cpuUtilization: 0,
    applicationUtilization: 0,
    qps: 0,
    eps: 0,
  });
  assertEquals(read(new Uint8Array()), { cpuUtilization: 0, applicationUtilization: 0, qps: 0, eps: 0 });
});

test("[C43] unknown fields of every wire type are passed over", () => {
  const cpu = encodeMessage(responseCodec, { cpuUtilization: 0.5 });
  const unknown: readonly number[][] = [
    [0x18, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], // rps: 3, a varint of ten octets
    [0x55, 1, 2, 3, 4], // 10, 32 bits
    [0x51, 1, 2, 3, 4, 5, 6, 7, 8], // 10, 64 bits
    [0x52, 2, 0xff, 0xff], // 10, octets
    [0x0a, 1, 0xff], // 1 as octets
  ];
  for (const octets of unknown) {
    for (const bytes of [[...octets, ...cpu], [...cpu, ...octets]]) {
      assertEquals(read(Uint8Array.from(bytes))?.cpuUtilization, 0.5, `${octets}`);
    }
  }
});

test("[C43] what is cut off, or no message, is no report", () => {
  const whole = encodeMessage(responseCodec, { cpuUtilization: 0.5, namedMetrics: { a: 1 } });
  const boundary = 9; // after the first field
  for (let length = 1; length < whole.length; length++) {
    assertEquals(read(whole.subarray(0, length)) !== undefined, length === boundary, `${length}`);
  }
  const broken = [[0x0b], [0x0c], [0x0e], [0x0f], [0x80], [0x18, ...Array(10).fill(0x80), 1], [
    0x52,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
  ]];
  for (const octets of broken) {
    assertEquals(read(Uint8Array.from(octets)), undefined, `${octets}`);
  }
});
