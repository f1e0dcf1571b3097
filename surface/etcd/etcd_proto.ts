// What of etcd's API is used here (etcdserverpb of etcd 3.4 and later): messages and services, trimmed to that.

import type { BidiStreaming, ServiceDescriptor, ServiceOf, Unary } from "../proto/service.ts";
import { Auth, KV, Lease, Watch } from "../protos/etcdserverpb/rpc.ts";

/** At which revision of the store it was answered. */
export interface ResponseHeader {
  /** Grows with every change of any key. */
  readonly revision?: bigint;
}

/** One key. */
export interface KeyValue {
  /** Octets; keys of servers are text. */
  readonly key?: Uint8Array;
  /** Empty where the key was deleted. */
  readonly value?: Uint8Array;
}

/** Asks for the keys from `key` to below `rangeEnd`. */
export interface RangeRequest {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
  /** The most keys of the answer. */
  readonly limit: bigint;
  /** As of which revision; 0 or undefined: the newest. */
  readonly revision?: bigint | undefined;
}

/** Some keys, and whether there are more. */
export interface RangeResponse {
  readonly header?: ResponseHeader;
  readonly kvs?: readonly KeyValue[];
  readonly more?: boolean;
}

/** Sets a key, which goes when its lease does. */
export interface PutRequest {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly lease?: bigint;
}

/** Asks to watch keys, of which the first message of the stream says which. */
export interface WatchRequest {
  readonly createRequest: {
    readonly key: Uint8Array;
    readonly rangeEnd: Uint8Array;
    /** Changes from this revision on. */
    readonly startRevision: bigint;
    /** Tells the revision now and then where nothing changes. */
    readonly progressNotify: boolean;
    /** Many changes of one revision may come in several messages. */
    readonly fragment: boolean;
  };
}

/** One change. */
export interface WatchEvent {
  readonly type?: "PUT" | "DELETE";
  readonly kv?: KeyValue;
}

/** Changes, or what becomes of the watch. */
export interface WatchResponse {
  readonly header?: ResponseHeader;
  readonly created?: boolean;
  readonly canceled?: boolean;
  /** Not 0: changes before this revision are forgotten, so the watch is cancelled. */
  readonly compactRevision?: bigint;
  readonly cancelReason?: string;
  /** More of the same revision follows. */
  readonly fragment?: boolean;
  readonly events?: readonly WatchEvent[];
}

/** Seconds. */
export interface LeaseGrantRequest {
  readonly TTL: bigint;
}

/** The lease, and the seconds that it got. */
export interface LeaseGrantResponse {
  readonly ID?: bigint;
  readonly TTL?: bigint;
  readonly error?: string;
}

/** Names a lease. */
export interface LeaseRequest {
  readonly ID: bigint;
}

/** What is left of it in seconds; 0: there is no such lease. */
export interface LeaseKeepAliveResponse {
  readonly ID?: bigint;
  readonly TTL?: bigint;
}

/** A user of etcd's. */
export interface AuthenticateRequest {
  readonly name: string;
  readonly password: string;
}

/** What its calls show. */
export interface AuthenticateResponse {
  readonly token?: string;
}

/** The services, of etcd's API v3, that are used here. */
export interface EtcdServices {
  readonly KV: ServiceOf<{
    readonly range: Unary<RangeRequest, RangeResponse>;
    readonly put: Unary<PutRequest, { readonly header?: ResponseHeader }>;
  }>;
  readonly Watch: ServiceOf<{ readonly watch: BidiStreaming<WatchRequest, WatchResponse> }>;
  readonly Lease: ServiceOf<{
    readonly leaseGrant: Unary<LeaseGrantRequest, LeaseGrantResponse>;
    readonly leaseRevoke: Unary<LeaseRequest, Record<never, never>>;
    readonly leaseKeepAlive: BidiStreaming<LeaseRequest, LeaseKeepAliveResponse>;
  }>;
  readonly Auth: ServiceOf<{ readonly authenticate: Unary<AuthenticateRequest, AuthenticateResponse> }>;
}

/** The services above, for clients (and for a server of tests). */
export function etcdServices(): EtcdServices {
  return { KV, Watch, Lease, Auth } as Record<keyof EtcdServices, ServiceDescriptor<unknown>> as EtcdServices;
}
