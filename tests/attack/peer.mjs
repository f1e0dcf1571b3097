// One connection to the server under attack: sends what it is told, and keeps what became of it.
import { Buffer } from "node:buffer";
import net from "node:net";
import { ACK, frame, PREFACE, settings, Type } from "./frames.mjs";

const CODES = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
];

/** A raw client. */
export class Peer {
  /** Until either side has ended it. */
  open = true;
  /** The next stream that was not used yet. */
  nextId = 1;
  /** What the server's GOAWAY said, and how the connection ended. */
  end = "open";
  /** Frames received, by type. */
  received = {};
  /** `RST_STREAM`s received, by code. */
  resets = {};
  /** Called with each frame: type, flags, stream, payload. */
  onFrame = () => {};
  #rest = Buffer.alloc(0);
  #said = "";

  /** `deaf`: reads nothing. `quiet`: sends nothing by itself but `preface`, which comes first. */
  constructor(target, { deaf = false, quiet = false, preface = Buffer.concat([PREFACE, settings()]) } = {}) {
    this.quiet = quiet;
    this.socket = net.connect(target);
    this.connected = new Promise((resolve) => this.socket.once("connect", resolve));
    this.ended = new Promise((resolve) => this.socket.once("close", resolve));
    void this.ended.then(() => {
      this.open = false;
      if (this.end === "open") this.end = this.#said || "closed by the server";
    });
    this.socket.on("error", (error) => {
      if (this.end === "open") this.end = this.#said || error.code;
    });
    this.socket.setNoDelay(true);
    if (deaf) this.socket.pause();
    else this.socket.on("data", (bytes) => this.#read(bytes));
    if (preface.length > 0) this.socket.write(preface);
  }

  /** Sends `bytes`; resolves when there is room for more, or the connection is over. */
  async write(...bytes) {
    if (!this.open) return;
    if (this.socket.write(bytes.length === 1 ? bytes[0] : Buffer.concat(bytes))) {
      // In turns, for others have something to do as well.
      return await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.race([new Promise((resolve) => this.socket.once("drain", resolve)), this.ended]);
  }

  /** A stream that was not used yet. */
  take() {
    const id = this.nextId;
    this.nextId += 2;
    return id;
  }

  /** Ends it from this side. */
  close() {
    if (this.end === "open") this.end = this.#said || "open to the end";
    this.socket.destroy();
    this.open = false;
  }

  #read(bytes) {
    let rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    while (rest.length >= 9) {
      const end = 9 + rest.readUIntBE(0, 3);
      if (rest.length < end) break;
      this.#frame(rest[3], rest[4], rest.readUInt32BE(5), rest.subarray(9, end));
      rest = rest.subarray(end);
    }
    this.#rest = rest;
  }

  #frame(type, flags, id, payload) {
    this.received[type] = (this.received[type] ?? 0) + 1;
    if (!this.quiet && type === Type.SETTINGS && !(flags & ACK)) {
      this.socket.write(frame(Type.SETTINGS, ACK, 0));
    }
    if (!this.quiet && type === Type.PING && !(flags & ACK)) {
      this.socket.write(frame(Type.PING, ACK, 0, payload));
    }
    if (type === Type.RST_STREAM) {
      const code = codeName(payload.readUInt32BE(0));
      this.resets[code] = (this.resets[code] ?? 0) + 1;
    }
    if (type === Type.GOAWAY) {
      this.#said = `GOAWAY ${codeName(payload.readUInt32BE(4))}`;
      const why = payload.subarray(8).toString();
      if (why !== "") this.#said += `, ${why}`;
    }
    this.onFrame(type, flags, id, payload);
  }
}

function codeName(code) {
  return CODES[code] ?? String(code);
}
