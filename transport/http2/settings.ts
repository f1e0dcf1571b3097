// SETTINGS: what each side may send (RFC 9113, section 6.5.2), with the initial values and the checks.

import { ErrorCode, Http2Error } from "./error.ts";
import { readUint32 } from "./frames.ts";
import {
  INITIAL_WINDOW_BYTES,
  MAX_MAX_FRAME_BYTES,
  MAX_WINDOW_BYTES,
  MIN_MAX_FRAME_BYTES,
  STREAM_WINDOW_BYTES,
  UNANNOUNCED_HEADER_LIST_BYTES,
} from "./limits.ts";

/** Identifiers of settings (RFC 9113, section 6.5.2). */
export const SettingId = {
  HEADER_TABLE_SIZE: 0x1,
  ENABLE_PUSH: 0x2,
  MAX_CONCURRENT_STREAMS: 0x3,
  INITIAL_WINDOW_SIZE: 0x4,
  MAX_FRAME_SIZE: 0x5,
  MAX_HEADER_LIST_SIZE: 0x6,
} as const;

/** What we tell the peer. Sizes in octets. */
export interface LocalSettings {
  /** Our decoder's dynamic table. */
  readonly headerTableSize: number;
  /**
   * Streams the peer may have open, and handlers that a server runs for it, whatever became of their streams; a client
   * leaves it as it is, for it accepts no pushes.
   */
  readonly maxConcurrentStreams: number;
  /**
   * Receive window of a new stream: what a stream that nobody reads can make us hold. Of a channel or server 5 at least, for a
   * message begins with as many octets.
   */
  readonly initialWindowSize: number;
  /**
   * What the receive window of one stream grows to while it is read (`flow_control.ts`). No more than
   * `initialWindowSize`: windows stay as they are.
   */
  readonly maxWindowSize: number;
  /**
   * What the receive windows of all open streams together may grow by beyond `initialWindowSize`. At the bound growth
   * stops, and nothing else. With it the most that messages which nobody reads make one connection hold is
   * (open streams) x (`initialWindowSize` + one message that is being put together) + `windowGrowthSize`.
   */
  readonly windowGrowthSize: number;
  /**
   * Receive window of the connection; sent as a WINDOW_UPDATE, not as a setting. It goes back to the peer on receipt,
   * so it bounds what is on its way and not what is held.
   */
  readonly connectionWindowSize: number;
  /** Largest frame payload we accept. */
  readonly maxFrameSize: number;
  /** Largest header list we accept: names, values and 32 octets a field (section 6.5.2). */
  readonly maxHeaderListSize: number;
}

const MAX_UINT32 = 0xffff_ffff;

/**
 * Our defaults. A stream begins with 65 KiB and grows to 1 MiB while it is read, or to what a longer
 * path holds, 16 MiB at most, as in other gRPC libraries: 1 Gbit/s at 130 ms. All streams of a connection grow by
 * 16 MiB in all: one of them may have the largest window, and 100 unread ones hold 22 MiB. The connection's window is
 * twice the largest of a stream, for it is announced in halves. Header lists as gRPC: 8 KiB soft, 16 KiB hard; we
 * refuse above the hard one. 1,024 streams as in Envoy: more than clients have under way on one connection, and no more
 * than 4 MB of calls of one that reads nothing; a server of 2^31-1 has no limit at all.
 */
export const DEFAULT_LOCAL_SETTINGS: LocalSettings = {
  headerTableSize: 4_096,
  maxConcurrentStreams: 1_024,
  initialWindowSize: STREAM_WINDOW_BYTES,
  maxWindowSize: 16_777_216,
  windowGrowthSize: 16_777_216,
  connectionWindowSize: 33_554_432,
  maxFrameSize: 16_384,
  maxHeaderListSize: 16_384,
};

/** The least and the most of each. */
const RANGES: Readonly<Record<keyof LocalSettings, readonly [least: number, most: number]>> = {
  headerTableSize: [0, MAX_UINT32],
  maxConcurrentStreams: [0, MAX_UINT32],
  initialWindowSize: [0, MAX_WINDOW_BYTES],
  maxWindowSize: [0, MAX_WINDOW_BYTES],
  windowGrowthSize: [0, MAX_WINDOW_BYTES],
  // The connection's window starts at this size and no frame can make it smaller (section 6.9.2).
  connectionWindowSize: [INITIAL_WINDOW_BYTES, MAX_WINDOW_BYTES],
  maxFrameSize: [MIN_MAX_FRAME_BYTES, MAX_MAX_FRAME_BYTES],
  maxHeaderListSize: [0, MAX_UINT32],
};

/** What {@linkcode localSettings} has given: checked, and shared by the connections of a server. */
const complete = new WeakSet<Partial<LocalSettings>>([DEFAULT_LOCAL_SETTINGS]);

/**
 * `given` over the defaults; RangeError where a value is outside what section 6.5.2 allows. What this has given may be given
 * again, and stays the same object.
 */
