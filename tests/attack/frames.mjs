// HTTP/2 frames and gRPC requests as bytes: what attackers send, built by nothing of the library.
import { Buffer } from "node:buffer";

/** Frame types. */
export const Type = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
};

export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;

export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** One frame. */
export function frame(type, flags, id, payload = Buffer.alloc(0)) {
  const bytes = Buffer.allocUnsafe(9 + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(id, 5);
  bytes.set(payload, 9);
  return bytes;
}

/** Numbers of 32 bits. */
export function uint32(...values) {
  const bytes = Buffer.allocUnsafe(4 * values.length);
  values.forEach((value, i) => bytes.writeUInt32BE(value, 4 * i));
  return bytes;
}

/** SETTINGS; `entries`: pairs of identifier and value. */
export function settings(...entries) {
  const payload = Buffer.alloc(6 * entries.length);
  entries.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, 6 * i);
    payload.writeUInt32BE(value, 6 * i + 2);
  });
  return frame(Type.SETTINGS, 0, 0, payload);
}

/** A string of HPACK, plain. */
export function text(value) {
  const bytes = Buffer.from(value);
  return Buffer.concat([integer(bytes.length, 7, 0), bytes]);
}

/** An integer of HPACK with a prefix of `bits`, below `pattern`. */
export function integer(value, bits, pattern) {
  const most = 2 ** bits - 1;
  if (value < most) return Buffer.of(pattern | value);
  const bytes = [pattern | most];
  for (value -= most; value > 127; value = Math.floor(value / 128)) bytes.push(value & 127 | 128);
  bytes.push(value);
  return Buffer.from(bytes);
}

/** A literal field: never indexed, or added to the dynamic table. */
export function field(name, value, indexed = false) {
  return Buffer.concat([Buffer.of(indexed ? 0x40 : 0), text(name), text(value)]);
}

/** The header block of a gRPC request. */
export function request(path, ...extra) {
  const fields = [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", path],
    [":authority", "attack"],
    ["te", "trailers"],
    ["content-type", "application/grpc"],
    ...extra,
  ];
  return Buffer.concat(fields.map(([name, value]) => field(name, value)));
}

/** HEADERS that are whole. */
export function headers(id, block, endStream = false) {
  return frame(Type.HEADERS, END_HEADERS | (endStream ? END_STREAM : 0), id, block);
}

/** A gRPC message with its prefix. */
export function message(content = Buffer.alloc(0)) {
  return Buffer.concat([Buffer.of(0), uint32(content.length), content]);
}

/** DATA frames with `content`, no larger than every peer takes. */
export function data(id, content, endStream = false) {
  const parts = [];
  for (let at = 0; at < content.length || parts.length === 0; at += 16_384) {
    const last = at + 16_384 >= content.length;
    parts.push(frame(Type.DATA, last && endStream ? END_STREAM : 0, id, content.subarray(at, at + 16_384)));
  }
  return Buffer.concat(parts);
}

/** A varint of protobuf. */
export function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push(value & 127 | 128);
  bytes.push(value);
  return Buffer.from(bytes);
}

/** `unit` again and again, up to `bytes` octets. */
export function repeated(unit, bytes) {
  return Buffer.alloc(bytes - bytes % unit.length, Buffer.from(unit));
}
