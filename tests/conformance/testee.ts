// What protobuf's conformance runner tests: requests on standard input, responses on standard output, each behind its length.
//
// Arguments: the folder of the runner's .proto files, and what kind of codecs is tested.

import { Buffer } from "node:buffer";
import { readSync, writeSync } from "node:fs";
import process from "node:process";
import { DecodeError, EncodeError, JsonError, loadProto } from "../../surface/proto/mod.ts";
import { typesIn } from "./types.ts";

const [folder, kind] = process.argv.slice(2) as [string, string];
const { codecs, registry } = await typesIn(folder, kind);
const protocol = (await loadProto(`${folder}/conformance/conformance.proto`)).messages;
const requests = protocol["conformance.ConformanceRequest"]!;
const responses = protocol["conformance.ConformanceResponse"]!;

for (let request = next(); request !== undefined; request = next()) {
  const response = responses.encode(answer(request));
  const head = Buffer.alloc(4);
  head.writeUInt32LE(response.length);
  write(Buffer.concat([head, response]));
}

interface Request {
  payload: "protobufPayload" | "jsonPayload" | "textPayload" | "jspbPayload" | undefined;
  protobufPayload: Uint8Array;
  jsonPayload: string;
  messageType: string;
  requestedOutputFormat: string;
  testCategory: string;
}

/** What becomes of a request's payload, in the words of conformance.proto. */
function answer(request: Request): object {
  const { payload, messageType, requestedOutputFormat: format } = request;
  // The runner asks first which tests are known to fail; its list says so.
  if (messageType === "conformance.FailureSet") return { protobufPayload: new Uint8Array(0) };
  if (payload !== "protobufPayload" && payload !== "jsonPayload") return { skipped: `input as ${payload}` };
  if (format !== "PROTOBUF" && format !== "JSON") return { skipped: `output as ${format}` };
  const codec = codecs.get(messageType);
  if (codec === undefined) return { runtimeError: `no type ${messageType}` };
  let message;
  try {
    message = payload === "protobufPayload"
      ? codec.decode(request.protobufPayload)
      : codec.fromJsonString(request.jsonPayload, {
        registry,
        ignoreUnknownFields: request.testCategory === "JSON_IGNORE_UNKNOWN_PARSING_TEST",
      });
  } catch (error) {
    const expected = error instanceof DecodeError || error instanceof JsonError;
    return { [expected ? "parseError" : "runtimeError"]: String(error) };
  }
  try {
    return format === "PROTOBUF"
      ? { protobufPayload: codec.encode(message) }
      : { jsonPayload: codec.toJsonString(message, { registry }) };
  } catch (error) {
    return { [error instanceof EncodeError ? "serializeError" : "runtimeError"]: String(error) };
  }
}

/** The next request; undefined at the end of the input. */
function next(): Request | undefined {
  const head = read(4);
  if (head === undefined) return undefined;
  const bytes = read(head.readUInt32LE(0));
  return bytes && requests.decode(new Uint8Array(bytes));
}

function read(count: number): Buffer | undefined {
  const bytes = Buffer.alloc(count);
  for (let at = 0; at < count;) {
    const found = readSync(0, bytes, at, count - at, null);
    if (found === 0) return undefined;
    at += found;
  }
  return bytes;
}

function write(bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(1, bytes, at);
}
