// What a call needs before it may have a stream: its call credentials, and a server that may be called by its authority.
//
// It is asked when a connection is there, so that what is sent is fresh, and with each attempt. A call without any of this
// has none of these objects.

import { type EventEngine, type Instant, messageOf } from "../../pollers/mod.ts";
import {
  type ClientTransport,
  coversHost,
  type HeaderList,
  type RequestTemplate,
  withAuthority,
} from "../../transport/mod.ts";
import { controlPlaneStatus } from "../call/control_plane.ts";
import { Status, type StatusCode } from "../call/status.ts";
import type { CallCredentials, CallCredentialsSink } from "../credentials/call_credentials.ts";
import { CompositeCredentials, joined } from "../credentials/composite_credentials.ts";
import { whileBlocked } from "../credentials/plugin_credentials.ts";
import { hostOf } from "../credentials/host_names.ts";
import type { CallIdentity } from "./call_identity.ts";

/** Credentials of a call that found no stream for so long are fetched again. */
const FRESH_MS = 10_000;

/** The call that needs it. */
export interface PermittedCall {
  /** It has its status already. */
  readonly isOver: boolean;
  /** It has to wait. */
  onPaused(): void;
  /** What it waited for is there. */
  onPermitted(): void;
  /** It cannot be had. */
  refuse(code: StatusCode, message: string, cause: unknown): void;
}

/** What it needs of the call's channel. */
export interface PermissionContext {
  readonly engine: EventEngine;
  /** Connections are TLS. */
  readonly isSecure: boolean;
  /** What all calls show of themselves; undefined where that is nothing. */
  readonly callCredentials: CallCredentials | undefined;
}

/** What one call needs. */
export class CallPermission implements CallCredentialsSink {
  /** What the call begins with. */
  readonly template: RequestTemplate;
  /** Metadata of the call, and what its credentials added. */
  headers: HeaderList | undefined;
  /** A fetch is under way. */
  isWaiting = false;
  /** The credentials are there, for the next attempt, and since when. */
  private isThere = false;
  private since: Instant = 0;
  private readonly credentials: CallCredentials | undefined;

  /** `blocking`: the thread blocks until the call is over. */
  constructor(
    private readonly context: PermissionContext,
    private readonly call: PermittedCall,
    template: RequestTemplate,
    private readonly metadata: HeaderList | undefined,
    private readonly identity: CallIdentity | undefined,
    private readonly blocking: boolean,
  ) {
    const { authority } = identity ?? {};
    this.headers = metadata;
    this.template = authority === undefined ? template : withAuthority(template, authority);
    this.credentials = both(context.callCredentials, identity?.callCredentials);
  }

  /** Why the call cannot be made on any connection of its channel; undefined where it may. */
  get obstacle(): string | undefined {
    return this.credentials === undefined || this.context.isSecure ? undefined : OVER_PLAINTEXT;
  }

  /**
   * Whether the call may open a stream of `transport` now. Where not, the call has been refused, or is submitted again
   * once its credentials are there.
   */
  permits(transport: ClientTransport): boolean {
    const { authority } = this.identity ?? {};
    const why = authority === undefined ? undefined : objectionTo(transport, authority);
    if (why !== undefined) {
      this.refuse(Status.UNAUTHENTICATED, `the server's certificate ${why}`, undefined);
      return false;
    }
    if (this.credentials === undefined || this.isFresh) return true;
    if (!this.isWaiting) this.fetch(this.credentials);
    return this.isThere && !this.call.isOver; // who was asked may have ended it
  }

  /** A call that has its credentials may have to wait for another connection: in an hour they would have expired. */
  private get isFresh(): boolean {
    if (this.isThere) this.isThere = this.context.engine.now() < this.since + FRESH_MS;
    return this.isThere;
  }

  /** Of a call that needs no more than credentials and cannot wait for them: they are there then, or it was refused. */
  fetchNow(): void {
    this.fetch(this.credentials!);
    if (this.isWaiting) this.failed(whileBlocked());
  }

  /** The call has lost its stream and needs another one: what it showed may have expired. */
  renew(): void {
    this.isThere = false;
  }

  /** From the credentials. */
  onHeaders(headers: HeaderList): void {
    this.later(() => {
      try {
        this.take(headers);
        this.since = this.context.engine.now();
      } catch (error) {
        return this.failed(error);
      }
      this.call.onPermitted();
    });
  }

  /** From the credentials. */
  onFailed(error: unknown): void {
    this.later(() => this.failed(error));
  }

  private fetch(credentials: CallCredentials): void {
    const { path, headers } = this.template;
    const authority = headers.get(":authority")!;
    const slash = path.lastIndexOf("/");
    const request = {
      serviceUrl: `https://${authority.replace(/:443$/, "")}${path.slice(0, slash)}`,
      method: path.slice(slash + 1),
      now: this.context.engine.now(),
      blocking: this.blocking,
    };
    this.since = request.now;
    this.isWaiting = true; // before: a provider may answer on the spot
    try {
      const fetched = credentials.fetch(request, this);
      if (fetched !== undefined) this.take(fetched);
      else if (this.isWaiting && !this.call.isOver) this.call.onPaused();
    } catch (error) {
      if (!this.call.isOver) this.failed(error);
    }
  }

  private take(headers: HeaderList): void {
    this.headers = joined(this.metadata, headers);
    this.isWaiting = false;
    this.isThere = true;
  }

  private failed(error: unknown): void {
    const { code, message } = controlPlaneStatus("call credentials", error, Status.UNAUTHENTICATED);
    this.refuse(code, message, error);
  }

  /** On no caller's stack, and in the engine's turn. */
  private later(closure: () => void): void {
    const { engine } = this.context;
    engine.run(() => {
      if (!this.isWaiting || this.call.isOver) return;
      this.isWaiting = false;
      closure();
    });
  }

  private refuse(code: StatusCode, message: string, cause: unknown): void {
    this.isWaiting = false;
    this.call.refuse(code, message, cause);
  }
}

/** Makes the permission of one call; see the constructor of {@linkcode CallPermission}. */
export type MakePermission = (
  context: PermissionContext,
  call: PermittedCall,
  template: RequestTemplate,
  metadata: HeaderList | undefined,
  identity: CallIdentity | undefined,
  blocking: boolean,
) => CallPermission;

/** See {@linkcode MakePermission}. */
export const makePermission: MakePermission = (context, call, template, metadata, identity, blocking) =>
  new CallPermission(context, call, template, metadata, identity, blocking);

/** Why credentials are not sent. */
const OVER_PLAINTEXT =
  "call credentials are not sent over plaintext, where everybody on the way can read them: " +
  "give the channel credentials: tls.client(...)";

function both(
  first: CallCredentials | undefined,
  second: CallCredentials | undefined,
): CallCredentials | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return new CompositeCredentials([first, second]);
}

/**
 * What is wrong with the certificate of the peer of `transport` where it is to be `authority`; undefined where that is it, and
 * in plaintext, where nobody has shown anything. A certificate that the TLS library takes may be none to the runtime.
 */
function objectionTo(transport: ClientTransport, authority: string): string | undefined {
  try {
    const { security } = transport;
    if (security === undefined || coversHost(security.peerCertificate?.names, hostOf(authority))) {
      return undefined;
    }
    return `is not for the authority ${JSON.stringify(authority)}`;
  } catch (error) { // other calls wait behind this one
    return `cannot be read: ${messageOf(error)}`;
  }
}
