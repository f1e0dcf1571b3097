// Calls that handlers make for the call that they serve, `{ parent: call }`: none outlives its parent.
import { Channel, createClient, type Logger, RpcError, type ServerCall, Status } from "pollwire";
import type { SeededRandom, SimulatedEngine } from "../../pollers/simulated/mod.ts";
import { REFUSAL } from "./admission.ts";
import { ModelError } from "./model_error.ts";
import { bodyOf, checkPart, services } from "./service.ts";
import type { Setting } from "./setting.ts";

/** The numbers of such calls are those of their parents and this. */
const NESTED = 500_000_000;

/** What may become of them beside OK. */
const STATUSES: ReadonlySet<number> = new Set([
  Status.UNAVAILABLE,
  Status.DEADLINE_EXCEEDED,
  Status.CANCELLED,
  REFUSAL,
]);

/** When a parent is over its calls have their status in the same turn, and their promises soon after. */
const SLACK_MS = 1;

/** See the head of this file. */
export class NestedCalls {
  private readonly channel: Channel;
  private readonly client;

  /** They go back to the server at `target`, from `host`. */
  constructor(
    private readonly world: Setting,
    private readonly choices: SeededRandom,
    host: SimulatedEngine,
    target: string,
    logger: Logger,
  ) {
    this.channel = new Channel(target, { poller: host, onError: world.problem, logger });
    this.client = createClient(services.World, this.channel);
  }

  /** Perhaps makes one for `parent`, call `id`, and perhaps waits for it. Call what it gives when the handler is through. */
  async perhaps(parent: ServerCall, id: number): Promise<() => void> {
    if (id >= NESTED || !this.choices.chance(0.3)) return () => {};
    let isOver = false;
    const call = this.make(parent, NESTED + id).finally(() => isOver = true);
    const mustBeOver = (why: string) => () => {
      const { simulation } = this.world;
      simulation.schedule(simulation.now + SLACK_MS, () => {
        if (!isOver) {
          this.world.problem(new ModelError(`call ${id} ${why}, and the call made for it goes on`));
        }
      });
    };
    parent.signal.addEventListener("abort", mustBeOver("was cancelled"), { once: true });
    if (this.choices.chance(0.5)) await call;
    return mustBeOver("has its status");
  }

  close(): void {
    this.channel.close();
  }

  private async make(parent: ServerCall, id: number): Promise<void> {
    const job = {
      call: id,
      place: 0,
      size: 5,
      pauseMs: this.choices.pick([0, 1, 300]),
      body: bodyOf(id, 0, 3),
    };
    try {
      checkPart(await this.client.unary(job, { parent, metadata: { "x-id": `${id}` } }), id, 0);
    } catch (error) {
      if (error instanceof RpcError && STATUSES.has(error.code)) return;
      this.world.problem(error);
    }
  }
}
