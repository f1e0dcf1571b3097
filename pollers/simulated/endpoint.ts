// One end of a simulated connection: what it has received, what it still has to send, and how it ends.
//
// A segment is cut from the bytes of a write when there is room for it, travels for a while, and lies at the other end
// until it is read; what lies there and travels is bounded, so a reader that stops stops the writer.

import { formatAddress, type SocketAddress } from "../contract/address.ts";
import type { Instant, IoDone } from "../contract/engine.ts";
import { endOfStream, IoError } from "../contract/io_error.ts";
import type { SliceBuffer } from "../contract/slice_buffer.ts";
import type { TimerTask } from "../core/timer_heap.ts";
import type { Passage } from "./conditions.ts";
import type { ConnectionEnd, Host, World } from "./network.ts";

/** What memory that was lent holds afterwards. */
const SPOILT = 0xdb;

/** One end of a simulated connection. */
export class SimulatedEndpoint implements ConnectionEnd {
  /** The other end. */
  other!: SimulatedEndpoint;
  private readonly received: Uint8Array[] = [];
  private receivedBytes = 0;
  /** Bytes that travel to the other end. */
  private travelling = 0;
  private nextArrival: Instant = 0;
  /** What ends reading once everything received is read, and writing at once. */
  private failure: IoError | undefined = undefined;
  private sawEnd = false;
  /** Something that was sent never arrived, so nothing else does. */
  private lost = false;
  /** How much of what was sent waits for a passage; what was sent after it comes after it. */
  private held = 0;
  /** What gives up for it: none once this end is closed or has failed. */
  private readonly givingUp: Set<TimerTask> = new Set();
  private closedBy: IoError | undefined = undefined;
  readonly lends = true;
  /** The read that is pending, or was the last one, lends its bytes; and what it gave. */
  private lending = false;
  private readonly lent: Uint8Array[] = [];
  private readInto: SliceBuffer | undefined = undefined;
  private readDone: IoDone | undefined = undefined;
  private writeFrom: SliceBuffer | undefined = undefined;
  private writeDone: IoDone | undefined = undefined;

  /** Both ends of a connection are made together; see {@linkcode connectEnds}. */
  constructor(
    private readonly engine: Host,
    readonly local: SocketAddress,
    readonly peer: SocketAddress,
  ) {
    engine.opened.add(this);
    this.simulation.network.endpoints.add(this);
  }

  read(into: SliceBuffer, done: IoDone, lend = false): boolean {
    if (this.readDone !== undefined) {
      throw new TypeError("Cannot read: a read is outstanding on this endpoint");
    }
    this.spoilLent();
    this.lending = lend;
    if (this.receivedBytes > 0 && this.closedBy === undefined && this.atOnce()) {
      this.give(into);
      return true;
    }
    this.readInto = into;
    this.readDone = done;
    if (this.readable) this.engine.run(() => this.completeRead());
    return false;
  }

  write(data: SliceBuffer, done: IoDone): boolean {
    if (this.writeDone !== undefined) {
      throw new TypeError("Cannot write: a write is outstanding on this endpoint");
    }
    if (data.byteLength === 0) return true;
    this.writeFrom = data;
    this.writeDone = done;
    if (this.closedBy === undefined && this.failure === undefined && this.atOnce()) {
      this.cutSegments();
      if (data.byteLength === 0) {
        this.writeFrom = this.writeDone = undefined;
        return true;
      }
    }
    this.engine.run(() => this.continueWrite());
    return false;
  }

