// A server that refuses an upload, says GOAWAY and closes, with octets unread: the system resets the connection behind them.
// It is a process of its own, since the client is to write while that happens.
import { createServer } from "node:net";
import process from "node:process";

/** Octets of the upload after which it has enough. */
const ENOUGH = 1_000_000;

const frame = (type, flags, id, ...payload) => {
  const body = Buffer.concat(payload);
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, body]);
};
const uint32 = (...values) =>
  Buffer.concat(values.map((value) => Buffer.from(new Uint32Array([value]).buffer).swap32()));
/** A header field without indexing (RFC 7541, section 6.2.2), of short texts. */
const field = (name, value) =>
  Buffer.from(`\0${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`);

const windows = Buffer.concat([
  frame(4, 0, 0, Buffer.from([0, 4]), uint32(0x7fffffff)), // SETTINGS_INITIAL_WINDOW_SIZE
  frame(4, 1, 0),
  frame(8, 0, 0, uint32(0x7fff0000)),
]);
const refusal = Buffer.concat([
  frame(
    1,
    5,
    1,
    field(":status", "200"),
    field("content-type", "application/grpc"),
    field("grpc-status", "7"),
    field("grpc-message", "enough"),
  ),
  frame(7, 0, 0, uint32(1, 0)), // GOAWAY
]);

createServer((socket) => {
  let received = 0;
  socket.on("error", () => {});
  socket.on("data", ({ length }) => {
    received += length;
    if (received < ENOUGH || received - length >= ENOUGH) return;
    socket.pause();
    socket.write(refusal, () => socket.destroy());
  });
  socket.write(windows);
}).listen(Number(process.argv[2]), "127.0.0.1", function () {
  console.log(`listening ${this.address().port}`);
});
