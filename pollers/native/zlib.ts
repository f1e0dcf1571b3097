// Data compressed as gzip (RFC 1952) and zlib (RFC 1950), at once and with a bound on what inflating makes.
//
// node:zlib is loaded when something is compressed or inflated first: that takes Deno 15 ms and more.

import { builtin } from "./builtin.ts";
import type * as Zlib from "node:zlib";

/** Why data is not inflated: it is broken, or would be larger than it may be. */
export interface InflateFailure {
  readonly tooLarge: boolean;
  readonly reason: string;
}

/** What node:zlib gives where it is asked how much of its input it has read. */
interface Inflated {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

/** One format. */
export class ZlibFormat {
  /** `name`: what gRPC calls it. */
  constructor(
    readonly name: "gzip" | "deflate",
    private readonly deflateBy: "gzipSync" | "deflateSync",
    private readonly inflateBy: "gunzipSync" | "inflateSync",
  ) {}

  /** `bytes` from `start` on, compressed, behind as many free octets. */
  compress(bytes: Uint8Array, start: number): Uint8Array {
    const compressed = zlib()[this.deflateBy](bytes.subarray(start));
    const behind = new Uint8Array(start + compressed.length);
    behind.set(compressed, start);
    return behind;
  }

  /** All of `bytes` inflated, in memory of its own. Inflating stops where that is more than `maxBytes`. */
  inflate(bytes: Uint8Array, maxBytes: number): Uint8Array | InflateFailure {
    try {
      // zlib takes no 0 for a bound.
      const bound = maxBytes === Infinity ? {} : { maxOutputLength: Math.max(1, maxBytes) };
      const { buffer, engine } = inflateBy(this.inflateBy, bytes, { ...bound, info: true });
      if (buffer.length > maxBytes) return { tooLarge: true, reason: `more than ${maxBytes} bytes` };
      const left = bytes.length - engine.bytesWritten;
      if (left > 0) return { tooLarge: false, reason: `${left} bytes follow its end` };
      return plain(buffer);
    } catch (error) {
      const { code, message } = error as { code?: string; message?: string };
      return { tooLarge: code === "ERR_BUFFER_TOO_LARGE", reason: String(message) };
    }
  }
}

/** gRPC's "gzip". */
export const GZIP: ZlibFormat = new ZlibFormat("gzip", "gzipSync", "gunzipSync");

/** gRPC's "deflate", which is zlib's format around it, as in HTTP (RFC 9110, section 8.4.1.2). */
export const DEFLATE: ZlibFormat = new ZlibFormat("deflate", "deflateSync", "inflateSync");

function inflateBy(name: "gunzipSync" | "inflateSync", bytes: Uint8Array, options: object): Inflated {
  // The types do not know the option `info`, which all three runtimes have.
  return (zlib()[name] as unknown as (bytes: Uint8Array, options: object) => Inflated)(bytes, options);
}

/** Not a Buffer, whose `slice` makes a view; and not a few octets that keep a block of 16 KiB. */
function plain(buffer: Uint8Array): Uint8Array {
  const { byteOffset, length } = buffer;
  return buffer.buffer.byteLength === length
    ? new Uint8Array(buffer.buffer, byteOffset, length)
    : new Uint8Array(buffer);
}

let loaded: typeof Zlib | undefined = undefined;

function zlib(): typeof Zlib {
  return loaded ??= builtin("node:zlib");
}