  /** Closes this end: what travels still arrives, and then the end of the stream. */
  close(reason?: IoError): void {
    if (this.closedBy !== undefined) return;
    this.closedBy = reason ?? new IoError("closed", "read", this.peer);
    this.note("close");
    this.givesUpNoMore();
    this.spoilLent();
    this.engine.opened.delete(this);
    this.simulation.network.endpoints.delete(this);
    this.writeFrom?.clear();
    const { readDone, writeDone, closedBy } = this;
    this.readInto = this.readDone = undefined;
    this.writeFrom = this.writeDone = undefined;
    this.engine.run(() => {
      if (readDone !== undefined) this.engine.enter(readDone, closedBy);
      if (writeDone !== undefined) this.engine.enter(writeDone, closedBy);
    });
    const { other } = this;
    if (this.receivedBytes > 0) this.send(0, () => other.fail("reset")); // as TCP does when bytes were not read
    else this.send(0, () => other.end());
  }

  breakOff(): void {
    const { random } = this.simulation;
    for (const end of [this, this.other]) {
      this.simulation.schedule(this.simulation.now + random.below(20), () => end.fail("reset"));
    }
  }

  /** "endpoint 10.0.0.1:40000 to 10.0.0.2:80". */
  describe(): string {
    return `endpoint ${formatAddress(this.local)} to ${formatAddress(this.peer)}`;
  }

  private get simulation(): World {
    return this.engine.simulation;
  }

  private get readable(): boolean {
    return this.receivedBytes > 0 || this.sawEnd || this.failure !== undefined || this.closedBy !== undefined;
  }

  private atOnce(): boolean {
    return this.simulation.random.chance(this.simulation.network.conditions.atOnce);
  }

  /** Moves some of what was received to `into`: all of it, or less, as a read of the kernel may. */
  private give(into: SliceBuffer): void {
    const { random } = this.simulation;
    const segments = random.chance(0.5) ? this.received.length : random.between(1, this.received.length);
    for (const segment of this.received.splice(0, segments)) {
      this.receivedBytes -= segment.length;
      into.append(segment);
      if (this.lending) this.lent.push(segment);
    }
    // The other end learns that there is room again.
    const { latencyMs } = this.simulation.network.conditions;
    if (this.other.writeFrom !== undefined) {
      this.simulation.schedule(this.simulation.now + latencyMs, () => this.other.continueWrite());
    }
  }

  /** What was lent is overwritten, so that a view of it that somebody kept is found. */
  private spoilLent(): void {
    for (const segment of this.lent.splice(0)) segment.fill(SPOILT);
  }

  private completeRead(): void {
    const { readInto, readDone } = this;
    if (readInto === undefined || readDone === undefined || !this.readable) return;
    this.readInto = this.readDone = undefined;
    if (this.closedBy !== undefined) return this.engine.enter(readDone, this.closedBy);
    if (this.receivedBytes > 0) {
      this.give(readInto);
      return this.engine.enter(readDone, undefined);
    }
    this.engine.enter(readDone, this.failure ?? endOfStream(this.peer));
  }

  private continueWrite(): void {
    if (this.writeFrom === undefined) return;
    const error = this.closedBy ?? this.failure;
    if (error !== undefined) return this.completeWrite(error);
    this.cutSegments();
    if (this.writeFrom.byteLength === 0) this.completeWrite(undefined);
  }

  private completeWrite(error: IoError | undefined): void {
    const { writeDone } = this;
    if (writeDone === undefined) return;
    this.writeFrom?.clear();
    this.writeFrom = this.writeDone = undefined;
    this.engine.enter(writeDone, error);
  }

  /** Sends as many segments as there is room for. */
  private cutSegments(): void {
    const { random, network: { conditions } } = this.simulation;
    const from = this.writeFrom!;
    while (from.byteLength > 0) {
      const room = conditions.bufferBytes - this.travelling - this.other.receivedBytes;
      if (room <= 0) return;
      const first = from.slices[0]!;
      const length = Math.min(room, first.length, random.between(1, conditions.maxSegmentBytes));
      const segment = first.slice(0, length); // the writer's bytes are its own again when the write is done
      from.drop(length);
      this.travelling += length;
      this.send(length, () => {
        this.travelling -= length;
        this.other.arrive(segment);
      }, () => this.travelling -= length);
    }
  }

