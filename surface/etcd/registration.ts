// One server's keys in etcd, under a lease that is renewed as long as the server is there.
//
//               granted, all keys set            a third of the time to live
//   REGISTERING ────────────────────► REGISTERED ◄──────────────────────────► renewing
//     ▲   │ failed                        │ failed: renewed again in time        │ there is no such lease
//     │   ▼                               ▼                                      │
//     └─ WAITING                       WAITING                                   │
//     └──────────────────────────────────────────────────────────────────────────┘
//
// If the process dies the lease expires, and the keys with it. A lease that etcd lost, or let expire while nobody could
// reach it, is replaced by a new one; keys that are set again leave their old lease.

import type { EventEngine, Reporter, TaskHandle } from "../../pollers/mod.ts";
import { ask, keepAlive } from "./etcd_calls.ts";
import type { Cancellable, EtcdSession } from "./etcd_session.ts";
import type { KeyValue } from "./etcd_proto.ts";

/** How long an orderly end waits for etcd, which lets the lease expire in any case. */
const WITHDRAWAL_TIMEOUT_MS = 5_000;

/** Keys that are set together. */
export interface RegisteredKeys {
  /** For messages: 'the server at 10.0.0.1:50051 ("services/guide")'. */
  readonly name: string;
  readonly keys: readonly Pick<KeyValue, "key" | "value">[];
  /** Whole seconds. */
  readonly ttlMs: number;
}

/** Receives what becomes of a registration. */
export interface RegistrationOwner {
  /** All keys were set: the first time, or again. */
  onRegistered(): void;
  /** Nothing is left of it; once, after `withdraw`. */
  onOver(): void;
}

/** A lease that etcd granted. */
interface Lease {
  readonly ID: bigint;
  /** When it has expired, unless it was renewed. */
  readonly endsAt: number;
}

/** See the head of this file. */
export class Registration {
  /** All keys are set, as far as is known. */
  isRegistered = false;
  /** Those that keys may be under, the newest last: of an earlier one it may not be known what was set. */
  private leases: Lease[] = [];
  private ttlMs: number;
  private startedAt = 0;
  /** When it was begun to set the keys. */
  private registeringAt = 0;
  private running: Cancellable | undefined = undefined;
  private timer: TaskHandle | undefined = undefined;
  /** Called once, when the keys are gone, or left to expire; undefined: nobody asked for that. */
  private onWithdrawn: Array<() => void> | undefined = undefined;
  private isOver = false;
  /** What was logged last; the same again is not. */
  private logged = "";

  constructor(
    private readonly engine: EventEngine,
    private readonly session: EtcdSession,
    private readonly reporter: Reporter,
    private readonly what: RegisteredKeys,
    private readonly owner: RegistrationOwner,
  ) {
    this.ttlMs = what.ttlMs;
  }

  /** Begins; once. */
  start(): void {
    this.startedAt = this.registeringAt = this.engine.now();
    const TTL = BigInt(this.what.ttlMs / 1_000);
    this.running = ask(this.session, (clients) => clients.Lease.leaseGrant, { TTL }, (response, failure) => {
      if (response?.ID === undefined) return this.fail(`cannot get a lease: ${failure || response?.error}`);
      this.ttlMs = Number(response.TTL ?? TTL) * 1_000;
      this.granted(response.ID);
      this.set(0);
    });
  }

  /** Its keys are taken out, or were. */
  get isLeaving(): boolean {
    return this.onWithdrawn !== undefined;
  }

  /** Takes the keys out, and calls `done` then, or when etcd does not answer in time. */
  withdraw(done: () => void): void {
    if (this.isOver) return done();
    if (this.onWithdrawn !== undefined) return void this.onWithdrawn.push(done);
    this.onWithdrawn = [done];
    this.engine.hold();
    this.stop();
    this.timer = this.engine.runAt(this.engine.now() + WITHDRAWAL_TIMEOUT_MS, () => this.left("no answer"));
    this.revokeNext();
  }

  private granted(ID: bigint): void {
    const now = this.engine.now();
    this.leases = this.leases.filter(({ endsAt }) => endsAt > now);
    this.leases.push({ ID, endsAt: now + this.ttlMs });
  }

  /** The newest one, which its keys are under. */
  private get lease(): bigint {
    return this.leases.at(-1)!.ID;
  }

  private set(at: number): void {
    const { session, what, lease } = this;
    const { key, value } = what.keys[at]!;
    this.running = ask(
      session,
      (clients) => clients.KV.put,
      { key, value, lease },
      (response, failure) => {
        if (response === undefined) return this.fail(`cannot set its key: ${failure}`);
        if (at + 1 < what.keys.length) return this.set(at + 1);
        this.isRegistered = true;
        this.leases = this.leases.slice(-1); // all keys have left the others
        this.renewed();
        this.owner.onRegistered();
      },
    );
  }

  private renewed(): void {
    this.running = undefined;
    this.logged = "";
    this.session.succeeded();
    this.wait(this.engine.now() + this.ttlMs / 3, () => this.renew(this.lease));
  }

  private renew(lease: bigint): void {
    this.startedAt = this.engine.now();
    this.running = keepAlive(this.session, lease, (response, failure) => {
      if (response === undefined) return this.fail(`cannot renew its lease: ${failure}`);
      if ((response.TTL ?? 0n) > 0n) return this.renewed();
      this.log("its lease is gone; it is registered again");
      this.isRegistered = false;
      this.running = undefined;
      this.wait(this.session.again(this.registeringAt), () => this.start());
    });
  }

  /** Tries again: to renew the lease where the keys are set, else from the beginning. */
  private fail(why: string): void {
    this.running = undefined;
    this.log(why);
    this.wait(this.session.failed(this.startedAt, this.ttlMs / 3), () => {
      if (this.isRegistered) this.renew(this.lease);
      else this.start();
    });
  }

  private wait(until: number, then: () => void): void {
    this.timer = this.engine.runAt(until, () => {
      this.timer = undefined;
      then();
    });
  }

  private revokeNext(): void {
    const ID = this.leases.at(-1)?.ID;
    if (ID === undefined) return this.over();
    this.running = ask(this.session, (clients) => clients.Lease.leaseRevoke, { ID }, (response, failure) => {
      const now = this.engine.now();
      if (response !== undefined || failure.startsWith("NOT_FOUND")) this.leases.pop();
      else if (this.session.failed(now) > now) return this.left(failure); // no endpoint is left
      this.revokeNext();
    });
  }

  private left(why: string): void {
    this.log(`cannot take it out, and it is gone in ${Math.ceil(this.ttlMs / 1_000)} s: ${why}`);
    this.over();
  }

  private over(): void {
    this.isOver = true;
    this.isRegistered = false;
    this.stop();
    this.session.close();
    for (const done of this.onWithdrawn!.splice(0)) done();
    this.engine.release();
    this.owner.onOver();
  }

  private stop(): void {
    this.running?.cancel();
    if (this.timer !== undefined) this.engine.cancel(this.timer);
    this.running = this.timer = undefined;
  }

  private log(line: string): void {
    if (line === this.logged) return;
    this.logged = line;
    this.reporter.log("warn", `${this.what.name} in etcd at ${this.session.endpoint}: ${line}`);
  }
}
