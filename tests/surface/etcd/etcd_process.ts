// A real etcd: whether it is here, and one member that is started with a folder and ports of its own.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Channel, createClient, insecure, parseProto, type ServiceOf, type Unary } from "pollwire";
import type { Issued } from "../../../examples/tls/authority.ts";
import { freePort } from "../../free_port.ts";
import { recordProcess } from "../../process_record.ts";
import { peersAreRemote } from "../../peers/remote.ts";

/** Why it cannot run here, or undefined. */
export const etcdMissing: string | undefined = peersAreRemote
  ? "only scripts of Node are started from Wine"
  : spawnSync("etcd", ["--version"], { stdio: "ignore" }).status === 0
  ? undefined
  : "no etcd (Debian: etcd-server)";

/** What only those do who look after an etcd. */
const { KV, Auth } = parseProto<{
  KV: ServiceOf<{
    put: Unary<{ key: Uint8Array; value: Uint8Array }, object>;
    deleteRange: Unary<{ key: Uint8Array }, object>;
    range: Unary<
      { key: Uint8Array; rangeEnd: Uint8Array },
      { header: { revision: bigint }; kvs: { key: Uint8Array }[] }
    >;
    compact: Unary<{ revision: bigint; physical: boolean }, object>;
  }>;
  Auth: ServiceOf<{
    authEnable: Unary<object, object>;
    userAdd: Unary<{ name: string; password: string }, object>;
    userGrantRole: Unary<{ user: string; role: string }, object>;
    roleAdd: Unary<{ name: string }, object>;
  }>;
}>(`
  syntax = "proto3";
  package etcdserverpb;
  message Empty {}
  message Header { int64 revision = 3; }
  message KeyValue { bytes key = 1; }
  message PutData { bytes key = 1; bytes value = 2; }
  message DeleteData { bytes key = 1; bytes range_end = 2; }
  message RangeData { Header header = 1; repeated KeyValue kvs = 2; }
  message CompactionData { int64 revision = 1; bool physical = 2; }
  service KV {
    rpc Put(PutData) returns (Empty);
    rpc DeleteRange(DeleteData) returns (Empty);
    rpc Range(DeleteData) returns (RangeData);
    rpc Compact(CompactionData) returns (Empty);
  }
  message UserAddData { string name = 1; string password = 2; }
  message GrantData { string user = 1; string role = 2; }
  message RoleData { string name = 1; }
  service Auth {
    rpc AuthEnable(Empty) returns (Empty);
    rpc UserAdd(UserAddData) returns (Empty);
    rpc UserGrantRole(GrantData) returns (Empty);
    rpc RoleAdd(RoleData) returns (Empty);
  }
`);

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What it is started with. */
export interface EtcdSetup {
  /** Its certificate; then clients need one of `authority`. */
  readonly secure?: { readonly authority: string; readonly shown: Issued };
}

/** One member, with its data in a folder that is there until `remove`. */
export class EtcdProcess {
  readonly folder = mkdtempSync(join(tmpdir(), "pollwire-etcd-"));
  private child: ChildProcess | undefined = undefined;
  private exited: Promise<void> = Promise.resolve();
  private channel: Channel | undefined = undefined;

  private constructor(
    readonly port: number,
    private readonly peerPort: number,
    private readonly setup: EtcdSetup,
  ) {}

  /** Runs `body` with a member. */
  static async run(setup: EtcdSetup, body: (etcd: EtcdProcess) => Promise<void>): Promise<void> {
    const etcd = new EtcdProcess(await freePort(), await freePort(), setup);
    try {
      await etcd.start();
      await body(etcd);
    } finally {
      await etcd.kill("SIGKILL");
      await etcd.channel?.[Symbol.asyncDispose]();
      rmSync(etcd.folder, { recursive: true, force: true });
    }
  }

  /** "127.0.0.1:2379" */
  get endpoint(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Starts it, and waits until it serves. */
  async start(): Promise<void> {
    const { folder, port, peerPort } = this;
    const { secure } = this.setup;
    const scheme = secure === undefined ? "http" : "https";
    const args = [
      "--data-dir",
      join(folder, "data"),
      "--name",
      "one",
      "--logger",
      "zap",
      "--log-outputs",
      "stderr",
    ];
    args.push("--listen-client-urls", `${scheme}://127.0.0.1:${port}`);
    args.push("--advertise-client-urls", `${scheme}://127.0.0.1:${port}`);
    args.push("--listen-peer-urls", `http://127.0.0.1:${peerPort}`);
    args.push("--initial-advertise-peer-urls", `http://127.0.0.1:${peerPort}`);
    args.push("--initial-cluster", `one=http://127.0.0.1:${peerPort}`);
    args.push("--heartbeat-interval", "20", "--election-timeout", "200");
    if (secure !== undefined) args.push(...this.certificates(secure));
    const child = this.child = spawn("etcd", args, {
      stdio: ["ignore", "ignore", "pipe"],
    });
    recordProcess(`etcd on port ${port}`, child);
    this.exited = new Promise((resolve) => child.on("close", () => resolve()));
    let output = "";
    await new Promise<void>((resolve, reject) => {
      child.stderr!.on("data", (chunk) => {
        output = (output + String(chunk)).slice(-20_000);
        if (/serving (?:insecure )?client|ready to serve client/.test(output)) resolve();
      });
      void this.exited.then(() => reject(new Error(`etcd ended before it served: ${output}`)));
    });
  }

  /** Ends it, or has it stand still (SIGSTOP) or go on (SIGCONT). */
  async kill(signal: "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGCONT"): Promise<void> {
    const { child } = this;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(child.pid, signal);
    if (signal === "SIGKILL" || signal === "SIGTERM") await this.exited;
  }

  /** Sets a key. */
  async put(key: string, value: string): Promise<void> {
    await createClient(KV, this.own()).put({ key: encoder.encode(key), value: encoder.encode(value) });
  }

  /** Deletes a key. */
  async delete(key: string): Promise<void> {
    await createClient(KV, this.own()).deleteRange({ key: encoder.encode(key) });
  }

  /** All keys. */
  async keys(): Promise<string[]> {
    const everything = { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) };
    const { kvs } = await createClient(KV, this.own()).range(everything, {
      waitForReady: true,
      deadlineMs: 10_000,
    });
    return kvs.map(({ key }) => decoder.decode(key));
  }

  /** Forgets all changes. */
  async compact(): Promise<void> {
    const kv = createClient(KV, this.own());
    const { header } = await kv.range({ key: encoder.encode("a"), rangeEnd: new Uint8Array() });
    await kv.compact({ revision: header.revision, physical: true });
  }

  /** From now on calls need a user; there is one, "root". */
  async enableUsers(password: string): Promise<void> {
    const auth = createClient(Auth, this.own());
    await auth.userAdd({ name: "root", password });
    await auth.userGrantRole({ user: "root", role: "root" });
    await auth.authEnable({});
  }

  private own(): Channel {
    return this.channel ??= new Channel(this.endpoint, { credentials: insecure, initialBackoffMs: 50 });
  }

  private certificates({ authority, shown }: NonNullable<EtcdSetup["secure"]>): string[] {
    const files = { ca: authority, cert: shown.cert, key: shown.key };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.folder, `${name}.pem`), text);
    const path = (name: string) => join(this.folder, `${name}.pem`);
    return [
      ...["--cert-file", path("cert"), "--key-file", path("key")],
      ...["--trusted-ca-file", path("ca"), "--client-cert-auth"],
    ];
  }
}
