// ring_hash: calls with the same value of a header go to the same server, as long as it can take them (gRFC A42, A61, A76).
//
// Servers stand on a ring (`hash_ring.ts`), and are connected to when a call finds them at its place. A call whose server
// fails goes on along the ring. Calls without the header go anywhere.

import type { PendingCall } from "../../client/call_route.ts";
import { formatAddress } from "../../../pollers/mod.ts";
import { type Picker, type PickResult, QUEUE } from "../picker.ts";
import type { EndpointAddresses } from "../resolver/endpoint.ts";
import { JsonField } from "../service_config/json_field.ts";
import { ServiceConfigError } from "../service_config/service_config_error.ts";
import type { BalancingPolicy } from "./balancer.ts";
import { type EndpointChild, EndpointChildren, NOBODY } from "./endpoint_children.ts";
import { HashRing } from "./hash_ring.ts";
import { Xxh64 } from "./xxh64.ts";

/** Places of a ring, whatever a service config says: a larger one takes memory of every client (gRFC A42). */
const MOST_PLACES = 4_096;
/** The largest number that a service config may say. */
const MOST_CONFIGURED = 8_388_608;
const DEFAULT_MIN_PLACES = 1_024;

/** What is said of ring_hash. */
export interface RingHashConfig {
  /** Places of the ring, at least. */
  readonly minRingSize: number;
  /** And at most. */
  readonly maxRingSize: number;
  /** The metadata that calls are told apart by; undefined: each goes anywhere. */
  readonly requestHashHeader: string | undefined;
}

/**
 * Reads `json`, what a service config says.
 *
 * @throws {ServiceConfigError} for what is wrong
 */
export function readRingHashConfig(json: Readonly<Record<string, unknown>>): RingHashConfig {
  const config = new JsonField("", json);
  const size = (field: JsonField): number => field.integer(1, MOST_CONFIGURED);
  const minRingSize = config.get("minRingSize").optional(size) ?? DEFAULT_MIN_PLACES;
  const maxRingSize = config.get("maxRingSize").optional(size) ?? MOST_PLACES;
  if (minRingSize > maxRingSize) {
    throw new ServiceConfigError(
      "minRingSize",
      `is ${minRingSize}, and maxRingSize ${maxRingSize}; it cannot be larger`,
    );
  }
  return {
    minRingSize: Math.min(minRingSize, MOST_PLACES),
    maxRingSize: Math.min(maxRingSize, MOST_PLACES),
    requestHashHeader: config.get("requestHashHeader").optional(readHeader),
  };
}

function readHeader(field: JsonField): string | undefined {
  const name = field.text().toLowerCase();
  if (name === "") return undefined;
  if (/^[0-9a-z_.-]+$/.test(name) && !name.endsWith("-bin")) return name;
  throw field.wrong("give a name of metadata that is text");
}

/** Connects to servers as calls come to their places. */
export class RingHash extends EndpointChildren<RingHashConfig> {
  protected override readonly lazy = true;
  private servers: readonly EndpointChild[] = [];
  private ring: HashRing | undefined = undefined;
  /** What the ring was made of: a list that says the same leaves it. */
  private madeOf = "";
  private config!: RingHashConfig;
  private readonly hash = new Xxh64();
  private readonly connect = (child: EndpointChild): void => this.connectLater(child);

  override update(endpoints: readonly EndpointAddresses[], config: RingHashConfig): void {
    this.config = config;
    super.update(endpoints, config);
  }

  /** One of them; the others when calls want them. */
  override exitIdle(): void {
    if (this.counts.CONNECTING === 0) this.connectOne();
  }

  protected override onChildren(children: readonly EndpointChild[]): void {
    this.servers = children;
    const { minRingSize, maxRingSize } = this.config;
    const members = children.map(({ endpoint: { addresses, weight = 1 } }) => ({
      key: formatAddress(addresses[0]!),
      weight,
    }));
    const madeOf = JSON.stringify([minRingSize, maxRingSize, members]);
    if (madeOf === this.madeOf) return;
    this.madeOf = madeOf;
    this.ring = members.length === 0 ? undefined : new HashRing(members, minRingSize, maxRingSize);
  }

  protected override aggregate(children: readonly EndpointChild[]): void {
    const { counts: count } = this;
    const picker = this.pickerOf(children);
    const failed = count.TRANSIENT_FAILURE;
    if (count.READY > 0) return this.helper.updateState("READY", picker);
    if (failed > 0 && count.CONNECTING === 0) this.connectOne(); // so that it recovers where no call comes
    if (failed > 1 || failed === children.length) this.helper.updateState("TRANSIENT_FAILURE", picker);
    else this.helper.updateState(failed + count.CONNECTING > 0 ? "CONNECTING" : "IDLE", picker);
  }

  protected override pickerOf(children: readonly EndpointChild[]): Picker {
    const { ring } = this;
    if (ring === undefined) return NOBODY;
    return new RingPicker(
      ring,
      children,
      this.config.requestHashHeader,
      this.hash,
      this.helper.engine,
      this.connect,
    );
  }

  private connectOne(): void {
    if (this.counts.IDLE === 0) return;
    const idle = this.servers.find(({ state }) => state === "IDLE");
    if (idle !== undefined) this.connectLater(idle);
  }
}

/** Looks along the ring, from the place of the call's hash. */
class RingPicker implements Picker {
  constructor(
    private readonly ring: HashRing,
    private readonly children: readonly EndpointChild[],
    private readonly header: string | undefined,
    private readonly hash: Xxh64,
    private readonly engine: { random(): number },
    private readonly connect: (child: EndpointChild) => void,
  ) {}

  pick(call: PendingCall): PickResult {
    const value = this.header === undefined ? undefined : call.metadataValue(this.header);
    if (value === undefined || value === "") return this.pickAnywhere(call);
    this.hash.hashText(value);
    return this.pickFrom(this.ring.placeOf(this.hash.high, this.hash.low), call);
  }

  private pickFrom(start: number, call: PendingCall): PickResult {
    const { ring, children } = this;
    const { size } = ring;
    for (let i = 0; i < size; i++) {
      const child = children[ring.memberAt((start + i) % size)]!;
      const { state } = child;
      if (state === "READY") return child.picker.pick(call);
      if (state === "TRANSIENT_FAILURE") continue;
      if (state === "IDLE") this.connect(child);
      return QUEUE;
    }
    return children[ring.memberAt(start)]!.picker.pick(call); // which says why
  }

  /** From a random place to the first server that is connected; where none is on its way, one is connected to (gRFC A76). */
  private pickAnywhere(call: PendingCall): PickResult {
    const { ring, children, engine } = this;
    const { size } = ring;
    const start = Math.floor(engine.random() * size); // a place as good as that of a random hash, without looking for it
    let connecting: boolean | undefined = undefined; // looked for where the first server that is found is not READY
    for (let i = 0; i < size; i++) {
      const at = start + i;
      const child = children[ring.memberAt(at < size ? at : at - size)]!;
      if (child.state === "READY") return child.picker.pick(call);
      connecting ??= children.some(({ state }) => state === "CONNECTING");
      if (child.state !== "IDLE" || connecting) continue;
      this.connect(child);
      connecting = true;
    }
    return connecting ? QUEUE : children[ring.memberAt(start)]!.picker.pick(call);
  }
}

/** Calls of one key go to one server. */
export const RING_HASH: BalancingPolicy<RingHashConfig> = {
  name: "ring_hash",
  readConfig: readRingHashConfig,
  make: (helper) => new RingHash(helper),
};
