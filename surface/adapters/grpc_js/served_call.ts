// A server's call of messages, over one of octets: the lowest one, to which interceptors pass on.

import { Buffer } from "../../../pollers/native/node_classes.ts";
import type { StatusCode } from "../../../transport/mod.ts";
import { type AuthContext, authContextOf } from "./auth_context.ts";
import { PerRequestMetricRecorder, reportFields } from "./call_metrics.ts";
import { status as Status } from "./constants.ts";
import { type Deadline, deadlineIn } from "./deadline.ts";
import type { ServerMethodDefinition } from "./definitions.ts";
import { fieldsOf, fromHeaders, headersOf, type Metadata } from "./metadata.ts";
import { serialized } from "./serialized.ts";
import type { OctetsListener, ServedOctets } from "./served_octets.ts";
import type {
  ConnectionInfo,
  InterceptingServerListener,
  ServerInterceptingCallInterface,
} from "./server_interceptors.ts";
import { withDetails } from "./error_details.ts";
import type { PartialStatusObject } from "./status.ts";

/** See the head of this file. */
export class ServedCall implements ServerInterceptingCallInterface, OctetsListener {
  private call: ServedOctets | undefined = undefined;
  private listener: InterceptingServerListener | undefined = undefined;
  private deadline: Deadline = Infinity;
  private recorder: PerRequestMetricRecorder | undefined = undefined;

  /** `reportsLoad`: what the handler records is sent with the status. */
  constructor(
    // deno-lint-ignore no-explicit-any
    private readonly definition: ServerMethodDefinition<any, any>,
    private readonly reportsLoad: boolean,
    private readonly serve: (call: ServerInterceptingCallInterface) => void,
  ) {}

  // From the call of octets.

  onBegin(call: ServedOctets): void {
    this.call = call;
    const { timeRemainingMs } = call;
    if (timeRemainingMs !== undefined) this.deadline = deadlineIn(timeRemainingMs);
    this.serve(this);
  }

  onOctets(octets: Uint8Array): void {
    const { call } = this;
    if (call!.isOver) return;
    let message: unknown;
    try {
      const { buffer, byteOffset, length } = octets;
      message = this.definition.requestDeserialize(Buffer.from(buffer, byteOffset, length));
    } catch (error) {
      return this.fail(withDetails("Error deserializing request", error));
    }
    this.listener!.onReceiveMessage(message);
  }

  onHalfClose(): void {
    if (!this.call!.isOver) this.listener!.onReceiveHalfClose();
  }

  onOver(): void {
    this.listener?.onCancel();
  }

  // From the handler, through the interceptors.

  start(listener: InterceptingServerListener): void {
    const call = this.call!;
    if (call.isOver) return;
    this.listener = listener;
    listener.onReceiveMetadata(fromHeaders(call.receivedHeaders));
  }

  sendMetadata(metadata: Metadata): void {
    this.call!.sendHeaders(headersOf(metadata));
  }

  sendMessage(message: unknown, callback: () => void): void {
    if (this.call!.isOver) return;
    let octets: Uint8Array;
    try {
      octets = serialized(this.definition.responseSerialize, message);
    } catch (error) {
      return this.fail(withDetails("Error serializing response", error));
    }
    this.call!.send(octets, callback);
  }

  sendStatus({ code, details, metadata }: PartialStatusObject): void {
    const own = fieldsOf(metadata);
    const fields = this.reportsLoad ? [...own, ...reportFields(this.recorder)] : own;
    this.call!.finishWith(code as StatusCode, details ?? "", fields);
  }

  private fail(details: string): void {
    this.sendStatus({ code: Status.INTERNAL, details });
  }

  startRead(): void {
    if (!this.call!.isOver) this.call!.read();
  }

  getPeer(): string {
    return this.call!.peerName;
  }

  getDeadline(): Deadline {
    return this.deadline;
  }

  getHost(): string {
    return this.call!.authority;
  }

  getAuthContext(): AuthContext {
    return authContextOf(this.call!.security);
  }

  getMetricsRecorder(): PerRequestMetricRecorder {
    return this.recorder ??= new PerRequestMetricRecorder();
  }

  getConnectionInfo(): ConnectionInfo {
    const { peer, local } = this.call!;
    return {
      ...("port" in local ? { localAddress: local.host, localPort: local.port } : {}),
      ...("port" in peer ? { remoteAddress: peer.host, remotePort: peer.port } : {}),
    };
  }
}
