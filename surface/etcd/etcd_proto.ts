// What of etcd's API is used here (etcdserverpb of etcd 3.4 and later): messages and services, trimmed to that.

import { parseProto } from "../proto/mod.ts";
import type { BidiStreaming, ServiceOf, Unary } from "../proto/service.ts";

/** Field numbers are etcd's; fields that are left out are skipped when they come. */
const ETCD_PROTO = `
  syntax = "proto3";
  package etcdserverpb;

  message ResponseHeader { int64 revision = 3; }
  message KeyValue { bytes key = 1; bytes value = 5; }

  message RangeRequest { bytes key = 1; bytes range_end = 2; int64 limit = 3; int64 revision = 4; }
  message RangeResponse { ResponseHeader header = 1; repeated KeyValue kvs = 2; bool more = 3; }
  message PutRequest { bytes key = 1; bytes value = 2; int64 lease = 3; }
  message PutResponse { ResponseHeader header = 1; }
  service KV {
    rpc Range(RangeRequest) returns (RangeResponse);
    rpc Put(PutRequest) returns (PutResponse);
  }

  message WatchCreateRequest {
    bytes key = 1;
    bytes range_end = 2;
    int64 start_revision = 3;
    bool progress_notify = 4;
    bool fragment = 8;
  }
  message WatchRequest { oneof request_union { WatchCreateRequest create_request = 1; } }
  message Event {
    enum EventType { PUT = 0; DELETE = 1; }
    EventType type = 1;
    KeyValue kv = 2;
  }
  message WatchResponse {
    ResponseHeader header = 1;
    bool created = 3;
    bool canceled = 4;
    int64 compact_revision = 5;
    string cancel_reason = 6;
    bool fragment = 7;
    repeated Event events = 11;
  }
  service Watch { rpc Watch(stream WatchRequest) returns (stream WatchResponse); }

  message LeaseGrantRequest { int64 TTL = 1; }
  message LeaseGrantResponse { int64 ID = 2; int64 TTL = 3; string error = 4; }
  message LeaseRevokeRequest { int64 ID = 1; }
  message LeaseRevokeResponse {}
  message LeaseKeepAliveRequest { int64 ID = 1; }
  message LeaseKeepAliveResponse { int64 ID = 2; int64 TTL = 3; }
  service Lease {
    rpc LeaseGrant(LeaseGrantRequest) returns (LeaseGrantResponse);
    rpc LeaseRevoke(LeaseRevokeRequest) returns (LeaseRevokeResponse);
    rpc LeaseKeepAlive(stream LeaseKeepAliveRequest) returns (stream LeaseKeepAliveResponse);
  }

  message AuthenticateRequest { string name = 1; string password = 2; }
  message AuthenticateResponse { string token = 2; }
  service Auth { rpc Authenticate(AuthenticateRequest) returns (AuthenticateResponse); }
`;

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

/** Made at first use. */
let loaded: EtcdServices | undefined;

/** The services above, for clients (and for a server of tests). */
export function etcdServices(): EtcdServices {
  return loaded ??= parseProto<EtcdServices>(ETCD_PROTO, "etcd");
}
