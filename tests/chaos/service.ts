// The service of the chaos runs, what its service config promises, and a client that makes calls until it is told to stop.
import {
  type Channel,
  type ChannelOptions,
  type Client,
  createClient,
  parseProto,
  RpcError,
  type ServerOptions,
  type ServerStreaming,
  type ServiceHandlers,
  type ServiceOf,
  Status,
  type Unary,
} from "pollwire";
import type { EndedCall } from "pollwire";
import type { SeededRandom } from "../../pollers/simulated/mod.ts";
import type { Ended, Kind } from "./ledger.ts";

export interface Order {
  id?: string;
  count?: number;
}

interface ChaosProto {
  Chaos: ServiceOf<{
    once: Unary<Order, Order>;
    again: Unary<Order, Order>;
    down: ServerStreaming<Order, Order>;
  }>;
}

/** `Once` must not be made twice, `Again` may; `Down` is made again while nothing of it has come. */
export const { Chaos } = parseProto<ChaosProto>(`
  syntax = "proto3";
  package chaos;
  message Order { string id = 1; int32 count = 2; }
  service Chaos {
    rpc Once(Order) returns (Order);
    rpc Again(Order) returns (Order);
    rpc Down(Order) returns (stream Order);
  }
`);

/** So many attempts a call of `Again` and `Down` has. */
export const MOST_ATTEMPTS = 5;

/** What servers say of themselves. */
const SERVICE_CONFIG = {
  loadBalancingConfig: [{ round_robin: {} }],
  methodConfig: [
    { name: [{ service: "chaos.Chaos", method: "Once" }], waitForReady: true },
    {
      name: [{ service: "chaos.Chaos", method: "Again" }, { service: "chaos.Chaos", method: "Down" }],
      waitForReady: true,
      retryPolicy: {
        maxAttempts: MOST_ATTEMPTS,
        initialBackoff: "0.1s",
        maxBackoff: "2s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE"],
      },
    },
  ],
};

/** How a channel of a chaos run is made: a server that is silent for so long is taken for dead. */
export const CHANNEL: ChannelOptions = {
  serviceConfig: SERVICE_CONFIG,
  keepalive: { timeMs: 10_000, timeoutMs: 1_000 },
  initialBackoffMs: 100,
};

/** How a server is made: its clients may ask as often as they do. */
export const SERVER: ServerOptions = { keepalive: { permitTimeMs: 5_000 } };

/** Handlers that note what they execute before they answer; `work` is how long that takes. */
export function handlers(
  execute: (kind: Kind, id: string) => void,
  work: () => Promise<void>,
): ServiceHandlers<typeof Chaos> {
  const unary = (kind: Kind) => async (order: Order): Promise<Order> => {
    execute(kind, order.id!);
    await work();
    return order;
  };
  return {
    once: unary("once"),
    again: unary("again"),
    async *down({ id, count = 0 }) {
      execute("down", id!);
      for (let place = 1; place <= count; place++) {
        await work();
        yield { id: id!, count: place };
      }
    },
  };
}

/** Makes calls one after another, as one of the callers that work at the same time. */
export class Caller {
  private readonly client: Client<typeof Chaos>;
  private made = 0;

  constructor(
    channel: Channel,
    private readonly name: string,
    private readonly random: SeededRandom,
    private readonly ended: (call: Ended) => void,
  ) {
    this.client = createClient(Chaos, channel);
  }

  /** Calls until `isOver`; `rest` is what lies between two calls. */
  async run(isOver: () => boolean, rest: () => Promise<void>, deadlineMs: number): Promise<void> {
    while (!isOver()) {
      const kind = this.random.pick<Kind>(["once", "once", "again", "again", "again", "down"]);
      const id = `${this.name}.${++this.made}`;
      const problems: string[] = [];
      let code: number = Status.OK;
      try {
        await this.call(kind, id, deadlineMs, problems);
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        code = error.code;
      }
      this.ended({ id, kind, code, problems });
      await rest();
    }
  }

  private async call(kind: Kind, id: string, deadlineMs: number, problems: string[]): Promise<void> {
    const options = { deadlineMs, metadata: { "x-call": id } };
    if (kind !== "down") {
      const answer = await this.client[kind]({ id, count: 1 }, options);
      if (answer.id !== id) problems.push(`the answer is that of ${answer.id}`);
      return;
    }
    const count = 1 + this.random.below(4);
    let place = 0;
    for await (const part of this.client.down({ id, count }, options)) {
      if (part.id !== id || part.count !== ++place) {
        problems.push(`part ${place} is ${part.count} of ${part.id}`);
      }
    }
    if (place !== count) problems.push(`${place} of ${count} parts, and OK`);
  }
}

/** Has `note` told of each call's streams when it ends. */
export function countAttempts(channel: Channel, note: (id: string, attempts: number) => void): void {
  channel.observe({
    onCallEnd: (call: EndedCall) => note(String(call.metadata.get("x-call")), call.attempts),
  });
}
