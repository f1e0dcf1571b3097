// Which fields of a header section are metadata (PROTOCOL-HTTP2.md, "Custom-Metadata"), and in what order.
import { assert, assertEquals } from "@std/assert";
import { binaryValue, decodeBinary, encodeBinary } from "../../../transport/grpc/binary_header.ts";
import {
  applicationMetadata,
  isReserved,
  parseRequest,
  parseTrailers,
} from "../../../transport/grpc/headers.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { test } from "../../harness.ts";
import { REQUEST } from "./recording_call.ts";

test("Custom-Metadata: values of one name keep their order, and are not joined", () => {
  const fields: Array<[string, string]> = [["x", "1"], ["y", "2"], ["x", "3"], ["x-bin", "AA"], ["x", "1"]];
  const head = parseRequest(HeaderList.of([...REQUEST, ...fields]));
  assert("path" in head);
  assertEquals([...head.metadata], fields);
  assertEquals([...parseTrailers(HeaderList.of([["grpc-status", "0"], ...fields])).metadata], fields);
});

test("Custom-Metadata: the protocol's own fields are none, nor are those that gRPC reserves", () => {
  const own = [":path", ":status", "te", "content-type", "user-agent", "grpc-timeout", "grpc-encoding"];
  const more = ["grpc-accept-encoding", "grpc-message-type", "grpc-status", "grpc-message", "grpc-future"];
  for (const name of [...own, ...more]) {
    assert(isReserved(name), name);
    assertEquals(applicationMetadata(HeaderList.of([[name, "x"]])).length, 0, name);
  }
  for (
    const name of ["grpc", "x-grpc-status", "authorization", "te-x", "grpc-status-details-bin", "a.b_c-0"]
  ) {
    assert(!isReserved(name), name);
  }
});

test("Binary-Header: every octet, at every place of a group of three, padded or not", () => {
  for (let octet = 0; octet < 256; octet++) {
    for (let length = 1; length <= 4; length++) {
      const value = new Uint8Array(length).fill(octet);
      const sent = encodeBinary(value);
      assert(/^[A-Za-z0-9+/]+$/.test(sent), sent); // RFC 4648, section 4, without padding
      const padded = sent.padEnd(4 * Math.ceil(sent.length / 4), "=");
      assertEquals(decodeBinary(sent), [value]);
      assertEquals(decodeBinary(padded), [value]);
      assertEquals(decodeBinary(`${sent},${padded}`), [value, value]);
    }
  }
});

test("Binary-Header: one value, coded as we code it, is read at once; anything else is not", () => {
  const field = (text: string) => HeaderList.of([["a-bin", text]]).entries[0]!;
  for (let length = 0; length < 20; length++) {
    const value = Uint8Array.from({ length }, (_, i) => 255 - 7 * i);
    assertEquals(binaryValue(field(encodeBinary(value))), value);
  }
  for (const other of ["A", "AA==", "AA,AA", "AAAA AAAA", "AAAAA", "A!", "AA!A", "AAA\u00ff"]) {
    assertEquals(binaryValue(field(other)), undefined, other);
  }
});

test("Binary-Header: what is no base64 of RFC 4648, section 4, is told apart from an empty value", () => {
  assertEquals(decodeBinary(""), [new Uint8Array(0)]);
  for (const text of ["A", "AAAAA", "A=", "A===", "=", "AA=A", "_-8", "AA,A", "é"]) {
    assertEquals(decodeBinary(text), undefined, text);
  }
});
