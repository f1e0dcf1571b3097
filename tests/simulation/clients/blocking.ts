// A client's call that blocks its thread.
import { type CallOptions, createSyncClient, RpcError } from "pollwire";
import { expect, jobOf, type Plan } from "../plan.ts";
import { checkPart, type Job, type Part, services } from "../service.ts";
import type { Setting } from "../setting.ts";

/** The call of `plan`; undefined with OK, else what it ended with. Throws ModelError where it saw what it must not. */
export function blockingCall(world: Setting, plan: Plan): RpcError | undefined {
  const { simulation, channel } = world;
  const { cancelMs, deadlineMs, waitForReady } = plan;
  const controller = new AbortController();
  if (cancelMs !== undefined) simulation.schedule(simulation.now + cancelMs, () => controller.abort());
  const client = createSyncClient(services[plan.style.service], channel);
  const metadata = { "x-id": `${plan.id}` };
  const options: CallOptions = { deadlineMs, waitForReady, signal: controller.signal, metadata };
  try {
    switch (plan.kind) {
      case "unary": {
        const part = client.unary(jobOf(plan, 0), options);
        checkPart(part, plan.id, 0);
        expect(plan, "bytes", part.body?.length ?? 0, plan.size);
        break;
      }
      case "upload":
        expect(plan, "messages counted", client.upload(requests(plan), options).place ?? 0, plan.count);
        break;
      case "download":
        readAll(plan, client.download(jobOf(plan, 0), options));
        break;
      case "chat":
        readAll(plan, client.chat(requests(plan), options));
    }
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  return undefined;
}

function readAll(plan: Plan, parts: Iterable<Part>): void {
  let place = 0;
  for (const part of parts) {
    checkPart(part, plan.id, place++);
    expect(plan, "bytes", part.body?.length ?? 0, plan.size);
    if (place === plan.leaveAfter) return;
  }
  expect(plan, "messages", place, plan.count);
}

function* requests(plan: Plan): Generator<Job> {
  for (let place = 0; place < plan.count; place++) yield jobOf(plan, place);
}
