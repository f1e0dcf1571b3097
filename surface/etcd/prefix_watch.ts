// All keys under a prefix, from now on: what they are, and then every change.
//
//            all pages read            created              ended, cancelled, compacted
//   READING ───────────────► WATCHING ────────► (changes) ─────────────────────────────► WAITING ── in time ──► READING
//      └── failed ─────────────────────────────────────────────────────────────────────────┘
//
// The keys are read as of one revision, and the watch begins with the next one, so no change is missed or seen twice.
// Whatever ends the watch, the keys are read again: what happened in between may be forgotten (compaction), or the store
// may be another one than before. No two reads begin sooner after each other than the backoff says, but for those to
// another endpoint.

import type { EventEngine, TaskHandle } from "../../pollers/mod.ts";
import { ask, watch } from "./etcd_calls.ts";
import type { KeyValue, RangeResponse, WatchEvent, WatchResponse } from "./etcd_proto.ts";
import type { Cancellable, EtcdSession } from "./etcd_session.ts";
import { keyAfter, type KeyRange } from "./key_range.ts";

/** Keys of one answer: with values of some hundred octets far below the 4 MB that a message may have. */
const PAGE = 1_000n;

/** A watch that lived as long worked: the backoff after it is the first one again. */
const WORKED_MS = 10_000;

/** Receives what there is under a prefix. */
export interface PrefixSink {
  /** All keys; those of before are no more. */
  onKeys(keys: readonly KeyValue[]): void;
  /** What changed since. */
  onChanges(events: readonly WatchEvent[]): void;
  /** Changes are not seen at the moment, and why; `onKeys` follows when they are. */
  onLost(reason: string): void;
}

/** See the head of this file. */
export class PrefixWatch {
  private closed = false;
  private startedAt = 0;
  private keys: KeyValue[] = [];
  private revision = 0n;
  private isWatching = false;
  /** Changes of a revision whose rest is to come. */
  private changes: WatchEvent[] = [];
  private running: Cancellable | undefined = undefined;
  /** Begins the next read. */
  private timer: TaskHandle | undefined = undefined;
  private nextAt = 0;

  constructor(
    private readonly engine: EventEngine,
    private readonly session: EtcdSession,
    private readonly range: KeyRange,
    private readonly sink: PrefixSink,
  ) {}

  /** Begins; once. */
  start(): void {
    this.startedAt = this.engine.now();
    this.keys = [];
    this.revision = 0n;
    this.isWatching = false;
    this.changes = [];
    this.read(this.range.key);
  }

  /** Milliseconds until the next read begins; undefined where something runs. */
  get waitMs(): number | undefined {
    return this.timer === undefined ? undefined : Math.max(0, Math.ceil(this.nextAt - this.engine.now()));
  }

  /** Reads now where it would wait. */
  resetBackoff(): void {
    this.session.resetBackoff();
    if (this.timer === undefined) return;
    this.engine.cancel(this.timer);
    this.timer = undefined;
    this.start();
  }

  /** Ends; the sink is not called any more. */
  close(): void {
    this.closed = true;
    this.running?.cancel();
    if (this.timer !== undefined) this.engine.cancel(this.timer);
    this.running = this.timer = undefined;
  }

  private read(key: Uint8Array): void {
    const request = { key, rangeEnd: this.range.rangeEnd, limit: PAGE, revision: this.revision };
    this.running = ask(this.session, (clients) => clients.KV.range, request, (response, failure) => {
      if (response === undefined) this.fail(`cannot read from etcd at ${this.session.endpoint}: ${failure}`);
      else this.page(response);
    });
  }

  private page({ header, kvs = [], more = false }: RangeResponse): void {
    if (this.revision === 0n) this.revision = header?.revision ?? 0n;
    this.keys.push(...kvs);
    const last = kvs.at(-1)?.key;
    if (more && last !== undefined) return this.read(keyAfter(last));
    this.watch();
    const { keys } = this;
    this.keys = [];
    this.sink.onKeys(keys);
  }

  private watch(): void {
    const { key, rangeEnd } = this.range;
    const startRevision = this.revision + 1n;
    const createRequest = { key, rangeEnd, startRevision, progressNotify: true, fragment: true };
    this.running = watch(this.session, { createRequest }, this);
  }

  /** From the watch. A message without changes says how far it is, which a new read makes no use of. */
  onWatchResponse(
    { created, canceled, compactRevision = 0n, cancelReason, fragment, events = [] }: WatchResponse,
  ): void {
    if (canceled) {
      const why = compactRevision > 0n ? `changes before ${compactRevision} are compacted` : cancelReason;
      this.running?.cancel();
      return this.wait(`etcd cancelled the watch: ${why || "no reason given"}`, false);
    }
    if (created) this.isWatching = true;
    if (events.length === 0) return;
    this.changes.push(...events);
    if (fragment) return;
    const { changes } = this;
    this.changes = [];
    this.sink.onChanges(changes);
  }

  /** From the watch. */
  onWatchEnded(failure: string): void {
    this.fail(`lost the watch of etcd at ${this.session.endpoint}: ${failure}`);
  }

  private fail(reason: string): void {
    this.wait(reason, true);
  }

  /** `ofEndpoint`: another one may do better. */
  private wait(reason: string, ofEndpoint: boolean): void {
    const { engine, session, startedAt } = this;
    this.running = undefined;
    if (this.isWatching && engine.now() >= startedAt + WORKED_MS) session.succeeded();
    this.nextAt = ofEndpoint ? session.failed(startedAt) : session.again(startedAt);
    this.timer = this.engine.runAt(this.nextAt, () => {
      this.timer = undefined;
      this.start();
    });
    if (!this.closed) this.sink.onLost(reason);
  }
}
