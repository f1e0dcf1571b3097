// Handlers of the promise style, for the service World and for what has no schema.
import { type GenericHandler, Metadata, RpcError, type ServerCall, type ServiceHandlers } from "pollwire";
import { bodyOf, checkPart, type Job, type Kind, octets, type Part, type services } from "../service.ts";
import type { Setting } from "../setting.ts";

/** Handlers of all methods. */
export class PromiseHandlers {
  constructor(private readonly world: Setting) {}

  /** For `addService`. */
  all(): ServiceHandlers<typeof services.World> {
    return {
      unary: (job, call) => this.unary(job, call),
      download: (job) => this.download(job),
      upload: (jobs) => this.upload(jobs),
      chat: (jobs) => this.chat(jobs),
    };
  }

  /** For `addGenericService`. */
  generic(): GenericHandler {
    return (requests, call) => {
      const { path } = call;
      const kind = path.slice(path.lastIndexOf("/") + 1).toLowerCase() as Kind;
      return encoded(this.parts(kind, decoded(requests), call));
    };
  }

  private async *parts(kind: Kind, jobs: AsyncIterable<Job>, call: ServerCall): AsyncGenerator<Part> {
    if (kind === "upload") return yield await this.upload(jobs);
    if (kind === "chat") return yield* this.chat(jobs);
    for await (const job of jobs) {
      if (kind === "unary") yield await this.unary(job, call);
      else yield* this.download(job);
    }
  }

  private async unary(job: Job, call: ServerCall): Promise<Part> {
    this.world.handling++;
    let through = (): void => {};
    try {
      const id = job.call ?? 0;
      this.world.executed(id);
      checkPart(job, id, 0);
      through = await this.world.nested.perhaps(call, id);
      await this.pause(job);
      failIfAsked(job);
      return { call: id, place: 0, body: bodyOf(id, 0, job.size ?? 0) };
    } finally {
      this.world.handling--;
      through();
    }
  }

  private async *download(job: Job): AsyncGenerator<Part> {
    this.world.handling++;
    try {
      const { call = 0, count = 0, size = 0 } = job;
      for (let place = 0; place < count; place++) {
        if (place % 5 === 4) await this.pause(job);
        yield { call, place, body: bodyOf(call, place, size) };
      }
      failIfAsked(job);
    } finally {
      this.world.handling--;
    }
  }

  private async upload(jobs: AsyncIterable<Job>): Promise<Part> {
    this.world.handling++;
    try {
      let place = 0;
      let id = 0;
      for await (const job of jobs) {
        id = job.call ?? 0;
        checkPart(job, id, place++);
        await this.pause(job);
        failIfAsked(job);
      }
      return { call: id, place };
    } finally {
      this.world.handling--;
    }
  }

  private async *chat(jobs: AsyncIterable<Job>): AsyncGenerator<Part> {
    this.world.handling++;
    try {
      let place = 0;
      for await (const job of jobs) {
        const call = job.call ?? 0;
        checkPart(job, call, place);
        await this.pause(job);
        failIfAsked(job);
        yield { call, place, body: bodyOf(call, place, job.size ?? 0) };
        place++;
      }
    } finally {
      this.world.handling--;
    }
  }

  private async pause({ pauseMs }: Job): Promise<void> {
    if (pauseMs) await this.world.simulation.sleep(pauseMs);
  }
}

async function* decoded(requests: AsyncIterable<Uint8Array>): AsyncGenerator<Job> {
  for await (const request of requests) yield octets.toJob(request);
}

async function* encoded(parts: AsyncIterable<Part>): AsyncGenerator<Uint8Array> {
  for await (const part of parts) yield octets.ofPart(part);
}

function failIfAsked({ call, failWith }: Job): void {
  if (!failWith) return;
  throw new RpcError(failWith, `asked to ${call}`, { metadata: new Metadata({ "x-call": `${call}` }) });
}