  /** Runs `arrive` at the other end, after everything that was sent before, or `lost` where the segment is lost. */
  private send(bytes: number, arrive: () => void, lost?: () => void): void {
    const { simulation } = this;
    const { conditions } = simulation.network;
    const travel = conditions.latencyMs + conditions.jitterMs * simulation.random.next();
    const at = Math.max(this.nextArrival, simulation.now + travel) + bytes / conditions.bytesPerMs;
    this.nextArrival = at;
    this.simulation.schedule(at, () => this.pass(arrive, lost, undefined));
  }

  /** `stop`: it was held before, and when it has come, or is lost, TCP does not give up for it. */
  private pass(arrive: () => void, lost: (() => void) | undefined, stop: (() => void) | undefined): void {
    const { simulation } = this;
    const { network } = simulation;
    const passLater = (held: (() => void) | undefined): void => {
      simulation.schedule(simulation.now, () => this.pass(arrive, lost, held));
    };
    if (this.passage === "held" && !this.lost) {
      const held = stop ?? this.giveUpLater();
      return network.whenHealed(() => passLater(held));
    }
    stop?.();
    if (this.passage === "lost") this.lost = true;
    if (this.lost) return lost?.(); // what follows lost bytes is no use to TCP
    if (stop === undefined && this.held > 0) return passLater(undefined); // they go on in this instant
    arrive();
  }

  private get passage(): Passage {
    return this.simulation.network.passage(this.engine.hostAddress, this.other.engine.hostAddress);
  }

  /** Something is held, and TCP gives up in a while; gives what is called when it is held no longer. */
  private giveUpLater(): () => void {
    const { simulation, givingUp } = this;
    this.held++;
    if (this.closedBy !== undefined || this.failure !== undefined) return () => this.held--; // nobody would hear of it
    const task = simulation.schedule(simulation.now + simulation.network.conditions.giveUpMs, () => {
      if (this.passage !== "open") this.fail("timed-out");
    });
    givingUp.add(task);
    return () => {
      this.held--;
      givingUp.delete(task);
      simulation.cancel(task);
    };
  }

  private givesUpNoMore(): void {
    for (const task of this.givingUp) this.simulation.cancel(task);
    this.givingUp.clear();
  }

  private arrive(segment: Uint8Array): void {
    const { other } = this;
    if (this.closedBy !== undefined) { // the reader has closed: the kernel answers with a reset
      return this.send(0, () => other.fail("reset"));
    }
    if (this.failure !== undefined) return;
    this.note(`received ${segment.length}`);
    this.received.push(segment);
    this.receivedBytes += segment.length;
    this.completeRead();
  }

  private end(): void {
    if (this.closedBy !== undefined || this.failure !== undefined) return;
    this.note("end of stream");
    this.sawEnd = true;
    this.completeRead();
  }

  private fail(kind: "reset" | "timed-out"): void {
    if (this.closedBy !== undefined || this.failure !== undefined) return;
    this.note(kind);
    this.givesUpNoMore();
    this.failure = new IoError(kind, "read", this.peer, kind === "reset" ? "ECONNRESET" : "ETIMEDOUT");
    this.completeRead();
    this.continueWrite();
  }

  private note(what: string): void {
    this.simulation.note(`${formatAddress(this.local)} from ${formatAddress(this.peer)}: ${what}`);
  }
}

/** Both ends of a new connection between `client` and `server`. */
export function connectEnds(
  client: Host,
  clientAddress: SocketAddress,
  server: Host,
  serverAddress: SocketAddress,
): [SimulatedEndpoint, SimulatedEndpoint] {
  const ends: [SimulatedEndpoint, SimulatedEndpoint] = [
    new SimulatedEndpoint(client, clientAddress, serverAddress),
    new SimulatedEndpoint(server, serverAddress, clientAddress),
  ];
  ends[0].other = ends[1];
  ends[1].other = ends[0];
  return ends;
}