export function localSettings(given: Partial<LocalSettings> = DEFAULT_LOCAL_SETTINGS): LocalSettings {
  if (complete.has(given)) return given as LocalSettings;
  const settings = { ...DEFAULT_LOCAL_SETTINGS, ...given };
  for (const name of Object.keys(RANGES) as Array<keyof LocalSettings>) {
    const value = settings[name];
    const [least, most] = RANGES[name];
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw new RangeError(`Cannot use ${value} as ${name}: it must be an integer from ${least} to ${most}`);
  }
  complete.add(settings);
  return settings;
}

/** The entries of the SETTINGS frame that says `settings`, those that differ from the protocol's initial values. */
export function settingsEntries(settings: LocalSettings, role: "client" | "server"): Array<[number, number]> {
  const entries: Array<[number, number]> = [];
  if (role === "client") entries.push([SettingId.ENABLE_PUSH, 0]);
  if (settings.headerTableSize !== 4_096) {
    entries.push([SettingId.HEADER_TABLE_SIZE, settings.headerTableSize]);
  }
  if (role === "server") entries.push([SettingId.MAX_CONCURRENT_STREAMS, settings.maxConcurrentStreams]);
  if (settings.initialWindowSize !== INITIAL_WINDOW_BYTES) {
    entries.push([SettingId.INITIAL_WINDOW_SIZE, settings.initialWindowSize]);
  }
  if (settings.maxFrameSize !== MIN_MAX_FRAME_BYTES) {
    entries.push([SettingId.MAX_FRAME_SIZE, settings.maxFrameSize]);
  }
  entries.push([SettingId.MAX_HEADER_LIST_SIZE, settings.maxHeaderListSize]);
  return entries;
}

/** What the peer told us, from the protocol's initial values on. */
export class PeerSettings {
  /** SETTINGS_HEADER_TABLE_SIZE: the bound of our encoder's table. */
  headerTableSize = 4_096;
  /** The smallest that it was while the last SETTINGS were applied: one frame may say several, each of which held (6.5.3). */
  leastHeaderTableSize = 4_096;
  /** SETTINGS_MAX_CONCURRENT_STREAMS: streams we may have open; Infinity until told. */
  maxConcurrentStreams = Infinity;
  /** SETTINGS_INITIAL_WINDOW_SIZE: the send window of a new stream. */
  initialWindowSize = INITIAL_WINDOW_BYTES;
  /** SETTINGS_MAX_FRAME_SIZE: the largest payload we may send. */
  maxFrameSize = MIN_MAX_FRAME_BYTES;
  /** SETTINGS_MAX_HEADER_LIST_SIZE: advisory; Infinity until told. */
  maxHeaderListSize = Infinity;

  /** Octets that a header list we send may have: what the peer announced, or what none is known to close for. */
  get headerListLimit(): number {
    return this.maxHeaderListSize === Infinity ? UNANNOUNCED_HEADER_LIST_BYTES : this.maxHeaderListSize;
  }

  /**
   * Applies the entries in `bytes[start, end)`, in order; the first bad one is the connection's error. Unknown
   * settings are ignored. `fromServer`: a server must not enable push (section 6.5.2).
   */
  apply(bytes: Uint8Array, start: number, end: number, fromServer: boolean): Http2Error | undefined {
    this.leastHeaderTableSize = this.headerTableSize;
    for (let at = start; at < end; at += 6) {
      const error = this.set((bytes[at]! << 8) | bytes[at + 1]!, readUint32(bytes, at + 2), fromServer);
      if (error !== undefined) return error;
    }
    return undefined;
  }

  private set(id: number, value: number, fromServer: boolean): Http2Error | undefined {
    switch (id) {
      case SettingId.HEADER_TABLE_SIZE:
        this.headerTableSize = value;
        this.leastHeaderTableSize = Math.min(this.leastHeaderTableSize, value);
        break;
      case SettingId.ENABLE_PUSH:
        if (value > 1 || (fromServer && value === 1)) return badSetting("ENABLE_PUSH", value);
        break; // we never push
      case SettingId.MAX_CONCURRENT_STREAMS:
        this.maxConcurrentStreams = value;
        break;
      case SettingId.INITIAL_WINDOW_SIZE:
        if (value > MAX_WINDOW_BYTES) {
          return badSetting("INITIAL_WINDOW_SIZE", value, ErrorCode.FLOW_CONTROL_ERROR);
        }
        this.initialWindowSize = value;
        break;
      case SettingId.MAX_FRAME_SIZE:
        if (value < MIN_MAX_FRAME_BYTES || value > MAX_MAX_FRAME_BYTES) {
          return badSetting("MAX_FRAME_SIZE", value);
        }
        this.maxFrameSize = value;
        break;
      case SettingId.MAX_HEADER_LIST_SIZE:
        this.maxHeaderListSize = value;
        break;
    }
    return undefined;
  }
}

function badSetting(name: string, value: number, code: number = ErrorCode.PROTOCOL_ERROR): Http2Error {
  return new Http2Error("connection", code, "library", `peer sent SETTINGS_${name} ${value}, out of range`);
}
