// An attack while it goes on: its connections, and what became of them.
import { setTimeout as sleep } from "node:timers/promises";
import { END_STREAM, Type } from "./frames.mjs";
import { Peer } from "./peer.mjs";

/** DATA frames of this size go out at a time where windows count. */
const PIECE_BYTES = 16_384;

/** What an attack's `run` gets. */
export class Attack {
  /** Its time is up. */
  over = false;
  /** Why the server has fallen, where the attack itself saw it. */
  failure = undefined;
  #connections = 0;
  #octets = 0;
  #ends = new Map();
  #open = new Set();

  constructor(target, service) {
    this.target = target;
    this.service = service;
  }

  /** The path of a method of the server under attack. */
  path(method) {
    return this.service.replace("*", method);
  }

  /** A new connection. */
  peer(options) {
    const peer = new Peer(this.target, options);
    this.#connections++;
    this.#open.add(peer);
    void peer.ended.then(() => this.#forget(peer));
    return peer;
  }

  /** Sends what `next` gives for a connection, again and again, and makes a new one where the server ends it. */
  async flood(next, options) {
    while (!this.over) {
      const peer = this.peer(options);
      await Promise.race([peer.connected, peer.ended]);
      while (peer.open && !this.over) await Promise.race([peer.write(await next(peer)), this.sleep(1_000)]);
      peer.close();
      await sleep(1);
    }
  }

  /** `count` connections at once, each with `each` at its beginning, which stay open until time is up. */
  async crowd(count, each, { batch = count, ...options } = {}) {
    const one = async () => {
      const peer = this.peer(options);
      await Promise.race([peer.connected, peer.ended, this.sleep(5_000)]);
      await each(peer);
    };
    const all = [];
    for (let made = 0; made < count && !this.over; made += batch) {
      const some = Array.from({ length: Math.min(batch, count - made) }, one);
      all.push(...some);
      await Promise.race([Promise.all(some), this.sleep(300)]);
    }
    await Promise.race([Promise.all(all), this.end()]);
    await this.end();
  }

  /** Sends one stream's header frame and content as the windows let it. */
  async upload(peer, head, id, content) {
    let stream = 65_535;
    this.window(peer);
    const wait = () =>
      new Promise((resolve) => {
        const check = () => {
          stream += peer.windows.get(id) ?? 0;
          peer.windows.delete(id);
          if (this.over || !peer.open || peer.gone.has(id) || (stream > 0 && peer.window > 0)) resolve();
          else setTimeout(check, 2);
        };
        check();
      });
    await peer.write(head);
    for (let at = 0; at < content.length;) {
      await wait();
      if (this.over || !peer.open || peer.gone.has(id)) break;
      const bytes = Math.min(PIECE_BYTES, stream, peer.window, content.length - at);
      const last = at + bytes === content.length;
      stream -= bytes;
      peer.window -= bytes;
      await peer.write(dataFrame(id, content.subarray(at, at + bytes), last));
      at += bytes;
    }
    peer.gone.delete(id);
  }

  /** Has `peer` keep account of its windows. */
  window(peer) {
    if (peer.windows !== undefined) return;
    peer.windows = new Map();
    peer.gone = new Set();
    peer.window = 65_535;
    peer.onFrame = (type, flags, id, payload) => {
      if (type === Type.WINDOW_UPDATE) {
        const bytes = payload.readUInt32BE(0);
        if (id === 0) peer.window += bytes;
        else peer.windows.set(id, (peer.windows.get(id) ?? 0) + bytes);
      }
      if (type === Type.RST_STREAM || (type === Type.HEADERS && flags & END_STREAM)) peer.gone.add(id);
    };
  }

  /** Whether a call is answered before its connection ends. */
  answer(peer, id) {
    return new Promise((resolve) => {
      peer.onFrame = (type, flags, stream) => {
        if (stream === id && type === Type.RST_STREAM) resolve(false);
        if (stream === id && type === Type.HEADERS && flags & END_STREAM) resolve(true);
      };
      void peer.ended.then(() => resolve(false));
    });
  }

  /** The server did not hold. */
  fell(why) {
    this.failure ??= why;
  }

  /** Resolves when time is up. */
  async end() {
    while (!this.over) await sleep(20);
  }

  /** Milliseconds of the attack. */
  sleep(ms) {
    return sleep(ms, undefined, { ref: false });
  }

  /** Ends all connections. */
  stop() {
    this.over = true;
    for (const peer of this.#open) {
      peer.close();
      this.#forget(peer);
    }
  }

  /** Connections that were made. */
  get connections() {
    return this.#connections;
  }

  /** How the connections ended, in a sentence. */
  get outcome() {
    const ends = [...this.#ends].sort(([, a], [, b]) => b - a).map(([end, count]) => `${count} x ${end}`);
    const more = ends.length > 2 ? `; ${ends.length - 2} others` : "";
    return `${this.#connections} connections, ${(this.#octets / 1e6).toFixed(1)} MB sent: ${
      ends.slice(0, 2).join("; ")
    }${more}`;
  }

  #forget(peer) {
    if (!this.#open.delete(peer)) return;
    this.#octets += peer.socket.bytesWritten;
    this.#ends.set(peer.end, (this.#ends.get(peer.end) ?? 0) + 1);
  }
}

function dataFrame(id, content, last) {
  const bytes = new Uint8Array(9 + content.length);
  bytes.set([content.length >> 16, content.length >> 8, content.length, 0, last ? END_STREAM : 0]);
  new DataView(bytes.buffer).setUint32(5, id);
  bytes.set(content, 9);
  return bytes;
}
