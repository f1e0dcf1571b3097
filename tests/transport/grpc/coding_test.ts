// The codings of single headers: grpc-timeout, grpc-message, binary values.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodeBinary, encodeBinary } from "../../../transport/grpc/binary_header.ts";
import { messageLimits } from "../../../transport/grpc/message_limits.ts";
import { decodePercent, encodePercent } from "../../../transport/grpc/percent.ts";
import { decodeTimeout, encodeTimeout, timeoutHeaders } from "../../../transport/grpc/timeout.ts";
import { SeededRandom } from "../../../pollers/simulated/seeded_random.ts";
import { test } from "../../harness.ts";

test("grpc-timeout: every unit, up to eight digits", () => {
  const values: Array<[string, number]> = [
    ["1H", 3_600_000],
    ["2M", 120_000],
    ["3S", 3_000],
    ["4m", 4],
    ["5000u", 5],
    ["6000000n", 6],
    ["0m", 0],
    ["99999999S", 99_999_999_000],
  ];
  for (const [text, ms] of values) assertEquals(decodeTimeout(text), ms, text);
});

test("grpc-timeout: what is malformed is undefined", () => {
  for (const text of ["", "1", "S", "-1S", "1.5S", "123456789S", "1s", "1h", " 1S", "1S ", "1SS", "+1S"]) {
    assertEquals(decodeTimeout(text), undefined, JSON.stringify(text));
  }
});

test("grpc-timeout: a header that is kept says what one that is made anew would, and is the same for the same", () => {
  const timeouts = [-1, 0, 0.5, 1, 999.5, 1_000, 9_990, 9_999.5, 999_999, 1_000_000, 5e9, Infinity];
  for (let ms = 1; ms < 2_000_000; ms = ms * 1.003 + 0.3) timeouts.push(ms);
  for (const ms of [...timeouts, ...timeouts.toReversed()]) {
    assertEquals([...timeoutHeaders(ms)], [["grpc-timeout", encodeTimeout(ms)]], `${ms}`);
  }
  assertEquals(timeoutHeaders(20_001) === timeoutHeaders(20_099), true);
});

test("[C16] grpc-timeout: what is sent is well-formed, never shorter, and within a hundredth", () => {
  for (
    const ms of [0.2, 1, 1.5, 999, 1_000, 1_234, 59_999, 123_456, 999_999, 1e6, 1_000_100, 86_400_000, 1e10]
  ) {
    const text = encodeTimeout(ms);
    const sent = decodeTimeout(text);
    assert(sent !== undefined, text);
    assert(sent >= ms && sent <= ms * 1.01 + 1, `${ms} ms became ${text}`);
  }
  assertEquals(encodeTimeout(Number.MAX_SAFE_INTEGER), "99999999H");
  for (const over of [0, -1, -1e9]) assertEquals(encodeTimeout(over), "1m");
  assertEquals([encodeTimeout(1_234), encodeTimeout(12_345), encodeTimeout(123_456)], [
    "1240m",
    "12400m",
    "124000m",
  ]);
});

test("grpc-message: printable ASCII stays, the rest is percent-encoded UTF-8", () => {
  assertEquals(encodePercent("plain, with ~ and spaces"), "plain, with ~ and spaces");
  assertEquals(encodePercent("100%"), "100%25");
  assertEquals(encodePercent("é\n"), "%C3%A9%0A");
  assertEquals(encodePercent(" at its ends "), "%20at its ends%20");
  for (const text of ["", "é ✗ 🎉", "%41", "%", "a\r\nb\0", " "]) {
    const encoded = encodePercent(text);
    assert(/^[\x20-\x7e]*$/.test(encoded), encoded);
    assertEquals(decodePercent(encoded), text);
  }
});

test("[C81] grpc-message: what is not well coded is kept, for a message must not be lost", () => {
  assertEquals(decodePercent("50% off, 100%"), "50% off, 100%");
  assertEquals(decodePercent("%zz%4"), "%zz%4");
  assertEquals(decodePercent("%41%4g"), "A%4g");
  assertEquals(decodePercent("%ff"), "\ufffd");
  assertEquals(decodePercent("\xc3\xa9"), "é"); // raw UTF-8, as some servers send it
});

test("[C82] binary values: base64 without padding out; padded, unpadded and joined by commas in", () => {
  assertEquals(encodeBinary(new Uint8Array(0)), "");
  assertEquals(encodeBinary(Uint8Array.of(0, 255, 1, 254)), "AP8B/g");
  assertEquals(decodeBinary("AP8B/g"), [Uint8Array.of(0, 255, 1, 254)]);
  assertEquals(decodeBinary("AP8B/g=="), [Uint8Array.of(0, 255, 1, 254)]);
  assertEquals(decodeBinary("AA==, AQ,"), [Uint8Array.of(0), Uint8Array.of(1), new Uint8Array(0)]);
  assertEquals(decodeBinary("not base64!"), undefined);
  for (let length = 0; length < 40; length++) {
    const value = Uint8Array.from({ length }, (_, i) => 255 - i * 11);
    assertEquals(decodeBinary(encodeBinary(value)), [value]);
  }
});

test("message limits: any number of bytes, 0 and Infinity too; nothing else", () => {
  assertEquals(messageLimits({}), { receiveBytes: 4 * 1024 * 1024, sendBytes: Infinity });
  assertEquals(messageLimits({ maxReceiveMessageBytes: 0, maxSendMessageBytes: 0 }), {
    receiveBytes: 0,
    sendBytes: 0,
  });
  for (const bad of [-1, NaN, "4", null]) {
    for (const name of ["maxReceiveMessageBytes", "maxSendMessageBytes"]) {
      assertThrows(() => messageLimits({ [name]: bad }), RangeError, name);
    }
  }
});

test("Binary-Header: whatever text there is, it is read as atob reads it", () => {
  const random = new SeededRandom(7);
  const chars = "AZaz09+/==  \t_-,";
  for (let i = 0; i < 20_000; i++) {
    let text = "";
    for (let length = random.below(10); length > 0; length--) text += chars[random.below(chars.length)];
    let expected: Uint8Array[] | undefined;
    try {
      expected = text.split(",").map((part) => Uint8Array.from(atob(part), (unit) => unit.charCodeAt(0)));
    } catch {
      expected = undefined;
    }
    assertEquals(decodeBinary(text), expected, JSON.stringify(text));
  }
});
