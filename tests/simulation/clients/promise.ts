// A client's call by promises and iterators.
import { type CallOptions, createClient, genericClient, RpcError } from "pollwire";
import { expect, jobOf, type Plan } from "../plan.ts";
import { checkPart, type Job, methodOf, octets, type Part, services } from "../service.ts";
import type { Setting } from "../setting.ts";

/** The call of `plan`; undefined with OK, else what it ended with. Throws ModelError where it saw what it must not. */
export async function promiseCall(world: Setting, plan: Plan): Promise<RpcError | undefined> {
  const { simulation } = world;
  const controller = new AbortController();
  if (plan.cancelMs !== undefined) {
    simulation.schedule(simulation.now + plan.cancelMs, () => controller.abort());
  }
  const { deadlineMs, waitForReady } = plan;
  const client = plan.style.untyped ? new Untyped(world, plan) : new Typed(world, plan);
  const metadata = { "x-id": `${plan.id}` };
  try {
    await new PromiseCall(world, plan, client)[plan.kind]({
      deadlineMs,
      waitForReady,
      signal: controller.signal,
      metadata,
    });
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  return undefined;
}

/** Methods of a client with a schema. */
class Typed {
  private readonly client;

  constructor(world: Setting, plan: Plan) {
    this.client = createClient(services[plan.style.service], world.channel);
  }

  unary(job: Job, options: CallOptions): Promise<Part> {
    return this.client.unary(job, options);
  }

  download(job: Job, options: CallOptions): AsyncIterable<Part> {
    return this.client.download(job, options);
  }

  upload(jobs: AsyncIterable<Job>, options: CallOptions): Promise<Part> {
    return this.client.upload(jobs, options);
  }

  chat(jobs: AsyncIterable<Job>, options: CallOptions): AsyncIterable<Part> {
    return this.client.chat(jobs, options);
  }
}

/** The same methods of one without. */
class Untyped {
  private readonly client;
  private readonly path: string;

  constructor(world: Setting, plan: Plan) {
    this.client = genericClient(world.channel);
    this.path = methodOf(plan.style.service, plan.kind).path;
  }

  async unary(job: Job, options: CallOptions): Promise<Part> {
    return octets.toPart(await this.client.unary(this.path, octets.ofJob(job), options));
  }

  download(job: Job, options: CallOptions): AsyncIterable<Part> {
    return decoded(this.client.serverStreaming(this.path, octets.ofJob(job), options));
  }

  async upload(jobs: AsyncIterable<Job>, options: CallOptions): Promise<Part> {
    return octets.toPart(await this.client.clientStreaming(this.path, encoded(jobs), options));
  }

  chat(jobs: AsyncIterable<Job>, options: CallOptions): AsyncIterable<Part> {
    return decoded(this.client.bidiStreaming(this.path, encoded(jobs), options));
  }
}

/** One call, by its kind. */
class PromiseCall {
  constructor(
    private readonly world: Setting,
    private readonly plan: Plan,
    private readonly client: Typed | Untyped,
  ) {}

  async unary(options: CallOptions): Promise<void> {
    const { plan } = this;
    const part = await this.client.unary(jobOf(plan, 0), options);
    checkPart(part, plan.id, 0);
    expect(plan, "bytes", part.body?.length ?? 0, plan.size);
  }

  async download(options: CallOptions): Promise<void> {
    await this.readAll(this.client.download(jobOf(this.plan, 0), options));
  }

  async upload(options: CallOptions): Promise<void> {
    const part = await this.client.upload(this.requests(), options);
    expect(this.plan, "messages counted", part.place ?? 0, this.plan.count);
  }

  async chat(options: CallOptions): Promise<void> {
    await this.readAll(this.client.chat(this.requests(), options));
  }

  private async readAll(parts: AsyncIterable<Part>): Promise<void> {
    const { plan, world } = this;
    let place = 0;
    for await (const part of parts) {
      checkPart(part, plan.id, place++);
      expect(plan, "bytes", part.body?.length ?? 0, plan.size);
      if (place === plan.leaveAfter) return;
      if (plan.readerPauseMs > 0) await world.simulation.sleep(plan.readerPauseMs);
    }
    expect(plan, "messages", place, plan.count);
  }

  private async *requests(): AsyncGenerator<Job> {
    for (let place = 0; place < this.plan.count; place++) {
      if (place % 7 === 6) await this.world.simulation.sleep(1);
      yield jobOf(this.plan, place);
    }
  }
}

async function* encoded(jobs: AsyncIterable<Job>): AsyncGenerator<Uint8Array> {
  for await (const job of jobs) yield octets.ofJob(job);
}

async function* decoded(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Part> {
  for await (const part of parts) yield octets.toPart(part);
}
