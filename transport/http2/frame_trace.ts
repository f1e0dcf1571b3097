// Says which frames go one way over a connection, by its octets alone: what sends and receives them knows of no trace.

import { errorCodeName } from "./error.ts";
import { CLIENT_PREFACE, Flag, FRAME_HEADER_BYTES, FrameType, readUint31, readUint32 } from "./frames.ts";
import { SettingId } from "./settings.ts";

/** Takes the octets of one direction, and notes which frames they are. */
export interface FrameNotes {
  /** The next octets. */
  take(bytes: Uint8Array): void;
}

/** Notes the frames of one direction; `fromClient`: the preface comes first. `note` gets a line a frame. */
export type NoteFrames = (fromClient: boolean, note: (line: string) => void) => FrameNotes;

/** Octets of a payload that are looked at. */
const MOST_SHOWN = 256;

const TYPES: readonly string[] = /* @__PURE__ */ Object.keys(FrameType);
const SETTINGS: ReadonlyMap<number, string> = /* @__PURE__ */ namesOf(SettingId);

/** Reads the octets of one direction: `fromClient`: the preface comes first. `note` gets a line a frame, as "RST_STREAM 5, CANCEL". */
export function noteFrames(fromClient: boolean, note: (line: string) => void): FrameNotes {
  return new FrameTracer(fromClient, note);
}

/** Reads the octets of one direction, wherever they are split. */
class FrameTracer {
  /** The frame header, and the beginning of a payload that is shown. */
  private readonly head = new Uint8Array(FRAME_HEADER_BYTES + MOST_SHOWN);
  private filled = 0;
  private wanted = FRAME_HEADER_BYTES;
  /** Octets that are passed over: the preface, content, header blocks. */
  private skipped: number;

  /** `fromClient`: the preface comes first. `note` gets a line a frame, as "RST_STREAM 5, CANCEL". */
  constructor(fromClient: boolean, private readonly note: (line: string) => void) {
    this.skipped = fromClient ? CLIENT_PREFACE.length : 0;
  }

  /** Takes the next octets. */
  take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.skipped > 0) {
        const passed = Math.min(this.skipped, bytes.length - at);
        this.skipped -= passed;
        at += passed;
        continue;
      }
      const taken = Math.min(this.wanted - this.filled, bytes.length - at);
      this.head.set(bytes.subarray(at, at + taken), this.filled);
      this.filled += taken;
      at += taken;
      if (this.filled === FRAME_HEADER_BYTES) this.wanted += Math.min(this.length, this.shown);
      if (this.filled === this.wanted) this.frame();
    }
  }

  private get length(): number {
    return (this.head[0]! << 16) | (this.head[1]! << 8) | this.head[2]!;
  }

  /** How much of its payload says more than its length. */
  private get shown(): number {
    const type = this.head[3]!;
    const isContent = type === FrameType.DATA || type === FrameType.HEADERS ||
      type === FrameType.CONTINUATION;
    return isContent ? 0 : MOST_SHOWN;
  }

  private frame(): void {
    const { head, filled } = this;
    const payload = head.subarray(FRAME_HEADER_BYTES, filled);
    this.note(describeFrame(head[3]!, head[4]!, readUint31(head, 5), this.length, payload));
    this.skipped = this.length - payload.length;
    this.filled = 0;
    this.wanted = FRAME_HEADER_BYTES;
  }
}

function describeFrame(
  type: number,
  flags: number,
  streamId: number,
  length: number,
  payload: Uint8Array,
): string {
  const name = TYPES[type] ?? `type ${type}`;
  const parts = [
    streamId === 0 ? name : `${name} ${streamId}`,
    ...describePayload(type, flags, length, payload),
  ];
  const hasEndStream = type === FrameType.DATA || type === FrameType.HEADERS;
  if (hasEndStream && (flags & Flag.END_STREAM) !== 0) parts.push("END_STREAM");
  if (type === FrameType.HEADERS && (flags & Flag.END_HEADERS) === 0) parts.push("to be continued");
  return parts.join(", ");
}

function describePayload(type: number, flags: number, length: number, payload: Uint8Array): string[] {
  const isAck = (flags & Flag.ACK) !== 0;
  switch (type) {
    case FrameType.SETTINGS:
      return isAck ? ["ACK"] : describeSettings(payload);
    case FrameType.PING:
      return isAck ? ["ACK"] : [];
    case FrameType.RST_STREAM:
      return payload.length >= 4 ? [errorCodeName(readUint32(payload, 0))] : [];
    case FrameType.WINDOW_UPDATE:
      return payload.length >= 4 ? [String(readUint31(payload, 0))] : [];
    case FrameType.GOAWAY: {
      if (payload.length < 8) return [];
      const debug = new TextDecoder().decode(payload.subarray(8));
      const said = debug === "" ? [] : [JSON.stringify(debug)];
      return [`last stream ${readUint31(payload, 0)}`, errorCodeName(readUint32(payload, 4)), ...said];
    }
    default:
      return [`${length} octets`];
  }
}

function describeSettings(payload: Uint8Array): string[] {
  const settings: string[] = [];
  for (let at = 0; at + 6 <= payload.length; at += 6) {
    const id = (payload[at]! << 8) | payload[at + 1]!;
    settings.push(`${SETTINGS.get(id) ?? `setting ${id}`} ${readUint32(payload, at + 2)}`);
  }
  return settings;
}

function namesOf(ids: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(ids).map(([name, id]): [number, string] => [id, name]));
}
