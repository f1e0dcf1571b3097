// RouteGuide called by batches over one completion queue, as gRPC's core has it: one event for each batch.
import {
  Channel,
  CompletionQueue,
  createCall,
  deadlineIn,
  type ReceivedStatus,
  receiveInitialMetadata,
  receiveMessage,
  receiveStatusOnClient,
  sendCloseFromClient,
  sendInitialMetadata,
  sendMessage,
} from "pollwire";
import { COMMON, readFlags, TLS } from "../route_guide/flags.ts";
import { RouteGuide } from "../route_guide/route_guide.ts";
import { makeNotes, POINT, RECTANGLE, ROUTE, show } from "../route_guide/tour.ts";
import type { Feature, RouteNote, RouteSummary } from "../route_guide/types.ts";
import { clientCredentials } from "../tls/mutual.ts";

const { host, port, poller, tls } = readFlags("RouteGuide called by batches over a completion queue.", {
  ...COMMON,
  ...TLS,
});
const channel = new Channel(`${host}:${port}`, { poller, credentials: clientCredentials(tls) });
const queue = new CompletionQueue<string>({ poller });
const { getFeature, listFeatures, recordRoute, routeChat } = RouteGuide.methods;

await unary();
await serverStreaming();
await clientStreaming();
await bidirectional();
queue.shutdown();
channel.close();

/** All that there is to a unary call in one batch. */
async function unary(): Promise<void> {
  const call = createCall(channel, getFeature, { queue, deadline: deadlineIn(15_000) });
  const [feature, status] = [receiveMessage<Feature>(), receiveStatusOnClient()];
  call.startBatch([
    sendInitialMetadata(),
    sendMessage(POINT),
    sendCloseFromClient(),
    receiveInitialMetadata(),
    feature,
    status,
  ], "feature");
  await event("feature");
  check(status.status);
  if (feature.message !== undefined) show.getFeature(feature.message);
}

/** Messages are received one by one, until one is undefined: then there are no more. */
async function serverStreaming(): Promise<void> {
  const call = createCall(channel, listFeatures, { queue });
  const start = [
    sendInitialMetadata(),
    sendMessage(RECTANGLE),
    sendCloseFromClient(),
    receiveInitialMetadata(),
  ];
  call.startBatch(start, "started");
  await event("started");
  const found: Feature[] = [];
  for (;;) {
    const feature = receiveMessage<Feature>();
    call.startBatch([feature], "feature");
    await event("feature");
    if (feature.message === undefined) break;
    found.push(feature.message);
  }
  const status = receiveStatusOnClient();
  call.startBatch([status], "over");
  await event("over");
  check(status.status);
  show.listFeatures(found);
}

/** The next message is sent when the one before it has gone out. */
async function clientStreaming(): Promise<void> {
  const call = createCall(channel, recordRoute, { queue });
  call.startBatch([sendInitialMetadata()], "started");
  await event("started");
  for (const point of ROUTE) {
    call.startBatch([sendMessage(point)], "sent");
    if (!await event("sent")) break; // the call is dead: its status says why
  }
  const [summary, status] = [receiveMessage<RouteSummary>(), receiveStatusOnClient()];
  call.startBatch([sendCloseFromClient(), receiveInitialMetadata(), summary, status], "over");
  await event("over");
  check(status.status);
  if (summary.message !== undefined) show.recordRoute(summary.message);
}

/** Several batches are out at a time, and their events come in any order: tags say which. */
async function bidirectional(): Promise<void> {
  const call = createCall(channel, routeChat, { queue });
  const notes = makeNotes();
  const answers: RouteNote[] = [];
  let answer = receiveMessage<RouteNote>();
  const send = () => {
    const note = notes.shift();
    if (note === undefined) call.startBatch([sendCloseFromClient()], "closed");
    else call.startBatch([sendMessage(note)], "sent");
  };
  call.startBatch([sendInitialMetadata(), receiveInitialMetadata()], "started");
  call.startBatch([answer], "received");
  send();
  for await (const { tag, success } of queue) {
    if (tag === "sent" && success) send();
    if (tag !== "received") continue;
    if (answer.message === undefined) break;
    answers.push(answer.message);
    call.startBatch([answer = receiveMessage<RouteNote>()], "received");
  }
  const status = receiveStatusOnClient();
  call.startBatch([status], "over");
  await event("over");
  check(status.status);
  show.routeChat(answers);
}

/** The success of the event of `wanted`; events of other tags that come before it are dropped. */
async function event(wanted: string): Promise<boolean> {
  for (;;) {
    const { type, tag, success } = await queue.next();
    if (tag === wanted) return success;
    if (type === "QUEUE_SHUTDOWN") throw new Error(`The queue was shut down before the event ${wanted}`);
  }
}

/** Throws where a call did not end with OK: the error says who ended it, and why. */
function check(status: ReceivedStatus | undefined): void {
  if (status?.error !== undefined) throw status.error;
}
