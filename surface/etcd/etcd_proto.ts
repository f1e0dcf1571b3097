// What of etcd's API is used here (etcdserverpb of etcd 3.4 and later), as its calls are typed.

import type { MessageInit } from "../proto/message_types.ts";
import type * as proto from "../protos/etcdserverpb/rpc.ts";
import { Auth, KV, Lease, Watch } from "../protos/etcdserverpb/rpc.ts";

export type {
  Event as WatchEvent,
  KeyValue,
  LeaseKeepAliveRequest as LeaseRequest,
  LeaseKeepAliveResponse,
  RangeRequest,
  RangeResponse,
  WatchResponse,
} from "../protos/etcdserverpb/rpc.ts";

/** A message of a watch's requests, as it is sent. */
export type WatchRequest = MessageInit<proto.WatchRequest>;

/** The services, of etcd's API v3, that are used here; for clients, and for a server of tests. */
export const etcdServices = { KV, Watch, Lease, Auth } as const;

/** Their types. */
export type EtcdServices = typeof etcdServices;
