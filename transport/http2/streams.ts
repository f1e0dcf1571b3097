// The streams of one connection: identifiers (RFC 9113, section 5.1.1), how many (5.1.2), and what became of closed ones.
//
// Open streams are found by a ring indexed by half the identifier, with a map for collisions: identifiers of one
// connection grow by two, and streams that live at the same time lie close together, so the identifier modulo a power
// of two nearly always finds its stream at the first look (2x cheaper than a Map, measured).

import { MAX_STREAM_ID } from "./limits.ts";
import type { PeerStreams } from "./peer_streams.ts";
import { type Stream, StreamState } from "./stream.ts";

// Local: see docs/STYLE.md, "Hot paths".
const { CLOSED_BY_US, IDLE_OURS } = StreamState;
const LAST_ID = MAX_STREAM_ID;

/** Streams a fresh ring has room for. */
const INITIAL_RING = 4;
/** A ring of this length, or longer, does not grow; more streams than it has room for are in the map as well. */
const LARGE_RING = 4_096;

/** The streams of one connection. */
export class Streams {
  /** Streams that are open now. */
  size = 0;
  /** Streams that were opened in all; identifiers do not tell, for a peer may pass them over. */
  opened = 0;
  /** Of those that are over, how many ended before both sides had ended them in order. */
  failed = 0;
  /** The identifier of the next stream that we open. */
  nextId = 1;
  /** SETTINGS_MAX_CONCURRENT_STREAMS of the peer: streams that we may have open; Infinity until told. */
  peerLimit = Infinity;
  private ring: Array<Stream | undefined> = new Array(INITIAL_RING).fill(undefined);
  /** Open streams whose places in the ring were taken; undefined until one was. */
  private overflow: Map<number, Stream> | undefined = undefined;
  /** The most streams that were open at once since none was. */
  private most = 0;

  /** `ofPeer`: what a server knows of the streams that its client opens. */
  constructor(private readonly ofPeer?: PeerStreams) {}

  /** The highest identifier of the peer's streams. */
  get lastPeerId(): number {
    return this.ofPeer === undefined ? 0 : this.ofPeer.lastId;
  }

  /** Streams that were opened and are over. */
  get finished(): number {
    return this.opened - this.size;
  }

  /** The open stream numbered `id`, or undefined. */
  get(id: number): Stream | undefined {
    const found = this.ring[(id >> 1) & (this.ring.length - 1)];
    if (found !== undefined && found.id === id) return found;
    return this.overflow === undefined ? undefined : this.overflow.get(id);
  }

  /** The {@linkcode StreamState} of a stream that is not open. */
  stateOf(id: number): number {
    const ofClient = (id & 1) === 1;
    if (ofClient && this.ofPeer !== undefined) return this.ofPeer.stateOf(id);
    return ofClient && id < this.nextId ? CLOSED_BY_US : IDLE_OURS;
  }

  /** Client: whether the peer's limit and the identifiers that are left let us open one more. */
  get mayOpen(): boolean {
    return this.size < this.peerLimit && this.nextId <= LAST_ID;
  }

  /** Adds a stream whose identifier is not there. */
  add(stream: Stream): void {
    if (++this.size > this.most) this.most = this.size;
    this.opened++;
    if (this.size > this.ring.length && this.ring.length < LARGE_RING) this.grow();
    this.place(stream);
  }

  /** Removes a stream that is there. */
  remove(stream: Stream): void {
    this.size--;
    const slot = (stream.id >> 1) & (this.ring.length - 1);
    if (this.ring[slot] === stream) this.ring[slot] = undefined;
    else this.overflow!.delete(stream.id);
    if (this.size === 0) this.emptied();
  }

  /** The open streams, as a list that stays as it is while they close. */
  all(): Stream[] {
    const streams = this.overflow === undefined ? [] : [...this.overflow.values()];
    for (const stream of this.ring) if (stream !== undefined) streams.push(stream);
    return streams.sort((a, b) => a.id - b.id);
  }

  /** We ended `id` before the peer did, or refused it: its frames may still be on their way. */
  closeByUs(id: number): void {
    if (this.ofPeer !== undefined) this.ofPeer.closeByUs(id); // a client's closed streams all count as such
  }

  private place(stream: Stream): void {
    const slot = (stream.id >> 1) & (this.ring.length - 1);
    if (this.ring[slot] === undefined) this.ring[slot] = stream;
    else (this.overflow ??= new Map()).set(stream.id, stream);
  }

  /** The last stream closed: a ring of which little was used, not the initial one, goes back by a step of {@linkcode grow}. */
  private emptied(): void {
    const { ring: { length }, most } = this;
    this.most = 0;
    this.overflow = undefined;
    if (most <= length >> 4) this.ring = new Array(length >> 2).fill(undefined);
  }

  private grow(): void {
    const streams = this.all();
    this.ring = new Array(this.ring.length * 4).fill(undefined);
    this.overflow = undefined;
    for (const stream of streams) this.place(stream);
  }
}
